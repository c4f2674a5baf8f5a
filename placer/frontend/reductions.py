"""Operators over whole axes of a sample: Softmax, means, sums, and the maximum that a Softmax starts with."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import onnx

from placer.frontend.graph import Graph
from placer.frontend.operators import stored
from placer.frontend.shapes import shape_of
from placer.frontend.values import Moment, Movement, NewShape, Permutation, Product, Softened, Statistic, Stored, Value


def softmax(graph: Graph, node: onnx.NodeProto, value: Value, axis: int) -> Value:
    """Softmax over one axis of a sample, counted from 0."""
    held = stored(graph, node, value)
    last = len(held.shape) - 1
    if axis == last:
        return Softened(held.tensor, 1.0, held.shape)
    perm = (*(i for i in range(last + 1) if i != axis), axis)
    back = tuple(int(i) for i in np.argsort(perm))
    moved = tuple(held.shape[i] for i in perm)
    source = graph.fresh(f"{node.name}.axis_last")
    graph.move(node.name, held.tensor, (Permutation(perm, held.shape, moved),), source)
    return Softened(source, 1.0, held.shape, moves=(Permutation(back, moved, held.shape),))


def mean(graph: Graph, node: onnx.NodeProto, value: Value, axes: tuple[int, ...], keep: bool) -> Value:
    """The mean over axes of a sample, counted from 0; over the last one alone, kept, it may belong to a LayerNorm."""
    if isinstance(value, Statistic) and value.kind is Moment.SQUARE and keep and axes == (len(value.shape) - 1,):
        return replace(value, kind=Moment.VARIANCE)
    if keep and axes == (len(shape_of(node, value)) - 1,):
        held = stored(graph, node, value)
        return Statistic(held.tensor, Moment.MEAN, 0.0, held.shape)
    return total(graph, node, value, axes, keep, average=True)


def total(
    graph: Graph, node: onnx.NodeProto, value: Value, axes: tuple[int, ...], keep: bool, average: bool = False
) -> Product | Statistic:
    """The sum or average over axes of a sample, counted from 0: a product with a column of ones."""
    if isinstance(value, Statistic) and value.kind is Moment.POWER and keep and axes == (len(value.shape) - 1,) and not average:
        return replace(value, kind=Moment.TOTAL)
    held = stored(graph, node, value, math.prod(shape_of(node, value)[axis] for axis in axes))
    shape = held.shape
    kept = tuple(1 if i in axes else d for i, d in enumerate(shape) if keep or i not in axes)
    source, moved = _last(graph, node, held, axes)
    size = moved[-1]
    ones, gain = np.ones((size, 1), np.int64), np.full(1, 1.0 / size if average else 1.0)
    return Product(source, ones, gain, "int8", np.zeros(1), kept, moves=(NewShape((*moved[:-1], 1), kept),))


def maximum(value: Stored) -> Statistic:
    """The maximum of a row, kept, which a Softmax starts with."""
    return Statistic(value.tensor, Moment.MAXIMUM, 0.0, value.shape)


def _last(graph: Graph, node: onnx.NodeProto, held: Stored, axes: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """`held` with `axes` merged into one last axis, and its shape."""
    shape = held.shape
    rest = tuple(i for i in range(len(shape)) if i not in axes)
    turned = tuple(shape[i] for i in (*rest, *axes))
    merged = (*(shape[i] for i in rest), math.prod(shape[i] for i in axes))
    moves: list[Movement] = []
    if (*rest, *axes) != tuple(range(len(shape))):
        moves.append(Permutation((*rest, *axes), shape, turned))
    if turned != merged:
        moves.append(NewShape(turned, merged))
    if not moves:
        return held.tensor, shape
    source = graph.fresh(f"{node.name}.axis_last")
    graph.move(node.name, held.tensor, tuple(moves), source)
    return source, merged
