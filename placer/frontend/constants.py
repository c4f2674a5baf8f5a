"""Folding what an exporter computes from constants: weights behind Transpose or Clip, and shapes computed at run time.

A symbolic batch inside a computed shape is carried as BATCH, a number that no real dimension has.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from placer.errors import InputError, UnsupportedModelError
from placer.frontend.onnx_file import tensor_value
from placer.frontend.values import Constant
from placer.network import IntArray

BATCH = -(1 << 40)
# Elements of a folded constant: a few nodes that each double one would otherwise fill any memory.
MAX_ELEMENTS = 1 << 26

Array = npt.NDArray[Any]
CALCULATIONS: dict[str, Callable[..., Array]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Pow": np.power,
    "Sqrt": np.sqrt,
    "Reciprocal": np.reciprocal,
    "Neg": np.negative,
}


@dataclass(frozen=True, eq=False)
class Attributes:
    """The attributes of a node."""

    node: onnx.NodeProto

    def _find(self, name: str) -> onnx.AttributeProto | None:
        return next((a for a in self.node.attribute if a.name == name), None)

    def integer(self, name: str, default: int) -> int:
        """An integer attribute, or its default."""
        found = self._find(name)
        return int(found.i) if found is not None else default

    def real(self, name: str, default: float) -> float:
        """A float attribute, or its default."""
        found = self._find(name)
        return float(found.f) if found is not None else default

    def text(self, name: str, default: str) -> str:
        """A string attribute, or its default."""
        found = self._find(name)
        return found.s.decode("utf-8", "replace") if found is not None else default

    def integers(self, name: str) -> tuple[int, ...] | None:
        """An integer-list attribute, or None."""
        found = self._find(name)
        return tuple(int(i) for i in found.ints) if found is not None else None

    def constant(self) -> Constant:
        """The value of a Constant node."""
        for attribute in self.node.attribute:
            if attribute.name == "value":
                return plain(tensor_value(attribute.t, self.node.name), self.node.name)
            if attribute.name in {"value_float", "value_int"}:
                return plain(np.asarray(attribute.f if attribute.name == "value_float" else attribute.i), self.node.name)
            if attribute.name in {"value_floats", "value_ints"}:
                return plain(np.asarray(list(attribute.floats or attribute.ints)), self.node.name)
        raise UnsupportedModelError(f"{self.node.name}: this form of Constant is not supported; a numeric tensor is")


def plain(value: Array, where: str) -> Constant:
    """A constant straight from the file, called `where`. Integers keep their integer form.

    Raises UnsupportedModelError for other element types.
    """
    if value.dtype.kind not in "iuf":
        raise UnsupportedModelError(f"{where}: constants of type {value.dtype} are not supported; integers and floats are")
    integers = value.astype(np.int64) if value.dtype.kind in "iu" else None
    # A signalling NaN is refused where it is used, not here.
    with np.errstate(invalid="ignore"):
        return Constant(value.astype(np.float64), value.dtype.name, integers)


def fold(node: onnx.NodeProto, operands: tuple[Constant, ...]) -> Constant | None:
    """The result of `node` on constants, or None for an operator, or a use of it, that is not folded.

    Raises InputError when the operands do not suit the operator.
    """
    attributes = Attributes(node)
    first = operands[0]
    try:
        match node.op_type:
            case "Identity":
                return first
            case "Cast":
                return _cast(first, attributes.integer("to", 0))
            case "Transpose":
                perm = attributes.integers("perm")
                return _mapped(first, lambda a: np.transpose(a, perm))
            case "Reshape":
                return _mapped(first, lambda a: a.reshape(_target_shape(a, operands[1], attributes.integer("allowzero", 0))))
            case "Clip":
                return _clipped(first, operands[1:])
            case "Unsqueeze" | "Squeeze":
                axes = _integers(operands[1]) if len(operands) > 1 else attributes.integers("axes")
                if node.op_type == "Squeeze":
                    return _mapped(first, lambda a: np.squeeze(a, axes))
                return _mapped(first, lambda a: np.expand_dims(a, axes or ()))
            case "Concat":
                if any(o.integers is None or o.scale is not None for o in operands):
                    return None
                _check_size(node, sum(o.real.size for o in operands))
                return plain(np.concatenate([_whole(o) for o in operands], attributes.integer("axis", 0)), node.name)
            case "Gather":
                index = _whole(operands[1])
                _check_size(node, first.real.size * index.size)
                return _mapped(first, lambda a: np.take(a, index, attributes.integer("axis", 0)))
            case "Slice":
                return _sliced(first, operands[1:])
            case "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Sqrt" | "Reciprocal" | "Neg":
                return _calculated(node, operands)
            case "Expand":
                return _expanded(node, first, _integers(operands[1]))
            case "Shape":
                return plain(np.asarray(_range(node, first.real.shape), np.int64), node.name)
            case _:
                return None
    except (ValueError, IndexError, TypeError) as error:
        raise InputError(f"{node.name}: {node.op_type} of constants whose shapes do not fit together") from error


def _expanded(node: onnx.NodeProto, constant: Constant, shape: tuple[int, ...]) -> Constant:
    """Repeated to `shape`; a symbolic batch repeats nothing, for samples are alike."""
    sizes = tuple(1 if n == BATCH else n for n in shape)
    _check_size(node, math.prod(np.broadcast_shapes(constant.real.shape, sizes)))
    return _mapped(constant, lambda a: np.broadcast_to(a, np.broadcast_shapes(a.shape, sizes)))


def shape_constant(node: onnx.NodeProto, shape: tuple[int, ...]) -> Constant:
    """What a Shape node gives for a tensor of `shape`, batch included, between its attributes start and end."""
    return plain(np.asarray(_range(node, shape), np.int64), node.name)


def _range(node: onnx.NodeProto, shape: tuple[int, ...]) -> tuple[int, ...]:
    attributes = Attributes(node)
    return shape[attributes.integer("start", 0) : attributes.integer("end", len(shape))]


def _sliced(constant: Constant, bounds: tuple[Constant, ...]) -> Constant:
    """Slice, with axes and steps or without."""
    starts, ends, *rest = (_integers(b) for b in bounds)
    axes, steps = rest[0] if rest else range(len(starts)), rest[1] if len(rest) > 1 else (1,) * len(starts)
    cuts = [slice(None)] * constant.real.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        cuts[axis] = slice(start, None if step < 0 and end < -constant.real.shape[axis] else end, step)
    return _mapped(constant, lambda a: a[tuple(cuts)])


def _calculated(node: onnx.NodeProto, operands: tuple[Constant, ...]) -> Constant | None:
    """Arithmetic on constants that are not dequantised; a symbolic batch takes no part, but in a product with 1."""
    if any(o.scale is not None for o in operands):
        return None
    symbolic = [o for o in operands if o.integers is not None and np.any(o.integers == BATCH)]
    if symbolic:
        others = [o for o in operands if o is not symbolic[0]]
        return symbolic[0] if node.op_type == "Mul" and len(others) == 1 and np.all(others[0].real == 1) else None
    _check_size(node, math.prod(np.broadcast_shapes(*(o.real.shape for o in operands))))
    values = [o.real for o in operands]
    whole = all(o.integers is not None for o in operands)
    with np.errstate(all="ignore"):
        result = CALCULATIONS[node.op_type](*values)
        if not whole:
            return Constant(np.asarray(result, np.float64), "float32")
        result = np.trunc(result)
    return plain(np.asarray(result).astype(np.int64), node.name) if np.all(np.isfinite(result)) else None


def _check_size(node: onnx.NodeProto, elements: int) -> None:
    """Elements that a folded constant may reach; Gather's bound is loose, but its operands are small in real models."""
    if elements > MAX_ELEMENTS:
        raise UnsupportedModelError(f"{node.name}: {node.op_type} of constants gives up to {elements} elements, more than {MAX_ELEMENTS}")


