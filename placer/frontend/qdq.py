"""The QDQ dialect: QuantizeLinear and DequantizeLinear around floating-point operators, of the domains ai.onnx and com.microsoft."""

from __future__ import annotations

import onnx

from placer.errors import UnsupportedModelError
from placer.frontend.constants import Attributes
from placer.frontend.quantisers import Quantisers
from placer.frontend.scales import dequantised, element_type, grid, quantised, tensor_type
from placer.frontend.values import Constant, Quantised, RawInput, Value


def handles(node: onnx.NodeProto) -> bool:
    """Whether `node` is of this dialect."""
    return node.op_type in {"QuantizeLinear", "DequantizeLinear"} and node.domain in {"", "ai.onnx", "com.microsoft"}


def apply(quantisers: Quantisers, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
    """The value of a QuantizeLinear or DequantizeLinear.

    Raises UnsupportedModelError or InputError.
    """
    if Attributes(node).integer("block_size", 0):
        raise UnsupportedModelError(f"{node.name}: blocked quantisation is not supported; per-tensor and per-channel are")
    value = operands[0]
    if value is None:
        raise UnsupportedModelError(f"{node.name}: {node.op_type} lacks its first input")
    return (
        _quantise(quantisers, node, value, operands) if node.op_type == "QuantizeLinear" else _dequantise(quantisers, node, value, operands)
    )


def _quantise(quantisers: Quantisers, node: onnx.NodeProto, value: Value, operands: list[Value | None]) -> Value:
    zero = _third(operands)
    # ONNX: without a zero point the result is of the type that the attribute output_dtype names, else uint8.
    stated = Attributes(node).integer("output_dtype", 0) or onnx.TensorProto.UINT8
    dtype = element_type(node, zero.dtype if isinstance(zero, Constant) else _type_name(stated))
    axis = Attributes(node).integer("axis", 1)
    if isinstance(value, Constant):
        return quantised(node, value, grid(node, operands[1], zero, dtype, value.real.shape, axis), (dtype.min, dtype.max))
    return quantisers.quantise(node, value, tensor_type(node, grid(node, operands[1], zero, dtype, value.shape, axis - 1)))


def _dequantise(quantisers: Quantisers, node: onnx.NodeProto, value: Value, operands: list[Value | None]) -> Value:
    zero, axis = _third(operands), Attributes(node).integer("axis", 1)
    if isinstance(value, Constant):
        if value.integers is None or value.scale is not None:
            raise UnsupportedModelError(f"{node.name}: DequantizeLinear of a floating-point value is not supported")
        dtype = element_type(node, value.dtype)
        return dequantised(value, grid(node, operands[1], zero, dtype, value.integers.shape, axis))
    if isinstance(value, RawInput):
        dtype = quantisers.input_type(node, value)
    elif isinstance(value, Quantised):
        dtype = quantisers.graph.type(value.tensor).dtype
    else:
        raise UnsupportedModelError(f"{node.name}: DequantizeLinear of a floating-point value is not supported")
    if isinstance(zero, Constant) and zero.dtype != dtype.value:
        raise UnsupportedModelError(f"{node.name}: DequantizeLinear takes {zero.dtype}, but its input is {dtype.value}")
    return quantisers.dequantise(node, value, tensor_type(node, grid(node, operands[1], zero, dtype, value.shape, axis - 1)))


def _third(operands: list[Value | None]) -> Value | None:
    return operands[2] if len(operands) > 2 else None


def _type_name(code: int) -> str:
    try:
        return str(onnx.TensorProto.DataType.Name(code)).lower()
    except ValueError:
        return f"number {code}"
