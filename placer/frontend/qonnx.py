"""The QONNX dialect: Quant nodes, which quantise and dequantise in one, to any number of bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx

from placer.errors import UnsupportedModelError
from placer.frontend.constants import Attributes
from placer.frontend.quantisers import Quantisers
from placer.frontend.scales import dequantised, grid, quantised, tensor_type
from placer.frontend.values import Constant, Quantised, Stored, Value
from placer.network import IntType

DOMAINS = frozenset({"qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general"})


def handles(node: onnx.NodeProto) -> bool:
    """Whether `node` is of this dialect."""
    return node.op_type in {"Quant", "IntQuant"} and node.domain in DOMAINS


def apply(quantisers: Quantisers, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
    """The value of a Quant node: real numbers on a grid.

    Raises UnsupportedModelError.
    """
    value, scale, zero, width = (operands[i] if len(operands) > i else None for i in range(4))
    if value is None or not isinstance(width, Constant) or width.real.size != 1:
        raise UnsupportedModelError(f"{node.name}: Quant needs a value and one constant bit width")
    attributes = Attributes(node)
    mode = attributes.text("rounding_mode", "ROUND")
    if mode not in {"ROUND", "HALF_EVEN"}:
        raise UnsupportedModelError(f"{node.name}: rounding mode {mode} is not supported; ROUND (half to even) is")
    signed, narrow = bool(attributes.integer("signed", 1)), bool(attributes.integer("narrow", 0))
    bits = float(width.real.reshape(()))
    limits = _limits(node, bits, signed, narrow)
    dtype = _holder(limits)
    whole = _whole_zero(node, zero)
    if isinstance(value, Constant):
        found = grid(node, scale, whole, dtype, value.real.shape, 0)
        return dequantised(quantised(node, value, found, limits), found)
    if isinstance(value, Quantised):
        raise UnsupportedModelError(f"{node.name}: Quant of integers is not supported")
    kind = tensor_type(node, grid(node, scale, whole, dtype, value.shape, -1))
    held = quantisers.quantise(node, value, replace(kind, limits=None if limits == (dtype.min, dtype.max) else limits))
    return Stored(held.tensor, held.shape)


def _limits(node: onnx.NodeProto, bits: float, signed: bool, narrow: bool) -> tuple[int, int]:
    """The least and largest integer of a bit width, as qonnx defines them."""
    if not 1 <= bits <= 32 or bits != int(bits):
        raise UnsupportedModelError(f"{node.name}: a bit width of {bits:g} is not supported; 1 to 32 whole bits are")
    count = int(bits)
    if signed:
        return -(1 << (count - 1)) + narrow, (1 << (count - 1)) - 1
    return 0, (1 << count) - 1 - narrow


def _holder(limits: tuple[int, int]) -> IntType:
    """The smallest element type that holds these integers."""
    types = (IntType.INT8, IntType.UINT8, IntType.INT16, IntType.UINT16, IntType.INT32)
    return next((t for t in types if t.min <= limits[0] and limits[1] <= t.max), IntType.INT32)


def _whole_zero(node: onnx.NodeProto, zero: Value | None) -> Constant | None:
    """A zero point, which QONNX writes as floating point."""
    if zero is None:
        return None
    if not isinstance(zero, Constant) or not (np.abs(zero.real) < 2**31).all() or (zero.real != zero.real.round()).any():
        raise UnsupportedModelError(f"{node.name}: the zero point must be a constant integer")
    return Constant(zero.real, "int32", zero.real.astype("int64"))