def _cast(constant: Constant, to: int) -> Constant | None:
    """A change of element type that keeps every value; dequantised values stay what they are."""
    try:
        dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(to))
    except KeyError:
        return None
    if dtype.kind not in "iuf":
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        kept = constant.real.astype(dtype).astype(np.float64)
    if not np.array_equal(kept, constant.real):
        return None
    if constant.scale is not None:
        return constant if dtype.kind == "f" else None
    return plain(constant.real.astype(dtype), "Cast")


def _clipped(constant: Constant, bounds: tuple[Constant, ...]) -> Constant | None:
    """Clip; of dequantised values only where it changes nothing, because their integers are not on the scale of the bounds."""
    if len(bounds) != 2:
        return None
    low, high = (float(b.real.reshape(())) for b in bounds)
    if constant.scale is None:
        return _mapped(constant, lambda a: np.clip(a, low, high).astype(a.dtype))
    return constant if np.array_equal(np.clip(constant.real, low, high), constant.real) else None


def _target_shape(value: Array, listed: Constant, allowzero: int) -> tuple[int, ...]:
    return tuple(value.shape[i] if d == 0 and not allowzero else d for i, d in enumerate(_integers(listed)))


def _mapped(constant: Constant, change: Callable[[Array], Array]) -> Constant:
    def changed(array: Array | None) -> Array | None:
        return None if array is None else change(array)

    integers, scale, zero = changed(constant.integers), changed(constant.scale), changed(constant.zero)
    return replace(constant, real=change(constant.real), integers=integers, scale=scale, zero=zero)


def _integers(constant: Constant) -> tuple[int, ...]:
    return tuple(int(i) for i in _whole(constant).reshape(-1))


def _whole(constant: Constant) -> IntArray:
    if constant.integers is None or constant.scale is not None:
        raise ValueError("a shape or index must be an integer")
    return constant.integers
