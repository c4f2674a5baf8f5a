"""Modelled cycles of one kernel call, from the schedules of its register blocks.

A dense kernel is a nest: columns of register blocks, rows of them, products in depth. Where at most `UNROLLED_STEPS` products are deep, the
loop over depth is unrolled and the loop around it is software pipelined: a block takes what its busiest unit needs, and filling and
draining the pipeline is paid once a loop; where no rows are left over, one loop runs over rows and columns, and it is paid once. Deeper
blocks keep a pipelined loop over depth and pay it once a block. Schedules come from
kernel_schedules.csv (scripts/schedule_kernels.py, CP-SAT); operations and distances from operations.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from placer.cycles.block_operations import dense_block, dense_steps, elementwise_block
from placer.cycles.operands import BYTES, Operands, operands
from placer.cycles.operations import (
    Bias,
    DenseBlock,
    ElementwiseBlock,
    Entry,
    Multiplier,
    Operand,
    Scaling,
    Start,
    StepKind,
    Unit,
    timing,
)
from placer.cycles.rows import BRANCH_CYCLES, cubic_cycles, cubic_form, move_cycles, normalise_cycles, softmax_cycles, table_cycles
from placer.cycles.schedules import ScheduledBody, schedules
from placer.cycles.stages import end_operations
from placer.device import Device
from placer.layers import (
    AddLayer,
    DenseLayer,
    InterpolationLayer,
    Layer,
    MatMulLayer,
    MoveLayer,
    MultiplyLayer,
    NormaliseLayer,
    RequantiseLayer,
    Side,
    SoftmaxLayer,
    Step,
    SteppedLayer,
    TableLayer,
)
from placer.layout import LayerLayouts
from placer.moves import stored_places

# ASSUMPTION: rounding and saturation modes, and the first addresses, before the first load.
SETUP_CYCLES = 5
# A call and its return are two branches.
CALL_CYCLES = 2 * BRANCH_CYCLES + SETUP_CYCLES
# An acquire or a release holds the semaphore unit four cycles (llvm-aie AIE2Schedule.td); each buffer port takes one of each.
LOCK_CYCLES = 4
# Depth, in products, up to which the loop over it is unrolled: 64 products of a 2 x 2 block are a sixteenth of the program memory.
UNROLLED_STEPS = 16
# Scalar operations, one a cycle, from one register block to the next in a loop over all of them: a comparison, two choices, two additions,
# and the addresses of both operands and the result.
NEXT_PLACE_SCALARS = 8
# From a cascade write to the read that it frees: two queues of two entries (AM020 chapter 2), one cycle an entry.
CASCADE_QUEUE_CYCLES = 4


@dataclass(frozen=True)
class TileWork:
    """One tile's share of a dense layer, padded: `samples` products of [rows, inner] by [inner, columns] elements."""

    samples: int
    rows: int
    inner: int
    columns: int


@dataclass(frozen=True)
class Elements:
    """What a dense kernel multiplies, and the bytes of an element that it writes."""

    operands: Operands = BYTES
    output_bytes: int = 1


INT8 = Elements()


@dataclass(frozen=True)
class Place:
    """Where a tile stands in a cascade of `length`."""

    position: int
    length: int

    def block(self, rows: int, columns: int, finish: tuple[StepKind, ...], elements: Elements) -> DenseBlock:
        """The register block of a tile here, of a layer that ends in `finish`: its bias starts the sums where nothing doubles them."""
        first = finish[0]
        starts = first.bias is not Bias.NONE and not first.doubled
        start = Start.CASCADE if self.position else Start(first.bias.value) if starts else Start.ZERO
        if not self.finishes:
            return DenseBlock(rows, columns, start, (), operands=elements.operands)
        ending = (replace(first, bias=Bias.NONE), *finish[1:]) if starts else finish
        return DenseBlock(rows, columns, start, ending, elements.output_bytes, elements.operands)

    @property
    def finishes(self) -> bool:
        return self.position == self.length - 1


ALONE = Place(0, 1)
# A step that only shifts.
PLAIN = StepKind(Bias.NONE, False, False)


