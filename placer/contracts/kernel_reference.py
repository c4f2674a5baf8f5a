"""What every kernel computes, in numpy, on buffers as they lie in tile memory: the arithmetic and layouts of docs/kernels.md.

Accumulators wrap at the width of their lanes, as on the core; reference.py, the meaning of a network, knows no such limit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from placer.arithmetic.integers import exact_matmul, interpolated, scaled
from placer.arithmetic.normalised import normalised
from placer.arithmetic.softmax import softened
from placer.contracts.attention_spec import MatMulSpec, MoveSpec, SoftmaxSpec
from placer.contracts.kernel_spec import (
    AddSpec,
    DenseSpec,
    FunctionSpec,
    MultiplySpec,
    NormaliseSpec,
    RequantiseSpec,
    SteppedSpec,
)
from placer.layers import Side, Step
from placer.moves import PIECE_NUMBERS, MoveKind
from placer.network import IntArray, IntType

WIDE = 64


def dense(spec: DenseSpec, inputs: tuple[IntArray, ...]) -> tuple[IntArray, ...]:
    """Input, weights, bias (where the kernel has one) and incoming partial sums (likewise), flat, to the output or the partial sums."""
    rest = list(inputs)
    x, w = rest.pop(0), unpacked_weights(spec, rest.pop(0))
    bias = rest.pop(0) if spec.bias_elements else np.zeros(0, np.int64)
    if spec.side is Side.LEFT:
        source = unblocked(x, spec.samples, spec.inner, spec.columns, spec.inner)
        product = exact_matmul(source.swapaxes(1, 2), w).swapaxes(1, 2)
    elif spec.transposed:
        product = exact_matmul(unblocked(x, 1, spec.inner, spec.rows, spec.inner).swapaxes(1, 2), w)
    else:
        product = exact_matmul(unblocked(x, 1, spec.rows, spec.inner, spec.mmul.m), w)
    order = _cascade_order(spec)
    if spec.role.reads:
        partial = np.empty(product.size, np.int64)
        partial[order] = rest.pop(0)
        product = product + partial.reshape(product.shape)
    by_row, steps = spec.side is Side.LEFT, spec.steps
    if steps[0].starts:
        # The sum starts at the bias, in the first tile of a cascade.
        if not spec.role.reads:
            product = product + (bias[: spec.channels, None] if by_row else bias[: spec.channels])
            bias = bias[spec.channels :]
        steps = (replace(steps[0], bias=None), *steps[1:])
    product = wrapped(product, spec.mmul.lane_bits)
    if spec.role.writes:
        return (product.reshape(-1)[order],)
    total = wrapped(product << steps[0].up, spec.mmul.lane_bits)
    return (blocked(finish(total, bias, steps, spec.output, spec.mmul.lane_bits, by_row), spec.mmul.m),)


def elementwise(spec: SteppedSpec, inputs: tuple[IntArray, ...]) -> tuple[IntArray, ...]:
    """The operands and the channel values (where the kernel has any), flat, to the output."""
    operands = [unblocked(v, 1, spec.rows, spec.columns, spec.m) for v in inputs[: len(spec.inputs)]]
    values = inputs[len(spec.inputs)] if spec.bias_elements else np.zeros(0, np.int64)
    lane_bits = WIDE if spec.steps[0].wide or any(t.bits == 32 for t in spec.inputs) else 32
    match spec:
        case RequantiseSpec():
            total = operands[0] << spec.steps[0].up
        case AddSpec():
            total = (operands[0] - spec.left_zero) * spec.left_factor + (operands[1] - spec.right_zero) * spec.right_factor
            lane_bits = 32 if lane_bits == 32 and adds_by_shifts(spec) else WIDE
        case MultiplySpec():
            total, lane_bits = (operands[0] - spec.left_zero) * (operands[1] - spec.right_zero), WIDE
    return (blocked(finish(wrapped(total, lane_bits), values, spec.steps, spec.output, lane_bits, by_row=False), spec.m),)


def adds_by_shifts(spec: AddSpec) -> bool:
    """Whether both operands only shift: factors that are powers of two, no zero points."""
    factors = (spec.left_factor, spec.right_factor)
    return all(f > 0 and f & (f - 1) == 0 for f in factors) and spec.left_zero == spec.right_zero == 0


def function(spec: FunctionSpec, inputs: tuple[IntArray, ...]) -> tuple[IntArray, ...]:
    """The source and the table, flat, to the output: element by element, whatever the order."""
    source, cubics = inputs[0], spec.cubics
    if cubics is None:
        return (spec.values[source - IntType.INT8.min],)
    return (np.clip(interpolated(source - cubics.least, cubics) + spec.zero_point, spec.low, spec.high),)


def normalise(spec: NormaliseSpec, inputs: tuple[IntArray, ...]) -> tuple[IntArray, ...]:
    """The source, and gain and offset of every column, flat, to the output."""
    layer, (gain, offset) = spec.layer, inputs[1].reshape(2, spec.columns)
    source = unblocked(inputs[0], 1, spec.rows, spec.columns, 4)
    result = normalised(source, len(layer.gain), layer, gain, offset << layer.offset_up)
    return (blocked(np.clip(result + layer.zero_point, layer.low, layer.high), 4),)


def matmul(spec: MatMulSpec, inputs: tuple[IntArray, ...]) -> tuple[IntArray, ...]:
    """Both operands and the channel values (where the kernel has any), flat, to the output."""
    values = inputs[2] if spec.bias_elements else np.zeros(0, np.int64)
    inner = spec.inner_blocks * 8
    left = _by_group(unblocked(inputs[0], spec.samples, spec.rows, spec.groups * inner, spec.mmul.m), spec.groups)
    if spec.turned:
        right = _by_group(unblocked(inputs[1], spec.samples, spec.columns, spec.groups * inner, 8), spec.groups).swapaxes(2, 3)
    else:
        right = _by_group(unblocked(inputs[1], spec.samples, inner, spec.groups * spec.columns, 8), spec.groups)
    left, right, lane_bits = left[..., : spec.inner], right[:, :, : spec.inner], spec.mmul.lane_bits
    product = wrapped(exact_matmul(left, right), lane_bits)
    if spec.left_zero or spec.right_zero:
        # Sums over either operand stand for the zero points of the other.
        rows, columns = left.sum(axis=3, keepdims=True), right.sum(axis=2, keepdims=True)
        product = product - spec.right_zero * rows - spec.left_zero * (columns - spec.inner * spec.right_zero)
        lane_bits = WIDE
    total = product.transpose(0, 2, 1, 3).reshape(spec.samples, spec.rows, spec.groups * spec.columns)
    total = wrapped(total << spec.steps[0].up, lane_bits)
    return (blocked(finish(total, values, spec.steps, spec.output, lane_bits, by_row=False), spec.mmul.m),)


def _by_group(value: IntArray, groups: int) -> IntArray:
    """[samples, rows, groups * columns] as [samples, groups, rows, columns]."""
    samples, rows, columns = value.shape
    return value.reshape(samples, rows, groups, columns // groups).transpose(0, 2, 1, 3)


def softmax(spec: SoftmaxSpec, inputs: tuple[IntArray, ...]) -> tuple[IntArray, ...]:
    """The source and the tables (those of the spec), flat, to the output."""
    layer = spec.layer
    source = unblocked(inputs[0], 1, spec.rows, spec.columns, 4).reshape(spec.rows, spec.groups, -1)
    found = np.zeros(source.shape, np.int64)
    found[..., : layer.width] = softened(source[..., : layer.width], layer.exponentials, layer.gain, layer.shift, spec.output.bits)
    result = np.clip(found + layer.zero_point, layer.low, layer.high)
    return (blocked(result.reshape(1, spec.rows, spec.columns), 4),)


def move(spec: MoveSpec, inputs: tuple[IntArray, ...]) -> tuple[IntArray, ...]:
    """The source or sources and the table, flat, to the output."""
    table, blocks = inputs[-1], spec.columns // 8
    if spec.form.kind is MoveKind.COLUMNS:
        return (_from_pieces(spec, inputs[:-1], table.reshape(blocks, spec.form.pieces, PIECE_NUMBERS)),)
    step = {MoveKind.RUNS: spec.form.run, MoveKind.TURNED: 64, MoveKind.ELEMENTS: 1}[spec.form.kind]
    inside = np.arange(step).reshape(-1, 8).T.reshape(-1) if spec.form.kind is MoveKind.TURNED else np.arange(step)
    starts = table.reshape(blocks, 1, -1, 1)
    samples = np.arange(spec.samples)[:, None, None]
    forward = np.where(starts < 0, -1 - starts + samples * spec.right_sample, starts + samples * spec.left_sample) + inside
    found = _of_either(inputs[:-1], starts < 0, forward)
    return (found.reshape(blocks, spec.samples, -1)[..., : spec.rows * 8].reshape(-1),)


def _from_pieces(spec: MoveSpec, sources: tuple[IntArray, ...], pieces: IntArray) -> IntArray:
    """[blocks, rows, 8]: of each piece eight columns of two blocks side by side; what no piece is for comes with the first one."""
    rows = np.arange(spec.rows)[:, None] * 8
    result = np.zeros((len(pieces), spec.rows, 8), np.int64)
    for number in range(spec.form.pieces):
        first, second, shift, mask = (v[:, None, None] for v in pieces[:, number].T)
        reach = np.arange(8) + shift
        place = np.where(reach < 8, first, second)
        forward = np.where(place < 0, -1 - place, place) + rows + reach % 8
        chosen = (mask >> np.arange(8)) & 1 if number else np.ones(8)
        result = np.where(chosen, _of_either(sources, place < 0, forward), result)
    return result.reshape(-1)


def _of_either(sources: tuple[IntArray, ...], second: np.ndarray, place: IntArray) -> IntArray:
    """Elements of the first source, or of the second one."""
    second = np.broadcast_to(second, place.shape)
    found = sources[0][np.where(second, 0, place)]
    return found if len(sources) == 1 else np.where(second, sources[1][np.where(second, place, 0)], found)


def finish(total: IntArray, values: IntArray, steps: tuple[Step, ...], output: IntType, lane_bits: int, by_row: bool) -> IntArray:
    """The chain of steps on [samples, rows, columns] accumulators; the first one's left shift is already in `total`."""
    channels = total.shape[1] if by_row else total.shape[2]
    planes = iter(values.reshape(-1, channels))

    def plane() -> IntArray:
        found = next(planes)
        return found[:, None] if by_row else found

    dtype = output
    for number, step in enumerate(steps):
        if number:
            lane_bits = WIDE if dtype.bits == 32 or step.wide else 32
            total = wrapped(total << step.up, lane_bits)
        if step.bias is not None:
            total = wrapped(total + plane(), lane_bits)
            total = total + (plane() << 16) if step.wide else total
        dtype = step.dtype or output
        multiplier = np.ones(1, np.int64) if step.multiplier is None else step.multiplier
        multiplier = plane() if len(multiplier) > 1 else multiplier
        total = np.clip(scaled(total, multiplier, step.shift, step.guard, step.wide) + step.zero_point, dtype.min, dtype.max)
        total = np.clip(total, dtype.min if step.low is None else step.low, dtype.max if step.high is None else step.high)
        total = np.maximum(total, 0) if step.relu else total
    return total


