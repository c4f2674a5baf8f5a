"""For each layer, the ways to split it over tiles: every legal one whose buffers fit, less the dominated ones.

A split is dominated when another one is at least as good in tiles, kernel cycles, stream cycles and port counts on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import le

from placer.contracts.contract import ArgumentKind, KernelContract, PortKind
from placer.contracts.tile_kernel import tile_kernel, tile_work
from placer.cycles.kernel import hop_cycles, layer_cycles
from placer.cycles.streams import transfer_cycles
from placer.device import CoreTile, Device
from placer.errors import InfeasibleError
from placer.layers import DenseLayer, Layer, MatMulLayer, MoveLayer, NormaliseLayer, Side, SoftmaxLayer, side_of
from placer.layout import BLOCK_COLUMNS, LayerLayouts, Layout, Partition, divisors, part_counts
from placer.locks import core_locks
from placer.problem.descriptors import WORD_BYTES
from placer.problem.fixed_split import FREE, FixedSplit
from placer.problem.problem import Option, Orientation, Shape
from placer.problem.tile_memory import BufferKind, BufferNeed, place_buffers, place_with_lender
from placer.split import Split, split_of

# Windows of one side that a memory tile of any device serves.
PORTS_A_TILE = 6
# What an uneven split has to be faster than the even ones on as many tiles: fewer options make quicker solves.
LITTLE = 0.03


def buffer_needs(layer: Layer, split: Split, layouts: LayerLayouts, position: int, device: Device) -> tuple[BufferNeed, ...]:
    """The buffers of the tile at `position` of a cascade of `layer`: what its kernel's contract holds in memory, and the stack."""
    return _held(tile_kernel(layer, split, layouts, position, device), device)


def _held(kernel: KernelContract, device: Device) -> tuple[BufferNeed, ...]:
    """The buffers of one core."""
    counts = kernel.operations
    # Lanes that read a table at once read both its copies.
    held_in = counts.second_loads // (2 if kernel.argument(ArgumentKind.SECOND_WEIGHTS) else 1)
    accesses = {
        ArgumentKind.INPUT: counts.loads - counts.second_loads,
        ArgumentKind.SECOND_INPUT: counts.second_loads,
        ArgumentKind.WEIGHTS: held_in,
        ArgumentKind.SECOND_WEIGHTS: held_in,
        ArgumentKind.OUTPUT: counts.stores,
    }
    held = tuple(
        BufferNeed(BufferKind(a.kind.value), a.bytes, a.copies, accesses.get(a.kind, 0))
        for a in kernel.arguments
        if a.port is not PortKind.CASCADE
    )
    return (*held, BufferNeed(BufferKind.STACK, max(kernel.stack_bytes, device.core.stack_bytes), 1))


def layer_options(layer: Layer, layouts: LayerLayouts, device: Device, fixed: FixedSplit = FREE) -> tuple[Option, ...]:
    """The options of one layer, of those that are cut as `fixed` says.

    Raises InfeasibleError, naming layer, demand and supply, when no split fits the device.
    """
    found = _fitting(layer, layouts, device, fixed, False) or _fitting(layer, layouts, device, fixed, True)
    if not found and fixed != FREE:
        raise InfeasibleError(
            f"layer {layer.name} fits no split with {fixed} on {device.name}, as 'splits' wants; {_others(layer, layouts, device, fixed)}"
        )
    if not found:
        weights = layer.weight.size * layer.weight_type.bytes if isinstance(layer, DenseLayer) else 0
        raise InfeasibleError(
            f"layer {layer.name} fits no split on {device.name}: it holds {weights} bytes of weights and moves "
            f"{sum(s.bytes for s in layouts.sources) + layouts.target.bytes} bytes of activations a run (twice for ping/pong), against "
            f"{device.core_tiles} tiles of {device.core.memory_bytes} bytes; a smaller batch or a larger array may fit"
        )
    return _worthwhile(found, layouts)


def _others(layer: Layer, layouts: LayerLayouts, device: Device, fixed: FixedSplit) -> str:
    """What fits in place of each number that `fixed` states, where the others are left to choose."""
    free = [FixedSplit.of(o.split).stated for o in _fitting(layer, layouts, device, FREE, False) if o.split]
    if not free:
        return "nor with any other"
    fit = [f"{name} may be {', '.join(map(str, sorted({split[name] for split in free})))}" for name in fixed.stated]
    return "; ".join(fit) + (", each where the others are left to choose" if len(fit) > 1 else "")


