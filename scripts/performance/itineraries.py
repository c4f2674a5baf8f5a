"""Instructions of AIE-ML as its scheduling model has them (llvm-aie, AIE2Schedule.td).

An instruction's itinerary says in which cycle it reads its operands and in which its result is there: what uses a result may issue
result - operand + 1 cycles later, one fewer where both have the same bypass.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from placer.cycles.operations import Unit


class Bypass(Enum):
    """A way around the registers."""

    NONE = auto()
    MOVE = auto()
    VECTOR = auto()


@dataclass(frozen=True)
class Read:
    """The cycle in which an operand is read, and the bypass that it may come by."""

    cycle: int = 1
    bypass: Bypass = Bypass.NONE


@dataclass(frozen=True)
class Itinerary:
    """An instruction: units, the cycle of its result and the bypass that it is given to, how it reads operands and accumulators."""

    name: str
    units: tuple[Unit, ...]
    result: int
    gives: Bypass = Bypass.NONE
    operands: Read = Read()
    accumulators: Read = Read(3)


# Bypasses, and the slots: VUPS is encoded in the slot of moves, VCONV and VSRS in that of stores.
_MOVED, _ADDED = Read(1, Bypass.MOVE), Read(3, Bypass.VECTOR)
LOAD = Itinerary("load", (Unit.LOAD,), 7)
SCALAR_LOAD = Itinerary("load scalar", (Unit.LOAD, Unit.LOAD_A), 7)
VECTOR = Itinerary("vector", (Unit.MOVE,), 2, Bypass.MOVE, _MOVED)
BROADCAST = Itinerary("broadcast", (Unit.MOVE,), 2, Bypass.MOVE)
EXTRACT = Itinerary("extract", (Unit.MOVE,), 2, Bypass.NONE, _MOVED)
COPY_IN = Itinerary("copy in", (Unit.MOVE,), 2, Bypass.NONE, _MOVED)
COPY_OUT = Itinerary("copy", (Unit.MOVE, Unit.READ_ACCUMULATOR), 2, Bypass.MOVE)
SHIFT_UP = Itinerary("shift up", (Unit.MOVE, Unit.SHIFT_UP), 3)
PRODUCT = Itinerary("multiply", (Unit.MULTIPLY,), 5, Bypass.VECTOR, accumulators=_ADDED)
ADD = Itinerary("add", (Unit.MULTIPLY, Unit.READ_ACCUMULATOR), 5, Bypass.VECTOR, accumulators=_ADDED)
NEGATE = Itinerary("negate", (Unit.MULTIPLY,), 5, Bypass.VECTOR, accumulators=_ADDED)
FLOAT_PRODUCT = Itinerary("multiply", (Unit.MULTIPLY,), 6)
FLOAT_ADD = Itinerary("add", (Unit.MULTIPLY, Unit.READ_ACCUMULATOR), 6)
ROUND = Itinerary("round", (Unit.STORE, Unit.READ_ACCUMULATOR), 4)
CONVERT = Itinerary("convert", (Unit.STORE, Unit.READ_ACCUMULATOR), 2)
STORE = Itinerary("store", (Unit.STORE,), 0)
ROUND_STORE = Itinerary("round and store", (Unit.STORE, Unit.READ_ACCUMULATOR), 0)
# Reads and writes a word; no other access to memory within seven cycles.
PART_STORE = Itinerary("store part of a word", (Unit.STORE, Unit.LOAD_A), 0)
PART_STORE_CYCLES = 7
SCALAR = Itinerary("scalar", (Unit.SCALAR,), 1)
# A scalar and a small constant (ADD.NC), in the slot of moves.
SUM = Itinerary("scalar sum", (Unit.MOVE,), 1)
SCALAR_PRODUCT = Itinerary("scalar product", (Unit.SCALAR,), 2)


def distance(first: Itinerary, second: Itinerary, accumulator: bool = False) -> int:
    """Cycles from issuing one instruction to issuing one that reads its result, as an operand or an accumulator."""
    read = second.accumulators if accumulator else second.operands
    shared = first.gives is read.bypass and read.bypass is not Bypass.NONE
    return first.result - read.cycle + 1 - shared