def wrapped(value: IntArray, bits: int) -> IntArray:
    """Two's complement of so many bits."""
    if bits == WIDE:
        return value
    half = 1 << (bits - 1)
    return ((value + half) & ((1 << bits) - 1)) - half


def unblocked(flat: IntArray, samples: int, rows: int, columns: int, m: int) -> IntArray:
    """A buffer of m x 8 blocks, column block by column block, as [samples, rows, columns]; any m that divides the rows says the same."""
    return flat.reshape(columns // 8, samples, rows // m, m, 8).transpose(1, 2, 3, 0, 4).reshape(samples, rows, columns)


def blocked(value: IntArray, m: int) -> IntArray:
    """The inverse of unblocked."""
    samples, rows, columns = value.shape
    return value.reshape(samples, rows // m, m, columns // 8, 8).transpose(3, 0, 1, 2, 4).reshape(-1)


def unpacked_weights(spec: DenseSpec, flat: IntArray) -> IntArray:
    """A tile's packed weights as [inner, channels]."""
    if spec.side is Side.RIGHT:
        return flat.reshape(spec.columns // 8, spec.inner, 8).transpose(1, 0, 2).reshape(spec.inner, spec.columns)
    m, k = spec.mmul.m, spec.mmul.k
    return flat.reshape(spec.rows // m, spec.inner // k, m, k).transpose(1, 3, 0, 2).reshape(spec.inner, spec.rows)


def _cascade_order(spec: DenseSpec) -> IntArray:
    """Flat positions in [groups, rows, columns] in the order in which partial sums pass: register blocks by column, then by row."""
    m = spec.mmul.m
    index = np.arange(spec.output_elements).reshape(spec.groups, spec.row_blocks, m, spec.column_blocks, 8)
    order = []
    for group in range(spec.groups):
        for column in range(0, spec.column_blocks, spec.register_columns):
            for row in range(0, spec.row_blocks, spec.register_rows):
                for r in range(row, min(row + spec.register_rows, spec.row_blocks)):
                    for c in range(column, min(column + spec.register_columns, spec.column_blocks)):
                        order.append(index[group, r, :, c, :].reshape(-1))
    return np.concatenate(order)
