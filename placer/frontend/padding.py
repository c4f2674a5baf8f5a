"""Pad: a product with ones where a position stays, and a bias where none was, exact like all that only moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx

from placer.errors import InputError, UnsupportedModelError
from placer.frontend.closing import close
from placer.frontend.constants import Attributes
from placer.frontend.graph import Graph
from placer.frontend.operators import stored
from placer.frontend.values import Constant, Movement, Permutation, Product, Stored, Value

# Positions of an axis, for whose matrix there must be room.
MAX_PLACES = 1 << 10


def pad(graph: Graph, node: onnx.NodeProto, value: Value, operands: Sequence[Value | None]) -> Value:
    """A sample with constant values before and after its positions along some axes.

    Raises UnsupportedModelError or InputError.
    """
    held = stored(graph, node, value)
    before, after = _pads(node, operands, len(held.shape) + 1)
    number = _number(node, operands)
    kind = graph.type(held.tensor)
    steps = number / kind.scale + kind.zero_point
    if steps != round(steps) or not kind.min <= steps <= kind.max:
        raise UnsupportedModelError(f"{node.name}: Pad with {number:g}, no value of the tensor that it pads, is not supported; 0 is")
    for axis, (first, last) in enumerate(zip(before, after, strict=True)):
        if first or last:
            held = _along(graph, node, held, axis, (first, last), number)
    return held


def _along(graph: Graph, node: onnx.NodeProto, held: Stored, axis: int, pads: tuple[int, int], number: float) -> Stored:
    """`held` with `pads` positions before and after those of one axis."""
    rank, size = len(held.shape), held.shape[axis]
    grown = size + sum(pads)
    if grown > MAX_PLACES:
        raise UnsupportedModelError(f"{node.name}: Pad to {grown} positions is not supported; to {MAX_PLACES} is")
    perm = (*(i for i in range(rank) if i != axis), axis)
    turned = tuple(held.shape[i] for i in perm)
    source, moves = held.tensor, tuple[Movement, ...]()
    shape = (*held.shape[:axis], grown, *held.shape[axis + 1 :])
    if axis != rank - 1:
        source = graph.fresh(f"{node.name}.axis_last")
        graph.move(node.name, held.tensor, (Permutation(perm, held.shape, turned),), source)
        back = tuple(int(i) for i in np.argsort(perm))
        moves = (Permutation(back, (*turned[:-1], grown), shape),)
    weight = np.pad(np.eye(size, dtype=np.int64), ((0, 0), pads))
    bias = np.where(weight.any(axis=0), 0.0, number)
    name = graph.fresh(f"{node.name}.padded")
    close(graph, node.name, Product(source, weight, np.ones(grown), "int8", bias, shape, moves=moves), graph.type(held.tensor), name)
    return Stored(name, shape)


def _pads(node: onnx.NodeProto, operands: Sequence[Value | None], rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Positions to add before and after each axis of a sample."""
    if Attributes(node).text("mode", "constant") != "constant":
        raise UnsupportedModelError(f"{node.name}: Pad is supported with mode constant; Gather and Concat state the others")
    given = _integers(node, operands, 1, Attributes(node).integers("pads"))
    axes = _integers(node, operands, 3, tuple(range(rank)))
    if given is None or axes is None or len(given) != 2 * len(axes) or any(not -rank <= a < rank for a in axes):
        raise InputError(f"{node.name}: Pad of {rank} dimensions states {list(given or ())} for axes {list(axes or ())}")
    before, after = [0] * rank, [0] * rank
    for number, axis in enumerate(axes):
        before[axis], after[axis] = given[number], given[number + len(axes)]
    if before[0] or after[0]:
        raise UnsupportedModelError(f"{node.name}: Pad of the batch is not supported")
    if min(*before, *after) < 0:
        raise UnsupportedModelError(f"{node.name}: Pad by less than 0 is not supported; Slice is")
    return tuple(before[1:]), tuple(after[1:])


def _integers(node: onnx.NodeProto, operands: Sequence[Value | None], at: int, default: tuple[int, ...] | None) -> tuple[int, ...] | None:
    found = operands[at] if len(operands) > at else None
    if found is None:
        return default
    if not isinstance(found, Constant) or found.integers is None or found.scale is not None:
        raise UnsupportedModelError(f"{node.name}: Pad by amounts computed from data is not supported; by constants it is")
    return tuple(int(i) for i in found.integers.reshape(-1))


def _number(node: onnx.NodeProto, operands: Sequence[Value | None]) -> float:
    """The value at new positions."""
    found = operands[2] if len(operands) > 2 else None
    if found is None:
        return Attributes(node).real("value", 0.0)
    if not isinstance(found, Constant) or found.real.size != 1:
        raise UnsupportedModelError(f"{node.name}: Pad is supported with one constant value")
    return float(found.real.reshape(()))
