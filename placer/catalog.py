"""The kernel catalogue: what each kernel of kernels/include takes, holds, costs and computes.

A KernelContract is what the solver (memory, operation counts), the emitter (signatures, calls) and the tests (the reference) all read, so
that none of them has an opinion of its own. docs/kernels.md states layouts and arithmetic; kernel_reference.py computes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from placer import kernel_reference
from placer.kernel_spec import (
    AddSpec,
    DenseSpec,
    FunctionSpec,
    KernelSpec,
    MatMulSpec,
    MoveSpec,
    MultiplySpec,
    NormaliseSpec,
    SoftmaxSpec,
    SteppedSpec,
)
from placer.layers import Side
from placer.network import IntArray, IntType

# The default stacksize of the vendor's compiler (UG1702, AI Engine Options); kernels keep all their state in registers.
STACK_BYTES = 1024
# ASSUMPTION: bytes of a 128-bit program word, in which one load, one product and one store may share.
PROGRAM_WORD = 16
# ASSUMPTION: words before and after the loops: the call, modes, addresses, locks.
PROGRAM_WORDS_A_CALL = 64
# ASSUMPTION: a software pipeline holds its body about three times: prologue, steady state, epilogue.
PIPELINE_COPIES = 3


class ArgumentKind(Enum):
    """What an argument is for; the buffers' values are their names in mapping.json."""

    INPUT = "input"
    SECOND_INPUT = "second_input"
    WEIGHTS = "weights"
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


def contract(spec: KernelSpec) -> KernelContract:
    """The contract of a kernel.

    Raises ValueError for a spec that no kernel can be built from, in words (kernel_spec.check).
    """
    spec.check()
    match spec:
        case DenseSpec():
            return _dense(spec)
        case FunctionSpec():
            return _function(spec)
        case NormaliseSpec():
            return _normalise(spec)
        case MatMulSpec():
            return _matmul(spec)
        case SoftmaxSpec():
            return _softmax(spec)
        case MoveSpec():
            return _move(spec)
        case _:
            return _elementwise(spec)


# -- dense --------------------------------------------------------------------------------------------------------------------------


def _dense(spec: DenseSpec) -> KernelContract:
    arguments = [
        _buffer(spec, ArgumentKind.INPUT, spec.input, spec.input_elements),
        Argument(
            ArgumentKind.WEIGHTS, PortKind.PARAMETER, spec.weight.value, spec.weight_elements, spec.weight.bytes, _alignment(spec), copies=1
        ),
    ]
    if spec.bias_elements:
        arguments.append(_bias(spec, spec.bias_elements))
    lanes, lane_bytes = spec.output_elements, spec.mmul.lane_bits // 8
    if spec.role.reads:
        arguments.append(Argument(ArgumentKind.PARTIAL_IN, PortKind.CASCADE, spec.mmul.tag, lanes, lane_bytes, lane_bytes, 0))
    if spec.role.writes:
        arguments.append(Argument(ArgumentKind.PARTIAL_OUT, PortKind.CASCADE, spec.mmul.tag, lanes, lane_bytes, lane_bytes, 0))
    else:
        arguments.append(_buffer(spec, ArgumentKind.OUTPUT, spec.output, spec.output_elements))
    return KernelContract(
        spec=spec,
        template=f"dense_{spec.role.value}",
        header="dense.hpp",
        arguments=tuple(arguments),
        stack_bytes=STACK_BYTES,
        operations=dense_operations(spec),
        program_bytes=_dense_program(spec),
        reference=lambda inputs: kernel_reference.dense(spec, inputs),
    )


