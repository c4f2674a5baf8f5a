"""The contracts of the kernels of attention and data movement."""

from __future__ import annotations

from placer.contracts import kernel_reference
from placer.contracts.attention_spec import MatMulSpec, MoveSpec, SoftmaxSpec
from placer.contracts.contract import (
    PIPELINE_COPIES,
    PROGRAM_WORD,
    PROGRAM_WORDS_A_CALL,
    STACK_BYTES,
    ArgumentKind,
    KernelContract,
    OperationCounts,
    accesses,
    alignment,
    bias_planes,
    buffer,
    step_words,
    table,
    tables_apart,
)
from placer.cycles.rows import ELEMENT_BYTES, SPAN_GROUPS, Part, batches, move_step, move_words, products, program_words, softmax_parts
from placer.lookup_table import table_loads
from placer.moves import MoveKind
from placer.network import IntType

# The narrowest vector, and what is moved at once below it.
VECTOR_BYTES, WORD_BYTES = 16, 4


def matmul(spec: MatMulSpec) -> KernelContract:
    """Of products of two activations."""
    arguments = [
        buffer(spec, ArgumentKind.INPUT, spec.left, spec.left_elements),
        buffer(spec, ArgumentKind.SECOND_INPUT, spec.right, spec.right_elements),
    ]
    if spec.bias_elements:
        arguments.append(bias_planes(spec, spec.bias_elements))
    arguments.append(buffer(spec, ArgumentKind.OUTPUT, spec.output, spec.output_elements))
    rows, columns, steps = spec.register_rows, spec.register_columns, 8 // spec.mmul.k
    body = steps * spec.accumulators * spec.mmul.intrinsics
    ends = rows * columns * (2 + step_words(spec.steps, spec.mmul.m))
    return KernelContract(
        spec=spec,
        template="matmul",
        header="matmul.hpp",
        arguments=tuple(arguments),
        stack_bytes=STACK_BYTES,
        operations=matmul_operations(spec),
        program_bytes=(PROGRAM_WORDS_A_CALL + 4 * (PIPELINE_COPIES * body + ends)) * PROGRAM_WORD,
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
    right_loads = right * accesses(64 * spec.right.bytes, unit)
    return OperationCounts(
        loads=left * accesses(spec.mmul.m * 8 * spec.left.bytes, unit) + right_loads,
        second_loads=right_loads,
        macs=(blocks * spec.inner_blocks + sums) * steps * spec.mmul.intrinsics,
        stores=blocks * accesses(spec.mmul.m * 8 * spec.output.bytes, unit),
        shuffles=left * 2 * (steps - 1) + (right if spec.turned else 0),
        finishes=blocks,
    )


def softmax(spec: SoftmaxSpec) -> KernelContract:
    """Of Softmax."""
    parts = softmax_parts(spec.layer, spec.rows, spec.input.bytes, spec.output.bytes)
    return KernelContract(
        spec=spec,
        template="softmax",
        header="softmax.hpp",
        arguments=(
            buffer(spec, ArgumentKind.INPUT, spec.input, spec.elements),
            *tables_apart(spec, IntType.INT32, len(spec.table)),
            buffer(spec, ArgumentKind.OUTPUT, spec.output, spec.elements),
        ),
        stack_bytes=STACK_BYTES,
        operations=_softmax_operations(spec, parts),
        program_bytes=(PROGRAM_WORDS_A_CALL + program_words(parts, spec.generation)) * PROGRAM_WORD,
        reference=lambda inputs: kernel_reference.softmax(spec, inputs),
    )


def _softmax_operations(spec: SoftmaxSpec, parts: tuple[Part, ...]) -> OperationCounts:
    """Every block is loaded for its maxima, its sums and its results, and looked up for the last two, several elements at a time from both
    copies of each table. Rows that do not fill spans are worked on twice.
    """
    unit, (count, groups) = (32 if spec.generation == "aie-ml" else 64), batches(spec.rows, SPAN_GROUPS)
    blocks = count * groups * spec.columns // 8
    lookups = 2 * spec.input.bytes * blocks * table_loads(32, spec.generation)
    return OperationCounts(
        loads=3 * blocks * accesses(32 * spec.input.bytes, unit) + lookups,
        second_loads=lookups,
        macs=spec.groups * count * products(parts, spec.generation),
        stores=blocks * accesses(32 * spec.output.bytes, unit),
        shuffles=0,
        finishes=blocks,
    )


def move(spec: MoveSpec) -> KernelContract:
    """Of moves, from one source or two."""
    arguments = [buffer(spec, ArgumentKind.INPUT, spec.type, spec.left_elements)]
    if spec.right_elements:
        arguments.append(buffer(spec, ArgumentKind.SECOND_INPUT, spec.type, spec.right_elements))
    words = move_words(spec.form, 1 + (spec.right_elements > 0), spec.type.bytes, spec.generation)
    arguments += [table(spec, spec.index, spec.places), buffer(spec, ArgumentKind.OUTPUT, spec.type, spec.elements)]
    return KernelContract(
        spec=spec,
        template="join" if spec.right_elements else "move",
        header="move.hpp",
        arguments=tuple(arguments),
        stack_bytes=STACK_BYTES,
        operations=_move_operations(spec),
        program_bytes=(PROGRAM_WORDS_A_CALL + words) * PROGRAM_WORD,
        reference=lambda inputs: kernel_reference.move(spec, inputs),
    )


def _move_operations(spec: MoveSpec) -> OperationCounts:
    """Accesses to the sources and the table, which names a place for each step; a block's pieces are read from it once. Of two sources, the
    second one counts for half: no more can wait for the other.
    """
    form, size = spec.form, spec.type.bytes
    step = move_step(form, size)
    steps = spec.samples * spec.columns // 8 * -(-spec.rows * 8 // step)
    stored = accesses(step * size, alignment(spec)) if step * size >= VECTOR_BYTES else -(-step * size // WORD_BYTES)
    reads = steps * stored * (form.pieces * (2 if form.shifted else 1) if form.kind is MoveKind.COLUMNS else 1)
    places = 0 if form.kind is MoveKind.COLUMNS else steps
    # The last block of rows may be half a one.
    halves = spec.samples * spec.columns // 8 if form.kind is MoveKind.TURNED and spec.rows % 8 else 0
    stores = steps * stored - halves * (stored - accesses(step * size // 2, alignment(spec)))
    return OperationCounts(
        loads=reads + places,
        second_loads=max(places, -(-reads // 2)) if spec.right_elements else places,
        macs=0,
        stores=steps * size // ELEMENT_BYTES if form.kind is MoveKind.ELEMENTS else stores,
        shuffles=0,
        finishes=0,
    )