def _fitting(layer: Layer, layouts: LayerLayouts, device: Device, fixed: FixedSplit, lent: bool) -> list[Option]:
    """The options whose buffers fit: the tiles' own memories, or where `lent` those of the tiles to their west besides.

    Borrowing takes a tile's place, so it is for layers that nothing else fits; a cascade's tiles stand side by side and lend nothing.
    """
    found = []
    for split in filter(fixed.allows, _splits(layer, layouts, device)):
        if _window_bytes(layer, split, layouts) > device.core.memory_bytes * (1 + lent) or (lent and split.contraction > 1):
            continue
        shapes = _shapes(split, device, int(lent))
        stalls = bank_stalls(layer, split, layouts, device, lent) if shapes else None
        if stalls is not None:
            found.append(_option(layer, split, shapes, stalls, layouts, device))
    return found


def _window_bytes(layer: Layer, split: Split, layouts: LayerLayouts) -> int:
    """What the last tile of a cascade holds at least: both copies of its windows, and a dense layer's weights; quicker than a contract."""
    activations = sum(
        split.input_partition(i).window_bytes(s) for i, s in enumerate(layouts.sources)
    ) + split.output_partition.window_bytes(layouts.target)
    work = tile_work(layer, split, layouts)
    channels = work.rows if isinstance(layer, DenseLayer) and layer.side is Side.LEFT else work.columns
    weights = work.inner * channels * layer.weight_type.bytes if isinstance(layer, DenseLayer) else 0
    return 2 * activations + weights


def bank_stalls(layer: Layer, split: Split, layouts: LayerLayouts, device: Device, lent: bool = False) -> int | None:
    """The most cycles a call that a tile of a split waits for banks that its buffers share; None when some tile's kernel or buffers do
    not fit. lent: whether the inputs lie in the memory of the tile to the west.
    """
    place = place_with_lender if lent else place_buffers
    positions = {0, min(1, split.contraction - 1), split.contraction - 1}
    kernels = (tile_kernel(layer, split, layouts, position, device) for position in positions)
    memories = tuple(place(_held(k, device), device.core) if _fits_core(k, device.core) else None for k in kernels)
    return None if None in memories else max(m.stalls for m in memories if m)


