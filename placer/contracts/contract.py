"""A kernel as the rest of the project knows it: its arguments, memory, instructions and reference, and how contracts are put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from placer.contracts.kernel_spec import KernelSpec
from placer.layers import Step
from placer.network import IntArray, IntType

# The default stacksize of the vendor's compiler (UG1702, AI Engine Options); kernels keep all their state in registers.
STACK_BYTES = 1024
# ASSUMPTION: bytes of a 128-bit program word, in which one load, one product and one store may share.
PROGRAM_WORD = 16
# ASSUMPTION: words before and after the loops: the call, modes, addresses, locks.
PROGRAM_WORDS_A_CALL = 64
# ASSUMPTION: a software pipeline holds its body about three times: prologue, steady state, epilogue.
PIPELINE_COPIES = 3
# Words of a step of one 4 x 8 block: rounding, bias, clip and store; of one that does more than shift, what its busiest unit issues
# (rescale_operations.py): its vector operations, or its products, twice where it is wide.
STEP_WORDS, ZERO_WORDS, MULTIPLIED_WORDS = 4, 6, 12


class ArgumentKind(Enum):
    """What an argument is for; the buffers' values are their names in mapping.json."""

    INPUT = "input"
    SECOND_INPUT = "second_input"
    WEIGHTS = "weights"
    SECOND_WEIGHTS = "second_weights"
    BIAS = "bias"
    PARTIAL_IN = "partial_in"
    PARTIAL_OUT = "partial_out"
    OUTPUT = "output"


class PortKind(Enum):
    """How an argument reaches the kernel."""

    BUFFER = "buffer"
    PARAMETER = "parameter"
    CASCADE = "cascade"


@dataclass(frozen=True)
class Argument:
    """One argument of a kernel function, in the order of its signature.

    type: element type as C++ names it (an accumulator tag for a cascade). elements: of one block, or lanes of one call for a cascade.
    alignment: bytes; the widest access of the kernel needs it. copies: buffers it takes in memory (two for ping and pong).
    """

    kind: ArgumentKind
    port: PortKind
    type: str
    elements: int
    element_bytes: int
    alignment: int
    copies: int

    @property
    def bytes(self) -> int:
        """Bytes of one copy."""
        return self.elements * self.element_bytes

    @property
    def is_output(self) -> bool:
        return self.kind in {ArgumentKind.OUTPUT, ArgumentKind.PARTIAL_OUT}


@dataclass(frozen=True)
class OperationCounts:
    """Instructions of one call outside loop control. loads and stores in accesses of the generation's load unit (256 or 512 bits).

    second_loads: those of the loads that are not of the first input: of weights, a table or the second input. shuffles: rearrangements of
    left operands. finishes: output vectors that pass the chain of steps.
    """

    loads: int
    second_loads: int
    macs: int
    stores: int
    shuffles: int
    finishes: int


@dataclass(frozen=True, eq=False)
class KernelContract:
    """One kernel as the rest of the project knows it.

    template: the function template in `header` of kernels/include/placer. memory_bytes: of all its buffers, copies included, without the
    stack. program_bytes: a modelled estimate. reference: flat arrays in the order of the non-output arguments (buffers as they lie in
    memory, cascades lane by lane) to flat arrays of the output arguments.
    """

    spec: KernelSpec
    template: str
    header: str
    arguments: tuple[Argument, ...]
    stack_bytes: int
    operations: OperationCounts
    program_bytes: int
    reference: Callable[[tuple[IntArray, ...]], tuple[IntArray, ...]]

    @property
    def memory_bytes(self) -> int:
        return sum(a.bytes * a.copies for a in self.arguments if a.port is not PortKind.CASCADE)

    def argument(self, kind: ArgumentKind) -> Argument | None:
        """The argument of a kind, or None."""
        return next((a for a in self.arguments if a.kind is kind), None)


def accesses(size: int, unit: int) -> int:
    """Accesses of `unit` bytes that `size` bytes take."""
    return -(-size // unit)


def alignment(spec: KernelSpec) -> int:
    """What the widest vector access needs: 32 bytes, on AIE-MLv2 64 (aie_api, vector_ldst_align)."""
    return 32 if spec.generation == "aie-ml" else 64


def buffer(spec: KernelSpec, kind: ArgumentKind, dtype: IntType, elements: int) -> Argument:
    """An activation, in ping and pong."""
    return Argument(kind, PortKind.BUFFER, dtype.value, elements, dtype.bytes, alignment(spec), copies=2)


def table(spec: KernelSpec, dtype: IntType, elements: int) -> Argument:
    """What a kernel looks up, in the place of weights."""
    return Argument(ArgumentKind.WEIGHTS, PortKind.PARAMETER, dtype.value, elements, dtype.bytes, alignment(spec), copies=1)


def tables_apart(spec: KernelSpec, dtype: IntType, elements: int) -> tuple[Argument, Argument]:
    """Both copies of tables that several lanes read at once, which may lie in banks of their own."""
    first = table(spec, dtype, elements)
    return first, replace(first, kind=ArgumentKind.SECOND_WEIGHTS)


def bias_planes(spec: KernelSpec, elements: int) -> Argument:
    """Channel values."""
    return Argument(ArgumentKind.BIAS, PortKind.PARAMETER, IntType.INT32.value, elements, IntType.INT32.bytes, alignment(spec), copies=1)


def step_words(steps: tuple[Step, ...], rows: int) -> int:
    """Words in which a chain of steps ends one block of `rows` rows by eight columns."""
    each = (STEP_WORDS if not s.scales else ZERO_WORDS if s.multiplier is None else MULTIPLIED_WORDS * (1 + s.wide) for s in steps)
    return sum(each) * -(-rows // 4)
