"""Places by the placement engine: its instance says what the mapping problem says, and solve uses it."""

from __future__ import annotations

from dataclasses import replace

from placer.placement.cost import cost_units
from placer.placement.instance import Side
from placer.problem.problem import Level, Orientation
from placer.problem.solution import DISTANCE_SCALE, BlockChoice, EdgeKind, Evaluation, NetChoice, Solution
from placer.routing.streams import lay_streams
from placer.solvers.base import Status
from placer.solvers.places import engine_places, placement_instance
from placer.solvers.routed import solve_routed
from tests.graphs import residual, small_device
from tests.problems import BORDER, layer, option, pipeline, tiny_device
from tests.solving import ignore, limits, stated

LEVELS = (Level.INTERVAL, Level.LATENCY, Level.TILES, Level.PUBLISHED)


def test_the_instance_costs_what_the_level_does() -> None:
    """Faces where cascades begin and end; wherever the layers stand, both count the same."""
    problem = pipeline(tiny_device(9, 4), layer("a", option(contraction=2, channels=2)), layer("b", option(contraction=3)))
    shapes = (0, 0)
    instance = placement_instance(problem, (0, 0, 0, 0), (*shapes, 0, 0))
    assert [b.input_face.side for b in instance.blocks] == [Side.LEFT, Side.LEFT]
    for places in (((0, 0), (2, 0)), ((4, 1), (1, 3)), ((0, 2), (6, 0))):
        blocks = tuple(BlockChoice(0, s, *p) for s, p in zip(shapes, places, strict=True))
        net = NetChoice((EdgeKind.DMA,), None, 0, 0)
        published = Evaluation(problem, Solution((*blocks, BORDER, BORDER), (net, net, net))).value(Level.PUBLISHED)
        assert cost_units(instance, places) * DISTANCE_SCALE == published * instance.scale


def test_cascades_to_the_south_have_faces_above_and_below() -> None:
    """The first tiles of a vertical cascade lie in its highest row."""
    problem = pipeline(tiny_device(9, 4), layer("a", option(contraction=3, orientations=(Orientation.NORTH_TO_SOUTH,))))
    (block,) = placement_instance(problem, (0, 0, 0), (0, 0, 0)).blocks
    assert (block.width, block.height) == (1, 3)
    assert (block.input_face.side, block.output_face.side) == (Side.LEFT, Side.LEFT)
    assert (block.input_face.start, block.output_face.start) == (2, 0)


def test_places_are_legal_or_none() -> None:
    """Two layers that fill the array stand side by side; a third has no room."""
    full = layer("a", option(contraction=2, channels=2))
    problem = pipeline(tiny_device(4, 2), full, replace(full, name="b"))
    found = engine_places(problem, (0, 0, 0, 0), 0)
    assert found is not None
    assert {(c.column, c.row) for c in found[:2]} == {(0, 0), (2, 0)}
    assert engine_places(pipeline(tiny_device(4, 2), full, full, full), (0,) * 5, 0) is None


def test_a_solve_at_the_published_level() -> None:
    """Its places come from the engine, its bound from the joint model, and its streams have lanes."""
    laid_out, problem = stated(residual(), small_device(8, 4), levels=LEVELS)
    result = solve_routed(problem, None, limits(), ignore)
    assert result.solution is not None
    assert lay_streams(problem, result.solution).congested == ()
    assert result.levels[-1].value == Evaluation(problem, result.solution).value(Level.PUBLISHED)
    assert result.status in {Status.OPTIMAL, Status.FEASIBLE}
    again = solve_routed(problem, None, limits(), ignore)
    assert again.solution == result.solution
    assert laid_out is not None
