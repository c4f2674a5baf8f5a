"""Memory tiles: bytes, channels in and channels out of each, summed over the nets that meet there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.device import Device
from placer.layout import Partition
from placer.model.build import build_relaxation
from placer.model.edges import add_edges
from placer.model.memory_tiles import add_memory_tiles
from placer.problem.problem import BlockKind, MappingProblem, Option
from placer.problem.solution import EdgeKind, NetChoice, Solution
from placer.solvers.cpsat_level import Budget, minimise
from tests.pinning import accepts
from tests.problems import BORDER, DMA, LAYOUT, WHOLE, at, border, buffered, fork, layer, option, pipeline, rows, tiny_device, with_memory
from tests.solving import ignore

DOUBLED = 2 * LAYOUT.bytes


def three_nets(device: Device) -> MappingProblem:
    """Two single tiles; each of the three nets may be buffered."""
    return pipeline(device, layer("a"), layer("b"))


def placed(*nets: NetChoice) -> Solution:
    """A solution of `three_nets`."""
    return Solution((at(0), at(1), BORDER, BORDER), nets)


def legal(problem: MappingProblem, solution: Solution) -> bool:
    """Whether edges and memory tiles accept the solution; the edges alone must."""
    assert accepts(problem, solution, add_edges)
    return accepts(problem, solution, add_edges, add_memory_tiles)


def test_capacity_holds_both_copies() -> None:
    """Two buffers, doubled, fill a memory tile; one byte less and they do not fit together, though apart they do."""
    together, apart = placed(buffered(1), DMA, buffered(1)), placed(buffered(1), DMA, buffered(2))
    assert legal(three_nets(with_memory(tiny_device(), 2 * DOUBLED)), together)
    assert not legal(three_nets(with_memory(tiny_device(), 2 * DOUBLED - 1)), together)
    assert legal(three_nets(with_memory(tiny_device(), 2 * DOUBLED - 1)), apart)


def test_rows_of_memory_tiles_are_apart() -> None:
    """The same column of another memory row is another tile, the last tile of a row no neighbour of the next row's first."""
    device = with_memory(tiny_device(3, 2, memory_rows=2), DOUBLED)
    assert not legal(three_nets(device), placed(buffered(2), DMA, buffered(2)))
    assert legal(three_nets(device), placed(buffered(2), DMA, buffered(2, row=1)))
    assert legal(three_nets(device), placed(buffered(2), DMA, buffered(0, row=1)))


@pytest.mark.parametrize(("first", "second", "fits"), [(0, 2, True), (0, 1, False), (1, 0, True), (1, 2, False), (1, 1, False)])
def test_shards_take_consecutive_columns(first: int, second: int, fits: bool) -> None:
    """A buffer cut in two fills its tile and the next one; another buffer goes where neither is."""
    half = option(data=2)
    device = with_memory(tiny_device(), DOUBLED)
    ins, outs = border(BlockKind.INPUT, rows(2)), border(BlockKind.OUTPUT, WHOLE)
    problem = pipeline(device, layer("a", half), layer("b"), ins=ins, outs=outs)
    solution = Solution((at(0), at(1), BORDER, BORDER), (buffered(first, rows(2)), buffered(second), DMA))
    assert legal(problem, solution) is fits


def test_shards_stay_in_the_array() -> None:
    """Two shards from the last column on are refused by the variables themselves."""
    problem = pipeline(
        tiny_device(), layer("a", option(data=2)), ins=border(BlockKind.INPUT, rows(2)), outs=border(BlockKind.OUTPUT, rows(2))
    )
    for column, fits in ((1, True), (2, False)):
        solution = Solution((at(0), BORDER, BORDER), (buffered(column, rows(2)), DMA))
        assert accepts(problem, solution, add_edges, add_memory_tiles) is fits


def gather(device: Device, parts: int) -> MappingProblem:
    """Layer a writes `parts` windows, layer b reads one."""
    ins = border(BlockKind.INPUT, rows(parts))
    return pipeline(device, layer("a", option(data=parts)), layer("b"), ins=ins)


@pytest.mark.parametrize(("parts", "channels", "fits"), [(4, 4, True), (4, 3, False), (2, 2, True), (2, 1, False)])
def test_channels_in(parts: int, channels: int, fits: bool) -> None:
    """Each written window takes a channel in."""
    problem = gather(with_memory(tiny_device(4, 4), dma_in=channels), parts)
    solution = Solution((at(0), at(1), BORDER, BORDER), (DMA, buffered(0), DMA))
    assert accepts(problem, solution, add_edges, add_memory_tiles) is fits


