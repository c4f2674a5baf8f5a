"""The QOperator dialect: operators that take integers with their scales and zero points, and round their result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx

from placer.arithmetic.fixed_point import FloatArray
from placer.errors import InputError, UnsupportedModelError
from placer.frontend import operators, pooling, reductions, selections
from placer.frontend.constants import Attributes
from placer.frontend.convolution import conv
from placer.frontend.float32 import Operand, enumerable, every_value, multiplied, summed
from placer.frontend.functions import unary_function
from placer.frontend.products import matmul, transposed
from placer.frontend.quantisers import Quantisers
from placer.frontend.scales import Grid, dequantised, element_type, grid, tensor_type
from placer.frontend.shapes import inner_axis, reduced_axes
from placer.frontend.values import Constant, Mapped, Quantised, RawInput, Scaled, Stored, Sum, Times, Value
from placer.network import QuantType

BINARY = frozenset({"QLinearAdd", "QLinearMul"})
UNARY = frozenset({"QLinearSigmoid", "QLinearLeakyRelu"})
POOLS = frozenset({"QLinearAveragePool", "QLinearGlobalAveragePool"})
ONE_OPERAND = UNARY | POOLS | {"QLinearReduceMean", "QLinearSoftmax"}
OTHER = frozenset({"QLinearMatMul", "QGemm", "QLinearConcat", "QLinearConv"})


def handles(node: onnx.NodeProto) -> bool:
    """Whether `node` is of this dialect."""
    return node.op_type in BINARY | ONE_OPERAND | OTHER and node.domain in {"", "ai.onnx", "com.microsoft"}


def apply(quantisers: Quantisers, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
    """The value of an operator of this dialect.

    Raises UnsupportedModelError or InputError.
    """
    if node.op_type == "QGemm":
        return _gemm(quantisers, node, operands)
    if node.op_type == "QLinearConv":
        return _conv(quantisers, node, operands)
    if node.op_type == "QLinearConcat":
        return _concat(quantisers, node, operands)
    if node.op_type in ONE_OPERAND:
        return _one_operand(quantisers, node, operands)
    # a, its scale and zero point, b, its scale and zero point, the result's scale and zero point.
    left, right = _real(quantisers, node, operands, 0), _real(quantisers, node, operands, 3)
    match node.op_type:
        case "QLinearMatMul":
            result = matmul(quantisers.graph, node, left, right)
        case "QLinearAdd":
            result = operators.add(quantisers.graph, node, left, right)
            result = replace(result, fused=True) if isinstance(result, Sum) else result
        case _:
            result = operators.multiply(quantisers.graph, node, left, right)
            result = replace(result, fused=True) if isinstance(result, Times) else result
    if isinstance(result, Scaled) and quantisers.graph.tabulated(result.source):
        # A table of a table is one table (closing.close).
        result = quantisers.graph.function_of(result) or result
    if isinstance(result, Mapped | Scaled) and node.op_type in BINARY:
        result = _in_float32(quantisers, node, result, operands)
    return _rounded(quantisers, node, result, operands, 6)


def _in_float32(quantisers: Quantisers, node: onnx.NodeProto, result: Mapped | Scaled, operands: list[Value | None]) -> Mapped | Scaled:
    """A sum or product of two functions of one tensor, or of one and a constant, as float32 computes and rounds it."""
    left, right = (_enumerated(quantisers, node, operands, at, result) for at in (0, 3))
    kind = _type_of(node, operands, 6)
    if left is None or right is None:
        return result
    steps = multiplied(left, right, kind, fused=True) if node.op_type == "QLinearMul" else summed(left, right, 1.0, kind, fused=True)
    return (
        replace(result, values=np.asarray(steps[:, 0] * kind.scale, np.float64))
        if isinstance(result, Mapped)
        else replace(result, steps=steps)
    )


def _enumerated(
    quantisers: Quantisers, node: onnx.NodeProto, operands: list[Value | None], at: int, result: Mapped | Scaled
) -> Operand | None:
    """The integers of the operand at position `at`, [values of the result's source, 1] or [1, channels] of a constant; None for others."""
    value, given, graph = _real(quantisers, node, operands, at), operands[at], quantisers.graph
    if isinstance(value, Stored) and isinstance(result, Scaled) and value.tensor == result.source and enumerable(graph.type(value.tensor)):
        return every_value(graph.type(value.tensor))
    if isinstance(value, Stored) and isinstance(result, Mapped) and graph.image(value.tensor).source == result.source:
        return Operand(graph.image(value.tensor).integers[:, None], graph.type(value.tensor))
    channels = max(len(result.gain), len(result.offset)) if isinstance(result, Scaled) else 1
    if isinstance(given, Constant) and given.integers is not None and given.integers.size in {1, channels}:
        return Operand(given.integers.reshape(1, -1), tensor_type(node, _grid_of(quantisers, node, operands, at)))
    return None


def _gemm(quantisers: Quantisers, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
    attributes = Attributes(node)
    left, right = _real(quantisers, node, operands, 0), _real(quantisers, node, operands, 3)
    if attributes.integer("transA", 0) or not isinstance(right, Constant):
        raise UnsupportedModelError(f"{node.name}: QGemm is supported for a tensor times constant weights")
    if attributes.integer("transB", 0):
        right = transposed(right)
    product = matmul(quantisers.graph, node, left, right)
    scales = right.scale[0] if right.scale is not None else np.ones(1)
    bias = _bias(quantisers, node, operands, 6, scales)
    if bias is not None:
        product = operators.add_constant(quantisers.graph, node, product, bias)
    alpha = np.full(1, attributes.real("alpha", 1.0))
    return _rounded(quantisers, node, operators.times_constant(quantisers.graph, node, product, alpha), operands, 7)


def _conv(quantisers: Quantisers, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
    left, right = _real(quantisers, node, operands, 0), _real(quantisers, node, operands, 3)
    scale = right.scale if isinstance(right, Constant) else None
    scales = np.ones(1) if scale is None or not scale.size else scale.reshape(len(scale), -1)[:, 0]
    result = conv(quantisers.graph, node, [left, right, _bias(quantisers, node, operands, 8, scales)])
    return _rounded(quantisers, node, result, operands, 6)


def _bias(quantisers: Quantisers, node: onnx.NodeProto, operands: list[Value | None], at: int, scales: FloatArray) -> Constant | None:
    """The int32 bias at position `at`, in steps of the product of the first operand's scale and the weights' `scales`, one a channel."""
    bias = operands[at] if len(operands) > at else None
    if bias is None:
        return None
    if not isinstance(bias, Constant) or bias.integers is None:
        raise UnsupportedModelError(f"{node.name}: the bias of {node.op_type} must be constant integers")
    source = _grid_of(quantisers, node, operands, 0)
    return Constant(bias.integers * (source.scale.reshape(-1)[0] * scales), "float64")


def _one_operand(quantisers: Quantisers, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
    value = _real(quantisers, node, operands, 0)
    plain = onnx.NodeProto()
    plain.CopyFrom(node)
    plain.op_type = node.op_type.removeprefix("QLinear")
    rank = 0 if isinstance(value, Constant) else len(value.shape) + 1
    match plain.op_type:
        case "ReduceMean":
            axes, keep = reduced_axes(node, [value], rank - 1)
            result = reductions.mean(quantisers.graph, node, value, axes, keep)
        case "Softmax":
            result = reductions.softmax(quantisers.graph, node, value, inner_axis(node, -1, rank))
        case "AveragePool" | "GlobalAveragePool":
            if Attributes(node).integer("channels_last", 0):
                raise UnsupportedModelError(f"{node.name}: {node.op_type} with channels last is not supported")
            result = pooling.average_pool(quantisers.graph, plain, value)
        case _:
            result = operators.unary(quantisers.graph, node, value, unary_function(plain, operands))
    return _rounded(quantisers, node, result, operands, 3)


def _concat(quantisers: Quantisers, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
    """The result's scale and zero point come first, then each part with its own."""
    parts = [_real(quantisers, node, operands, at) for at in range(2, len(operands) - 1, 3)]
    result = selections.concat(quantisers.graph, node, parts)
    return _rounded(quantisers, node, result, operands, 0)


def _real(quantisers: Quantisers, node: onnx.NodeProto, operands: list[Value | None], at: int) -> Value:
    """The operand at position `at`, followed by its scale and zero point, as real numbers."""
    value = operands[at] if len(operands) > at + 1 else None
    if value is None:
        raise InputError(f"{node.name}: {node.op_type} lacks input {at}")
    found = _grid_of(quantisers, node, operands, at)
    if isinstance(value, Constant):
        return dequantised(value, found)
    if isinstance(value, Quantised | RawInput):
        return quantisers.dequantise(node, value, tensor_type(node, found))
    raise UnsupportedModelError(f"{node.name}: {node.op_type} of a floating-point value is not supported")


def _grid_of(quantisers: Quantisers, node: onnx.NodeProto, operands: list[Value | None], at: int) -> Grid:
    value, scale = operands[at], operands[at + 1]
    zero = operands[at + 2] if len(operands) > at + 2 else None
    if isinstance(value, Constant) and value.integers is not None and value.scale is None:
        # Weights: channels are columns of a MatMul, rows of a transposed Gemm, and come first in a Conv.
        first = node.op_type == "QLinearConv" or (node.op_type == "QGemm" and Attributes(node).integer("transB", 0))
        axis = 0 if first else -1
        return grid(node, scale, zero, element_type(node, value.dtype), value.integers.shape, axis)
    if isinstance(value, RawInput):
        return grid(node, scale, zero, quantisers.input_type(node, value), value.shape, -1)
    if isinstance(value, Quantised):
        return grid(node, scale, zero, quantisers.graph.type(value.tensor).dtype, value.shape, -1)
    raise UnsupportedModelError(f"{node.name}: {node.op_type} of a floating-point value is not supported")


def _rounded(quantisers: Quantisers, node: onnx.NodeProto, value: Value, operands: list[Value | None], at: int) -> Value:
    """`value` rounded to the scale and zero point at position `at`."""
    if isinstance(value, Constant):
        raise UnsupportedModelError(f"{node.name}: {node.op_type} of constants is not supported")
    return quantisers.quantise(node, value, _type_of(node, operands, at))


def _type_of(node: onnx.NodeProto, operands: list[Value | None], at: int) -> QuantType:
    """The type of the result, whose scale and zero point are at position `at`."""
    scale, zero = (operands[i] if len(operands) > i else None for i in (at, at + 1))
    if scale is None or not isinstance(zero, Constant):
        raise UnsupportedModelError(f"{node.name}: {node.op_type} without the scale and zero point of its result is not supported")
    return tensor_type(node, grid(node, scale, zero, element_type(node, zero.dtype), (), -1))
