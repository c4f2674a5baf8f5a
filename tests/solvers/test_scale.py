"""Batch and replicas chosen: as good as the best of all fixed ones."""

from __future__ import annotations

from placer.layers import LayerGraph
from placer.problem.goals import Goal, Required, Scale
from placer.problem.problem import Level
from placer.problem.solution import Evaluation
from placer.solvers.scale import Question, Scaled, solve_scaled
from tests.graphs import chain, small_device
from tests.solving import ignore, limits, stated

DEVICE = small_device(4, 2)
GRAPH = chain((16, 32, 16), tokens=4)


def solved(goal: Goal, scale: Scale, required: Required, graph: LayerGraph = GRAPH) -> Scaled | None:
    """A graph on the small device."""
    _, problem = stated(graph, DEVICE, scale.batches[0], goal.levels)
    return solve_scaled(Question(graph, problem, lambda samples: required.limits(samples, DEVICE)), scale, limits(), ignore)


def value(found: Scaled, level: Level) -> int:
    """Of the mapping of all replicas."""
    assert found.result.solution is not None
    return Evaluation(found.problem, found.result.solution).value(level)


def test_throughput_takes_the_best_batch_and_replicas() -> None:
    """No fixed pair of them has fewer cycles a sample."""
    found = solved(Goal.THROUGHPUT, Scale((1, 2, 4), None), Required())
    assert found is not None
    fixed = [solved(Goal.THROUGHPUT, Scale((batch,), count), Required()) for batch in (1, 2, 4) for count in (1, 2, 4)]
    rates = [value(f, Level.INTERVAL) / f.laid_out.batch for f in fixed if f]
    assert len(rates) > 3
    assert value(found, Level.INTERVAL) / found.laid_out.batch <= min(rates) + 1e-9
    assert found.laid_out.batch > 1


def test_area_takes_the_fewest_tiles_that_reach_the_rate() -> None:
    """One pipeline where that is quick enough, copies where it is not; no fixed number needs fewer tiles."""
    one = solved(Goal.THROUGHPUT, Scale((1,), 1), Required())
    assert one is not None
    most = DEVICE.clock_mhz * 1e6 / value(one, Level.INTERVAL)
    for rate, single in ((0.5 * most, True), (1.3 * most, False)):
        required = Required(inferences_per_second=rate)
        found = solved(Goal.AREA, Scale((1,), None), required)
        assert found is not None
        assert (found.problem.replicas == 1) is single
        assert value(found, Level.INTERVAL) / found.laid_out.batch <= DEVICE.clock_mhz * 1e6 / rate
        fixed = [solved(Goal.AREA, Scale((1,), count), required) for count in (1, 2, 3, 4)]
        assert value(found, Level.TILES) == min(value(f, Level.TILES) for f in fixed if f)


def test_a_batch_that_does_not_fit_ends_the_list() -> None:
    """More samples than the tiles hold are never proposed, and an impossible rate finds nothing."""
    found = solved(Goal.THROUGHPUT, Scale((1, 1 << 20), 1), Required())
    assert found is not None
    assert found.laid_out.batch == 1
    assert solved(Goal.AREA, Scale((1, 2), None), Required(inferences_per_second=1e15)) is None
