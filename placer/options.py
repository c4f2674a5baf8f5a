"""For each layer, the ways to split it over tiles: every legal one whose buffers fit, less the dominated ones.

A split is dominated when another one is at least as good in tiles, kernel cycles, stream cycles and port counts on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator

from placer.catalog import PortKind
from placer.cycles import hop_cycles, layer_cycles, transfer_cycles
from placer.device import Device
from placer.errors import InfeasibleError
from placer.layers import DenseLayer, Layer, NormaliseLayer, Side
from placer.layout import BLOCK_COLUMNS, Layout, Partition, divisors
from placer.problem import Option, Orientation, Shape, Split
from placer.tile_kernel import LayerLayouts, tile_kernel, tile_work
from placer.tile_memory import BufferKind, BufferNeed, place_buffers


def buffer_needs(layer: Layer, split: Split, layouts: LayerLayouts, position: int, device: Device) -> tuple[BufferNeed, ...]:
    """The buffers of the tile at `position` of a cascade of `layer`: what its kernel's contract holds in memory, and the stack."""
    kernel = tile_kernel(layer, split, layouts, position, device)
    held = tuple(BufferNeed(BufferKind(a.kind.value), a.bytes, a.copies) for a in kernel.arguments if a.port is not PortKind.CASCADE)
    return (*held, BufferNeed(BufferKind.STACK, max(kernel.stack_bytes, device.core.stack_bytes), 1))


def layer_options(layer: Layer, layouts: LayerLayouts, device: Device) -> tuple[Option, ...]:
    """The options of one layer.

    Raises InfeasibleError, naming layer, demand and supply, when no split fits the device.
    """
    found = []
    for split in _splits(layer, layouts, device):
        fits = all(
            place_buffers(buffer_needs(layer, split, layouts, position, device), device.core) is not None
            for position in {0, split.contraction - 1}
        )
        shapes = _shapes(split, device) if fits else ()
        if shapes:
            found.append(_option(layer, split, shapes, layouts, device))
    if not found:
        weights = layer.weight.size * layer.weight_type.bytes if isinstance(layer, DenseLayer) else 0
        raise InfeasibleError(
            f"layer {layer.name} fits no split on {device.name}: it holds {weights} bytes of weights and moves "
            f"{sum(s.bytes for s in layouts.sources) + layouts.target.bytes} bytes of activations a run (twice for ping/pong), against "
            f"{device.core_tiles} tiles of {device.core.memory_bytes} bytes; a smaller batch or a larger array may fit"
        )
    return _undominated(found)


def least_tile_bytes(layer: Layer, layouts: LayerLayouts, device: Device) -> int:
    """The least bytes that a split of `layer` needs on its fullest tile: all copies, not yet in banks."""
    return min(
        max(
            sum(n.bytes * n.copies for n in buffer_needs(layer, split, layouts, position, device))
            for position in {0, split.contraction - 1}
        )
        for split in _splits(layer, layouts, device)
    )


def _splits(layer: Layer, layouts: LayerLayouts, device: Device) -> Iterator[Split]:
    """Every split into equal parts of whole blocks that needs no more tiles than the device has."""
    source, target = layouts.sources[0], layouts.target
    block_rows = device.mmul[0]
    side = layer.side if isinstance(layer, DenseLayer) else None
    if side is Side.RIGHT:
        contractions, channels = divisors(source.columns // BLOCK_COLUMNS), divisors(target.columns // BLOCK_COLUMNS)
    elif side is Side.LEFT:
        contractions, channels = divisors(source.rows // BLOCK_COLUMNS), divisors(target.rows // block_rows)
    else:
        contractions, channels = (1,), (1,)
    for data in _data_partitions(side, target, block_rows):
        if isinstance(layer, NormaliseLayer) and data.columns > 1:
            continue
        for contraction in contractions:
            for channel in channels:
                split = Split(side, data, contraction, channel)
                if split.tiles <= device.core_tiles:
                    yield split


def _data_partitions(side: Side | None, target: Layout, block_rows: int) -> Iterator[Partition]:
    """Cuts of samples, then of rows inside one sample (columns for LEFT; both for elementwise layers)."""
    row_cuts = divisors(target.rows // block_rows) if side is not Side.LEFT else (1,)
    column_cuts = divisors(target.columns // BLOCK_COLUMNS) if side is not Side.RIGHT else (1,)
    for samples in divisors(target.samples):
        for rows in row_cuts:
            for columns in column_cuts:
                if samples == target.samples or (rows == 1 and columns == 1):
                    yield Partition(samples, rows, columns)


def _shapes(split: Split, device: Device) -> tuple[Shape, ...]:
    """Footprints that fit the array: both cascade directions, every full grid of cascades."""
    shapes = []
    for orientation in Orientation:
        if split.contraction == 1 and orientation is Orientation.NORTH_TO_SOUTH:
            continue
        for chain_columns in divisors(split.chains):
            shape = Shape(orientation, split.contraction, chain_columns, split.chains // chain_columns)
            if shape.width <= device.columns and shape.height <= device.rows:
                shapes.append(shape)
    return tuple(shapes)


def _option(layer: Layer, split: Split, shapes: tuple[Shape, ...], layouts: LayerLayouts, device: Device) -> Option:
    work = tile_work(layer, split, layouts)
    cycles = layer_cycles(layer, work, split.contraction, layouts.sources[0].element_bytes, device)
    return Option(
        split=split,
        shapes=shapes,
        inputs=(split.input_partition,) * len(layouts.sources),
        output=split.output_partition,
        input_cycles=tuple(transfer_cycles(split.input_partition.window_bytes(s), device) for s in layouts.sources),
        output_cycles=transfer_cycles(split.output_partition.window_bytes(layouts.target), device),
        cycles=cycles,
        latency=cycles + (split.contraction - 1) * hop_cycles(work, split.contraction, device),
        readers=split.channels,
    )


def _undominated(options: list[Option]) -> tuple[Option, ...]:
    """The Pareto set. Ports count as costs; two options of equal cost are both kept, because their windows differ."""

    def costs(o: Option) -> tuple[int, ...]:
        pieces = (*(p.pieces for p in o.inputs), o.output.pieces if o.output else 0)
        return (o.tiles, o.cycles, o.latency, *o.input_cycles, o.output_cycles, *pieces)

    ranked = sorted(options, key=lambda o: (costs(o), o.inputs, o.output or Partition(1, 1, 1)))
    kept: list[Option] = []
    for option in ranked:
        mine = costs(option)
        if not any(costs(k) != mine and all(a <= b for a, b in zip(costs(k), mine, strict=True)) for k in kept):
            kept.append(option)
    return tuple(kept)


def border_options(partitions: set[Partition], layout: Layout, is_input: bool, ports: int, device: Device) -> tuple[Option, ...]:
    """Options of a side of the border: one PLIO port a window, in any of `partitions`, at most `ports` of them.

    A PLIO port moves as many bytes a cycle as one stream: 128 bits at a quarter of the array clock.
    """
    options = []
    for partition in sorted(partitions):
        if partition.pieces <= ports:
            stream = transfer_cycles(partition.window_bytes(layout), device)
            options.append(
                Option(
                    split=None,
                    shapes=(),
                    inputs=() if is_input else (partition,),
                    output=partition if is_input else None,
                    input_cycles=() if is_input else (stream,),
                    output_cycles=stream if is_input else 0,
                    cycles=0,
                    latency=0,
                    readers=1,
                )
            )
    return tuple(options)
