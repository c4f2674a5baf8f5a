"""Objective levels: with every decision pinned, the model's least value is the one worked out by hand, and Evaluation's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.cycles.streams import End, travel_cycles
from placer.problem.problem import BlockKind, Level, MappingProblem, Orientation
from placer.problem.solution import Evaluation, NetChoice, Solution
from tests.pinning import minimum
from tests.problems import BORDER, DMA, SHARED, at, border, buffered, layer, option, pipeline, rows, tiny_device

INTERVAL, LATENCY, TILES, TRANSPORT, COMPACTNESS, PUBLISHED = Level
ACROSS, TO_SHIM, TO_MEMORY, SHIM_TO_MEMORY = (
    travel_cycles(*ends, tiny_device(4, 4))
    for ends in ((End.CORE, End.CORE), (End.CORE, End.SHIM), (End.CORE, End.MEMORY_TILE), (End.SHIM, End.MEMORY_TILE))
)


def cost(problem: MappingProblem, solution: Solution, level: Level) -> int:
    """The model's value of a level, once Evaluation agrees."""
    value = minimum(problem, solution, level)
    assert value == Evaluation(problem, solution).value(level)
    return value


def two_layers(first_cycles: int = 100, second_cycles: int = 80, stream: int = 50) -> MappingProblem:
    """Two single tiles between two borders."""
    a, b = (layer(n, option(cycles=c, stream=stream)) for n, c in (("a", first_cycles), ("b", second_cycles)))
    ends = (border(kind, stream=stream) for kind in (BlockKind.INPUT, BlockKind.OUTPUT))
    ins, outs = ends
    return pipeline(tiny_device(4, 4), a, b, ins=ins, outs=outs)


def joined(middle: NetChoice, outer: NetChoice = DMA, last: NetChoice = DMA) -> Solution:
    """Layers at (0, 1) and (1, 1)."""
    return Solution((at(0, 1), at(1, 1), BORDER, BORDER), (outer, middle, last))


@pytest.mark.parametrize(("first", "second", "stream", "expected"), [(100, 80, 50, 100), (80, 100, 50, 100), (40, 30, 50, 50)])
def test_interval_is_the_slowest_kernel_or_stream(first: int, second: int, stream: int, expected: int) -> None:
    """The largest of both kernels and all streams."""
    assert cost(two_layers(first, second, stream), joined(DMA), INTERVAL) == expected


def test_shared_memory_takes_no_stream() -> None:
    """A window that is not moved costs no cycles; one slow stream elsewhere still does."""
    slow = option(cycles=10, stream=500)
    fast_ends = border(BlockKind.INPUT, rows(1), stream=20), border(BlockKind.OUTPUT, rows(1), stream=20)
    a = layer("a", replace(slow, input_cycles=(20,)))
    b = layer("b", replace(slow, output_cycles=20))
    problem = pipeline(tiny_device(4, 4), a, b, ins=fast_ends[0], outs=fast_ends[1])
    assert cost(problem, joined(SHARED), INTERVAL) == 20
    assert cost(problem, joined(DMA), INTERVAL) == 500
    assert cost(problem, joined(buffered(0)), INTERVAL) == 500


@pytest.mark.parametrize(
    ("middle", "expected"),
    [
        # In, run, run and out take 50 + 100 + 80 + 50; DMA adds one pass, a memory tile one in and one out; each stream has to start.
        (SHARED, 280 + 2 * TO_SHIM),
        (DMA, 330 + 2 * TO_SHIM + ACROSS),
        (buffered(2), 380 + 2 * TO_SHIM + 2 * TO_MEMORY),
    ],
)
def test_latency_adds_up_along_the_path(middle: NetChoice, expected: int) -> None:
    """Each layer waits for its whole input."""
    assert cost(two_layers(), joined(middle), LATENCY) == expected


def test_latency_of_a_cascade_and_of_buffered_borders() -> None:
    """A cascade's hops count once; an input through memory tiles is written and read."""
    cascade = option(contraction=2, orientations=(Orientation.NORTH_TO_SOUTH,))
    problem = pipeline(tiny_device(4, 4), layer("a", cascade))
    solution = Solution((at(0), BORDER, BORDER), (buffered(0), buffered(1)))
    # 50 in whole, 25 a half out, 100 + 10 to compute, 50 and 50 out.
    assert cost(problem, solution, LATENCY) == 50 + 25 + 110 + 50 + 50 + 2 * SHIM_TO_MEMORY + 2 * TO_MEMORY


