"""Other places: the same options, values and bounds at the levels that know no places, and a mapping that is legal."""

from __future__ import annotations

from placer.problem.problem import Level
from placer.problem.solution import Evaluation
from placer.solvers.elsewhere import elsewhere
from placer.verify import verify
from tests.graphs import chain, small_device
from tests.solving import assembled, limits, solve, stated

PLACELESS = (Level.INTERVAL, Level.LATENCY, Level.TILES)


def test_the_same_options_elsewhere() -> None:
    """As many as asked for."""
    device, graph = small_device(6, 3), chain((32, 64, 32), tokens=16)
    laid_out, problem = stated(graph, device)
    result = solve(problem, work=0.5)
    assert result.solution is not None
    found = list(elsewhere(problem, result, limits(0.5), 2))
    assert len(found) == 2
    for other in found:
        assert other.solution is not None
        assert [b.option for b in other.solution.blocks] == [b.option for b in result.solution.blocks]
        for level in PLACELESS:
            assert Evaluation(problem, other.solution).value(level) <= Evaluation(problem, result.solution).value(level)
        assert all(mine.bound <= mine.value for mine in other.levels)
        assert verify(assembled(laid_out, problem, other), device, graph) == ()
