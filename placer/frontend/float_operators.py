"""Floating-point operators of ONNX: the expression that each makes of its operands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx

from placer.errors import InputError, UnsupportedModelError
from placer.frontend import convolution, extremes, moments, operators, padding, pooling, reductions, selections
from placer.frontend.closing import close
from placer.frontend.constants import BATCH, Attributes, shape_constant
from placer.frontend.functions import FUNCTIONS, unary_function
from placer.frontend.graph import Graph
from placer.frontend.products import gemm, matmul
from placer.frontend.quantisers import Quantisers
from placer.frontend.shapes import inner_axis, move_value, reduced_axes, shape_of
from placer.frontend.values import Constant, Normalised, Quantised, Statistic, Stored, Value

PLAIN_DOMAINS = frozenset({"", "ai.onnx"})
MOVES = frozenset({"Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze"})

# What says the same, or nearly so, in operators that are supported.
INSTEAD = {
    "LogSoftmax": "Softmax is, and ranks classes alike",
    "Where": "Mul by a mask and Add of another, both constant, are",
    "Einsum": "MatMul and Transpose are",
    "MaxPool": "GlobalMaxPool, and Max of Slices, are",
    "ConvTranspose": "MatMul is",
    "InstanceNormalization": "LayerNormalization over the last axis is",
    "GroupNormalization": "LayerNormalization over the last axis is",
    "ReduceL2": "ReduceSumSquare, quantised before its Sqrt, is",
    "ReduceProd": "Mul of Slices is",
    "ReduceLogSumExp": "ReduceMax, near it, is",
}

Binary = Callable[[Graph, onnx.NodeProto, Value, Value], Value]
BINARY: dict[str, Binary] = {
    "MatMul": matmul,
    "Add": operators.add,
    "Sub": lambda graph, node, left, right: operators.add(graph, node, left, right, -1.0),
    "Mul": operators.multiply,
    "Div": operators.divide,
}


def apply(quantisers: Quantisers, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
    """The value of a floating-point operator, whose operands have the batch first.

    Raises UnsupportedModelError or InputError.
    """
    graph = quantisers.graph
    first = operands[0]
    if node.op_type in MOVES:
        return move_value(graph, node, operands, graph.batch)
    if node.op_type == "Concat":
        return selections.concat(graph, node, operands)
    match node.op_type:
        case "Identity" | "Dropout" | "Cast":
            return _same(node, first)
        case "Shape":
            return shape_constant(node, (BATCH if graph.batch is None else graph.batch, *shape_of(node, first)))
        case "Clip" if isinstance(first, Quantised):
            return _clip_integers(graph, node, first, operands)
    left = quantisers.real(node, first)
    if isinstance(left, Quantised):
        raise UnsupportedModelError(f"{node.name}: {node.op_type} of integers is not supported; dequantise them first")
    match node.op_type:
        case "Gemm":
            return gemm(graph, node, [left, *operands[1:]])
        case "Relu":
            return operators.clip(graph, node, left, (0.0, np.inf))
        case "Clip":
            return operators.clip(graph, node, left, _bounds(node, operands))
        case "Conv":
            return convolution.conv(graph, node, [left, *operands[1:]])
        case "Pad":
            return padding.pad(graph, node, left, operands)
        case "Min" | "Max" if not any(isinstance(o, Constant) for o in operands):
            return _largest_of(quantisers, node, operands)
        case "Min" | "Max":
            return operators.clip(graph, node, *_one_bound(node, left, operands))
        case "BatchNormalization":
            return operators.batch_normalisation(graph, node, left, operands)
        case "ReduceMean" | "ReduceSum":
            axes, keep = reduced_axes(node, operands, len(shape_of(node, left)))
            reduce = reductions.mean if node.op_type == "ReduceMean" else reductions.total
            return reduce(graph, node, left, axes, keep)
        case "Softmax":
            return reductions.softmax(graph, node, left, inner_axis(node, -1, len(shape_of(node, left)) + 1))
        case "AveragePool" | "GlobalAveragePool":
            return pooling.average_pool(graph, node, left)
        case "LayerNormalization":
            return _normalise(graph, node, left, operands)
        case _ if node.op_type in BINARY:
            return BINARY[node.op_type](graph, node, left, quantisers.real(node, operands[1]))
        case "ReduceMax" | "ReduceMin" | "GlobalMaxPool":
            return _extreme(graph, node, left, operands)
        case "ReduceL1" | "ReduceSumSquare":
            return _norm(graph, node, left, operands)
        case _ if node.op_type in FUNCTIONS:
            found = moments.function(node, left, operands) if isinstance(left, Statistic) else None
            return found or operators.unary(graph, node, left, unary_function(node, operands))
        case _:
            raise unsupported(node)


def _same(node: onnx.NodeProto, value: Value | None) -> Value:
    if value is None:
        raise InputError(f"{node.name}: {node.op_type} lacks its first input")
    to = Attributes(node).integer("to", 0)
    if node.op_type == "Cast" and to not in {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE}:
        raise unsupported(node)
    return value


def _clip_integers(graph: Graph, node: onnx.NodeProto, value: Quantised, operands: list[Value | None]) -> Quantised:
    """Clip between a quantiser's integers and their dequantiser: fewer bits than the type has."""
    low, high = _bounds(node, operands)
    kind = graph.type(value.tensor)
    limits = (max(kind.min, round(max(low, kind.min))), min(kind.max, round(min(high, kind.max))))
    return Quantised(graph.narrowed(node.name, value.tensor, limits), value.shape)


