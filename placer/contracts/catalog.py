"""The kernel catalogue: what each kernel of kernels/include takes, holds, costs and computes.

A KernelContract is what the solver (memory, operation counts), the emitter (signatures, calls) and the tests (the reference) all read, so
that none of them has an opinion of its own. docs/kernels.md states layouts and arithmetic; kernel_reference.py computes them.
"""

from __future__ import annotations

from placer.contracts import attention, kernel_reference
from placer.contracts.attention_spec import MatMulSpec, MoveSpec, SoftmaxSpec
from placer.contracts.contract import (
    PIPELINE_COPIES,
    PROGRAM_WORD,
    PROGRAM_WORDS_A_CALL,
    STACK_BYTES,
    Argument,
    ArgumentKind,
    KernelContract,
    OperationCounts,
    PortKind,
    accesses,
    alignment,
    bias_planes,
    buffer,
    step_words,
    tables_apart,
)
from placer.contracts.kernel_spec import (
    AddSpec,
    DenseSpec,
    FunctionSpec,
    KernelSpec,
    MultiplySpec,
    NormaliseSpec,
    SteppedSpec,
)
from placer.cubics import TERMS
from placer.cycles.rows import (
    CubicForm,
    Part,
    batches,
    cubic_products,
    cubic_words,
    normalise_parts,
    products,
    program_words,
    table_words,
)
from placer.cycles.stages import clip_operations
from placer.layers import Side
from placer.lookup_table import table_loads


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
            return attention.matmul(spec)
        case SoftmaxSpec():
            return attention.softmax(spec)
        case MoveSpec():
            return attention.move(spec)
        case _:
            return _elementwise(spec)


# -- dense --------------------------------------------------------------------------------------------------------------------------


def _dense(spec: DenseSpec) -> KernelContract:
    arguments = [
        buffer(spec, ArgumentKind.INPUT, spec.input, spec.input_elements),
        Argument(
            ArgumentKind.WEIGHTS, PortKind.PARAMETER, spec.weight.value, spec.weight_elements, spec.weight.bytes, alignment(spec), copies=1
        ),
    ]
    if spec.bias_elements:
        arguments.append(bias_planes(spec, spec.bias_elements))
    lanes, lane_bytes = spec.output_elements, spec.mmul.lane_bits // 8
    if spec.role.reads:
        arguments.append(Argument(ArgumentKind.PARTIAL_IN, PortKind.CASCADE, spec.mmul.tag, lanes, lane_bytes, lane_bytes, 0))
    if spec.role.writes:
        arguments.append(Argument(ArgumentKind.PARTIAL_OUT, PortKind.CASCADE, spec.mmul.tag, lanes, lane_bytes, lane_bytes, 0))
    else:
        arguments.append(buffer(spec, ArgumentKind.OUTPUT, spec.output, spec.output_elements))
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
    if spec.side is Side.RIGHT and spec.transposed:
        # k x 8 elements of the transpose at a time, which are operands of 8 / m row blocks.
        left_loads = left * spec.mmul.m // 8 * steps * accesses(spec.mmul.k * 8 * spec.left_type.bytes, unit)
    elif spec.side is Side.RIGHT:
        left_loads = left * spec.inner_blocks * accesses(spec.mmul.m * 8 * spec.left_type.bytes, unit)
    else:
        left_loads = left * steps * accesses(left_bytes, unit)
    right_loads = right * steps * accesses(right_bytes, unit)
    blocks = spec.groups * spec.row_blocks * spec.column_blocks
    finished = spec.mmul.m * 8 * spec.output.bytes
    return OperationCounts(
        loads=left_loads + right_loads,
        second_loads=right_loads if spec.side is Side.RIGHT else left_loads,
        macs=products * spec.mmul.intrinsics,
        stores=blocks * accesses(finished, unit) if spec.role.finishes else 0,
        shuffles=shuffles,
        finishes=blocks if spec.role.finishes else 0,
    )


