"""Transpose, Reshape, Flatten, Squeeze and Unsqueeze of one sample, and the axes of reductions; the batch must stay the first dimension."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import onnx

from placer.errors import InputError, UnsupportedModelError
from placer.frontend.constants import BATCH, Attributes
from placer.frontend.graph import Graph
from placer.frontend.values import Constant, Movement, NewShape, Permutation, Quantised, Statistic, Stored, Value

Shape = tuple[int, ...]


def move_value(graph: Graph, node: onnx.NodeProto, operands: list[Value | None], batch: int | None) -> Value:
    """A tensor or expression moved as `node` says; `batch` is the model's own, None when symbolic.

    Raises InputError or UnsupportedModelError.
    """
    value, shape = operands[0], shape_of(node, operands[0])
    if isinstance(value, Constant | Statistic) or value is None:
        raise UnsupportedModelError(f"{node.name}: {node.op_type} is not supported here")
    if node.op_type == "Transpose":
        perm = sample_permutation(node, len(shape))
        move: Movement = Permutation(perm, shape, tuple(shape[p] for p in perm))
    else:
        move = NewShape(shape, new_shape(node, operands, shape, batch))
    if isinstance(value, Stored | Quantised):
        name = node.output[0]
        graph.move(node.name, value.tensor, (move,), name)
        return replace(value, tensor=name, shape=move.shape)
    return replace(value, shape=move.shape, moves=(*value.moves, move))


def shape_of(node: onnx.NodeProto, value: Value | None) -> Shape:
    """The shape of one sample of `value`; of the whole array where it is constant.

    Raises InputError when there is none.
    """
    if value is None:
        raise InputError(f"{node.name}: {node.op_type} lacks its first input")
    return tuple(value.real.shape) if isinstance(value, Constant) else value.shape


def reduced_axes(node: onnx.NodeProto, operands: list[Value | None], rank: int) -> tuple[Shape, bool]:
    """The axes of a sample of `rank` axes, counted from 0, that a reduction runs over, and whether they stay with length 1.

    Raises InputError or UnsupportedModelError.
    """
    axes = listed(node, operands)
    if not axes:
        raise UnsupportedModelError(f"{node.name}: {node.op_type} over all axes, the batch among them, is not supported")
    found = counted_axes(node, axes, rank + 1)
    if 0 in found:
        raise UnsupportedModelError(f"{node.name}: {node.op_type} over the batch is not supported")
    return tuple(sorted(p - 1 for p in found)), bool(Attributes(node).integer("keepdims", 1))


def inner_axis(node: onnx.NodeProto, default: int, rank: int) -> int:
    """The axis of a sample, counted from 0, that a node on a tensor of `rank` dimensions states.

    Raises InputError or UnsupportedModelError.
    """
    found = counted_axes(node, (Attributes(node).integer("axis", default),), rank).pop()
    if found == 0:
        raise UnsupportedModelError(f"{node.name}: {node.op_type} over the batch is not supported")
    return found - 1


def sample_permutation(node: onnx.NodeProto, rank: int) -> Shape:
    """The permutation of the `rank` axes of one sample that a Transpose states.

    Raises InputError or UnsupportedModelError.
    """
    perm = Attributes(node).integers("perm") or tuple(range(rank, -1, -1))
    if sorted(perm) != list(range(rank + 1)):
        raise InputError(f"{node.name}: permutation {list(perm)} does not fit a tensor of {rank + 1} dimensions")
    if perm[0] != 0:
        raise UnsupportedModelError(f"{node.name}: Transpose with permutation {list(perm)} moves the batch axis, which must stay first")
    return tuple(p - 1 for p in perm[1:])


def new_shape(node: onnx.NodeProto, operands: list[Value | None], shape: Shape, batch: int | None) -> Shape:
    """The shape of one sample of `shape` after Reshape, Flatten, Squeeze or Unsqueeze; `batch` is the model's own, None when symbolic.

    Raises InputError or UnsupportedModelError.
    """
    if node.op_type == "Flatten":
        if Attributes(node).integer("axis", 1) not in {1, -len(shape)}:
            raise UnsupportedModelError(f"{node.name}: Flatten is supported with axis 1 only, which keeps the batch")
        return (math.prod(shape),)
    numbers = listed(node, operands)
    match node.op_type:
        case "Reshape":
            return _reshaped(node, numbers or (), shape, batch)
        case "Squeeze":
            return _squeezed(node, numbers, shape)
        case _:
            return _unsqueezed(node, numbers, shape)


def listed(node: onnx.NodeProto, operands: Sequence[Value | None]) -> Shape | None:
    """The dimensions or axes that a node lists, in its second input or (older operator sets) in an attribute."""
    found = operands[1] if len(operands) > 1 else None
    if found is None:
        return Attributes(node).integers("shape" if node.op_type == "Reshape" else "axes")
    if isinstance(found, Constant) and found.integers is not None and found.scale is None:
        return tuple(int(i) for i in found.integers.reshape(-1))
    raise UnsupportedModelError(f"{node.name}: {node.op_type} with a shape computed from data is not supported; it must be constant")


def keeps_batch(node: onnx.NodeProto, numbers: Shape, shape: Shape, batch: int | None) -> Shape | None:
    """The shape of one sample of `shape` after a Reshape to `numbers` whose first dimension stays the batch, or None."""
    size = math.prod(shape)
    copies = not Attributes(node).integer("allowzero", 0)
    known = [shape[i - 1] if d == 0 and copies and 0 < i <= len(shape) else d for i, d in enumerate(numbers)][1:]
    fixed = math.prod(d for d in known if d != -1)
    first = bool(known) and (numbers[0] in {0, -1, BATCH} or (numbers[0] > 0 and batch in {None, numbers[0]}))
    if known.count(-1) == 1 and numbers[0] in {0, BATCH, batch} and fixed > 0 and size % fixed == 0:
        known[known.index(-1)] = size // fixed
    return tuple(known) if first and all(d >= 1 for d in known) and math.prod(known) == size else None


def _reshaped(node: onnx.NodeProto, numbers: Shape, shape: Shape, batch: int | None) -> Shape:
    found = keeps_batch(node, numbers, shape, batch)
    if found is None:
        raise UnsupportedModelError(
            f"{node.name}: Reshape of one sample {list(shape)} to {['batch' if d == BATCH else d for d in numbers]} does not keep the "
            "batch as the first dimension"
        )
    return found


def _squeezed(node: onnx.NodeProto, axes: Shape | None, shape: Shape) -> Shape:
    rank = len(shape) + 1
    positions = counted_axes(node, axes, rank) if axes else {i + 1 for i, d in enumerate(shape) if d == 1}
    if 0 in positions or any(shape[p - 1] != 1 for p in positions):
        raise UnsupportedModelError(f"{node.name}: Squeeze must remove dimensions of size 1 and keep the batch")
    return tuple(d for i, d in enumerate(shape) if i + 1 not in positions)


def _unsqueezed(node: onnx.NodeProto, axes: Shape | None, shape: Shape) -> Shape:
    grown = len(shape) + 1 + len(axes or ())
    positions = counted_axes(node, axes or (), grown)
    if 0 in positions:
        raise UnsupportedModelError(f"{node.name}: Unsqueeze before the batch is not supported")
    rest = iter(shape)
    return tuple(1 if i in positions else next(rest) for i in range(1, grown))


def counted_axes(node: onnx.NodeProto, axes: Shape, rank: int) -> set[int]:
    """Axes counted from the front, each within `rank` and listed once."""
    positions = {a + rank if a < 0 else a for a in axes}
    if len(positions) != len(axes) or any(not 0 <= p < rank for p in positions):
        raise InputError(f"{node.name}: axes {list(axes)} do not fit a tensor of {rank} dimensions")
    return positions
