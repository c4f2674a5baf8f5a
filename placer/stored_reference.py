"""A LayerGraph evaluated on activations as they are stored, padding included: what every byte that leaves the array must be.

The arithmetic is docs/kernels.md; tests hold it against the normative evaluator of reference.py, which knows no padding.
"""

from __future__ import annotations

import numpy as np

from placer.arithmetic import exact_matmul, interpolated, scaled
from placer.blocked import to_stored
from placer.formulate import LaidOutGraph
from placer.layers import (
    TABLE_VALUES,
    AddLayer,
    DenseLayer,
    InterpolationLayer,
    Layer,
    MultiplyLayer,
    NormaliseLayer,
    RequantiseLayer,
    Side,
    Step,
    TableLayer,
)
from placer.layout import Layout
from placer.network import IntArray, IntType
from placer.normalised import normalised

# int16 elements count from here in an interpolation.
LEAST_INT16 = -(1 << 15)


def stored_outputs(laid_out: LaidOutGraph, inputs: tuple[IntArray, ...]) -> tuple[IntArray, ...]:
    """For one run: each output's activation [samples, rows, columns], from input tensors [batch, *shape] in the graph's order."""
    graph = laid_out.graph
    values: dict[str, IntArray] = {}
    for view, value in zip(graph.inputs, inputs, strict=True):
        values[view.activation] = to_stored(view, graph.activation(view.activation), laid_out.layout(view.activation), value)
    for layer in graph.layers:
        operands = tuple(values[s] for s in layer.sources)
        values[layer.target] = _evaluate(layer, operands, laid_out.layout(layer.target), graph.activation(layer.target).type.dtype)
    return tuple(values[view.activation] for view in graph.outputs)


def _evaluate(layer: Layer, operands: tuple[IntArray, ...], target: Layout, output: IntType) -> IntArray:
    first = operands[0]
    match layer:
        case DenseLayer():
            return _dense(layer, first, target, output)
        case AddLayer():
            left, right = first - layer.left_zero, operands[1] - layer.right_zero
            return _finish(left * layer.left_factor + right * layer.right_factor, layer.steps, output, by_row=False)
        case MultiplyLayer():
            return _finish((first - layer.left_zero) * (operands[1] - layer.right_zero), layer.steps, output, by_row=False)
        case RequantiseLayer():
            return _finish(first, layer.steps, output, by_row=False)
        case TableLayer():
            return layer.values[first + TABLE_VALUES // 2]
        case InterpolationLayer():
            return np.clip(interpolated(first - LEAST_INT16, layer.nodes) + layer.zero_point, layer.low, layer.high)
        case NormaliseLayer():
            return _normalised(layer, first)


def _dense(layer: DenseLayer, source: IntArray, target: Layout, output: IntType) -> IntArray:
    left = layer.side is Side.LEFT
    inner, channels = (source.shape[1], target.rows) if left else (source.shape[2], target.columns)
    weight = np.zeros((inner, channels), np.int64)
    weight[: layer.weight.shape[0], : layer.weight.shape[1]] = layer.weight
    product = exact_matmul(source.swapaxes(1, 2) if left else source, weight)
    return _finish(product.swapaxes(1, 2) if left else product, layer.steps, output, by_row=left)


def _normalised(layer: NormaliseLayer, source: IntArray) -> IntArray:
    """Columns beyond the features are left out of the sums, and have no gain."""
    gain, offset = (_padded(v, source.shape[-1]) for v in (layer.gain, layer.offset))
    found = normalised(source, len(layer.gain), layer.epsilon, layer.fraction, gain, offset << layer.offset_up, layer.shift)
    return np.clip(found + layer.zero_point, layer.low, layer.high)


def _finish(value: IntArray, steps: tuple[Step, ...], output: IntType, by_row: bool) -> IntArray:
    """The chain of steps; channels beyond the layer's own have neither bias nor multiplier."""
    channels = value.shape[1] if by_row else value.shape[2]

    def along(values: IntArray) -> IntArray:
        padded = _padded(values, channels)
        return padded[:, None] if by_row else padded

    for step in steps:
        dtype = step.dtype or output
        total = (value << step.up) + (0 if step.bias is None else along(step.bias))
        multiplier = np.ones(1, np.int64) if step.multiplier is None else step.multiplier
        multiplier = along(multiplier) if len(multiplier) > 1 else multiplier
        value = np.clip(scaled(total, multiplier, step.shift, step.guard, step.wide) + step.zero_point, dtype.min, dtype.max)
        value = np.clip(value, step.low, step.high) if (step.low, step.high) != (None, None) else value
        value = np.maximum(value, 0) if step.relu else value
    return value


def _padded(values: IntArray, size: int) -> IntArray:
    padded = np.zeros(size, np.int64)
    padded[: len(values)] = values
    return padded