def test_tiles() -> None:
    """Core tiles of the chosen options."""
    problem = pipeline(tiny_device(4, 4), layer("a", option(), option(data=4)), layer("b"))
    few, many = (Solution((at(0, 0, option=o), at(2), BORDER, BORDER), (DMA, buffered(0), DMA)) for o in (0, 1))
    many = replace(many, nets=(buffered(1), buffered(0), DMA))
    assert (cost(problem, few, TILES), cost(problem, many, TILES)) == (2, 5)


@pytest.mark.parametrize(
    ("b", "row_weight", "expected"),
    [((2, 1), 1.0, 200), ((2, 3), 1.0, 400), ((0, 0), 1.0, 100), ((1, 2), 0.5, 150), ((3, 0), 0.25, 325), ((2, 3), 0.333, 266)],
)
def test_transport_of_direct_edges(b: tuple[int, int], row_weight: float, expected: int) -> None:
    """Columns plus weighted rows from (0, 1), in hundredths; borders are nowhere."""
    problem = replace(two_layers(), row_weight=row_weight)
    solution = Solution((at(0, 1), at(*b), BORDER, BORDER), (DMA, DMA, DMA))
    assert cost(problem, solution, TRANSPORT) == expected


@pytest.mark.parametrize(("column", "expected"), [(0, 100 + 2 * 200), (1, 100 + 2 * 200), (3, 300 + 200 + 2 * 200)])
def test_transport_through_memory_tiles(column: int, expected: int) -> None:
    """From the producer across and down two rows to the memory tile, and back up to the consumer."""
    assert cost(two_layers(), joined(buffered(column)), TRANSPORT) == expected


def test_transport_of_buffered_borders() -> None:
    """Only the end inside the array counts."""
    solution = joined(DMA, outer=buffered(3), last=buffered(1))
    assert cost(two_layers(), solution, TRANSPORT) == 100 + (300 + 200) + (0 + 200)


def test_transport_runs_between_faces() -> None:
    """From the last tiles of the producer's cascades to the first ones of the consumer's."""
    east = option(contraction=2)
    problem = pipeline(tiny_device(4, 4), layer("a", east), layer("b"), layer("c", east))
    # a ends at (1, 0), b is at (3, 0), c begins at (0, 2).
    solution = Solution((at(0, 0), at(3, 0), at(0, 2), BORDER, BORDER), (DMA, DMA, buffered(1), DMA))
    assert Evaluation(problem, solution).value(TRANSPORT) == 200 + (200 + 100) + (100 + 300)
    assert cost(problem, replace(solution, nets=(buffered(0), DMA, buffered(1), DMA)), TRANSPORT) == 100 + 200 + 300 + 400


def test_transport_to_several_shards_is_to_the_nearest() -> None:
    """Shards are one stretch of columns; a face above any of them has no way to go."""
    half = option(data=2)
    ends = border(BlockKind.INPUT, rows(2)), border(BlockKind.OUTPUT, rows(2))
    problem = pipeline(tiny_device(4, 4), layer("a", half), layer("b", half), ins=ends[0], outs=ends[1])
    # Both layers are one column of two tiles; shards in columns 1 and 2.
    solution = Solution((at(0), at(3), BORDER, BORDER), (DMA, buffered(1, rows(2)), DMA))
    assert cost(problem, solution, TRANSPORT) == (100 + 100) + (100 + 100)


@pytest.mark.parametrize(("b", "expected"), [((1, 1), 2 + 1), ((3, 3), 4 + 3), ((0, 0), 1 + 2)])
def test_compactness(b: tuple[int, int], expected: int) -> None:
    """Columns plus rows of the box around all tiles, wherever it stands."""
    solution = Solution((at(0, 1), at(*b), BORDER, BORDER), (DMA, DMA, DMA))
    assert cost(two_layers(), solution, COMPACTNESS) == expected


@pytest.mark.parametrize("middle", [DMA, buffered(0), SHARED])
def test_published_counts_faces_and_rows_whatever_the_edge(middle: NetChoice) -> None:
    """Both layers stand in row 1: a twentieth each; their faces are a column apart."""
    assert cost(two_layers(), joined(middle), PUBLISHED) == 100 + 2 * 5


def test_published_weighs_rows() -> None:
    """Two columns and a row apart, the second in row 2."""
    problem = replace(two_layers(), row_weight=0.5)
    assert cost(problem, Solution((at(0, 1), at(2, 2), BORDER, BORDER), (DMA, DMA, DMA)), PUBLISHED) == 200 + 50 + 5 + 10