@pytest.mark.parametrize(
    ("reader", "channels", "fits"), [(option(data=4), 4, True), (option(data=4), 3, False), (option(channels=4), 1, True)]
)
def test_channels_out(reader: Option, channels: int, fits: bool) -> None:
    """Each window read takes a channel out; tiles that read the same window share one."""
    device = with_memory(tiny_device(4, 4), dma_out=channels)
    outs = border(BlockKind.OUTPUT, reader.output or WHOLE)
    problem = pipeline(device, layer("a"), layer("b", reader), outs=outs)
    solution = Solution((at(0), at(1), BORDER, BORDER), (DMA, buffered(0), DMA))
    assert accepts(problem, solution, add_edges, add_memory_tiles) is fits


def test_more_shards_need_fewer_channels_each() -> None:
    """Four windows in and out are too many for one tile with two channels a way, and fit two tiles."""
    device = with_memory(tiny_device(4, 4), dma_in=2, dma_out=2)
    cut = option(data=4)
    problem = pipeline(
        device, layer("a", cut), layer("b", cut), ins=border(BlockKind.INPUT, rows(4)), outs=border(BlockKind.OUTPUT, rows(4))
    )
    for shards, fits in ((WHOLE, False), (rows(2), True), (rows(4), True)):
        solution = Solution((at(0), at(1), BORDER, BORDER), (DMA, buffered(0, shards), DMA))
        assert accepts(problem, solution, add_edges, add_memory_tiles) is fits


def test_channels_of_two_nets_add_up() -> None:
    """Two buffers in one memory tile share its channels."""
    for dma_in, dma_out, fits in ((2, 2, True), (1, 2, False), (2, 1, False)):
        device = with_memory(tiny_device(), dma_in=dma_in, dma_out=dma_out)
        assert legal(three_nets(device), placed(buffered(1), DMA, buffered(1))) is fits
        assert legal(three_nets(device), placed(buffered(1), DMA, buffered(0)))


def test_readers_of_one_net_add_up() -> None:
    """Each buffered reader of a net takes its own channels out; one that streams directly takes none; the writer counts once."""
    solution = {
        kind: Solution((at(0), at(1), at(2), BORDER, BORDER, BORDER), (DMA, NetChoice((EdgeKind.MEMORY_TILE, kind), WHOLE, 0, 0), DMA, DMA))
        for kind in (EdgeKind.MEMORY_TILE, EdgeKind.DMA)
    }
    tight = fork(with_memory(tiny_device(), dma_in=1, dma_out=1), layer("s"), layer("l"), layer("r"))
    wide = fork(with_memory(tiny_device(), dma_in=1, dma_out=2), layer("s"), layer("l"), layer("r"))
    assert legal(tight, solution[EdgeKind.DMA])
    assert not legal(tight, solution[EdgeKind.MEMORY_TILE])
    assert legal(wide, solution[EdgeKind.MEMORY_TILE])


@pytest.mark.parametrize("shards", [WHOLE, rows(2)])
def test_no_memory_tiles(shards: Partition) -> None:
    """A device without memory rows takes no buffers at all."""
    problem = three_nets(tiny_device(memory_rows=0))
    assert accepts(problem, placed(DMA, DMA, DMA), add_edges, add_memory_tiles)
    assert not accepts(problem, placed(DMA, buffered(0, shards), DMA), add_edges, add_memory_tiles)


def test_totals_bound_what_places_refine() -> None:
    """Without places, what no memory tiles together can hold is refused: here two forced buffers and room for one."""
    turn = layer("b", option(contraction=2))
    for memory_rows, size, fits in ((1, DOUBLED, True), (1, DOUBLED // 2, False)):
        device = replace(with_memory(tiny_device(1, 4, memory_rows), size))
        problem = pipeline(device, layer("a", option(data=2)), turn, ins=border(BlockKind.INPUT, rows(2)))
        v = build_relaxation(problem, device.core_tiles)
        search = minimise(v, problem.objective[0], 0, Budget(1.0, None, 1, 0), 1.0, ignore)
        assert search.infeasible is not fits
