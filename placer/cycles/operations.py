"""What a kernel issues: the operations of one register block, the units they occupy and how long their results take.

Units and distances are those of the public scheduling model of the core (AM020 chapter 4; llvm-aie AIE2Schedule.td): a distance is the
number of cycles from issuing one operation to issuing the first that may use its result. kernels/include/placer is the source that these
lists stand for; a test counts its operations on the host and compares.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from placer.cycles.operands import BYTES, Operands
from placer.device import Device


class Unit(Enum):
    """What an operation occupies for one cycle, and how many of it a core has."""

    LOAD = "load"  # either 256-bit load
    LOAD_A = "load_a"  # the load unit that also shifts up and reads scalars
    STORE = "store"
    MULTIPLY = "multiply"  # multiply-accumulate, and addition of accumulators
    MOVE = "move"  # moves, shuffles, comparisons, cascade ports
    SHIFT_UP = "shift_up"  # vector to accumulator
    READ_ACCUMULATOR = "read_accumulator"  # shift-round-saturate, accumulator moves out
    BANK_INPUT = "bank_input"  # one access a cycle and logical bank
    BANK_WEIGHTS = "bank_weights"
    BANK_COPY = "bank_copy"  # of the second copy of a table

    @property
    def capacity(self) -> int:
        """Operations a cycle."""
        return 2 if self is Unit.LOAD else 1


class Bias(Enum):
    """How a step's bias enters a block: not at all, one value a column, one value a row."""

    NONE = "none"
    COLUMN = "column"
    ROW = "row"


class Start(Enum):
    """Where a block's accumulators start: at zero, at the partial sums of the cascade, at a bias a column or a row."""

    ZERO = "zero"
    CASCADE = "cascade"
    COLUMN = "column"
    ROW = "row"

    @property
    def bias(self) -> Bias:
        """The bias that it starts at."""
        return {Start.COLUMN: Bias.COLUMN, Start.ROW: Bias.ROW}.get(self, Bias.NONE)


@dataclass(frozen=True)
class StepKind:
    """A requantisation step (layers.Step) as far as it decides what is issued. doubled: the accumulator is doubled first (up = 1)."""

    bias: Bias
    doubled: bool
    relu: bool

    @property
    def key(self) -> str:
        return f"{self.bias.value}{'+doubled' if self.doubled else ''}{'+relu' if self.relu else ''}"


@dataclass(frozen=True)
class DenseBlock:
    """rows x columns accumulators (1 or 2 each) of a dense kernel. finish: the last steps, or empty where sums leave by the cascade."""

    rows: int
    columns: int
    start: Start
    finish: tuple[StepKind, ...]
    output_bytes: int = 1
    operands: Operands = BYTES

    @property
    def key(self) -> str:
        ending = ">".join(s.key for s in self.finish) if self.finish else "cascade"
        wide = "" if self.operands == BYTES else f" of {self.operands.key}"
        return f"dense {self.rows}x{self.columns} {self.start.value} {ending} {self.output_bytes}{wide}"


@dataclass(frozen=True)
class ElementwiseBlock:
    """One block of an elementwise kernel with one or two sources."""

    sources: int
    finish: tuple[StepKind, ...]

    @property
    def key(self) -> str:
        return f"elementwise {self.sources} {'>'.join(s.key for s in self.finish)}"


@dataclass(frozen=True)
class Timing:
    """Distances in cycles between dependent operations of one core generation, and how wide its accesses are.

    load: to any use. product: to the next product of the same accumulator; product_out: to reading the accumulator; product_add: to an
    addition of accumulators. rounded: shift-round-saturate to use. vector: vector operation to use. shifted, added: shift up, accumulator
    addition, to reading; shifted_add: shift up to an addition. load_shifted: a load that shifts up, to an addition. cascade: port to
    product. moved: move into an accumulator to product.
    """

    load: int
    product: int
    product_out: int
    product_add: int
    rounded: int
    vector: int
    shifted: int
    shifted_add: int
    added: int
    load_shifted: int
    cascade: int
    moved: int


# llvm-aie AIE2Schedule.td: distance = result cycle - source cycle + 1, less 1 where both ends share a bypass.
AIE_ML = Timing(7, 2, 5, 3, 4, 2, 3, 1, 5, 7, 5, 1)
# ASSUMPTION: as the AIE2P scheduling model, whose product is one stage longer; no model of this core was available.
AIE_MLV2 = Timing(7, 2, 6, 3, 4, 2, 3, 1, 6, 7, 4, 1)


def generation_timing(generation: str) -> Timing:
    """The distances of the cores of a generation."""
    return AIE_ML if generation == "aie-ml" else AIE_MLV2


def timing(device: Device) -> Timing:
    """The distances of a device's cores."""
    return generation_timing(device.generation)