def _normalise(graph: Graph, node: onnx.NodeProto, value: Value, operands: list[Value | None]) -> Normalised:
    held = operators.stored(graph, node, value)
    size = held.shape[-1] if held.shape else 0
    axis = Attributes(node).integer("axis", -1)
    if axis not in {-1, len(held.shape)} or not size:
        raise UnsupportedModelError(f"{node.name}: LayerNormalization is supported over the last axis only")
    gain, offset = (operands[i] if len(operands) > i else None for i in (1, 2))
    vectors = []
    for vector, default in ((gain, 1.0), (offset, 0.0)):
        if vector is not None and (
            not isinstance(vector, Constant) or vector.real.size not in {1, size} or not np.all(np.isfinite(vector.real))
        ):
            raise UnsupportedModelError(f"{node.name}: scale and bias of LayerNormalization must be constants of {size} elements")
        vectors.append(np.full(size, default) if vector is None else np.broadcast_to(vector.real.reshape(-1), (size,)))
    epsilon = Attributes(node).real("epsilon", 1e-5)
    if not 0 <= epsilon < 1e6:
        raise InputError(f"{node.name}: epsilon {epsilon} is not a small positive number")
    return Normalised(held.tensor, vectors[0], vectors[1], epsilon, held.shape)


def _largest_of(quantisers: Quantisers, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
    """Max or Min of tensors, two at a time."""
    graph, sign = quantisers.graph, 1 if node.op_type == "Max" else -1
    held = [operators.stored(graph, node, quantisers.real(node, o)) for o in operands]
    kind, found = graph.type(held[0].tensor), held[0]
    for number, other in enumerate(held[1:]):
        larger = extremes.larger(graph, node, found, other, sign)
        if number == len(held) - 2:
            return larger
        name = graph.fresh(f"{node.name}.so_far")
        close(graph, node.name, larger, kind, name)
        found = Stored(name, found.shape)
    return found


def _extreme(graph: Graph, node: onnx.NodeProto, value: Value, operands: list[Value | None]) -> Value:
    """ReduceMax, ReduceMin and GlobalMaxPool; the maximum of a row, kept, may belong to a Softmax."""
    rank = len(shape_of(node, value))
    axes, keep = (tuple(range(1, rank)), True) if node.op_type == "GlobalMaxPool" else reduced_axes(node, operands, rank)
    if node.op_type == "ReduceMax" and isinstance(value, Stored) and keep and axes == (rank - 1,):
        return reductions.maximum(value)
    return extremes.extreme(graph, node, operators.stored(graph, node, value), axes, keep, -1 if node.op_type == "ReduceMin" else 1)


def _norm(graph: Graph, node: onnx.NodeProto, value: Value, operands: list[Value | None]) -> Value:
    """Sums of magnitudes or of squares over axes."""
    axes, keep = reduced_axes(node, operands, len(shape_of(node, value)))
    value = operators.stored(graph, node, value)
    parts = operators.unary(graph, node, value, np.abs) if node.op_type == "ReduceL1" else operators.multiply(graph, node, value, value)
    return reductions.total(graph, node, parts, axes, keep)


def unsupported(node: onnx.NodeProto) -> UnsupportedModelError:
    """The error for an operator that no dialect reads."""
    operator = node.op_type if node.domain in PLAIN_DOMAINS else f"{node.domain}.{node.op_type}"
    instead = f"{INSTEAD[operator]}; " if operator in INSTEAD else ""
    return UnsupportedModelError(f"{node.name}: operator {operator} is not supported here; {instead}docs/models.md lists those that are")


def _one_bound(node: onnx.NodeProto, left: Value, operands: list[Value | None]) -> tuple[Value, tuple[float, float]]:
    """The value that a Min or Max with one constant bounds, and its bounds."""
    value, bound = (operands[1], left) if isinstance(left, Constant) else (left, operands[1])
    if value is None or isinstance(value, Constant) or not isinstance(bound, Constant) or bound.real.size != 1 or len(operands) != 2:
        raise UnsupportedModelError(f"{node.name}: {node.op_type} is supported of a tensor and one constant")
    number = float(bound.real.reshape(()))
    return value, (-np.inf, number) if node.op_type == "Min" else (number, np.inf)


def _bounds(node: onnx.NodeProto, operands: list[Value | None]) -> tuple[float, float]:
    """The bounds of a Clip, from its inputs or (before operator set 11) its attributes."""
    bounds = [Attributes(node).real("min", -np.inf), Attributes(node).real("max", np.inf)]
    for number, operand in enumerate(operands[1:3]):
        if operand is not None:
            if not isinstance(operand, Constant) or operand.real.size != 1:
                raise UnsupportedModelError(f"{node.name}: the bounds of Clip must be constant numbers")
            bounds[number] = float(operand.real.reshape(()))
    if not bounds[0] <= bounds[1]:
        raise InputError(f"{node.name}: Clip from {bounds[0]} to {bounds[1]} has no values")
    return bounds[0], bounds[1]