@cache
def scheduled(body: DenseBlock | ElementwiseBlock, device: Device) -> ScheduledBody:
    """The schedule of a body. Of a longer chain of steps: that of its first step, and the latency of each further one."""
    if any(step.scaling for step in body.finish[1:]):
        return _scheduled_alone(body, device)
    first = _scheduled_alone(replace(body, finish=body.finish[:1]), device)
    t, extra = timing(device), 0
    for before, step in zip(body.finish, body.finish[1:], strict=False):
        extra += (0 if before.relu else t.rounded) + (t.shifted if step.bias is Bias.NONE else t.shifted_add + t.added)
        extra += t.rounded + t.vector if step.relu else 0
    return replace(first, overhead=first.overhead + extra)


def _scheduled_alone(body: DenseBlock | ElementwiseBlock, device: Device) -> ScheduledBody:
    """The stored schedule of a body; one that is not stored, of elements of more bytes or a rarer end, takes its operations in order, which
    costs up to six cycles where both are known.
    """
    stored = schedules().get((device.generation, body.key))
    if stored:
        return stored
    if isinstance(body, ElementwiseBlock):
        code = elementwise_block(body, device)
        interval = code.resource_bound()
        return ScheduledBody(device.generation, body.key, interval, code.in_order() - interval)
    interval = max(dense_steps(body, 1, device).resource_bound(), body.operands.multiplies * timing(device).product)
    return ScheduledBody(device.generation, body.key, interval, dense_block(body, 2, device).in_order() - 2 * interval)


def finish_kinds(layer: SteppedLayer, output_bytes: int) -> tuple[StepKind, ...]:
    """A layer's chain of steps as far as it decides what its kernel issues."""
    left = isinstance(layer, DenseLayer) and layer.side is Side.LEFT
    return step_kinds(layer.steps, Bias.ROW if left else Bias.COLUMN, output_bytes, isinstance(layer, DenseLayer))


def step_kinds(steps: tuple[Step, ...], channels: Bias, output_bytes: int, dense: bool) -> tuple[StepKind, ...]:
    """Steps of a kernel, dense or not, whose channels are columns or rows of a block."""
    return tuple(
        StepKind(
            Bias.NONE if s.bias is None else channels,
            # A wide sum takes its bias at the end, as a doubled one does.
            dense and number == 0 and (s.up > 0 or s.wide),
            not s.scales and (s.relu or s.low is not None or s.high is not None),
            _scaling(s, Multiplier.ROW if channels is Bias.ROW else Multiplier.COLUMN, s.dtype.bytes if s.dtype else output_bytes),
        )
        for number, s in enumerate(steps)
    )


def _scaling(step: Step, by_channel: Multiplier, output_bytes: int) -> Scaling | None:
    """What a step does besides shifting, if anything."""
    if not step.scales:
        return None
    multiplier = Multiplier.NONE if step.multiplier is None else Multiplier.ONE if len(step.multiplier) == 1 else by_channel
    least, most = -(1 << 8 * output_bytes - 1), (1 << 8 * output_bytes - 1) - 1
    low = max(least if step.low is None else step.low, 0 if step.relu else least)
    high = most if step.high is None else step.high
    clips = end_operations(output_bytes, step.zero_point, low, high, positive=False)
    return Scaling(multiplier, step.guard > 0, clips, step.zero_point != 0 and output_bytes == 2, output_bytes, step.wide)


@cache
def block_cycles(block: DenseBlock, steps: int, device: Device) -> int:
    """Cycles of one register block, `steps` products deep, that nothing overlaps."""
    body = scheduled(block, device)
    return body.overhead + steps * body.interval


