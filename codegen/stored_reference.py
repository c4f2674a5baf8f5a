"""A LayerGraph evaluated on activations as they are stored, padding included: what every byte that leaves the array must be.

The arithmetic is docs/kernels.md; tests hold it against the normative evaluator of reference.py, which knows no padding.
"""

from __future__ import annotations

import numpy as np

from placer.arithmetic.integers import exact_matmul, interpolated, scaled
from placer.arithmetic.normalised import normalised
from placer.arithmetic.softmax import softened
from placer.codegen.blocked import to_stored
from placer.layers import (
    TABLE_VALUES,
    AddLayer,
    DenseLayer,
    InterpolationLayer,
    Layer,
    MatMulLayer,
    MoveLayer,
    MultiplyLayer,
    NormaliseLayer,
    RequantiseLayer,
    Side,
    SoftmaxLayer,
    Step,
    TableLayer,
)
from placer.layout import Layout, gathered, spread
from placer.moves import stored_places
from placer.network import IntArray, IntType
from placer.problem.formulate import LaidOutGraph


def stored_outputs(laid_out: LaidOutGraph, inputs: tuple[IntArray, ...]) -> tuple[IntArray, ...]:
    """For one run: each output's activation [samples, rows, columns], from input tensors [batch, *shape] in the graph's order."""
    graph = laid_out.graph
    values: dict[str, IntArray] = {}
    for view, value in zip(graph.inputs, inputs, strict=True):
        values[view.activation] = to_stored(view, graph.activation(view.activation), laid_out.layout(view.activation), value)
    for layer in graph.layers:
        operands = tuple(values[s] for s in layer.sources)
        sources = tuple(laid_out.layout(s) for s in layer.sources)
        dtype = graph.activation(layer.target).type.dtype
        values[layer.target] = _evaluate(layer, operands, sources, laid_out.layout(layer.target), dtype)
    return tuple(values[view.activation] for view in graph.outputs)


def _evaluate(layer: Layer, operands: tuple[IntArray, ...], sources: tuple[Layout, ...], target: Layout, output: IntType) -> IntArray:
    first = operands[0]
    match layer:
        case DenseLayer():
            return _dense(layer, first, sources[0], target, output)
        case AddLayer():
            left, right = first - layer.left_zero, operands[1] - layer.right_zero
            return _finish(left * layer.left_factor + right * layer.right_factor, layer.steps, target, output, by_row=False)
        case MultiplyLayer():
            return _finish((first - layer.left_zero) * (operands[1] - layer.right_zero), layer.steps, target, output, by_row=False)
        case MatMulLayer():
            return _finish(_products(layer, first, operands[1], target), layer.steps, target, output, by_row=False)
        case RequantiseLayer():
            return _finish(first, layer.steps, target, output, by_row=False)
        case TableLayer():
            return layer.values[first + TABLE_VALUES // 2]
        case InterpolationLayer():
            return np.clip(interpolated(first - layer.cubics.least, layer.cubics) + layer.zero_point, layer.low, layer.high)
        case SoftmaxLayer():
            return _softened(layer, first, target, output)
        case NormaliseLayer():
            return _normalised(layer, first)
        case MoveLayer():
            return _moved(layer, operands, sources, target)


def _dense(layer: DenseLayer, source: IntArray, before: Layout, target: Layout, output: IntType) -> IntArray:
    left = layer.side is Side.LEFT
    product = exact_matmul(source.swapaxes(1, 2) if left else source, padded_weights(layer, before, target))
    return _finish(product.swapaxes(1, 2) if left else product, layer.steps, target, output, by_row=left)


def padded_weights(layer: DenseLayer, source: Layout, target: Layout) -> IntArray:
    """A dense layer's weights with zeros where its activations are padding."""
    if layer.side is Side.RIGHT:
        columns = spread(layer.weight, target.groups, target.columns)
        return spread(columns.T, source.groups, source.columns).T
    padded = np.zeros((source.rows, target.rows), np.int64)
    padded[: layer.weight.shape[0], : layer.weight.shape[1]] = layer.weight
    return padded


def _products(layer: MatMulLayer, left: IntArray, right: IntArray, target: Layout) -> IntArray:
    """[samples, rows, columns]: the right rows beyond those that are real take part in no sum, and fill no real column."""
    samples, rows, groups = len(left), left.shape[1], layer.groups
    a = (left - layer.left_zero).reshape(samples, rows, groups, -1).transpose(0, 2, 1, 3)[..., : layer.inner]
    b = (right - layer.right_zero).reshape(samples, right.shape[1], groups, -1).transpose(0, 2, 1, 3)
    b = b.swapaxes(2, 3)[:, :, : layer.inner] if layer.turned else b[:, :, : layer.inner]
    product = exact_matmul(a, b)[..., : target.columns // groups]
    return product.transpose(0, 2, 1, 3).reshape(samples, rows, -1)


def _softened(layer: SoftmaxLayer, source: IntArray, target: Layout, output: IntType) -> IntArray:
    """Columns beyond a group's own are no part of its sums; what they hold afterwards is zero plus the zero point."""
    real = gathered(source, layer.groups, layer.groups * layer.width).reshape(*source.shape[:-1], layer.groups, layer.width)
    found = softened(real, layer.exponentials, layer.gain, layer.shift, output.bits).reshape(*source.shape[:-1], -1)
    return np.clip(spread(found, layer.groups, target.columns) + layer.zero_point, layer.low, layer.high)


def _moved(layer: MoveLayer, operands: tuple[IntArray, ...], sources: tuple[Layout, ...], target: Layout) -> IntArray:
    places = stored_places(layer, sources, target)
    which, row, column = places.which, places.row, places.column
    if layer.by_token:
        picked = [operand[:, :, np.minimum(column[0], operand.shape[2] - 1)] for operand in operands]
    else:
        picked = [operand[:, np.minimum(row, operand.shape[1] - 1), np.minimum(column, operand.shape[2] - 1)] for operand in operands]
    return picked[0] if len(picked) == 1 else np.where(which == 1, picked[1], picked[0])


def _normalised(layer: NormaliseLayer, source: IntArray) -> IntArray:
    """Columns beyond the features are left out of the sums, and have no gain."""
    gain, offset = (spread(v, 1, source.shape[-1]) for v in (layer.gain, layer.offset))
    found = normalised(source, len(layer.gain), layer, gain, offset << layer.offset_up)
    return np.clip(found + layer.zero_point, layer.low, layer.high)


def _finish(value: IntArray, steps: tuple[Step, ...], target: Layout, output: IntType, by_row: bool) -> IntArray:
    """The chain of steps; channels beyond the layer's own have neither bias nor multiplier."""

    def along(values: IntArray) -> IntArray:
        return spread(values, 1, target.rows)[:, None] if by_row else spread(values, target.groups, target.columns)

    for step in steps:
        dtype = step.dtype or output
        total = (value << step.up) + (0 if step.bias is None else along(step.bias))
        multiplier = np.ones(1, np.int64) if step.multiplier is None else step.multiplier
        multiplier = along(multiplier) if len(multiplier) > 1 else multiplier
        value = np.clip(scaled(total, multiplier, step.shift, step.guard, step.wide) + step.zero_point, dtype.min, dtype.max)
        value = np.clip(value, step.low, step.high) if (step.low, step.high) != (None, None) else value
        value = np.maximum(value, 0) if step.relu else value
    return value
