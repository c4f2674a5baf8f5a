"""Demands in the model and as an answer: each level met at its optimum, refused one below it, with the reason in numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.pipeline.excess import Excess, excess, sooner, too_slow
from placer.pipeline.unmet import unmet_limits
from placer.problem.problem import Level, Limit, MappingProblem
from placer.problem.solution import Evaluation
from placer.solvers.base import Status
from placer.solvers.construct import construct
from tests.graphs import chain, small_device
from tests.mapped import pair
from tests.solving import limits, solve, stated

LIMITED = (Level.INTERVAL, Level.LATENCY, Level.TILES)


def limited(*demands: Limit, objective: tuple[Level, ...] = (Level.COMPACTNESS,)) -> MappingProblem:
    """Two layers on a small device under these demands."""
    _, problem = stated(chain((16, 32, 16)), small_device(4, 3), batch=4, levels=objective)
    return replace(problem, limits=demands)


def least(level: Level) -> int:
    """The proven optimum of a level alone."""
    result = solve(limited(objective=(level,)))
    assert result.status is Status.OPTIMAL
    return result.levels[0].value


@pytest.mark.parametrize("level", LIMITED, ids=lambda level: level.value)
def test_a_demand_at_the_optimum_is_met(level: Level) -> None:
    """Whatever the objective."""
    problem = limited(Limit(level, least(level)))
    solution = solve(problem).solution
    assert solution is not None
    assert Evaluation(problem, solution).value(level) == least(level)


@pytest.mark.parametrize("level", LIMITED, ids=lambda level: level.value)
@pytest.mark.parametrize("objective", [(Level.COMPACTNESS,), LIMITED], ids=["with places", "relaxed first"])
def test_a_demand_below_it_is_infeasible(level: Level, objective: tuple[Level, ...]) -> None:
    """Proven, and the reason names the level, the demand and the bound."""
    problem = limited(Limit(level, least(level) - 1), objective=objective)
    assert solve(problem).status is Status.INFEASIBLE
    (unmet,) = unmet_limits(problem, limits())
    assert (unmet.limit.level, unmet.bound, unmet.found, unmet.proven) == (level, least(level), least(level), True)
    assert f"at most {least(level) - 1}" in unmet.sentence(problem.device)
    proof = "proven" if level is Level.TILES else "proven for streams as long as assumed"
    assert f"fewer than {least(level)} ({proof})" in unmet.sentence(problem.device)


def test_demands_that_only_together_contradict() -> None:
    """The fewest tiles and the shortest interval: each can be met alone."""
    interval, tiles = Limit(Level.INTERVAL, least(Level.INTERVAL)), Limit(Level.TILES, least(Level.TILES))
    assert solve(limited(interval)).solution
    assert solve(limited(tiles)).solution
    both = limited(interval, tiles)
    assert solve(both).status is Status.INFEASIBLE
    assert {u.limit.level for u in unmet_limits(both, limits())} == {Level.INTERVAL, Level.TILES}


def test_the_mapping_itself_is_measured() -> None:
    """Distances may make interval and latency longer than the solver took them for: it is asked for as much less."""
    mapping = pair().mapping
    for above, missed in ((3, 0), (0, 0), (-5, 5)):
        interval = (Limit(Level.INTERVAL, mapping.interval_cycles + above), Limit(Level.TILES, 1))
        assert excess(interval, mapping) == Excess(interval=missed)
        latency = (Limit(Level.LATENCY, mapping.latency_cycles + above),)
        assert excess(latency, mapping) == Excess(latency=missed)
        assert bool(excess(latency, mapping)) == (missed > 0)
        asked = sooner((*interval, *latency), Excess(0, missed))
        assert [limit.at_most for limit in asked] == [interval[0].at_most, 1, latency[0].at_most - missed]
    assert not excess((), mapping)
    assert f"a latency of at most {mapping.latency_cycles - 5} cycles is required" in too_slow(mapping, Excess(latency=5))


def test_a_constructed_seed_keeps_to_demands() -> None:
    """What breaks one is no seed."""
    seed = construct(limited())
    assert seed is not None
    interval = Evaluation(limited(), seed).interval()
    assert construct(limited(Limit(Level.INTERVAL, interval))) is not None
    assert construct(limited(Limit(Level.INTERVAL, 1))) is None
