"""Edges: which kinds carry which windows, and where shared memory may be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.layout import Partition
from placer.model.edges import add_edges, sharing_offsets
from placer.problem.problem import BlockKind, MappingProblem, Option, Orientation, Shape
from placer.problem.solution import BlockChoice, EdgeKind, NetChoice, Solution
from tests.pinning import accepts
from tests.problems import BORDER, DMA, SHARED, WHOLE, at, border, buffered, columns, fork, layer, option, pipeline, rows, tiny_device

WEST_EAST, NORTH_SOUTH = Orientation.WEST_TO_EAST, Orientation.NORTH_TO_SOUTH
SINGLE = Shape(WEST_EAST, 1, 1, 1)
FIRST, SECOND = at(0), at(1)


def pair(a: Option, b: Option) -> MappingProblem:
    """Two layers in a row on 4 x 4 tiles, with borders that match their outer windows."""
    ins = border(BlockKind.INPUT, a.inputs[0])
    outs = border(BlockKind.OUTPUT, b.output or WHOLE)
    return pipeline(tiny_device(4, 4), layer("a", a), layer("b", b), ins=ins, outs=outs)


def joined(middle: NetChoice, a: BlockChoice = FIRST, b: BlockChoice = SECOND) -> Solution:
    """A solution of `pair` that joins the layers by `middle`."""
    return Solution((a, b, BORDER, BORDER), (DMA, middle, DMA))


@pytest.mark.parametrize("kind", [DMA, SHARED])
@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (option(), option(), True),
        (option(data=2), option(data=2), True),
        (option(channels=2), option(contraction=2), True),
        (option(data=2), option(), False),
        (option(), option(data=2), False),
        (option(channels=2), option(data=2), False),
    ],
)
def test_direct_edges_carry_equal_windows(kind: NetChoice, a: Option, b: Option, equal: bool) -> None:
    """DMA and shared memory carry what is written as it is read; placed so that nothing else is in the way."""
    # Footprints one column wide and side by side, except where a cascade of two takes the row above.
    problem = pair(a, b)
    tall = at(0), at(1)
    if a == option(channels=2) and equal:
        # Writers (0, 0) and (1, 0), readers right above them.
        tall = at(0, 0, shape=1), at(0, 1)
    assert accepts(problem, joined(kind, *tall), add_edges) is equal


@pytest.mark.parametrize(("wrap", "fits"), [(8, True), (7, False)])
def test_memory_tiles_carry_what_a_descriptor_walks(wrap: int, fits: bool) -> None:
    """Half of the rows is two blocks of eight words, in each of four column blocks: loops of 8, 2 and 4."""
    device = tiny_device(4, 4)
    device = replace(device, memory_tile=replace(device.memory_tile, descriptor_wrap=wrap))
    ins, outs = border(BlockKind.INPUT, rows(2)), border(BlockKind.OUTPUT, WHOLE)
    problem = pipeline(device, layer("a", option(data=2)), layer("b"), ins=ins, outs=outs)
    assert accepts(problem, joined(buffered(0)), add_edges) is fits


def test_memory_tiles_carry_windows_that_differ() -> None:
    """Rows in, columns out: one shard holds both."""
    problem = pair(option(data=2), option(contraction=2))
    assert accepts(problem, joined(buffered(0)), add_edges)
    assert not accepts(problem, joined(DMA), add_edges)


@pytest.mark.parametrize(
    ("a", "b", "shards", "refined"),
    [
        (option(data=4), option(data=2), rows(2), True),
        (option(data=2), option(data=4), rows(2), True),
        (option(data=4), option(data=4), rows(4), True),
        (option(data=2), option(contraction=2), rows(2), False),
        (option(channels=2), option(data=2), columns(2), False),
    ],
)
def test_windows_lie_in_one_shard(a: Option, b: Option, shards: Partition, refined: bool) -> None:
    """A buffer cut over memory tiles serves only windows that each lie in one shard, on both sides."""
    problem = pair(a, b)
    solution = joined(buffered(0, shards))
    assert accepts(problem, solution, add_edges) is refined


def test_the_chosen_option_counts() -> None:
    """The windows that must be equal are those of the chosen options."""
    problem = pipeline(tiny_device(4, 4), layer("a", option(), option(contraction=1, channels=2)), layer("b"))
    for chosen, legal in ((0, True), (1, False)):
        blocks = (at(0, option=chosen), at(3), BORDER, BORDER)
        assert accepts(problem, Solution(blocks, (DMA, DMA, DMA)), add_edges) is legal
        assert accepts(problem, Solution(blocks, (DMA, buffered(0), DMA)), add_edges)


@pytest.mark.parametrize(("col", "row"), [(2, 1), (0, 1), (1, 2), (1, 0)])
def test_neighbours_share_memory(col: int, row: int) -> None:
    """All four neighbours of a tile share a memory with it: its own or, to the west, theirs."""
    assert accepts(pair(option(), option()), joined(SHARED, at(1, 1), at(col, row)), add_edges)


@pytest.mark.parametrize(("col", "row"), [(3, 1), (2, 2), (0, 0), (1, 3), (1, 1)])
def test_strangers_do_not(col: int, row: int) -> None:
    """Two tiles apart, diagonal, or on top of each other: no shared memory, though DMA would do."""
    problem = pair(option(), option())
    assert not accepts(problem, joined(SHARED, at(1, 1), at(col, row)), add_edges)
    assert accepts(problem, joined(DMA, at(1, 1), at(col, row)), add_edges)


def test_one_port_feeds_one_port() -> None:
    """A window that two tiles read cannot be shared; one that two layers read neither."""
    assert not accepts(pair(option(), option(channels=2)), joined(SHARED), add_edges)
    both = NetChoice((EdgeKind.SHARED_MEMORY, EdgeKind.DMA), None, 0, 0)
    forked = fork(tiny_device(4, 4), layer("s"), layer("l"), layer("r"))
    blocks = (at(1, 1), at(2, 1), at(0, 1), BORDER, BORDER, BORDER)
    assert not accepts(forked, Solution(blocks, (DMA, both, DMA, DMA)), add_edges)
    apart = NetChoice((EdgeKind.DMA, EdgeKind.DMA), None, 0, 0)
    assert accepts(forked, Solution(blocks, (DMA, apart, DMA, DMA)), add_edges)


def test_one_reader_buffered_the_other_not() -> None:
    """A net may go straight to one reader and through memory tiles to the other."""
    forked = fork(tiny_device(4, 4), layer("s"), layer("l"), layer("r", option(contraction=2)))
    blocks = (at(1, 1), at(2, 1), at(0, 0), BORDER, BORDER, BORDER)
    for kinds, legal in (
        ((EdgeKind.DMA, EdgeKind.MEMORY_TILE), True),
        ((EdgeKind.MEMORY_TILE, EdgeKind.MEMORY_TILE), True),
        ((EdgeKind.MEMORY_TILE, EdgeKind.DMA), False),
    ):
        assert accepts(forked, Solution(blocks, (DMA, NetChoice(kinds, WHOLE, 0, 0), DMA, DMA)), add_edges) is legal


def test_borders_share_no_memory() -> None:
    """What enters or leaves the array streams."""
    problem = pipeline(tiny_device(2, 1), layer("a"))
    for nets, legal in (((DMA, DMA), True), ((SHARED, DMA), False), ((DMA, SHARED), False)):
        assert accepts(problem, Solution((at(0), BORDER, BORDER), nets), add_edges) is legal


def test_offsets_of_single_tiles() -> None:
    """Two single tiles share a memory in exactly the four neighbouring places."""
    found = sharing_offsets(option(), SINGLE, option(), SINGLE)
    assert sorted(found) == [(-1, 0), (0, -1), (0, 1), (1, 0)]


def test_offsets_of_cascades() -> None:
    """Each writer must be beside its own reader: two chains feed the two positions of a cascade only from a parallel row."""
    writer, reader = option(channels=2), option(contraction=2)
    across, along = Shape(WEST_EAST, 1, 2, 1), Shape(WEST_EAST, 2, 1, 1)
    assert sorted(sharing_offsets(writer, across, reader, along)) == [(0, -1), (0, 1)]
    # A cascade that runs south has its first position on top, the column of chains its first chain at the bottom.
    assert sharing_offsets(writer, Shape(WEST_EAST, 1, 1, 2), reader, Shape(NORTH_SOUTH, 2, 1, 1)) == ()
    # East to west there is no cascade, so a row of writers cannot meet a column of readers.
    assert sharing_offsets(writer, across, reader, Shape(NORTH_SOUTH, 2, 1, 1)) == ()
