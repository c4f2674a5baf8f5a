"""Max and Min of tensors, and over axes: max(a, b) = relu(a - b) + b, which is exact where both have one scale."""

from __future__ import annotations

import math

import onnx

from placer.errors import UnsupportedModelError
from placer.frontend.closing import close
from placer.frontend.graph import Graph
from placer.frontend.values import NewShape, Selection, Stored, Sum
from placer.network import IntType, QuantType


def larger(graph: Graph, node: onnx.NodeProto, left: Stored, right: Stored, sign: int) -> Sum:
    """The larger (sign 1) or smaller (sign -1) of each pair of elements.

    Raises UnsupportedModelError for tensors of two scales or shapes.
    """
    kind = graph.type(left.tensor)
    if graph.type(right.tensor) != kind or left.shape != right.shape or kind.dtype is IntType.INT32:
        raise UnsupportedModelError(
            f"{node.name}: {node.op_type} of two tensors is supported where both have one shape, scale and zero point, of at most 16 bits"
        )
    reach = kind.max - kind.min
    held = QuantType(IntType.INT16 if reach <= IntType.INT16.max else IntType.INT32, kind.scale, 0, (0, reach))
    above = graph.fresh(f"{node.name}.above")
    # What one exceeds the other by, exactly.
    close(graph, node.name, Sum(left.tensor, right.tensor, float(sign), -float(sign), left.shape, limits=(0.0, math.inf)), held, above)
    return Sum(right.tensor, above, 1.0, float(sign), left.shape)


def extreme(graph: Graph, node: onnx.NodeProto, value: Stored, axes: tuple[int, ...], keep: bool, sign: int) -> Stored:
    """The largest or smallest element over axes of a sample: halves of an axis against each other until one position is left."""
    kind = graph.type(value.tensor)
    for axis in axes:
        while value.shape[axis] > 1:
            size = value.shape[axis]
            half = -(-size // 2)
            first, second = (_part(graph, node, value, axis, start, half) for start in (0, size - half))
            name = graph.fresh(f"{node.name}.of_{half}")
            close(graph, node.name, larger(graph, node, first, second, sign), kind, name)
            value = Stored(name, first.shape)
    kept = tuple(1 if i in axes else d for i, d in enumerate(value.shape) if keep or i not in axes)
    if kept == value.shape:
        return value
    name = graph.fresh(f"{node.name}.shaped")
    graph.move(node.name, value.tensor, (NewShape(value.shape, kept),), name)
    return Stored(name, kept)


def _part(graph: Graph, node: onnx.NodeProto, value: Stored, axis: int, start: int, size: int) -> Stored:
    shape = (*value.shape[:axis], size, *value.shape[axis + 1 :])
    name = graph.fresh(f"{node.name}.part")
    graph.move(node.name, value.tensor, (Selection(axis, tuple(range(start, start + size)), value.shape, shape),), name)
    return Stored(name, shape)