@cache
def _pipelined_interval(block: DenseBlock, steps: int, device: Device) -> int:
    """Cycles from one register block to the next where the loop over depth is unrolled: what the busiest unit needs."""
    one, two = dense_block(block, 1, device), dense_block(block, 2, device)
    demand = {unit: one.uses(unit) + (steps - 1) * (two.uses(unit) - one.uses(unit)) for unit in Unit}
    return max(-(-uses // unit.capacity) for unit, uses in demand.items())


@dataclass(frozen=True)
class _Loop:
    """A loop: `count` iterations of `interval` cycles, and what filling and draining its pipeline takes."""

    count: int
    interval: int
    ramp: int

    @property
    def cycles(self) -> int:
        return self.count * self.interval + self.ramp if self.count else 0


def _flat(loop: _Loop, columns: int) -> _Loop:
    """The loop over rows and the one over columns as one, which also moves from place to place."""
    interval = max(loop.interval, NEXT_PLACE_SCALARS)
    return _Loop(loop.count * columns, interval, max(0, loop.ramp + loop.interval - interval))


def _row_loops(rows: int, steps: int, block: DenseBlock, device: Device) -> tuple[_Loop, ...]:
    """The loops over the row blocks of one column of register blocks like `block`: pairs, then a single one."""
    loops = []
    for block_rows, count in ((2, rows // 2), (1, rows % 2)):
        block = replace(block, rows=block_rows)
        alone = block_cycles(block, steps, device)
        interval = _pipelined_interval(block, steps, device) if steps <= UNROLLED_STEPS else alone
        loops.append(_Loop(count, interval, max(0, alone - interval)))
    return tuple(loop for loop in loops if loop.count)


def dense_body_cycles(
    work: TileWork, side: Side, place: Place, finish: tuple[StepKind, ...], device: Device, elements: Elements = INT8
) -> int:
    """Modelled cycles of the loops of one call of the dense kernel, without call and locks.

    RIGHT keeps the weights in the right operand, LEFT in the left one and works sample by sample. finish: the layer's steps.
    """
    block_rows, block_inner, block_columns = device.mmul
    rows, steps, columns = -(-work.rows // block_rows), -(-work.inner // block_inner), -(-work.columns // block_columns)
    groups = work.samples
    if side is Side.RIGHT:
        rows, groups = -(-work.samples * work.rows // block_rows), 1
    one_loop = 2 <= steps <= UNROLLED_STEPS and rows % 2 == 0
    total, nests = 0, []
    for width, count in ((2, columns // 2), (1, columns % 2)):
        if count:
            loops = _row_loops(rows, steps, place.block(2, width, finish, elements), device)
            # A loop of one iteration is no loop: the one around it is pipelined in its place.
            single = len(loops) == 1 and loops[0].count == 1
            nests.append(replace(loops[0], count=count) if single else None)
            if nests[-1]:
                total += nests[-1].cycles
            elif one_loop and width == 2:
                total += _flat(loops[0], count).cycles
            else:
                total += count * sum(loop.cycles for loop in loops)
    if len(nests) == 1 and nests[0] and nests[0].count == 1:
        return replace(nests[0], count=groups).cycles
    return groups * total


def dense_cycles(work: TileWork, side: Side, length: int, finish: tuple[StepKind, ...], device: Device, elements: Elements = INT8) -> int:
    """Modelled cycles of one call of the slowest tile in a cascade of `length`: call, locks of its two buffers, loop nest."""
    places = {0, min(1, length - 1), length - 1}
    body = max(dense_body_cycles(work, side, Place(p, length), finish, device, elements) for p in places)
    return CALL_CYCLES + (4 if length == 1 else 2) * LOCK_CYCLES + body


def cascade_hop_cycles(work: TileWork, device: Device, kinds: Operands = BYTES) -> int:
    """Modelled cycles by which a cascade's next tile runs late: until the first register block's partial sums have arrived."""
    block_rows, block_inner, block_columns = device.mmul
    rows, columns = min(2, -(-work.samples * work.rows // block_rows)), min(2, -(-work.columns // block_columns))
    block = DenseBlock(rows, columns, Start.CASCADE, (), operands=kinds)
    reads = rows * columns * (block_rows * block_columns * kinds.lane_bits // 512)
    return block_cycles(block, -(-work.inner // block_inner), device) + CASCADE_QUEUE_CYCLES - (reads - 1)


def elementwise_cycles(work: TileWork, block: ElementwiseBlock, device: Device) -> int:
    """Modelled cycles of one call of an elementwise kernel on samples x rows x columns elements: one loop over its blocks, or, with a
    bias, one a column of blocks.
    """
    body = scheduled(block, device)
    block_rows, _, block_columns = device.mmul
    blocks = -(-work.samples * work.rows // block_rows)
    columns = -(-work.columns // block_columns)
    interval = max(body.interval, elementwise_block(block, device).resource_bound())
    loops = columns if any(step.bias is not Bias.NONE for step in block.finish) else 1
    ports = 2 * (len(block.sources) + 1)
    return CALL_CYCLES + ports * LOCK_CYCLES + blocks * columns * interval + loops * body.overhead


def elementwise_kind(
    layer: AddLayer | MultiplyLayer | RequantiseLayer, finish: tuple[StepKind, ...], layouts: LayerLayouts
) -> ElementwiseBlock:
    """One block of the kernel of an elementwise layer."""
    sizes, output = [s.element_bytes for s in layouts.sources], layouts.target.element_bytes
    if isinstance(layer, RequantiseLayer):
        return ElementwiseBlock((Operand(sizes[0]),), finish, output_bytes=output)
    zeros = (layer.left_zero, layer.right_zero)
    sources = tuple(Operand(size, zero != 0) for size, zero in zip(sizes, zeros, strict=True))
    if isinstance(layer, MultiplyLayer):
        return ElementwiseBlock(sources, finish, Entry.PRODUCT, output)
    shifts = power_of_two(layer.left_factor) and power_of_two(layer.right_factor) and not any(zeros) and max(sizes) < 4
    entry = Entry.SHIFTED if shifts and not layer.steps[0].wide else Entry.SCALED
    return ElementwiseBlock(sources, finish, entry, output)


def power_of_two(factor: int) -> bool:
    """Whether multiplying by it is a shift."""
    return factor > 0 and factor & (factor - 1) == 0


def layer_cycles(layer: Layer, work: TileWork, length: int, layouts: LayerLayouts, device: Device) -> int:
    """Modelled cycles of one call of the kernel of a layer's slowest tile."""
    input_bytes, output_bytes = layouts.sources[0].element_bytes, layouts.target.element_bytes
    match layer:
        case TableLayer():
            return CALL_CYCLES + 4 * LOCK_CYCLES + table_cycles(work.samples * work.rows * work.columns, output_bytes, device.generation)
        case InterpolationLayer():
            form = cubic_form(layer, input_bytes, output_bytes)
            return CALL_CYCLES + 4 * LOCK_CYCLES + cubic_cycles(form, work.samples * work.rows * work.columns, device.generation)
        case NormaliseLayer():
            return (
                CALL_CYCLES
                + 4 * LOCK_CYCLES
                + normalise_cycles(layer, work.samples * work.rows, input_bytes, output_bytes, device.generation)
            )
        case SoftmaxLayer():
            groups = work.columns // -(-layer.width // 8) // 8
            return (
                CALL_CYCLES
                + 4 * LOCK_CYCLES
                + softmax_cycles(layer, work.samples * work.rows, groups, input_bytes, output_bytes, device.generation)
            )
        case MoveLayer():
            places, sources = stored_places(layer, layouts.sources, layouts.target), len(layer.parts)
            moved = move_cycles(places.form, sources, work.samples, work.rows, work.columns, output_bytes, device.generation)
            return CALL_CYCLES + 2 * (1 + sources) * LOCK_CYCLES + moved
    finish = finish_kinds(layer, output_bytes)
    if isinstance(layer, DenseLayer):
        elements = Elements(dense_operands(layer, input_bytes, device), output_bytes)
        return dense_cycles(work, layer.side, length, finish, device, elements)
    if isinstance(layer, MatMulLayer):
        return matmul_cycles(layer, work, finish, Elements(operands(input_bytes, input_bytes, device), output_bytes), device)
    return elementwise_cycles(work, elementwise_kind(layer, finish, layouts), device)


def matmul_cycles(layer: MatMulLayer, work: TileWork, finish: tuple[StepKind, ...], elements: Elements, device: Device) -> int:
    """Modelled cycles of one call of the kernel for products of two activations: those of as many dense ones, and, for zero points, the
    sums over either operand, one product more a pair of blocks of a 2 x 2 register block.
    """
    inner = -(-layer.inner // 8) * 8
    columns = -(-layer.outer // 8) * 8
    one = TileWork(1, work.rows, inner, columns)
    products = work.samples * (work.columns // columns)
    sums = (layer.left_zero != 0) + (layer.right_zero != 0)
    each = dense_body_cycles(one, Side.RIGHT, ALONE, finish, device, elements)
    plain = dense_body_cycles(one, Side.RIGHT, ALONE, (PLAIN,), device, elements)
    return CALL_CYCLES + 6 * LOCK_CYCLES + products * (each + plain * sums // 2)


def dense_operands(layer: DenseLayer, input_bytes: int, device: Device) -> Operands:
    """Those of a layer with weights on its side, for inputs of so many bytes an element."""
    pair = (layer.weight_type.bytes, input_bytes) if layer.side is Side.LEFT else (input_bytes, layer.weight_type.bytes)
    return operands(*pair, device)


def hop_cycles(layer: Layer, work: TileWork, length: int, input_bytes: int, device: Device) -> int:
    """Modelled cycles by which each next tile of a cascade of `length` runs late; 0 without a cascade."""
    if length == 1 or not isinstance(layer, DenseLayer):
        return 0
    return cascade_hop_cycles(work, device, dense_operands(layer, input_bytes, device))
