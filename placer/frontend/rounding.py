"""Scales, zero points and biases of the QDQ dialect, and the proof that a bias fits its accumulator exactly."""

from __future__ import annotations

import math

import numpy as np
import onnx

from placer.errors import InputError, UnsupportedModelError
from placer.frontend.constants import Attributes
from placer.frontend.values import Constant, FloatArray, Product, Value
from placer.network import IntArray, IntType, QuantType, Tensor

# Accumulators of the int8 kernels are 32 bits wide.
ACCUMULATOR_LIMIT = 1 << 31


def quant_type(node: onnx.NodeProto, operands: list[Value | None], per_channel: bool) -> QuantType:
    """The type that a QuantizeLinear states.

    Raises UnsupportedModelError for anything but int8, per tensor, power-of-two scale, zero point 0.
    """
    scale = _scale(node, operands, per_channel)
    zero = operands[2] if len(operands) > 2 else None
    # ONNX: without a zero point the result is of the type that the attribute output_dtype names, else uint8.
    stated = Attributes(node).integer("output_dtype", 0) or onnx.TensorProto.UINT8
    dtype = zero.dtype if isinstance(zero, Constant) else onnx.TensorProto.DataType.Name(stated).lower()
    if dtype != IntType.INT8.value:
        raise UnsupportedModelError(f"{node.name}: activations of type {dtype} are not supported; int8 with zero point 0 is")
    _check_zero_point(node, zero)
    return QuantType(IntType.INT8, scale)


def dequant_type(node: onnx.NodeProto, operands: list[Value | None]) -> QuantType:
    """The type that a DequantizeLinear of an int8 activation states; it may leave the zero point out.

    Raises UnsupportedModelError as quant_type does.
    """
    if len(operands) > 2 and operands[2] is not None:
        return quant_type(node, operands, per_channel=False)
    return QuantType(IntType.INT8, _scale(node, operands, per_channel=False))


def constant_type(node: onnx.NodeProto, operands: list[Value | None]) -> QuantType:
    """The type of a dequantised constant: weights in int8, biases in int8 or int32.

    Raises UnsupportedModelError for zero points, other types or scales, and per-channel scales that differ.
    """
    value = operands[0]
    dtype = value.dtype if isinstance(value, Constant) else "float32"
    if dtype not in {IntType.INT8.value, IntType.INT32.value}:
        raise UnsupportedModelError(f"{node.name}: constants of type {dtype} are not supported; int8 weights and int8 or int32 biases are")
    _check_zero_point(node, operands[2] if len(operands) > 2 else None)
    return QuantType(IntType(dtype), _scale(node, operands, per_channel=True))


def quantised_constant(node: onnx.NodeProto, operands: list[Value | None]) -> Constant:
    """A floating-point constant quantised by the model itself, rounded half to even and saturated as ONNX defines it."""
    value = operands[0]
    assert isinstance(value, Constant), "the caller dispatched on this"
    kind = quant_type(node, operands, per_channel=True)
    integers = np.clip(np.rint(value.real / kind.scale), kind.dtype.min, kind.dtype.max).astype(np.int64)
    return Constant(integers.astype(np.float64), kind.dtype.value, integers)


def _check_zero_point(node: onnx.NodeProto, zero: Value | None) -> None:
    if zero is None:
        return
    if not isinstance(zero, Constant) or zero.integers is None:
        raise UnsupportedModelError(f"{node.name}: the zero point must be a constant integer")
    if np.any(zero.integers != 0):
        wrong = int(zero.integers[zero.integers != 0].reshape(-1)[0])
        raise UnsupportedModelError(f"{node.name}: zero point {wrong} is not supported; it must be 0")


def _scale(node: onnx.NodeProto, operands: list[Value | None], per_channel: bool) -> float:
    scale = operands[1] if len(operands) > 1 else None
    if not isinstance(scale, Constant) or not scale.real.size:
        raise UnsupportedModelError(f"{node.name}: the scale must be a constant")
    values = scale.real.reshape(-1)
    if not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise InputError(f"{node.name}: scale {values[0]} is not a positive number")
    if np.any(values != values[0]) or (values.size > 1 and not per_channel):
        raise UnsupportedModelError(f"{node.name}: scales that differ by channel are not supported; one scale a tensor is")
    if math.frexp(float(values[0]))[0] != 0.5:
        raise UnsupportedModelError(
            f"{node.name}: scale {float(values[0]):.9g} is not a power of two; only power-of-two scales are supported"
        )
    return float(values[0])


def close_bias(node: onnx.NodeProto, product: Product, source: QuantType, target: QuantType) -> tuple[IntArray | None, int]:
    """The bias in accumulator steps, with the fraction bits it needs (Dense), after bounding the accumulator.

    A bias between two steps keeps one fraction bit, set whenever anything lies below the step. That is exact as long as at least one bit is
    shifted out, because rounding then only asks whether the rest is below, at or above a half.
    Raises UnsupportedModelError when 32 bits do not hold the accumulator or the fraction cannot be kept.
    """
    if product.weight_type.dtype is not IntType.INT8:
        raise UnsupportedModelError(f"{node.name}: weights must be int8")
    step = source.exponent + product.weight_type.exponent
    bias, bits = (None, 0) if product.bias is None else _in_steps(product.bias, step)
    shift = target.exponent - step
    if bits and shift < 1:
        raise UnsupportedModelError(
            f"{node.name}: the bias lies between accumulator steps of 2^{step} and the output scale 2^{target.exponent} is not coarser; "
            "quantise the bias to int32 at the product of input and weight scales"
        )
    largest = max(-source.dtype.min, source.dtype.max)
    worst = (np.abs(product.weight).sum(axis=0) * largest << bits) + (0 if bias is None else np.abs(bias))
    if worst.size and int(worst.max()) >= ACCUMULATOR_LIMIT:
        raise UnsupportedModelError(
            f"{node.name}: its accumulator can reach {int(worst.max())} beyond 32 bits; fewer inputs or smaller weights are needed"
        )
    return bias, bits


def check_sum(node: onnx.NodeProto, left: Tensor, right: Tensor) -> None:
    """Bound the sum of two tensors once both are at the finer scale.

    Raises UnsupportedModelError when 32 bits do not hold it.
    """
    finer = min(left.type.exponent, right.type.exponent)
    worst = sum(_largest(t) << (t.type.exponent - finer) for t in (left, right))
    if worst >= ACCUMULATOR_LIMIT:
        raise UnsupportedModelError(
            f"{node.name}: the operands of Add at scales 2^{left.type.exponent} and 2^{right.type.exponent} do not fit one 32-bit "
            "accumulator; their scales must be closer"
        )


def _largest(tensor: Tensor) -> int:
    """The largest magnitude that a tensor can hold."""
    return -tensor.type.dtype.min if tensor.value is None else int(np.abs(tensor.value).max(initial=0))


def _in_steps(bias: FloatArray, step: int) -> tuple[IntArray, int]:
    scaled = np.ldexp(bias, -step)
    if not np.all(np.isfinite(scaled)) or np.abs(scaled).max(initial=0) >= ACCUMULATOR_LIMIT:
        # Too large for any accumulator: the caller's bound reports it.
        return np.full(bias.shape, ACCUMULATOR_LIMIT, np.int64), 0
    whole = np.floor(scaled)
    if np.array_equal(whole, scaled):
        return whole.astype(np.int64), 0
    return 2 * whole.astype(np.int64) + (scaled > whole), 1
