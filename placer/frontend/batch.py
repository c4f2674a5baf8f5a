"""Tensors whose batch is not their first dimension: attention as PyTorch exports it moves the batch about, and merges it with heads.

A Turned value is the value of one sample, without the batch, and where in the model's tensor the batch lies. A node that reads one is
read as if the batch came first, its axes renumbered; only transposes and reshapes move it. A fixed batch of 1 may lie anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx
from onnx import helper

from placer.errors import InputError, UnsupportedModelError
from placer.frontend.constants import BATCH, Attributes
from placer.frontend.graph import Graph
from placer.frontend.products import check_matrix
from placer.frontend.shapes import counted_axes
from placer.frontend.values import Constant, Movement, Named, NewShape, Permutation, Quantised, Statistic, Stored, Turned, Value

Apply = Callable[[onnx.NodeProto, list[Value | None]], tuple[Value, ...]]
# The axis that a node states in an attribute, or its default.
ONE_AXIS = {"Softmax": -1, "LayerNormalization": -1, "Gather": 0, "Split": 0, "Concat": 0, "QLinearSoftmax": -1, "QLinearConcat": 0}
# The operand of a node that lists axes.
LISTED_AXES = {"Slice": 3, "ReduceMean": 1, "ReduceSum": 1, "Squeeze": 1, "Unsqueeze": 1}


@dataclass(frozen=True)
class Place:
    """Where the batch lies: dimension `at` of the model's tensor is the batch, or, when `merged`, holds it as a factor.

    outside: of a merged one, how many places of the dimension lie outside the batch. at = NOWHERE: a batch of 1 that no dimension shows.
    """

    at: int
    merged: bool
    outside: int = 1

    def rank(self, shape: tuple[int, ...]) -> int:
        """Dimensions of the model's tensor."""
        return len(shape) + (not self.merged)

    def first(self, node: onnx.NodeProto, axis: int, shape: tuple[int, ...]) -> int:
        """A dimension of the model's tensor as it were with the batch first, from 1 on.

        Raises UnsupportedModelError for that of the batch.
        """
        axis = counted_axes(node, (axis,), self.rank(shape)).pop()
        if axis == self.at:
            raise UnsupportedModelError(f"{node.name}: {node.op_type} along the batch is not supported")
        return axis + 1 if self.merged or axis < self.at else axis

    def without(self, axes: Sequence[int]) -> Place:
        """After dimensions (counted from 0) are gone."""
        return self if self.at == NOWHERE else replace(self, at=self.at - sum(a < self.at for a in axes))


PLAIN = Place(0, merged=False)
NOWHERE = -1


def concerns(node: onnx.NodeProto, operands: Sequence[Named | None]) -> bool:
    """Whether a node reads a Turned value, or makes one by a transpose."""
    if any(isinstance(o, Turned) for o in operands):
        return True
    perm = Attributes(node).integers("perm") if node.op_type == "Transpose" else None
    return bool(perm) and perm is not None and perm[0] != 0 and bool(operands) and not isinstance(operands[0], Constant)


def apply(graph: Graph, node: onnx.NodeProto, operands: Sequence[Named | None], batch: int | None, otherwise: Apply) -> tuple[Named, ...]:
    """The results of a node that `concerns`; `otherwise` reads a node whose batch comes first.

    Raises UnsupportedModelError or InputError.
    """
    places = {Place(o.at, o.merged, o.outside) for o in operands if isinstance(o, Turned)} or {PLAIN}
    mixed = any(not isinstance(o, Turned | Constant | None) for o in operands) and places != {PLAIN}
    if len(places) > 1 or mixed:
        raise UnsupportedModelError(f"{node.name}: {node.op_type} of tensors whose batches lie along different dimensions is not supported")
    place = places.pop()
    inner = [o.inner if isinstance(o, Turned) else o for o in operands]
    shape = tuple(getattr(inner[0], "shape", ()))
    match node.op_type:
        case "Transpose":
            return (_transposed(graph, node, inner[0], shape, place),)
        case "Reshape":
            return (reshaped(graph, node, inner[0], _numbers(node, inner), batch, place),)
        case "Shape":
            full = _dimensions(node, shape, batch, place)
            return (Constant(np.array(full, np.float64), "int64", np.array(full, np.int64)),)
        case "Flatten":
            raise UnsupportedModelError(f"{node.name}: Flatten of a tensor whose batch is not first is not supported")
    if node.op_type == "Gemm":
        check_matrix(node, (0,) * place.rank(shape))
    rewritten, rest, after = _batch_first(node, inner, shape, place)
    _check_inner_axes(node, rest, shape, place)
    return tuple(_turned(value, after) for value in otherwise(rewritten, rest))


