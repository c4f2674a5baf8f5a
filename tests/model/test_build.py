"""The joint model allows exactly the legal solutions, and the relaxation loses none of them."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product

import pytest
from ortools.sat.python import cp_model

from placer.model.build import build_model, build_relaxation
from placer.model.objectives import level_expression
from placer.model.variables import Variables
from placer.problem.problem import BlockKind, Level, MappingProblem
from placer.problem.solution import BlockChoice, EdgeKind, Evaluation, NetChoice, Solution
from tests.brute_force import legal_solutions
from tests.pinning import pin
from tests.tiny import random_problem


def allows(v: Variables, solution: Solution) -> bool:
    """Whether a model allows a solution; the model itself stays as it is."""
    pinned = replace(v, model=v.model.clone())
    pin(pinned, solution)
    status = cp_model.CpSolver().solve(pinned.model)
    assert status in {cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.INFEASIBLE}
    return status != cp_model.INFEASIBLE


def changed(dice: random.Random, problem: MappingProblem, solution: Solution) -> Solution:
    """The solution with one block or one net decided anew, as likely as not illegally."""
    device = problem.device
    if dice.random() < 0.5:
        number = dice.randrange(len(solution.blocks))
        block = problem.blocks[number]
        option = dice.randrange(len(block.options))
        choice = BlockChoice(option, 0, 0, 0)
        if block.kind is BlockKind.LAYER:
            shape = dice.randrange(len(block.options[option].shapes))
            choice = BlockChoice(option, shape, dice.randrange(device.columns), dice.randrange(device.rows))
        return replace(solution, blocks=(*solution.blocks[:number], choice, *solution.blocks[number + 1 :]))
    number = dice.randrange(len(solution.nets))
    kinds = dice.choice(list(product(EdgeKind, repeat=len(problem.nets[number].readers))))
    net = NetChoice(kinds, None, 0, 0)
    if EdgeKind.MEMORY_TILE in kinds and device.memory_rows:
        written = {o.output for o in problem.blocks[problem.nets[number].producer].options if o.output}
        net = NetChoice(kinds, dice.choice(sorted(written)), dice.randrange(device.columns), dice.randrange(device.memory_rows))
    return replace(solution, nets=(*solution.nets[:number], net, *solution.nets[number + 1 :]))


def feasible_problems(first: int, count: int) -> list[tuple[int, list[Solution]]]:
    """Seeds from `first` on whose problems have solutions, with all of these."""
    found = []
    for seed in range(first, first + 10 * count):
        legal = list(legal_solutions(random_problem(seed)))
        if legal:
            found.append((seed, legal))
        if len(found) == count:
            return found
    raise AssertionError("tiny problems are too often infeasible")


def test_the_joint_model_allows_exactly_the_legal_solutions() -> None:
    """Legal solutions are allowed; one decision changed, the model agrees with the rules tried one by one."""
    illegal = 0
    for seed, legal in feasible_problems(100, 12):
        problem, known, dice = random_problem(seed), set(legal), random.Random(seed)
        v = build_model(problem)
        for solution in dice.sample(legal, min(8, len(legal))):
            assert allows(v, solution), (seed, solution)
            other = changed(dice, problem, solution)
            assert allows(v, other) is (other in known), (seed, other)
            illegal += other not in known
    assert illegal > 30


@pytest.mark.parametrize("level", [Level.INTERVAL, Level.LATENCY, Level.TILES])
def test_the_relaxation_bounds_every_legal_solution(level: Level) -> None:
    """Its optimum is at most that of all legal solutions."""
    for seed, legal in feasible_problems(200, 8):
        problem = random_problem(seed)
        v = build_relaxation(problem, problem.device.core_tiles)
        v.model.minimize(level_expression(v, level))
        solver = cp_model.CpSolver()
        assert solver.solve(v.model) == cp_model.OPTIMAL
        assert round(solver.objective_value) <= min(Evaluation(problem, s).value(level) for s in legal)


def test_every_level_of_every_solution() -> None:
    """The model's least value of each level, with all decisions pinned, is Evaluation's."""
    for seed, legal in feasible_problems(300, 6):
        problem, dice = random_problem(seed), random.Random(seed)
        for level in Level:
            v = build_model(problem)
            v.model.minimize(level_expression(v, level))
            solution = dice.choice(legal)
            pin(v, solution)
            solver = cp_model.CpSolver()
            assert solver.solve(v.model) == cp_model.OPTIMAL
            assert round(solver.objective_value) == Evaluation(problem, solution).value(level), (seed, level)
