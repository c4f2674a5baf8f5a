"""Vector code as operations: loads, products of 16 and 32 bits, roundings, shuffles and lookups, with what each waits for.

A value is what a vector register holds, sums what an accumulator does; each knows the operation that makes it and when it may be used.
Products of 32-bit lanes are those of their halves (aie_api, emulated_mul_intrinsics): 32 x 32 bits in sixteen lanes take four products that
follow each other and two shuffles an operand; 32 x 16 bits take two.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from placer.cycles.operations import Dependence, Operation, OperationList, Timing, Unit, generation_timing
from placer.lookup_table import table_accesses

# Lanes of 32 bits in a vector register, and of 64 bits in an accumulator. ASSUMPTION: products take no more of them on AIE-MLv2.
LANES = 16


@dataclass(frozen=True)
class Value:
    """A vector or scalar: made by operation `at` (-1: there before the code starts), to be used `cycles` later.

    bypassed: cycles fewer until a vector operation uses it, where the value comes to it by a bypass.
    """

    at: int
    cycles: int
    bypassed: int = 0


@dataclass(frozen=True)
class Sums:
    """An accumulator: cycles until it may be read, be the start of a product, be added to."""

    at: int
    read: int
    product: int
    add: int


# What is there before the code starts: constants, and values that a loop does not change.
GIVEN = Value(-1, 0)
GIVEN_SUMS = Sums(-1, 0, 0, 0)


@dataclass
class VectorCode:
    """Collects the operations of a piece of vector code."""

    generation: str
    operations: list[Operation] = field(default_factory=list)
    dependences: list[Dependence] = field(default_factory=list)

    @property
    def timing(self) -> Timing:
        return generation_timing(self.generation)

    @property
    def access(self) -> int:
        """Bytes of one load or store."""
        return 32 if self.generation == "aie-ml" else 64

    def build(self) -> OperationList:
        return OperationList(tuple(self.operations), tuple(self.dependences))

    def _add(self, name: str, units: tuple[Unit, ...], after: tuple[tuple[int, int], ...]) -> int:
        number = len(self.operations)
        self.operations.append(Operation(name, units))
        self.dependences += [Dependence(source, number, cycles) for source, cycles in after if source >= 0]
        return number

    # -- memory ---------------------------------------------------------------------------------------------------------------------

    def load(self, size: int, bank: Unit | None = Unit.BANK_INPUT, place: Value = GIVEN) -> Value:
        """`size` bytes, in as many accesses as they take, from a place that is given or known only now."""
        units = (Unit.LOAD,) if bank is None else (Unit.LOAD, bank)
        number = [self._add("load", units, ((place.at, place.cycles),)) for _ in range(-(-size // self.access))][-1]
        return Value(number, self.timing.load)

    def scalar_load(self, place: Value = GIVEN) -> Value:
        return Value(self._add("load scalar", (Unit.LOAD, Unit.LOAD_A), ((place.at, place.cycles),)), self.timing.load)

    def load_up(self) -> Sums:
        """256 bits that shift up on their way into an accumulator."""
        number = self._add("load and shift up", (Unit.LOAD, Unit.LOAD_A, Unit.SHIFT_UP), ())
        t = self.timing
        return Sums(number, t.load_shifted + 2, t.load_shifted, t.load_shifted)

    def scalar(self, *values: Value) -> Value:
        """One scalar operation."""
        return Value(self._add("scalar", (Unit.SCALAR,), tuple((v.at, v.cycles) for v in values)), 1)

    def store(self, parts: tuple[Value, ...], size: int = 32) -> None:
        """`size` bytes, which `parts` make up."""
        for _ in range(-(-size // self.access)):
            self._add("store", (Unit.STORE,), tuple((v.at, v.cycles) for v in parts))

    def look_up(self, *keys: Value) -> Value:
        """Sixteen lanes from a table of 32-bit values, of which every access reads some lanes in either copy; copies in one bank stall."""
        places = self.round(self.shift_up(*keys))
        reads = []
        for _ in range(LANES // table_accesses(self.generation)):
            for bank in (Unit.BANK_WEIGHTS, Unit.BANK_COPY):
                reads.append((self._add("look up", (Unit.LOAD, bank), ((places.at, places.cycles),)), self.timing.load))
        return self._moved(self._add("shuffle", (Unit.MOVE,), tuple(reads)))

    # -- vectors --------------------------------------------------------------------------------------------------------------------

    def vector(self, *values: Value) -> Value:
        """One operation on 512 bits: a shuffle, a comparison, a choice, a sum."""
        return self._moved(self._add("vector", (Unit.MOVE,), tuple((v.at, v.cycles - v.bypassed) for v in values)))

    def _moved(self, number: int) -> Value:
        t = self.timing
        return Value(number, t.vector, t.vector - t.moves)

    def halves(self, *parts: Value) -> tuple[Value, ...]:
        """The upper and the lower 16 bits of sixteen lanes, which `parts` make up; of what is given there are both already."""
        return () if parts == (GIVEN,) else (self.vector(*parts), self.vector(*parts))

    def late(self) -> Value:
        """What code before this left in a register, not in halves: a move."""
        return self.vector(GIVEN)

    # -- accumulators ---------------------------------------------------------------------------------------------------------------

    def product(self, *values: Value, start: Sums | None = None) -> Sums:
        """One product, added to `start`."""
        begin = () if start is None else ((start.at, start.product),)
        number = self._add("multiply", (Unit.MULTIPLY,), (*((v.at, v.cycles) for v in values), *begin))
        t = self.timing
        return Sums(number, t.product_out, t.product, t.product_add)

    def chain(self, operands: tuple[Value, ...], products: int, *starts: Sums) -> Sums:
        """`products` of halves, one after the other; the last one adds what is in `starts`."""
        sums = self.product(*operands)
        for _ in range(products - 2):
            sums = self.product(*operands, start=sums)
        return self.product(*operands, *(Value(s.at, s.add) for s in starts), start=sums)

    def product_32(self, left: Value, right: Value, *starts: Sums) -> Sums:
        """Sixteen products of 32 by 32 bits."""
        operands = self.halves(left) if right is left else (*self.halves(left), *self.halves(right))
        return self.chain(operands, 4, *starts)

    def product_16(self, narrow: Value, wide: Value, *starts: Sums) -> Sums:
        """Sixteen products of 16 by 32 bits."""
        return self.chain((narrow, *self.halves(wide)), 2, *starts)

    def shift_up(self, *parts: Value) -> Sums:
        """Sixteen lanes, which `parts` make up."""
        number = self._add("shift up", (Unit.MOVE, Unit.SHIFT_UP), tuple((v.at, v.cycles) for v in parts))
        t = self.timing
        return Sums(number, t.shifted, t.shifted_add, t.shifted_add)

    def add(self, left: Sums, right: Sums) -> Sums:
        number = self._add("add", (Unit.MULTIPLY, Unit.READ_ACCUMULATOR), ((left.at, left.add), (right.at, right.add)))
        t = self.timing
        return Sums(number, t.added, t.product_add, t.product_add)

    def round(self, sums: Sums) -> Value:
        """Up to 32 lanes of 32 bits or sixteen of 64, shifted, rounded, saturated."""
        number = self._add("round", (Unit.STORE, Unit.READ_ACCUMULATOR), ((sums.at, sums.read),))
        return Value(number, self.timing.rounded)

    def copy_out(self, sums: Sums) -> Value:
        """Sixteen 32-bit lanes as they are."""
        return self._moved(self._add("copy", (Unit.MOVE, Unit.READ_ACCUMULATOR), ((sums.at, sums.read),)))

    def carried(self, result: Sums | Value) -> None:
        """The operation that makes `result` starts from it in the next iteration."""
        cycles = result.product if isinstance(result, Sums) else result.cycles - result.bypassed
        self.dependences.append(Dependence(result.at, result.at, cycles, 1))