def dense_operations(spec: DenseSpec) -> OperationCounts:
    """Instructions of one call: every operand is loaded once a register block that uses it."""
    row_groups = -(-spec.row_blocks // spec.register_rows)
    column_groups = -(-spec.column_blocks // spec.register_columns)
    steps = spec.inner_blocks * (8 // spec.mmul.k)
    products = spec.groups * spec.row_blocks * spec.column_blocks * steps
    left_bytes = spec.mmul.m * spec.mmul.k * spec.left_type.bytes
    right_bytes = spec.mmul.k * spec.mmul.n * spec.right_type.bytes
    left = spec.groups * spec.row_blocks * column_groups
    right = spec.groups * spec.column_blocks * row_groups
    shuffles = 0
    if spec.side is Side.RIGHT and spec.transposed:
        shuffles = left * steps * spec.mmul.m // 8
    elif spec.side is Side.RIGHT:
        # A block of m x 8 is halved until its pieces are m x k: two filters a halving of each piece.
        shuffles = left * spec.inner_blocks * 2 * (8 // spec.mmul.k - 1)
    unit = spec.load_bytes
    if spec.side is Side.RIGHT:
        left_loads = left * spec.inner_blocks * _accesses(spec.mmul.m * 8 * spec.left_type.bytes, unit)
    else:
        left_loads = left * steps * _accesses(left_bytes, unit)
    right_loads = right * steps * _accesses(right_bytes, unit)
    blocks = spec.groups * spec.row_blocks * spec.column_blocks
    finished = spec.mmul.m * 8 * spec.output.bytes
    return OperationCounts(
        loads=left_loads + right_loads,
        second_loads=right_loads if spec.side is Side.RIGHT else left_loads,
        macs=products * spec.mmul.intrinsics,
        stores=blocks * _accesses(finished, unit) if spec.role.finishes else 0,
        shuffles=shuffles,
        finishes=blocks if spec.role.finishes else 0,
    )


def _accesses(size: int, unit: int) -> int:
    return -(-size // unit)


def _dense_program(spec: DenseSpec) -> int:
    """Program bytes: one loop nest for each size of register block that occurs, its body once an instruction and pipelined."""
    rows, columns = spec.register_rows, spec.register_columns
    row_sizes = {rows for _ in range(spec.row_blocks // rows)} | {spec.row_blocks % rows} - {0}
    column_sizes = {columns for _ in range(spec.column_blocks // columns)} | {spec.column_blocks % columns} - {0}
    words = PROGRAM_WORDS_A_CALL
    for r in row_sizes:
        for c in column_sizes:
            body = (8 // spec.mmul.k) * max(r * c * spec.mmul.intrinsics, r + c)
            ends = r * c * (2 + 4 * len(spec.steps) if spec.role.finishes else 2)
            words += PIPELINE_COPIES * body + ends
    return words * PROGRAM_WORD


# -- elementwise ----------------------------------------------------------------------------------------------------------------------


def _elementwise(spec: SteppedSpec) -> KernelContract:
    kinds = (ArgumentKind.INPUT, ArgumentKind.SECOND_INPUT)
    arguments = [_buffer(spec, kind, t, spec.elements) for kind, t in zip(kinds, spec.inputs, strict=False)]
    if spec.bias_elements:
        arguments.append(_bias(spec, spec.bias_elements))
    arguments.append(_buffer(spec, ArgumentKind.OUTPUT, spec.output, spec.elements))
    blocks = spec.elements // (spec.m * 8)
    per_block = [_accesses(spec.m * 8 * t.bytes, spec.load_bytes) for t in spec.inputs]
    steps = len(spec.steps)
    name = "add" if isinstance(spec, AddSpec) else "multiply" if isinstance(spec, MultiplySpec) else "requantise"
    return KernelContract(
        spec=spec,
        template=name,
        header="elementwise.hpp",
        arguments=tuple(arguments),
        stack_bytes=STACK_BYTES,
        operations=OperationCounts(
            loads=blocks * sum(per_block),
            second_loads=blocks * sum(per_block[1:]),
            macs=0,
            stores=blocks * _accesses(spec.m * 8 * spec.output.bytes, spec.load_bytes),
            shuffles=0,
            finishes=blocks,
        ),
        program_bytes=(PROGRAM_WORDS_A_CALL + PIPELINE_COPIES * (2 * len(spec.inputs) + 4 * steps)) * PROGRAM_WORD,
        reference=lambda inputs: kernel_reference.elementwise(spec, inputs),
    )


# -- functions and LayerNorm ------------------------------------------------------------------------------------------------------------


def _function(spec: FunctionSpec) -> KernelContract:
    values = IntType.INT32 if spec.interpolates else spec.output
    arguments = (
        _buffer(spec, ArgumentKind.INPUT, spec.input, spec.elements),
        _table(spec, values, len(spec.values)),
        _buffer(spec, ArgumentKind.OUTPUT, spec.output, spec.elements),
    )
    lookups = 2 if spec.interpolates else 1
    return KernelContract(
        spec=spec,
        template="interpolate" if spec.interpolates else "table",
        header="lookup.hpp",
        arguments=arguments,
        stack_bytes=STACK_BYTES,
        operations=OperationCounts(
            loads=(1 + lookups) * spec.elements, second_loads=lookups * spec.elements, macs=0, stores=spec.elements, shuffles=0, finishes=0
        ),
        program_bytes=(PROGRAM_WORDS_A_CALL + PIPELINE_COPIES * 8 * lookups) * PROGRAM_WORD,
        reference=lambda inputs: kernel_reference.function(spec, inputs),
    )


def _normalise(spec: NormaliseSpec) -> KernelContract:
    arguments = (
        _buffer(spec, ArgumentKind.INPUT, spec.input, spec.elements),
        _bias(spec, spec.bias_elements),
        _buffer(spec, ArgumentKind.OUTPUT, spec.output, spec.elements),
    )
    groups = spec.elements // 32
    return KernelContract(
        spec=spec,
        template="normalise",
        header="normalise.hpp",
        arguments=arguments,
        stack_bytes=STACK_BYTES,
        operations=OperationCounts(loads=4 * groups, second_loads=0, macs=8 * groups, stores=groups, shuffles=8 * groups, finishes=groups),
        program_bytes=(4 * PROGRAM_WORDS_A_CALL + PIPELINE_COPIES * 60) * PROGRAM_WORD,
        reference=lambda inputs: kernel_reference.normalise(spec, inputs),
    )


# -- attention and movement -----------------------------------------------------------------------------------------------------------


def _matmul(spec: MatMulSpec) -> KernelContract:
    arguments = [
        _buffer(spec, ArgumentKind.INPUT, spec.left, spec.left_elements),
        _buffer(spec, ArgumentKind.SECOND_INPUT, spec.right, spec.right_elements),
    ]
    if spec.bias_elements:
        arguments.append(_bias(spec, spec.bias_elements))
    arguments.append(_buffer(spec, ArgumentKind.OUTPUT, spec.output, spec.output_elements))
    rows, columns, steps = spec.register_rows, spec.register_columns, 8 // spec.mmul.k
    body = steps * spec.accumulators * spec.mmul.intrinsics
    return KernelContract(
        spec=spec,
        template="matmul",
        header="matmul.hpp",
        arguments=tuple(arguments),
        stack_bytes=STACK_BYTES,
        operations=matmul_operations(spec),
        program_bytes=(PROGRAM_WORDS_A_CALL + 4 * (PIPELINE_COPIES * body + rows * columns * (2 + 4 * len(spec.steps)))) * PROGRAM_WORD,
        reference=lambda inputs: kernel_reference.matmul(spec, inputs),
    )


def matmul_operations(spec: MatMulSpec) -> OperationCounts:
    """Instructions of one call: every operand is loaded once a register block that uses it."""
    unit = 32 if spec.generation == "aie-ml" else 64
    products, row_blocks, column_blocks = spec.samples * spec.groups, spec.rows // spec.mmul.m, spec.columns // 8
    left = products * row_blocks * -(-column_blocks // spec.register_columns) * spec.inner_blocks
    right = products * column_blocks * -(-row_blocks // spec.register_rows) * spec.inner_blocks
    blocks, steps = products * row_blocks * column_blocks, 8 // spec.mmul.k
    sums = (left if spec.right_zero else 0) + (right if spec.left_zero else 0)
    right_loads = right * _accesses(64 * spec.right.bytes, unit)
    return OperationCounts(
        loads=left * _accesses(spec.mmul.m * 8 * spec.left.bytes, unit) + right_loads,
        second_loads=right_loads,
        macs=(blocks * spec.inner_blocks + sums) * steps * spec.mmul.intrinsics,
        stores=blocks * _accesses(spec.mmul.m * 8 * spec.output.bytes, unit),
        shuffles=left * 2 * (steps - 1) + (right if spec.turned else 0),
        finishes=blocks,
    )


def _softmax(spec: SoftmaxSpec) -> KernelContract:
    groups = spec.elements // 32
    return KernelContract(
        spec=spec,
        template="softmax",
        header="softmax.hpp",
        arguments=(
            _buffer(spec, ArgumentKind.INPUT, spec.input, spec.elements),
            _table(spec, IntType.INT32, len(spec.values)),
            _buffer(spec, ArgumentKind.OUTPUT, spec.output, spec.elements),
        ),
        stack_bytes=STACK_BYTES + spec.row_bytes,
        operations=OperationCounts(
            loads=2 * groups + 2 * spec.elements, macs=4 * groups, stores=groups, shuffles=4 * groups, finishes=groups
        ),
        program_bytes=(4 * PROGRAM_WORDS_A_CALL + PIPELINE_COPIES * 60) * PROGRAM_WORD,
        reference=lambda inputs: kernel_reference.softmax(spec, inputs),
    )


def _move(spec: MoveSpec) -> KernelContract:
    arguments = [_buffer(spec, ArgumentKind.INPUT, spec.type, spec.left_elements)]
    if spec.right_elements:
        arguments.append(_buffer(spec, ArgumentKind.SECOND_INPUT, spec.type, spec.right_elements))
    arguments += [_table(spec, spec.index, len(spec.values)), _buffer(spec, ArgumentKind.OUTPUT, spec.type, spec.elements)]
    return KernelContract(
        spec=spec,
        template="join" if spec.right_elements else "move",
        header="move.hpp",
        arguments=tuple(arguments),
        stack_bytes=STACK_BYTES,
        operations=OperationCounts(2 * spec.elements, second_loads=spec.elements, macs=0, stores=spec.elements, shuffles=0, finishes=0),
        program_bytes=(PROGRAM_WORDS_A_CALL + PIPELINE_COPIES * 12) * PROGRAM_WORD,
        reference=lambda inputs: kernel_reference.move(spec, inputs),
    )


# -- arguments ------------------------------------------------------------------------------------------------------------------------


def _alignment(spec: KernelSpec) -> int:
    """What the widest vector access needs: 32 bytes, on AIE-MLv2 64 (aie_api, vector_ldst_align)."""
    return 32 if spec.generation == "aie-ml" else 64


def _buffer(spec: KernelSpec, kind: ArgumentKind, dtype: IntType, elements: int) -> Argument:
    return Argument(kind, PortKind.BUFFER, dtype.value, elements, dtype.bytes, _alignment(spec), copies=2)


def _table(spec: KernelSpec, dtype: IntType, elements: int) -> Argument:
    return Argument(ArgumentKind.WEIGHTS, PortKind.PARAMETER, dtype.value, elements, dtype.bytes, _alignment(spec), copies=1)


def _bias(spec: KernelSpec, elements: int) -> Argument:
    return Argument(ArgumentKind.BIAS, PortKind.PARAMETER, IntType.INT32.value, elements, IntType.INT32.bytes, _alignment(spec), copies=1)
