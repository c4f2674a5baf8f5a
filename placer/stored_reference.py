"""A LayerGraph evaluated on activations as they are stored, padding included: what every byte that leaves the array must be.

The arithmetic is docs/kernels.md; tests hold it against the normative evaluator of reference.py, which knows no padding.
"""

from __future__ import annotations

import numpy as np

from placer.blocked import to_stored
from placer.formulate import LaidOutGraph
from placer.layers import AddLayer, DenseLayer, Layer, Side, Step
from placer.layout import Layout
from placer.network import IntArray, QuantType
from placer.reference import exact_matmul, requantise


def stored_outputs(laid_out: LaidOutGraph, inputs: tuple[IntArray, ...]) -> tuple[IntArray, ...]:
    """For one run: each output's activation [samples, rows, columns], from input tensors [batch, *shape] in the graph's order."""
    graph = laid_out.graph
    values: dict[str, IntArray] = {}
    for view, value in zip(graph.inputs, inputs, strict=True):
        values[view.activation] = to_stored(view, graph.activation(view.activation), laid_out.layout(view.activation), value)
    for layer in graph.layers:
        operands = tuple(values[s] for s in layer.sources)
        values[layer.target] = _evaluate(layer, operands, laid_out.layout(layer.target), graph.activation(layer.target).type)
    return tuple(values[view.activation] for view in graph.outputs)


def _evaluate(layer: Layer, operands: tuple[IntArray, ...], target: Layout, kind: QuantType) -> IntArray:
    if isinstance(layer, DenseLayer):
        left = layer.side is Side.LEFT
        inner, channels = (operands[0].shape[1], target.rows) if left else (operands[0].shape[2], target.columns)
        weight = np.zeros((inner, channels), np.int64)
        weight[: layer.weight.shape[0], : layer.weight.shape[1]] = layer.weight
        source = operands[0].swapaxes(1, 2) if left else operands[0]
        product = exact_matmul(source, weight)
        total = product.swapaxes(1, 2) if left else product
        return _finish(total << layer.steps[0].up, layer.steps, kind, by_row=left)
    if isinstance(layer, AddLayer):
        return _finish((operands[0] << layer.up_left) + (operands[1] << layer.up_right), layer.steps, kind, by_row=False)
    return _finish(operands[0] << layer.steps[0].up, layer.steps, kind, by_row=False)


def _finish(total: IntArray, steps: tuple[Step, ...], kind: QuantType, by_row: bool) -> IntArray:
    """The chain of steps; the first one's left shift is already in `total`."""
    for number, step in enumerate(steps):
        if number:
            total = total << step.up
        if step.bias is not None:
            channels = total.shape[1] if by_row else total.shape[2]
            bias = np.zeros(channels, np.int64)
            bias[: len(step.bias)] = step.bias
            total = total + (bias[:, None] if by_row else bias)
        total = requantise(total, step.shift, kind, step.relu)
    return total