def _dense_program(spec: DenseSpec) -> int:
    """Program bytes: one loop nest for each size of register block that occurs, its body once an instruction and pipelined."""
    rows, columns = spec.register_rows, spec.register_columns
    row_sizes = {rows for _ in range(spec.row_blocks // rows)} | {spec.row_blocks % rows} - {0}
    column_sizes = {columns for _ in range(spec.column_blocks // columns)} | {spec.column_blocks % columns} - {0}
    words = PROGRAM_WORDS_A_CALL
    for r in row_sizes:
        for c in column_sizes:
            body = (8 // spec.mmul.k) * max(r * c * spec.mmul.intrinsics, r + c)
            ends = r * c * (2 + step_words(spec.steps, spec.mmul.m) if spec.role.finishes else 2)
            words += PIPELINE_COPIES * body + ends
    return words * PROGRAM_WORD


# -- elementwise ----------------------------------------------------------------------------------------------------------------------


def _elementwise(spec: SteppedSpec) -> KernelContract:
    kinds = (ArgumentKind.INPUT, ArgumentKind.SECOND_INPUT)
    arguments = [buffer(spec, kind, t, spec.elements) for kind, t in zip(kinds, spec.inputs, strict=False)]
    if spec.bias_elements:
        arguments.append(bias_planes(spec, spec.bias_elements))
    arguments.append(buffer(spec, ArgumentKind.OUTPUT, spec.output, spec.elements))
    blocks = spec.elements // (spec.m * 8)
    per_block = [accesses(spec.m * 8 * t.bytes, spec.load_bytes) for t in spec.inputs]
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
            stores=blocks * accesses(spec.m * 8 * spec.output.bytes, spec.load_bytes),
            shuffles=0,
            finishes=blocks,
        ),
        program_bytes=(PROGRAM_WORDS_A_CALL + PIPELINE_COPIES * (2 * len(spec.inputs) + step_words(spec.steps, spec.m))) * PROGRAM_WORD,
        reference=lambda inputs: kernel_reference.elementwise(spec, inputs),
    )


# -- functions and LayerNorm ------------------------------------------------------------------------------------------------------------


def _function(spec: FunctionSpec) -> KernelContract:
    arguments = (
        buffer(spec, ArgumentKind.INPUT, spec.input, spec.elements),
        *tables_apart(spec, spec.stored, len(spec.table)),
        buffer(spec, ArgumentKind.OUTPUT, spec.output, spec.elements),
    )
    return KernelContract(
        spec=spec,
        template="interpolate" if spec.cubics else "table",
        header="lookup.hpp",
        arguments=arguments,
        stack_bytes=STACK_BYTES,
        operations=_function_operations(spec),
        program_bytes=(PROGRAM_WORDS_A_CALL + _function_words(spec)) * PROGRAM_WORD,
        reference=lambda inputs: kernel_reference.function(spec, inputs),
    )


def _function_words(spec: FunctionSpec) -> int:
    """Words of the loop over 32 elements, with what fills and drains it."""
    return cubic_words(_cubic_form(spec), spec.generation) if spec.cubics else table_words(spec.output.bytes, spec.generation)


def _cubic_form(spec: FunctionSpec) -> CubicForm:
    assert spec.cubics is not None
    clips = clip_operations(spec.output.bytes, spec.zero_point, spec.low, spec.high, positive=False)
    return CubicForm(spec.input.bytes, spec.output.bytes, len(spec.cubics.starts), clips)


def _function_operations(spec: FunctionSpec) -> OperationCounts:
    """32 elements at a time, for which a table is read for several at once, in both copies; for cubics, one of each coefficient."""
    elements, unit = spec.elements, alignment(spec)
    lookups = table_loads(elements, spec.generation) * (TERMS if spec.cubics else 1)
    loads, stores = (elements // 32 * accesses(32 * kind.bytes, unit) for kind in (spec.input, spec.output))
    macs = elements // 32 * cubic_products(_cubic_form(spec), spec.generation) if spec.cubics else 0
    return OperationCounts(loads + lookups, lookups, macs=macs, stores=stores, shuffles=0, finishes=0)


def _normalise(spec: NormaliseSpec) -> KernelContract:
    arguments = (
        buffer(spec, ArgumentKind.INPUT, spec.input, spec.elements),
        bias_planes(spec, spec.bias_elements),
        buffer(spec, ArgumentKind.OUTPUT, spec.output, spec.elements),
    )
    parts = normalise_parts(spec.layer, spec.rows, spec.input.bytes, spec.output.bytes)
    return KernelContract(
        spec=spec,
        template="normalise",
        header="normalise.hpp",
        arguments=arguments,
        stack_bytes=STACK_BYTES,
        operations=_normalise_operations(spec, parts),
        program_bytes=(PROGRAM_WORDS_A_CALL + program_words(parts, spec.generation)) * PROGRAM_WORD,
        reference=lambda inputs: kernel_reference.normalise(spec, inputs),
    )


def _normalise_operations(spec: NormaliseSpec, parts: tuple[Part, ...]) -> OperationCounts:
    """Every block is loaded for its sums and for its results, for which a gain and an offset a column are loaded too. Rows that do not
    fill batches are worked on twice.
    """
    (count, groups), columns, unit = batches(spec.rows), spec.columns // 8, alignment(spec)
    blocks = count * groups * columns
    channels = 2 * blocks
    return OperationCounts(
        loads=2 * blocks * accesses(32 * spec.input.bytes, unit) + channels,
        second_loads=channels,
        macs=count * products(parts, spec.generation),
        stores=blocks * accesses(32 * spec.output.bytes, unit),
        shuffles=0,
        finishes=blocks,
    )