def _fits_core(kernel: KernelContract, core: CoreTile) -> bool:
    """Whether a core has the program memory and the locks that a kernel takes, and a buffer descriptor moves each of its blocks."""
    buffers = [a for a in kernel.arguments if a.port is PortKind.BUFFER]
    parameters = sum(a.port is PortKind.PARAMETER for a in kernel.arguments)
    return (
        kernel.program_bytes <= core.program_bytes
        and core_locks(sum(a.copies for a in buffers), parameters) <= core.locks
        and all(a.bytes // WORD_BYTES <= core.descriptor_length for a in buffers)
    )


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
    """Every split into parts of whole blocks, none of them empty, that needs no more tiles than the device has."""
    source, target = layouts.sources[0], layouts.target
    block_rows = device.mmul[0]
    side = side_of(layer)
    contractions: tuple[int, ...] = (1,)
    channels = part_counts(target.columns // BLOCK_COLUMNS) if side is Side.RIGHT else (1,)
    if side is Side.LEFT:
        # What is contracted comes in blocks of 8 rows, the right-hand operand of mmul.
        whole = [c for c in part_counts(source.rows // block_rows) if Partition(1, c, 1).window(source).rows % BLOCK_COLUMNS == 0]
        contractions = tuple(whole)
        channels = part_counts(target.rows // block_rows)
    elif isinstance(layer, DenseLayer):
        contractions = part_counts(source.columns // BLOCK_COLUMNS)
    for data in _data_partitions(side, target, block_rows):
        if not _keeps_together(layer, data):
            continue
        for contraction in contractions:
            for channel in channels:
                split = split_of(layer, data, contraction, channel)
                if split.tiles <= device.core_tiles:
                    yield split


def _data_partitions(side: Side | None, target: Layout, block_rows: int) -> Iterator[Partition]:
    """Cuts of samples, then of rows inside one sample (columns for LEFT; both for elementwise layers)."""
    row_cuts = part_counts(target.rows // block_rows) if side is not Side.LEFT else (1,)
    column_cuts = part_counts(target.columns // BLOCK_COLUMNS) if side is not Side.RIGHT else (1,)
    for samples in part_counts(target.samples):
        for rows in row_cuts:
            for columns in column_cuts:
                if samples == target.samples or (rows == 1 and columns == 1):
                    yield Partition(samples, rows, columns)


def _keeps_together(layer: Layer, data: Partition) -> bool:
    """Whether a cut leaves in one tile what the layer's kernel needs there: a token's features, its groups of them, all of a sample."""
    match layer:
        case NormaliseLayer():
            return data.columns == 1
        case SoftmaxLayer() | MatMulLayer():
            return layer.groups % data.columns == 0
        case MoveLayer():
            return data.columns == 1 and (layer.by_token or data.rows == 1)
        case _:
            return True


def _shapes(split: Split, device: Device, lenders: int = 0) -> tuple[Shape, ...]:
    """Footprints that fit the array: both cascade directions, every full grid of cascades."""
    shapes = []
    for orientation in Orientation:
        if split.contraction == 1 and orientation is Orientation.NORTH_TO_SOUTH:
            continue
        for chain_columns in divisors(split.chains):
            shape = Shape(orientation, split.contraction, chain_columns, split.chains // chain_columns, lenders=lenders)
            if shape.width <= device.columns and shape.height <= device.rows:
                shapes.append(shape)
    return tuple(shapes)


def _option(layer: Layer, split: Split, shapes: tuple[Shape, ...], stalls: int, layouts: LayerLayouts, device: Device) -> Option:
    work = tile_work(layer, split, layouts)
    cycles = layer_cycles(layer, work, split.contraction, layouts, device) + stalls
    return Option(
        split=split,
        shapes=shapes,
        inputs=tuple(split.input_partition(i) for i in range(len(layouts.sources))),
        output=split.output_partition,
        input_cycles=tuple(transfer_cycles(split.input_partition(i).window_bytes(s), device) for i, s in enumerate(layouts.sources)),
        output_cycles=transfer_cycles(split.output_partition.window_bytes(layouts.target), device),
        cycles=cycles,
        latency=cycles + (split.contraction - 1) * hop_cycles(layer, work, split.contraction, layouts.sources[0].element_bytes, device),
        readers=split.readers,
        lent=any(s.lenders for s in shapes),
    )


def _worthwhile(options: list[Option], layouts: LayerLayouts) -> tuple[Option, ...]:
    """The Pareto set of the even splits, and the uneven ones that run faster on as many tiles than all of these."""
    kept = _undominated([o for o in options if _even(o, layouts)], _costs)
    paces = {_pace(o) for o in kept}
    faster = [o for o in options if not _even(o, layouts) and not _matched(paces, _pace(o))]
    return (*kept, *_undominated(faster, _pace))


def _even(o: Option, layouts: LayerLayouts) -> bool:
    """Whether no window of an option hangs over its activation."""
    assert o.output is not None, "layers write"
    return all(map(Partition.divides, o.inputs, layouts.sources)) and o.output.divides(layouts.target)


def _costs(o: Option) -> tuple[int, ...]:
    """All that an option takes, ports included."""
    return (o.tiles, o.cycles, o.latency, *o.input_cycles, o.output_cycles, *_ports(o))


def _ports(o: Option) -> tuple[int, ...]:
    return (*(p.pieces for p in o.inputs), o.output.pieces if o.output else 0)


def _pace(o: Option) -> tuple[int, ...]:
    """Tiles, the slowest of kernel and streams, and how often what one memory tile serves must be doubled for the ports on each side."""
    return (o.tiles, max(o.cycles, *o.input_cycles, o.output_cycles), *((-(-p // PORTS_A_TILE) - 1).bit_length() for p in _ports(o)))


def _matched(known: set[tuple[int, ...]], new: tuple[int, ...]) -> bool:
    """Whether some pace of `known` is at least as good as `new` but for a little of the cycles."""
    allowed = (new[0], (1 + LITTLE) * new[1], *new[2:])
    return any(all(map(le, pace, allowed)) for pace in known)


def _undominated(options: list[Option], costs: Callable[[Option], tuple[int, ...]]) -> tuple[Option, ...]:
    """The Pareto set. Two options of equal cost are both kept, because their windows differ."""
    ranked = sorted(((costs(o), o) for o in options), key=lambda c: (c[0], c[1].inputs, c[1].output or Partition(1, 1, 1)))
    kept: list[tuple[tuple[int, ...], Option]] = []
    for mine, option in ranked:
        if not any(theirs != mine and all(map(le, theirs, mine)) for theirs, _ in kept):
            kept.append((mine, option))
    return tuple(option for _, option in kept)


def border_options(partitions: set[Partition], layout: Layout, is_input: bool, ports: int, device: Device) -> tuple[Option, ...]:
    """Options of a side of the border: one PLIO port a window, in those of `partitions` that hold no padding, at most `ports` of them.

    A PLIO port moves as many bytes a cycle as one stream: 128 bits at a quarter of the array clock.
    """
    options = []
    for partition in sorted(partitions):
        if partition.pieces <= ports and partition.divides(layout):
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
