"""Folding what an exporter computes from constants: weights behind Transpose or Clip, and shapes computed at run time.

A symbolic batch inside a computed shape is carried as BATCH, a number that no real dimension has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx

from placer.errors import InputError, UnsupportedModelError
from placer.frontend.onnx_file import tensor_value
from placer.frontend.values import Constant

BATCH = -(1 << 40)


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

    def integers(self, name: str) -> tuple[int, ...] | None:
        """An integer-list attribute, or None."""
        found = self._find(name)
        return tuple(int(i) for i in found.ints) if found is not None else None

    def constant(self) -> Constant:
        """The value of a Constant node."""
        for attribute in self.node.attribute:
            if attribute.name == "value":
                return plain(tensor_value(attribute.t, self.node.name))
            if attribute.name in {"value_float", "value_int"}:
                return plain(np.asarray(attribute.f if attribute.name == "value_float" else attribute.i))
            if attribute.name in {"value_floats", "value_ints"}:
                return plain(np.asarray(list(attribute.floats or attribute.ints)))
        raise UnsupportedModelError(f"{self.node.name}: this form of Constant is not supported; a numeric tensor is")


def plain(value: np.ndarray) -> Constant:
    """A constant straight from the file. Integers keep their integer form."""
    if value.dtype.kind not in "iuf":
        raise UnsupportedModelError(f"constants of type {value.dtype} are not supported; integers and floats are")
    integers = value.astype(np.int64) if value.dtype.kind in "iu" else None
    return Constant(value.astype(np.float64), value.dtype.name, integers)


def fold(node: onnx.NodeProto, operands: tuple[Constant, ...]) -> Constant | None:
    """The result of `node` on constants, or None for an operator that is not folded.

    Raises InputError when the operands do not suit the operator.
    """
    attributes = Attributes(node)
    try:
        match node.op_type:
            case "Identity" | "Cast":
                return operands[0]
            case "Transpose":
                perm = attributes.integers("perm")
                return _mapped(operands[0], lambda a: np.transpose(a, perm))
            case "Reshape":
                return _mapped(operands[0], lambda a: a.reshape(_integers(operands[1])))
            case "Clip":
                low, high = (float(o.real) for o in operands[1:3])
                return _mapped(operands[0], lambda a: np.clip(a, low, high).astype(a.dtype))
            case "Unsqueeze" | "Squeeze":
                axes = _integers(operands[1]) if len(operands) > 1 else attributes.integers("axes")
                if node.op_type == "Squeeze":
                    return _mapped(operands[0], lambda a: np.squeeze(a, axes))
                return _mapped(operands[0], lambda a: np.expand_dims(a, axes or ()))
            case "Concat":
                axis = attributes.integer("axis", 0)
                return plain(np.concatenate([_whole(o) for o in operands], axis))
            case "Gather":
                index = _integers(operands[1])
                return plain(np.take(_whole(operands[0]), np.asarray(index).reshape(operands[1].real.shape), attributes.integer("axis", 0)))
            case _:
                return None
    except (ValueError, IndexError, TypeError) as error:
        raise InputError(f"{node.name}: {node.op_type} of constants whose shapes do not fit together") from error


def _mapped(constant: Constant, change: object) -> Constant:
    integers = None if constant.integers is None else change(constant.integers)  # type: ignore[operator]
    return Constant(change(constant.real), constant.dtype, integers, constant.type)  # type: ignore[operator]


def _integers(constant: Constant) -> tuple[int, ...]:
    return tuple(int(i) for i in _whole(constant).reshape(-1))


def _whole(constant: Constant) -> np.ndarray:
    if constant.integers is None:
        raise ValueError("a shape or index must be an integer")
    return constant.integers