def reshaped(
    graph: Graph, node: onnx.NodeProto, value: Value | None, numbers: tuple[int, ...], batch: int | None, place: Place = PLAIN
) -> Named:
    """A Reshape to `numbers`: the batch keeps its place among the elements, as a dimension of its own or as the outer factor of one.

    Raises UnsupportedModelError where it cannot.
    """
    shape: tuple[int, ...] = getattr(value, "shape", ())
    numbers = tuple(
        _copied(i, shape, place) if d == 0 and not Attributes(node).integer("allowzero", 0) else d for i, d in enumerate(numbers)
    )
    found = _resized(numbers, shape, batch, place)
    if found is None:
        listed = ["batch" if d == BATCH else d for d in numbers]
        raise UnsupportedModelError(f"{node.name}: Reshape of one sample {list(shape)} to {listed} does not keep the batch as a dimension")
    after, where = found
    return _turned(_moved(graph, node, value, NewShape(shape, after)), where)


def _turned(value: Value, place: Place) -> Named:
    return value if place == PLAIN else Turned(value, place.at, place.merged, place.outside)


def _transposed(graph: Graph, node: onnx.NodeProto, value: Value | None, shape: tuple[int, ...], place: Place) -> Named:
    rank = place.rank(shape)
    perm = Attributes(node).integers("perm") or tuple(range(rank))[::-1]
    if sorted(perm) != list(range(rank)):
        raise InputError(f"{node.name}: permutation {list(perm)} does not fit a tensor of {rank} dimensions")
    after = place if place.at == NOWHERE else replace(place, at=perm.index(place.at))
    inner = perm if place.merged else tuple(p - (p > place.at) for p in perm if p != place.at)
    if inner == tuple(range(len(shape))) and value is not None:
        return _turned(value, after)
    return _turned(_moved(graph, node, value, Permutation(inner, shape, tuple(shape[p] for p in inner))), after)


def _moved(graph: Graph, node: onnx.NodeProto, value: Value | None, move: Movement) -> Value:
    if isinstance(value, Stored | Quantised):
        name = graph.fresh(f"{node.output[0]}.moved")
        graph.move(node.name, value.tensor, (move,), name)
        return replace(value, tensor=name, shape=move.shape)
    if value is None or isinstance(value, Constant | Statistic):
        raise UnsupportedModelError(f"{node.name}: {node.op_type} is not supported here")
    return replace(value, shape=move.shape, moves=(*value.moves, move))


def _batch_first(
    node: onnx.NodeProto, operands: list[Value | None], shape: tuple[int, ...], place: Place
) -> tuple[onnx.NodeProto, list[Value | None], Place]:
    """The node with its axes counted as if the batch came first, its operands likewise, and the batch's place in its results."""
    rewritten, after = onnx.NodeProto(), place
    rewritten.CopyFrom(node)
    if node.op_type in ONE_AXIS:
        stated = Attributes(node).integer("axis", ONE_AXIS[node.op_type])
        _set(rewritten, "axis", place.first(node, stated, shape))
        index = operands[1] if node.op_type == "Gather" and len(operands) > 1 else None
        if isinstance(index, Constant) and index.real.ndim == 0:
            after = place.without(tuple(counted_axes(node, (stated,), place.rank(shape))))
    elif node.op_type in LISTED_AXES:
        at = LISTED_AXES[node.op_type]
        axes = _axes(node, operands, at)
        if axes is None:
            raise UnsupportedModelError(f"{node.name}: {node.op_type} without stated axes of a tensor whose batch is not first")
        if node.op_type == "Unsqueeze":
            renumbered, after = _inserted(node, axes, shape, place)
        else:
            renumbered = tuple(place.first(node, axis, shape) for axis in axes)
            if node.op_type == "Squeeze" or (node.op_type.startswith("Reduce") and not Attributes(node).integer("keepdims", 1)):
                after = place.without(tuple(counted_axes(node, axes, place.rank(shape))))
        operands = [*operands, *[None] * (at + 1 - len(operands))]
        operands[at] = Constant(np.array(renumbered, np.float64), "int64", np.array(renumbered, np.int64))
        _set(rewritten, "axes", None)
    return rewritten, operands, after


def _inserted(node: onnx.NodeProto, axes: tuple[int, ...], shape: tuple[int, ...], place: Place) -> tuple[tuple[int, ...], Place]:
    """The dimensions that an Unsqueeze inserts, counted as if the batch came first, and where the batch then lies."""
    grown = place.rank(shape) + len(axes)
    new = counted_axes(node, axes, grown)
    after = place if place.at == NOWHERE else replace(place, at=[i for i in range(grown) if i not in new][place.at])
    return tuple(i + 1 if place.merged or i < after.at else i for i in sorted(new)), after


