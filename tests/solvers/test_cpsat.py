"""CP-SAT: the optimum that trying every solution finds, true bounds under any limit, the same answer twice."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from functools import cache
from itertools import permutations

import pytest

from placer.problem.problem import Level, MappingProblem
from placer.problem.solution import Evaluation, Solution
from placer.solvers.base import Limits, Progress, SolveResult, Status
from placer.solvers.construct import construct
from placer.solvers.cpsat import CpSatSolver
from tests.brute_force import legal_solutions
from tests.graphs import chain, residual, small_device
from tests.solving import ignore, solve, stated
from tests.tiny import random_problem

FEASIBLE_SEEDS = tuple(range(60, 80))


def costs(problem: MappingProblem, solution: Solution) -> tuple[int, ...]:
    """The value of each level of the objective, in its order."""
    return tuple(Evaluation(problem, solution).value(level) for level in problem.objective)


@cache
def best_costs(seed: int) -> tuple[int, ...] | None:
    """The lexicographically least costs of any legal solution of a random problem, or None when there is none."""
    problem = random_problem(seed)
    return min((costs(problem, s) for s in legal_solutions(problem)), default=None)


def check_optimal(problem: MappingProblem, best: tuple[int, ...] | None, result: SolveResult) -> None:
    """The result is the optimum, proven, or proven infeasible."""
    if best is None:
        assert (result.status, result.solution, result.levels) == (Status.INFEASIBLE, None, ())
        return
    assert result.status is Status.OPTIMAL
    assert result.solution is not None
    assert costs(problem, result.solution) == best
    assert [(r.level, r.value, r.bound) for r in result.levels] == [(*pair, pair[1]) for pair in zip(problem.objective, best, strict=True)]


@pytest.mark.parametrize("seed", range(60))
def test_optimum_is_that_of_all_solutions(seed: int) -> None:
    """Random tiny problems, levels in a random order: the least costs of all legal solutions, or none exists."""
    problem = random_problem(seed)
    check_optimal(problem, best_costs(seed), solve(problem))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1600))
def test_optimum_is_that_of_all_solutions_at_length(seed: int) -> None:
    """As above, more of them."""
    problem = random_problem(seed)
    check_optimal(problem, best_costs(seed), solve(problem))


def test_random_problems_are_of_both_kinds() -> None:
    """The brute-force tests mean something: most problems have solutions, and some have none."""
    infeasible = sum(best_costs(seed) is None for seed in range(60))
    assert 5 <= infeasible <= 35


@pytest.mark.parametrize("order", list(permutations(Level, 2)), ids=lambda o: "-".join(level.value for level in o))
def test_every_order_of_two_levels(order: tuple[Level, ...]) -> None:
    """The first level comes first whatever it costs the second one."""
    problem = replace(random_problem(3), objective=order)
    check_optimal(problem, min(costs(problem, s) for s in legal_solutions(problem)), solve(problem))


@pytest.mark.parametrize("work", [0.0005, 0.002, 0.01, 0.05])
@pytest.mark.parametrize("seed", FEASIBLE_SEEDS)
def test_short_limits_give_true_values_and_bounds(seed: int, work: float) -> None:
    """However early it stops: values are those of the solution given, each bound holds while the levels before it are at their best."""
    problem, best = random_problem(seed), best_costs(seed)
    result = solve(problem, construct(problem), work)
    if result.solution is None:
        assert result.status is Status.UNKNOWN or best is None
        return
    assert best is not None
    values = tuple(r.value for r in result.levels)
    assert values == costs(problem, result.solution)
    assert values >= best
    for number, level in enumerate(result.levels):
        assert level.bound <= level.value
        if values[:number] == best[:number]:
            assert level.bound <= best[number]
    assert (result.status is Status.OPTIMAL) == all(r.bound == r.value for r in result.levels)


@pytest.mark.parametrize("work", [0.02, 0.1, 0.4])
def test_values_are_the_last_solutions(work: float) -> None:
    """A later level may improve one that was left unproven; what is stated is the solution returned."""
    for graph, columns in ((residual(), 8), (chain((64, 64, 64, 32)), 12)):
        _, problem = stated(graph, small_device(columns, 4))
        result = solve(problem, construct(problem), work)
        assert result.solution is not None
        assert tuple(r.value for r in result.levels) == costs(problem, result.solution)


def test_starts_from_the_seed() -> None:
    """With no time at all the answer is the seed, unproven, never UNKNOWN."""
    _, problem = stated(residual(), small_device(8, 4))
    seed = construct(problem)
    result = solve(problem, seed, work=1e-9)
    assert seed is not None
    assert result.status in {Status.FEASIBLE, Status.OPTIMAL}
    assert result.solution is not None
    assert costs(problem, result.solution) <= costs(problem, seed)


def test_no_time_and_no_seed_is_unknown() -> None:
    """A limit that comes first is not infeasibility."""
    _, problem = stated(residual(), small_device(8, 4))
    assert solve(problem, None, work=1e-9) == SolveResult(Status.UNKNOWN, None, ())


@pytest.mark.parametrize("seed", [0, 7])
def test_same_seed_same_solution(seed: int) -> None:
    """Twice the same problem and seed: the same result to the last place."""
    _, problem = stated(residual(), small_device(6, 3))
    once, again = (CpSatSolver().solve(problem, construct(problem), Limits(0.3, None, 4, seed), ignore) for _ in range(2))
    assert once == again


def test_news() -> None:
    """Every level ends with news of its value and bound; incumbents never get worse within a level's search."""
    news: list[Progress] = []
    problem = random_problem(3)
    result = CpSatSolver().solve(problem, None, Limits(2.0, None, 1, 0), news.append)
    assert news
    assert all(p.level in problem.objective and (p.incumbent is None or p.bound <= p.incumbent) for p in news)
    assert result.status is Status.OPTIMAL


def test_wall_clock_limit() -> None:
    """A wall-clock limit ends the solve with what there is."""
    _, problem = stated(chain((128,) * 6, tokens=32), small_device(20, 8))
    result = CpSatSolver().solve(problem, construct(problem), Limits(1000.0, 0.5, 1, 0), ignore)
    assert result.solution is not None


def test_ctrl_c_ends_the_solve() -> None:
    """And not only the search of one level that it meets."""
    told = False

    def interrupt(_: Progress) -> None:
        nonlocal told
        if not told:
            os.kill(os.getpid(), signal.SIGINT)
        told = True

    _, problem = stated(chain((64, 64, 64, 32)), small_device(12, 4))
    # Other tests leave searches to the library, which then leaves the process without a handler.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            CpSatSolver().solve(problem, None, Limits(2.0, None, 1, 0), interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
