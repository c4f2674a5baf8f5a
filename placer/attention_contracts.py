"""The contracts of the kernels of attention and data movement."""

from __future__ import annotations

from placer import kernel_reference
from placer.attention_spec import MatMulSpec, MoveSpec, SoftmaxSpec
from placer.contract import (
    PIPELINE_COPIES,
    PROGRAM_WORD,
    PROGRAM_WORDS_A_CALL,
    STACK_BYTES,
    ArgumentKind,
    KernelContract,
    OperationCounts,
    accesses,
    bias_planes,
    buffer,
    table,
)
from placer.lookup_table import table_loads
from placer.network import IntType
from placer.row_cycles import Part, batches, products, program_words, softmax_parts


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
            table(spec, IntType.INT32, len(spec.table)),
            buffer(spec, ArgumentKind.OUTPUT, spec.output, spec.elements),
        ),
        stack_bytes=STACK_BYTES,
        operations=_softmax_operations(spec, parts),
        program_bytes=(PROGRAM_WORDS_A_CALL + program_words(parts, spec.generation)) * PROGRAM_WORD,
        reference=lambda inputs: kernel_reference.softmax(spec, inputs),
    )


def _softmax_operations(spec: SoftmaxSpec, parts: tuple[Part, ...]) -> OperationCounts:
    """Every block is loaded for its maxima, its sums and its results, and looked up for the last two, several elements at a time from both
    copies of each table. Rows that do not fill batches are worked on twice.
    """
    unit, (count, groups) = (32 if spec.generation == "aie-ml" else 64), batches(spec.rows)
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
    arguments += [table(spec, spec.index, spec.places), buffer(spec, ArgumentKind.OUTPUT, spec.type, spec.elements)]
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
