"""The operations of one register block of a dense kernel, and of one block of an elementwise one.

kernels/include/placer is the source that these lists stand for; a test counts its operations on the host and compares.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from placer.cycles.operands import BYTES, Operands
from placer.cycles.operations import (
    Bias,
    DenseBlock,
    Dependence,
    ElementwiseBlock,
    Entry,
    Operation,
    OperationList,
    Scaling,
    Start,
    StepKind,
    Unit,
    timing,
)
from placer.cycles.rescale_operations import centred, multiplier_vectors, rescaled
from placer.cycles.vector_code import GIVEN, LANES, Sums, Value, VectorCode
from placer.device import Device


@dataclass
class _Builder:
    """Collects operations and what each waits for."""

    device: Device
    operations: list[Operation] = field(default_factory=list)
    dependences: list[Dependence] = field(default_factory=list)

    def add(self, name: str, *units: Unit, after: list[tuple[int, int]]) -> int:
        """Append an operation that issues at least `cycles` after each (operation, cycles) of `after`; its number."""
        number = len(self.operations)
        self.operations.append(Operation(name, units))
        self.dependences += [Dependence(source, number, cycles) for source, cycles in after]
        return number

    @property
    def vectors(self) -> VectorCode:
        """The same list, for vector code."""
        return VectorCode(self.device.generation, self.operations, self.dependences)

    def build(self) -> OperationList:
        return OperationList(tuple(self.operations), tuple(self.dependences))


class _Widths:
    """How many operations a block's data take on a device."""

    def __init__(self, device: Device, kinds: Operands = BYTES) -> None:
        rows, inner, columns = device.mmul
        access = device.core.load_bytes_per_cycle // 2
        self.left_loads = max(1, rows * inner * kinds.left // access)
        self.right_loads = max(1, inner * columns * kinds.right // access)
        self.lanes, self.lane_bits = rows * columns, kinds.lane_bits
        # Accumulators are moved and cascaded in 512-bit parts, rounded 32 lanes at a time, or 16 of 64 bits (AM020 chapter 4).
        self.parts = self.lanes * kinds.lane_bits // 512
        self.roundings = self.lanes * kinds.lane_bits // (32 * 32)
        self.rows = rows

    def stores(self, element_bytes: int) -> int:
        """Of a finished block, each of 32 elements of one byte or fewer wider ones."""
        return max(self.roundings, self.lanes * element_bytes // 32)


def dense_steps(block: DenseBlock, steps: int, device: Device) -> OperationList:
    """`steps` products deep: loads and products of a dense block, without its start and finish, as the body of the loop over steps."""
    builder, t = _Builder(device), timing(device)
    chains = [[-1] for _ in range(block.rows * block.columns)]
    for _ in range(steps):
        _dense_step(builder, block, chains)
    loops = [Dependence(c[-1], c[1], t.product, 1) for c in chains]
    body = builder.build()
    return OperationList(body.operations, (*body.dependences, *loops))


def dense_block(block: DenseBlock, steps: int, device: Device) -> OperationList:
    """A whole register block of `steps` products in depth: start, products, finish."""
    builder = _Builder(device)
    chains = [[_dense_start(builder, block)] for _ in range(block.rows * block.columns)]
    if block.start.bias is not Bias.NONE:
        _bias_first(builder, block, chains)
    for _ in range(steps):
        _dense_step(builder, block, chains)
    if not block.finish:
        _cascade_out(builder, chains, _Widths(device, block.operands).parts)
        return builder.build()
    ending = _Ending(block.finish, block.output_bytes, block.operands)
    for chain in chains:
        _finish(builder, chain[-1], timing(device).product_out, timing(device).product_add, ending)
    return builder.build()


def _dense_step(builder: _Builder, block: DenseBlock, chains: list[list[int]]) -> None:
    """Load each operand block once; multiply each pair. The last entry of a chain is what its accumulator waits for (-1: nothing)."""
    t, w = timing(builder.device), _Widths(builder.device, block.operands)
    left = [[builder.add("load left", Unit.LOAD, Unit.BANK_INPUT, after=[]) for _ in range(w.left_loads)] for _ in range(block.rows)]
    right = [
        [builder.add("load right", Unit.LOAD, Unit.BANK_WEIGHTS, after=[]) for _ in range(w.right_loads)] for _ in range(block.columns)
    ]
    for row in range(block.rows):
        for column in range(block.columns):
            chain = chains[row * block.columns + column]
            waits = [(load, t.load) for load in (*left[row], *right[column])]
            for _ in range(block.operands.multiplies):
                before = []
                if chain[-1] >= 0:
                    first = builder.operations[chain[-1]].name
                    before.append((chain[-1], {"multiply": t.product, "read cascade": t.cascade}.get(first, t.moved)))
                chain.append(builder.add("multiply", Unit.MULTIPLY, after=[*waits, *before]))


def _dense_start(builder: _Builder, block: DenseBlock) -> int:
    """Partial sums come in parts through one port, in order; the first product of a chain from zero needs nothing."""
    last = -1
    if block.start is Start.CASCADE:
        for _ in range(_Widths(builder.device, block.operands).parts):
            last = builder.add("read cascade", Unit.MOVE, after=[(last, 1)] if last >= 0 else [])
    return last


def _bias_vectors(builder: _Builder, bias: Bias) -> list[tuple[int, int]]:
    """Load the biases of one block column (or row) and spread them over a block; what its users wait for."""
    t, w = timing(builder.device), _Widths(builder.device)
    if bias is Bias.COLUMN:
        load = builder.add("load bias", Unit.LOAD, after=[])
        return [(builder.add("spread", Unit.MOVE, after=[(load, t.load)]), 1)]
    spread = []
    for _ in range(w.rows):
        load = builder.add("load bias", Unit.LOAD, Unit.LOAD_A, after=[])
        spread.append(builder.add("spread", Unit.MOVE, after=[(load, t.load)]))
    return [(builder.add("join", Unit.MOVE, after=[(s, t.moves) for s in spread[i : i + 2]]), 1) for i in range(0, w.rows, 2)]


def _bias_first(builder: _Builder, block: DenseBlock, chains: list[list[int]]) -> None:
    """One accumulator a block column (or row) is set to the bias; the first product of each block that it belongs to adds to it.

    A product names the accumulator that it reads and the one that it writes (llvm-aie: vmac cm, cm, x, y).
    """
    w, bias = _Widths(builder.device, block.operands), block.start.bias
    starts = []
    for _ in range(block.columns if bias is Bias.COLUMN else block.rows):
        vectors = _bias_vectors(builder, bias)
        starts.append([builder.add("start at bias", Unit.MOVE, after=vectors) for _ in range(w.parts)][-1])
    for number, chain in enumerate(chains):
        chain[0] = starts[number % block.columns if bias is Bias.COLUMN else number // block.columns]


def _cascade_out(builder: _Builder, chains: list[list[int]], parts: int) -> None:
    for chain in chains:
        for _ in range(parts):
            builder.add("write cascade", Unit.MOVE, Unit.READ_ACCUMULATOR, after=[(chain[-1], timing(builder.device).product_out)])


@dataclass(frozen=True)
class _Ending:
    """How an accumulator becomes elements in memory; later steps have lanes of 32 bits again."""

    steps: tuple[StepKind, ...]
    output_bytes: int = 1
    operands: Operands = BYTES


def _finish(builder: _Builder, source: int, out: int, add: int, ending: _Ending) -> None:
    """The chain of steps on one accumulator. out, add: distances from `source` to reading the accumulator and to adding to it."""
    for number, step in enumerate(ending.steps):
        w = _Widths(builder.device, BYTES if number else ending.operands)
        source, out, add = _biased(builder, (source, out, add), step, w)
        last = number == len(ending.steps) - 1
        if step.scaling:
            parts = _scaled(builder, Sums(source, out, add, add), step.scaling, w)
        elif last and not step.relu:
            for _ in range(w.stores(ending.output_bytes)):
                builder.add("round and store", Unit.STORE, Unit.READ_ACCUMULATOR, after=[(source, out)])
            return
        else:
            parts = _rounded(builder, source, out, w.stores(ending.output_bytes) if last else w.roundings, step.relu)
        if last:
            vectors = max(1, w.lanes * ending.output_bytes // builder.vectors.access)
            _store(builder, parts, vectors if step.scaling else w.stores(ending.output_bytes))
            return
        for part in parts:
            source = builder.add("shift up", Unit.MOVE, Unit.SHIFT_UP, after=part)
        out, add = timing(builder.device).shifted, timing(builder.device).shifted_add


def _biased(builder: _Builder, sums: tuple[int, int, int], step: StepKind, w: _Widths) -> tuple[int, int, int]:
    """(operation, to reading, to adding) of an accumulator, doubled and with its bias, which has two words where the step is wide."""
    (source, out, add), t = sums, timing(builder.device)
    if step.doubled:
        source, out, add = builder.add("double", Unit.MULTIPLY, Unit.READ_ACCUMULATOR, after=[(source, add)]), t.added, t.product_add
    if step.bias is Bias.NONE:
        return source, out, add
    for _ in range(2 if step.scaling and step.scaling.wide else 1):
        ready = _bias_vectors(builder, step.bias)
        moves = [builder.add("bias to accumulator", Unit.MOVE, after=ready) for _ in range(w.parts)]
        waits = [(source, add), *((move, t.moved) for move in moves)]
        source, out, add = builder.add("add bias", Unit.MULTIPLY, Unit.READ_ACCUMULATOR, after=waits), t.added, t.product_add
    return source, out, add


def _rounded(builder: _Builder, source: int, out: int, count: int, relu: bool) -> list[list[tuple[int, int]]]:
    """Shifted, rounded, saturated, clipped from below: what each of `count` vectors waits for."""
    t, parts = timing(builder.device), []
    for _ in range(count):
        rounded = builder.add("round", Unit.STORE, Unit.READ_ACCUMULATOR, after=[(source, out)])
        clipped = builder.add("relu", Unit.MOVE, after=[(rounded, t.rounded)]) if relu else rounded
        parts.append([(clipped, t.vector if relu else t.rounded)])
    return parts


def _scaled(builder: _Builder, sums: Sums, scaling: Scaling, w: _Widths) -> list[list[tuple[int, int]]]:
    """As _rounded, of a step that does more than shift."""
    code = builder.vectors
    multipliers = multiplier_vectors(code, scaling.multiplier, w.rows)
    vectors = rescaled(code, sums, w.lanes, w.lane_bits, scaling, multipliers)
    return [[(v.at, v.cycles) for v in vector] for vector in vectors]


def _store(builder: _Builder, parts: list[list[tuple[int, int]]], count: int) -> None:
    """`count` stores of a block, each of its share of the parts."""
    for number in range(count):
        first, end = number * len(parts) // count, max((number + 1) * len(parts) // count, number * len(parts) // count + 1)
        builder.add("store", Unit.STORE, after=[wait for part in parts[first:end] for wait in part])


def elementwise_block(block: ElementwiseBlock, device: Device) -> OperationList:
    """One block of an elementwise kernel: its loads, what makes sums of them, the steps."""
    builder = _Builder(device)
    if block.entry is Entry.SHIFTED:
        source, out, add = _shifted_sources(builder, block)
        lane_bits = 64 if any(s.bytes == 4 for s in block.sources) else 32
    else:
        sums = _multiplied_sources(builder, block)
        source, out, add, lane_bits = sums.at, sums.read, sums.add, 64
    if block.finish[0].scaling and block.finish[0].scaling.wide:
        lane_bits = 64
    _finish(builder, source, out, add, _Ending(block.finish, block.output_bytes, Operands(lane_bits=lane_bits)))
    return builder.build()


def _bank(number: int) -> Unit:
    return Unit.BANK_WEIGHTS if number else Unit.BANK_INPUT


def _shifted_sources(builder: _Builder, block: ElementwiseBlock) -> tuple[int, int, int]:
    """Loads that shift up, and the sum of two sources; (operation, to reading, to adding)."""
    t, loads = timing(builder.device), []
    for number, source in enumerate(block.sources):
        for _ in range(_Widths(builder.device).roundings * source.bytes):
            loads.append(builder.add("load and shift up", Unit.LOAD, Unit.LOAD_A, Unit.SHIFT_UP, _bank(number), after=[]))
    if len(block.sources) == 1:
        return loads[-1], t.load_shifted + 2, t.load_shifted
    waits = [(load, t.load_shifted) for load in loads]
    return builder.add("add", Unit.MULTIPLY, Unit.READ_ACCUMULATOR, after=waits), t.added, t.product_add


def _multiplied_sources(builder: _Builder, block: ElementwiseBlock) -> Sums:
    """Sources less their zero points, times factors and added, or times each other; the last of the block's accumulators."""
    code, lanes = builder.vectors, _Widths(builder.device).lanes
    operands: list[list[Value]] = []
    for number, source in enumerate(block.sources):
        loads = [code.load(code.access, _bank(number)) for _ in range(max(1, lanes * source.bytes // code.access))]
        operands.append(centred(code, source.bytes, lanes, source.centred, loads))
    for part in range(lanes // LANES):
        if block.entry is Entry.PRODUCT:
            sums = _times(code, [(v[part], s.narrow) for v, s in zip(operands, block.sources, strict=True)])
            continue
        sums = _times(code, [(operands[0][part], block.sources[0].narrow), (GIVEN, False)])
        if len(operands) > 1:
            sums = _times(code, [(operands[1][part], block.sources[1].narrow), (GIVEN, False)], sums)
    return sums


def _times(code: VectorCode, pair: list[tuple[Value, bool]], start: Sums | None = None) -> Sums:
    """The product of sixteen lanes of each of two vectors, each narrow or not, added to `start`."""
    halves = [h for value, narrow in pair for h in ((value,) if narrow else code.halves(value))]
    sums = start
    for _ in range((1 if pair[0][1] else 2) * (1 if pair[1][1] else 2)):
        sums = code.product(*halves, start=sums)
    assert sums is not None, "a product takes one instruction at least"
    return sums
