"""Scales, zero points and element types as the nodes of a dialect state them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import onnx

from placer.arithmetic.fixed_point import FloatArray
from placer.errors import InputError, UnsupportedModelError
from placer.frontend.values import Constant, Value
from placer.network import IntArray, IntType, QuantType

Element = TypeVar("Element", np.float64, np.int64)

ACTIVATIONS = frozenset({IntType.INT8, IntType.UINT8, IntType.INT16, IntType.UINT16})


@dataclass(frozen=True, eq=False)
class Grid:
    """Scale and zero point, arrays of one shape that broadcasts over the tensor, and the element type."""

    dtype: IntType
    scale: FloatArray
    zero: IntArray


def element_type(node: onnx.NodeProto, name: str) -> IntType:
    """The integer type of this ONNX name.

    Raises UnsupportedModelError.
    """
    try:
        return IntType(name)
    except ValueError:
        known = ", ".join(t.value for t in IntType)
        raise UnsupportedModelError(f"{node.name}: elements of type {name} are not supported; {known} are") from None


def grid(node: onnx.NodeProto, scale: Value | None, zero: Value | None, dtype: IntType, shape: tuple[int, ...], axis: int) -> Grid:
    """A per-tensor or per-channel grid for a tensor of `shape`, its channels along `axis`.

    Raises InputError for scales that are not positive numbers, UnsupportedModelError for what is not constant or does not fit the shape.
    """
    if not isinstance(scale, Constant) or not scale.real.size:
        raise UnsupportedModelError(f"{node.name}: the scale must be a constant")
    values = scale.real
    if not np.all(np.isfinite(values)) or np.any(values <= 0):
        wrong = float(values[~(np.isfinite(values) & (values > 0))].reshape(-1)[0])
        raise InputError(f"{node.name}: scale {wrong} is not a positive number")
    if np.any(values < 1e-30) or np.any(values > 1e30):
        raise InputError(f"{node.name}: scale {float(values.reshape(-1)[0]):.3g} is beyond 1e-30 to 1e30")
    zeros = np.zeros(1, np.int64)
    if zero is not None:
        if not isinstance(zero, Constant) or zero.integers is None or not zero.integers.size:
            raise UnsupportedModelError(f"{node.name}: the zero point must be a constant integer")
        zeros = zero.integers
    if np.any(zeros < dtype.min) or np.any(zeros > dtype.max):
        raise InputError(f"{node.name}: a zero point lies outside {dtype.value}")
    return Grid(dtype, _along(node, values, shape, axis), _along(node, zeros, shape, axis))


def tensor_type(node: onnx.NodeProto, found: Grid) -> QuantType:
    """The type of an activation, which has one scale and zero point.

    Raises UnsupportedModelError.
    """
    if found.dtype not in ACTIVATIONS:
        raise UnsupportedModelError(f"{node.name}: activations of type {found.dtype.value} are not supported; 8 and 16 bits are")
    if np.any(found.scale != found.scale.reshape(-1)[0]) or np.any(found.zero != found.zero.reshape(-1)[0]):
        raise UnsupportedModelError(f"{node.name}: an activation whose scales differ by channel is not supported; weights may have them")
    return QuantType(found.dtype, float(found.scale.reshape(-1)[0]), int(found.zero.reshape(-1)[0]))


def dequantised(value: Constant, found: Grid) -> Constant:
    """Integers of the file with the real numbers that they stand for."""
    assert value.integers is not None, "the caller checked that these are integers"
    scale, zero = np.broadcast_to(found.scale, value.integers.shape), np.broadcast_to(found.zero, value.integers.shape)
    return Constant((value.integers - zero) * scale, found.dtype.value, value.integers, scale, zero)


def quantised(node: onnx.NodeProto, value: Constant, found: Grid, limits: tuple[int, int]) -> Constant:
    """Real numbers rounded to a grid, half to even and saturated, as integers.

    Raises InputError for what is not a number.
    """
    if not np.all(np.isfinite(value.real)):
        raise InputError(f"{node.name}: its constant holds {float(value.real[~np.isfinite(value.real)][0])}")
    real = np.clip(value.real / found.scale, -(2.0**62), 2.0**62)
    integers = np.clip(np.rint(real) + found.zero, *limits).astype(np.int64)
    return Constant(integers.astype(np.float64), found.dtype.value, integers)


def _along(node: onnx.NodeProto, values: npt.NDArray[Element], shape: tuple[int, ...], axis: int) -> npt.NDArray[Element]:
    """Values of a tensor's or its channels' scales in a shape that broadcasts over it."""
    if values.size == 1:
        return values.reshape(())
    axis = axis + len(shape) if axis < 0 else axis
    if values.ndim == 1 and 0 <= axis < len(shape) and shape[axis] == values.size:
        return values.reshape([values.size if i == axis else 1 for i in range(len(shape))])
    try:
        fits = np.broadcast_shapes(values.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise UnsupportedModelError(f"{node.name}: scales of shape {list(values.shape)} do not fit axis {axis} of {list(shape)}")
    return values