def _check_inner_axes(node: onnx.NodeProto, operands: Sequence[Value | None], shape: tuple[int, ...], place: Place) -> None:
    """Products contract the last dimensions, and constants vary along the last one: the batch must not be among them."""
    computed = sum(not isinstance(o, Constant | None) for o in operands)
    kept = 0
    if node.op_type in {"MatMul", "QLinearMatMul"}:
        kept = 2 if computed == 2 else 1
    elif any(isinstance(o, Constant) and o.real.size > 1 for o in operands[1:2]) and node.op_type not in {*ONE_AXIS, *LISTED_AXES}:
        kept = 1
    if place.at >= place.rank(shape) - kept:
        raise UnsupportedModelError(f"{node.name}: {node.op_type} along the batch is not supported")


def _resized(numbers: tuple[int, ...], shape: tuple[int, ...], batch: int | None, place: Place) -> tuple[tuple[int, ...], Place] | None:
    """The shape of a sample, and the batch's place, after a reshape to `numbers`: first as a dimension of its own, then as a factor."""
    size = math.prod(shape)
    outer = math.prod(shape[: max(place.at, 0)]) * place.outside
    for at, number in enumerate(numbers):
        if number in {-1, BATCH} or (number == batch and batch is not None):
            dims = _inferred([*numbers[:at], *numbers[at + 1 :]], size)
            if dims is not None and (batch == 1 or math.prod(dims[:at]) == outer):
                return dims, Place(at, merged=False)
    if batch == 1:
        dims = _inferred(list(numbers), size)
        return None if dims is None else (dims, Place(NOWHERE, merged=True))
    for at, number in enumerate(numbers):
        if number == -1 or (batch is not None and number > 0 and number % batch == 0):
            dims = _inferred([*numbers[:at], -1 if number == -1 else number // (batch or 1), *numbers[at + 1 :]], size)
            before = math.prod(dims[:at]) if dims else 0
            if dims and outer % before == 0 and dims[at] % (outer // before) == 0:
                return dims, Place(at, True, outer // before)
    return None


def _inferred(numbers: list[int], size: int) -> tuple[int, ...] | None:
    """Dimensions of so many elements, one of them perhaps -1; None where they do not fit."""
    fixed = math.prod(d for d in numbers if d != -1)
    if numbers.count(-1) > 1 or fixed <= 0 or any(d < 1 and d != -1 for d in numbers) or size % fixed:
        return None
    if -1 not in numbers:
        return tuple(numbers) if fixed == size else None
    return tuple(size // fixed if d == -1 else d for d in numbers)


def _copied(index: int, shape: tuple[int, ...], place: Place) -> int:
    """The dimension that a 0 in a Reshape copies."""
    if index == place.at:
        return BATCH
    at = index - (not place.merged and index > place.at)
    return shape[at] if at < len(shape) else 0


def _dimensions(node: onnx.NodeProto, shape: tuple[int, ...], batch: int | None, place: Place) -> list[int]:
    """The dimensions of the model's tensor."""
    if place.at == NOWHERE:
        return list(shape)
    if not place.merged:
        return [*shape[: place.at], BATCH if batch is None else batch, *shape[place.at :]]
    if batch is None:
        raise UnsupportedModelError(f"{node.name}: Shape of a tensor whose batch is a factor of a dimension is not supported")
    return [d * batch if i == place.at else d for i, d in enumerate(shape)]


def _numbers(node: onnx.NodeProto, operands: Sequence[Value | None]) -> tuple[int, ...]:
    found = _axes(node, operands, 1, "shape")
    if found is None:
        raise InputError(f"{node.name}: Reshape lacks its shape")
    return found


def _axes(node: onnx.NodeProto, operands: Sequence[Value | None], at: int, attribute: str = "axes") -> tuple[int, ...] | None:
    listed = operands[at] if len(operands) > at else None
    if listed is None:
        return Attributes(node).integers(attribute)
    if isinstance(listed, Constant) and listed.integers is not None and listed.scale is None:
        return tuple(int(i) for i in listed.integers.reshape(-1))
    raise UnsupportedModelError(f"{node.name}: {node.op_type} with {attribute} computed from data is not supported; they must be constant")


def _set(node: onnx.NodeProto, name: str, value: int | None) -> None:
    """Replace an integer attribute; None removes it."""
    kept = [a for a in node.attribute if a.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, *([] if value is None else [helper.make_attribute(name, value)])])
