"""The ladder: the lowest rung whose mappings route, within its limits, with what a few missing lanes change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.problem.problem import Level, MappingProblem
from placer.problem.solution import Evaluation, Solution
from placer.solvers.cpsat_level import Budget, silent
from placer.solvers.cpsat_relaxation import Relaxed, leading_levels, relax
from placer.solvers.ladder import FEW_LANES, RUNGS, climb, spread
from tests.graphs import chain, small_device
from tests.solving import stated


def budget() -> Budget:
    """Enough for a few rungs."""
    return Budget(2.0, None, 1, 0)


def problem_and_relaxed() -> tuple[MappingProblem, Relaxed]:
    """A small chain, and what its options alone reach."""
    problem = stated(chain((32, 64, 32), tokens=8), small_device(5, 2))[1]
    return problem, relax(problem, problem.device.core_tiles, budget(), 1.0, silent)


def test_the_first_rung_where_everything_routes() -> None:
    """No worse in the first level than the options alone reach, where the blocks pack side by side and share no memory."""
    problem, relaxed = problem_and_relaxed()
    found = climb(problem, relaxed, budget(), lambda _: 0)
    assert found is not None
    assert Evaluation(problem, found).interval() <= RUNGS[-1] * relaxed.reached[0]


def test_a_higher_rung_where_the_lower_ones_do_not_route() -> None:
    """Where what lies on the first rungs takes too much, a slower mapping takes less."""
    problem, relaxed = problem_and_relaxed()
    first = climb(problem, relaxed, budget(), lambda _: 0)
    assert first is not None
    tiles, interval = Evaluation(problem, first).tiles(), Evaluation(problem, first).interval()
    higher = climb(problem, relaxed, budget(), lambda s: 0 if Evaluation(problem, s).tiles() < tiles else FEW_LANES + 1)
    assert higher is not None
    assert Evaluation(problem, higher).tiles() < tiles
    assert interval < Evaluation(problem, higher).interval() <= RUNGS[-1] * relaxed.reached[0]


def test_a_few_missing_lanes_are_given_back() -> None:
    """A mapping with too many streams is followed by one with fewer on the same rung."""
    problem = stated(chain((64, 64), tokens=16), small_device(5, 2))[1]
    problem = replace(problem, objective=(Level.INTERVAL, Level.TILES))
    relaxed = relax(problem, problem.device.core_tiles, budget(), 1.0, silent)
    seen: list[Solution] = []

    def missing(solution: Solution) -> int:
        seen.append(solution)
        return 0 if len(seen) > 3 else 2

    assert climb(problem, relaxed, budget(), missing) == seen[-1]
    assert len({s.blocks for s in seen}) > 1


@pytest.mark.parametrize("objective", [(Level.TILES, Level.INTERVAL), (Level.LATENCY,), (Level.TRANSPORT,)], ids=lambda o: o[0].value)
def test_any_objective(objective: tuple[Level, ...]) -> None:
    """The first level is what rungs limit, whichever it is; without one there is one rung."""
    problem = replace(stated(chain((64, 64), tokens=16), small_device(5, 2))[1], objective=objective)
    leading = leading_levels(objective)
    relaxed = relax(problem, problem.device.core_tiles, budget(), 1.0, silent) if leading else None
    found = climb(problem, relaxed, budget(), lambda _: 0)
    assert found is not None
    if relaxed:
        assert Evaluation(problem, found).value(leading[0]) <= RUNGS[-1] * relaxed.reached[0]


def test_below_what_was_reached_rungs_are_tried_too() -> None:
    """A relaxation that was not searched to its end reached something bad: the climb ends near what is possible all the same."""
    problem, relaxed = problem_and_relaxed()
    bad = replace(relaxed, reached=(20 * relaxed.reached[0], *relaxed.reached[1:]))
    honest, found = (climb(problem, known, budget(), lambda _: 0) for known in (relaxed, bad))
    assert honest is not None
    assert found is not None
    assert Evaluation(problem, found).interval() <= 1.25 * Evaluation(problem, honest).interval()


def test_less_of_a_later_level_is_asked_for() -> None:
    """The fewest streams leave a long latency; at the same interval there is a shorter one, once it is known what to hope for."""
    problem = replace(stated(chain((64, 128, 64), tokens=32), small_device(8, 3))[1], objective=(Level.INTERVAL, Level.LATENCY))
    known = relax(problem, problem.device.core_tiles, budget(), 1.0, silent)
    interval, latency = known.reached
    slow = replace(known, bounds=(2 * interval,), reached=(2 * interval, latency))
    found = [climb(problem, r, budget(), lambda _: 0) for r in (slow, replace(slow, reached=slow.reached[:1]))]
    asked, plain = ((Evaluation(problem, s).interval(), Evaluation(problem, s).value(Level.LATENCY)) for s in found if s)
    assert asked[0] <= plain[0]
    assert asked[1] < plain[1]


def test_rungs_below_a_mapping_that_is_held() -> None:
    """A mapping gives way to what routes below it, and stays where nothing does."""
    problem, relaxed = problem_and_relaxed()
    best = climb(problem, relaxed, budget(), lambda _: 0)
    assert best is not None
    tiles = Evaluation(problem, best).tiles()
    worse = climb(problem, relaxed, budget(), lambda s: 0 if Evaluation(problem, s).tiles() < tiles else FEW_LANES + 1)
    assert worse is not None
    below = climb(problem, relaxed, budget(), lambda _: 0, worse)
    assert below is not None
    assert Evaluation(problem, below).interval() < Evaluation(problem, worse).interval()
    assert climb(problem, relaxed, budget(), lambda _: 99, worse) == worse


def test_other_places_with_the_shortest_streams() -> None:
    """The same options, no worse in the leading levels, and streams no longer than where the blocks stood."""
    problem, relaxed = problem_and_relaxed()
    held = climb(problem, relaxed, budget(), lambda _: 0)
    assert held is not None
    found = spread(problem, held, budget())
    assert found is not None
    assert [b.option for b in found.blocks] == [b.option for b in held.blocks]
    for level in leading_levels(problem.objective):
        assert Evaluation(problem, found).value(level) <= Evaluation(problem, held).value(level)
