"""Hand-made MappingProblems of a few blocks, and solutions of them."""

from __future__ import annotations

from dataclasses import replace

from placer.device import Device
from placer.layers import Side
from placer.layout import Layout, Partition, divisors
from placer.problem.problem import Block, BlockKind, Level, MappingProblem, Net, Option, Orientation, Reader, Shape
from placer.problem.solution import BlockChoice, EdgeKind, NetChoice
from placer.split import Split
from tests.graphs import small_device

WHOLE = Partition(1, 1, 1)
LAYOUT = Layout(1, 16, 32, 1)
DMA = NetChoice((EdgeKind.DMA,), None, 0, 0)
SHARED = NetChoice((EdgeKind.SHARED_MEMORY,), None, 0, 0)
BORDER = BlockChoice(0, 0, 0, 0)


def rows(pieces: int) -> Partition:
    """A cut into this many row windows."""
    return Partition(1, pieces, 1)


def columns(pieces: int) -> Partition:
    """A cut into this many column windows."""
    return Partition(1, 1, pieces)


def buffered(column: int, shards: Partition = WHOLE, row: int = 0) -> NetChoice:
    """A net of one edge through memory tiles from `column` on."""
    return NetChoice((EdgeKind.MEMORY_TILE,), shards, column, row)


def at(column: int, row: int = 0, option: int = 0, shape: int = 0) -> BlockChoice:
    """A block's corner, option and shape."""
    return BlockChoice(option, shape, column, row)


def shapes(split: Split, orientations: tuple[Orientation, ...] = (Orientation.WEST_TO_EAST,)) -> tuple[Shape, ...]:
    """All footprints of a split, widest grid of chains last."""
    return tuple(
        Shape(o, split.contraction, across, split.chains // across)
        for o in orientations
        for across in divisors(split.chains)
        if split.contraction > 1 or o is Orientation.WEST_TO_EAST
    )


def option(
    data: int = 1,
    contraction: int = 1,
    channels: int = 1,
    cycles: int = 100,
    stream: int = 50,
    inputs: int = 1,
    orientations: tuple[Orientation, ...] = (Orientation.WEST_TO_EAST,),
) -> Option:
    """A split of a dense layer (elementwise with two inputs); windows stream for `stream` cycles divided by the number of windows."""
    split = Split(Side.RIGHT if inputs == 1 else None, rows(data), contraction, channels)
    return Option(
        split=split,
        shapes=shapes(split, orientations),
        inputs=(split.input_partition(),) * inputs,
        output=split.output_partition,
        input_cycles=(stream // split.input_partition().pieces,) * inputs,
        output_cycles=stream // split.output_partition.pieces,
        cycles=cycles,
        latency=cycles + 10 * (contraction - 1),
        readers=channels,
    )


def layer(name: str, *options: Option) -> Block:
    """A layer's block."""
    return Block(name, BlockKind.LAYER, options or (option(),))


def border(kind: BlockKind, *partitions: Partition, stream: int = 50) -> Block:
    """An input or output of the array, in any of `partitions`."""

    def one(p: Partition) -> Option:
        cycles = stream // p.pieces
        if kind is BlockKind.INPUT:
            return Option(None, (), (), p, (), cycles, 0, 0, 1)
        return Option(None, (), (p,), None, (cycles,), 0, 0, 0, 1)

    return Block(kind.value, kind, tuple(one(p) for p in partitions or (WHOLE,)))


def problem(
    device: Device, blocks: tuple[Block, ...], nets: tuple[Net, ...], objective: tuple[Level, ...] = (Level.INTERVAL,)
) -> MappingProblem:
    """Blocks and nets on a device."""
    return MappingProblem("tiny", 1, device, blocks, nets, objective, 1.0)


def pipeline(
    device: Device, *layers: Block, ins: Block | None = None, outs: Block | None = None, layout: Layout = LAYOUT
) -> MappingProblem:
    """Layers in a row, input before and output behind; blocks in the order layers, input, output, nets in the order of the data."""
    count = len(layers)
    blocks = (*layers, ins or border(BlockKind.INPUT), outs or border(BlockKind.OUTPUT))
    order = (count, *range(count), count + 1)
    nets = tuple(Net(f"x{i}", layout, order[i], (Reader(order[i + 1], 0),)) for i in range(count + 1))
    return problem(device, blocks, nets)


def fork(device: Device, source: Block, left: Block, right: Block, layout: Layout = LAYOUT) -> MappingProblem:
    """One layer whose output two others read, each with an output of its own.

    Blocks: source, left, right, input, output of left, output of right; nets: input, fork, left, right.
    """
    blocks = (source, left, right, border(BlockKind.INPUT), border(BlockKind.OUTPUT), border(BlockKind.OUTPUT))
    nets = (
        Net("x", layout, 3, (Reader(0, 0),)),
        Net("forked", layout, 0, (Reader(1, 0), Reader(2, 0))),
        Net("l", layout, 1, (Reader(4, 0),)),
        Net("r", layout, 2, (Reader(5, 0),)),
    )
    return problem(device, blocks, nets)


def tiny_device(columns_: int = 3, rows_: int = 2, memory_rows: int = 1) -> Device:
    """An array of a few tiles."""
    return small_device(columns_, rows_, memory_rows)


def with_memory(device: Device, memory_bytes: int = 524288, dma_in: int = 6, dma_out: int = 6) -> Device:
    """The same device with other memory tiles."""
    tile = replace(device.memory_tile, memory_bytes=memory_bytes, dma_in=dma_in, dma_out=dma_out)
    return replace(device, memory_tile=tile)


def with_plio(device: Device, columns_: tuple[int, ...], in_channels: int = 8, out_channels: int = 6) -> Device:
    """The same device with other PL columns and channels."""
    return replace(device, plio=replace(device.plio, columns=columns_, in_channels=in_channels, out_channels=out_channels))
