"""Questions to a relaxation: a range that always holds the optimum, closes in on it, and ends where limits are out of reach."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.layers import LayerGraph
from placer.problem.problem import Level, Limit, MappingProblem
from placer.solvers.closer import CLOSE, Range, closer
from placer.solvers.cpsat_level import Budget, silent
from placer.solvers.cpsat_relaxation import relax
from tests.graphs import chain, residual, small_device
from tests.solving import stated

GRAPHS = [chain((16, 32, 16), tokens=8), residual(16, 8)]


def optimum(problem: MappingProblem, level: Level) -> int:
    """The least of the relaxation, proven."""
    alone = replace(problem, objective=(level,))
    relaxed = relax(alone, problem.device.core_tiles, Budget(5.0, None, 1, 0), 5.0, silent)
    assert relaxed.bounds == relaxed.reached
    return relaxed.bounds[0]


@pytest.mark.parametrize("graph", GRAPHS, ids=["chain", "residual"])
@pytest.mark.parametrize("level", [Level.INTERVAL, Level.LATENCY, Level.TILES], ids=lambda level: level.value)
def test_a_range_closes_in_on_the_optimum(graph: LayerGraph, level: Level) -> None:
    """It holds it at every step, and is settled after a few."""
    _, problem = stated(graph, small_device(4, 2))
    least = optimum(problem, level)
    known, steps = Range(1), 0
    while not known.settled:
        further = closer(problem, level, known, ())
        assert further is not None
        assert further != known
        known, steps = further, steps + 1
        assert known.least <= least
        assert known.reached is None or known.reached >= least
    assert steps < 25
    assert known.reached is not None
    assert least <= known.reached <= (1 + CLOSE) * least


@pytest.mark.parametrize("level", [Level.INTERVAL, Level.LATENCY, Level.TILES], ids=lambda level: level.value)
def test_limits_out_of_reach(level: Level) -> None:
    """What is below the optimum is refused, what is not, is not; also of another level than the one in question."""
    _, problem = stated(GRAPHS[1], small_device(4, 2))
    least = optimum(problem, level)

    def kept(at_most: int, asked: Level) -> bool:
        known: Range | None = Range(1)
        while known and not (known.settled and (known.reached or 0) <= at_most):
            known = closer(problem, asked, known, (Limit(level, at_most),))
            if asked is not level and known:
                return True
        return known is not None

    assert kept(least, level)
    assert not kept(least - 1, level)
    other = Level.TILES if level is not Level.TILES else Level.LATENCY
    assert kept(least, other)
    assert not kept(least - 1, other)
