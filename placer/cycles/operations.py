"""What a kernel issues: operations, the units they occupy and how long their results take; and what a block of a kernel is.

Units and distances are those of the public scheduling model of the core (AM020 chapter 4; llvm-aie AIE2Schedule.td): a distance is the
number of cycles from issuing one operation to issuing the first that may use its result. block_operations.py lists those of
register blocks, row_operations.py those of kernels of rows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum

from placer.cycles.operands import BYTES, Operands
from placer.device import Device


class Unit(Enum):
    """What an operation occupies for one cycle, and how many of it a core has."""

    LOAD = "load"  # either 256-bit load
    LOAD_A = "load_a"  # the load unit that also shifts up and reads scalars
    STORE = "store"
    MULTIPLY = "multiply"  # multiply-accumulate, and addition of accumulators
    MOVE = "move"  # moves, shuffles, comparisons, shifts up of vectors, cascade ports
    SCALAR = "scalar"
    SHIFT_UP = "shift_up"  # vector to accumulator
    READ_ACCUMULATOR = "read_accumulator"  # shift-round-saturate, additions of accumulators, their moves out
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


class Multiplier(Enum):
    """What a step multiplies by: nothing, one value, one a column of the block, one a row."""

    NONE = ""
    ONE = "+times"
    COLUMN = "+times column"
    ROW = "+times row"


@dataclass(frozen=True)
class Scaling:
    """What a step does besides shifting (layers.Step; kernels/include/placer/finish.hpp, rescaled).

    guarded: it rounds twice. clips: vector operations for bounds and zero point; in 32-bit lanes where `shifts_zero` and a result has
    16 bits. output_bytes: of a result. wide: the product is made in two parts.
    """

    multiplier: Multiplier
    guarded: bool
    clips: int
    shifts_zero: bool
    output_bytes: int
    wide: bool = False

    @property
    def lane_bytes(self) -> int:
        """Of a vector element while it is clipped."""
        return 2 if self.output_bytes == 1 or (self.output_bytes == 2 and not self.shifts_zero) else 4

    @property
    def key(self) -> str:
        marks = f"{'+guard' if self.guarded else ''}{'+zero' if self.shifts_zero else ''}{'+wide' if self.wide else ''}"
        return f"{self.multiplier.value}{marks}+clip{self.clips}"


@dataclass(frozen=True)
class StepKind:
    """A requantisation step (layers.Step) as far as it decides what is issued.

    doubled: the accumulator is doubled first (up = 1). scaling: where it does more than shift; it clips then, and `relu` is False.
    """

    bias: Bias
    doubled: bool
    relu: bool
    scaling: Scaling | None = None

    @property
    def key(self) -> str:
        scaling = self.scaling.key if self.scaling else ""
        return f"{self.bias.value}{'+doubled' if self.doubled else ''}{'+relu' if self.relu else ''}{scaling}"


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


class Entry(Enum):
    """How elements become the sums that an elementwise kernel finishes: shifted up and added, times factors and added, or multiplied."""

    SHIFTED = ""
    SCALED = "scaled "
    PRODUCT = "product "


@dataclass(frozen=True)
class Operand:
    """A source of an elementwise kernel: bytes of an element, and whether its zero point is taken off."""

    bytes: int = 1
    centred: bool = False

    @property
    def narrow(self) -> bool:
        """Whether it is multiplied in 16 bits."""
        return self.bytes == 1 or (self.bytes == 2 and not self.centred)

    @property
    def key(self) -> str:
        return f"{self.bytes}{'-' if self.centred else ''}"


BYTE = Operand()


@dataclass(frozen=True)
class ElementwiseBlock:
    """One block of an elementwise kernel with one or two sources."""

    sources: tuple[Operand, ...]
    finish: tuple[StepKind, ...]
    entry: Entry = Entry.SHIFTED
    output_bytes: int = 1

    @property
    def key(self) -> str:
        return f"elementwise {len(self.sources)} {'>'.join(s.key for s in self.finish)}{self._others}"

    @property
    def _others(self) -> str:
        """What is unlike bytes that only shift up."""
        if self.entry is Entry.SHIFTED and self.output_bytes == 1 and all(s == BYTE for s in self.sources):
            return ""
        return f" of {self.entry.value}{'x'.join(s.key for s in self.sources)} {self.output_bytes}"


@dataclass(frozen=True)
class Timing:
    """Distances in cycles between dependent operations of one core generation, and how wide its accesses are.

    load: to any use. product: to the next product of the same accumulator; product_out: to reading the accumulator; product_add: to an
    addition of accumulators. rounded: shift-round-saturate to use. vector: vector operation to use; moves: to another one. shifted,
    added: shift up, accumulator addition, to reading; shifted_add: shift up to an addition. load_shifted: a load that shifts up, to an
    addition. cascade: port to product. moved: move into an accumulator to product.
    """

    load: int
    product: int
    product_out: int
    product_add: int
    rounded: int
    vector: int
    moves: int
    shifted: int
    shifted_add: int
    added: int
    load_shifted: int
    cascade: int
    moved: int


# llvm-aie AIE2Schedule.td: distance = result cycle - source cycle + 1, less 1 where both ends share a bypass.
AIE_ML = Timing(7, 2, 5, 3, 4, 2, 1, 3, 1, 5, 7, 5, 1)
# ASSUMPTION: as the AIE2P scheduling model, whose product is one stage longer; no model of this core was available.
AIE_MLV2 = Timing(7, 2, 6, 3, 4, 2, 1, 3, 1, 6, 7, 4, 1)


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