@dataclass(frozen=True)
class Operation:
    """One issued operation."""

    name: str
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class Dependence:
    """`target` may issue `cycles` after `source`, both numbers of operations, `distance` iterations later."""

    source: int
    target: int
    cycles: int
    distance: int = 0


@dataclass(frozen=True)
class OperationList:
    """A loop body or a straight piece of code."""

    operations: tuple[Operation, ...]
    dependences: tuple[Dependence, ...]

    def uses(self, unit: Unit) -> int:
        """How many operations occupy `unit`."""
        return sum(unit in o.units for o in self.operations)

    def count(self, name: str) -> int:
        """How many operations have a name."""
        return sum(o.name == name for o in self.operations)

    def resource_bound(self) -> int:
        """Cycles that the busiest unit needs: no iteration of a loop over this body takes less."""
        return max(-(-self.uses(unit) // unit.capacity) for unit in Unit)

    def in_order(self) -> int:
        """Cycles from the first to the last issue where each operation in turn takes the first cycle that it may, without repeating."""
        waits: dict[int, list[Dependence]] = {}
        for d in self.dependences:
            waits.setdefault(d.target, []).append(d)
        taken: Counter[tuple[int, Unit]] = Counter()
        cycles: list[int] = []
        for number, operation in enumerate(self.operations):
            cycle = max((cycles[d.source] + d.cycles for d in waits.get(number, ()) if not d.distance), default=0)
            while any(taken[cycle, unit] == unit.capacity for unit in operation.units):
                cycle += 1
            taken.update((cycle, unit) for unit in operation.units)
            cycles.append(cycle)
        return max(cycles) + 1


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

    def build(self) -> OperationList:
        return OperationList(tuple(self.operations), tuple(self.dependences))


class _Widths:
    """How many operations a block's data take on a device."""

    def __init__(self, device: Device, kinds: Operands = BYTES) -> None:
        rows, inner, columns = device.mmul
        access = device.core.load_bytes_per_cycle // 2
        self.left_loads = max(1, rows * inner * kinds.left // access)
        self.right_loads = max(1, inner * columns * kinds.right // access)
        self.lanes = rows * columns
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
    return [(builder.add("join", Unit.MOVE, after=[(s, t.vector) for s in spread[i : i + 2]]), 1) for i in range(0, w.rows, 2)]


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
    t = timing(builder.device)
    for number, step in enumerate(ending.steps):
        w = _Widths(builder.device, BYTES if number else ending.operands)
        last = number == len(ending.steps) - 1
        if step.doubled:
            source, out, add = builder.add("double", Unit.MULTIPLY, after=[(source, add)]), t.added, t.product_add
        if step.bias is not Bias.NONE:
            ready = _bias_vectors(builder, step.bias)
            moves = [builder.add("bias to accumulator", Unit.MOVE, after=ready) for _ in range(w.parts)]
            waits = [(source, add), *((move, t.moved) for move in moves)]
            source, out = builder.add("add bias", Unit.MULTIPLY, after=waits), t.added
        parts = []
        for _ in range(w.stores(ending.output_bytes) if last else w.roundings):
            if last and not step.relu:
                builder.add("round and store", Unit.STORE, Unit.READ_ACCUMULATOR, after=[(source, out)])
                continue
            rounded = builder.add("round", Unit.STORE, Unit.READ_ACCUMULATOR, after=[(source, out)])
            clipped = builder.add("relu", Unit.MOVE, after=[(rounded, t.rounded)]) if step.relu else rounded
            parts.append((clipped, t.vector if step.relu else t.rounded))
        if last:
            for part in parts:
                builder.add("store", Unit.STORE, after=[part])
        else:
            for part in parts:
                source = builder.add("shift up", Unit.SHIFT_UP, after=[part])
            out, add = t.shifted, t.shifted_add


def elementwise_block(block: ElementwiseBlock, device: Device) -> OperationList:
    """One block of an elementwise kernel: loads that shift up, the sum of two sources, the steps."""
    builder, t = _Builder(device), timing(device)
    loads = []
    for number in range(block.sources):
        bank = Unit.BANK_WEIGHTS if number else Unit.BANK_INPUT
        for _ in range(_Widths(device).roundings):
            loads.append(builder.add("load and shift up", Unit.LOAD, Unit.LOAD_A, Unit.SHIFT_UP, bank, after=[]))
    source, out, add = loads[-1], t.load_shifted + 2, t.load_shifted
    if block.sources == 2:
        source = builder.add("add", Unit.MULTIPLY, after=[(load, t.load_shifted) for load in loads])
        out, add = t.added, t.product_add
    _finish(builder, source, out, add, _Ending(block.finish))
    return builder.build()
