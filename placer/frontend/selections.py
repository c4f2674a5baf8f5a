"""Slice, Split, Gather, Expand, Tile and Concat of samples: positions along axes, which commute with rounding element by element."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx

from placer.errors import InputError, UnsupportedModelError
from placer.frontend.constant_tensors import sample_of, stored_constant
from placer.frontend.constants import Attributes
from placer.frontend.graph import Graph, check_size
from placer.frontend.operators import as_scaled, is_arithmetic
from placer.frontend.shapes import counted_axes
from placer.frontend.values import Constant, Joined, NewShape, Quantised, RawInput, Selection, Stored, Value
from placer.network import Concat

SELECTIONS = frozenset({"Slice", "Split", "Gather", "Expand", "Tile"})


def select(graph: Graph, node: onnx.NodeProto, operands: Sequence[Value | None]) -> tuple[Value, ...]:
    """The results of a node of SELECTIONS, one an output.

    Raises InputError or UnsupportedModelError.
    """
    value = operands[0] if operands else None
    if value is None:
        raise InputError(f"{node.name}: {node.op_type} lacks its first input")
    if isinstance(value, Constant) or not (isinstance(value, Stored | Quantised | RawInput) or is_arithmetic(value)):
        raise UnsupportedModelError(f"{node.name}: {node.op_type} is not supported here")
    match node.op_type:
        case "Slice":
            return (_slice(graph, node, value, operands),)
        case "Gather":
            return (_gather(graph, node, value, operands),)
        case "Tile":
            return (_tiled(graph, node, value, _integers(node, operands, 1, "repeats")),)
        case "Expand":
            return (expanded(graph, node, value, _sample_shape(node, _integers(node, operands, 1, "shape"), value)),)
        case _:
            return _split(graph, node, value, operands)


def concat(graph: Graph, node: onnx.NodeProto, operands: Sequence[Value | None]) -> Value:
    """The operands one after the other along an axis of the sample: at once where their integers agree, else when they are rounded.

    Raises InputError or UnsupportedModelError.
    """
    values = _as_tensors(graph, node, [v for v in operands if v is not None])
    if len(values) == 1:
        return values[0]
    axis = _axis(node, Attributes(node).integer("axis", 0), len(getattr(values[0], "shape", ())) + 1)
    shape = joined_shape(node, [getattr(v, "shape", ()) for v in values], axis)
    alike = [v for v in values if isinstance(v, type(values[0])) and isinstance(v, Stored | Quantised)]
    kind = graph.type(alike[0].tensor) if alike else None
    if kind and len(alike) == len(values) and all(graph.type(v.tensor) == kind for v in alike):
        name = node.output[0]
        graph.emit(Concat(graph.fresh(f"{node.name}.op"), tuple(v.tensor for v in alike), name, axis), shape, kind)
        return replace(alike[0], tensor=name, shape=shape)
    parts = tuple(as_scaled(v) if isinstance(v, Stored) else v for v in values)
    if not all(is_arithmetic(p) for p in parts):
        raise UnsupportedModelError(f"{node.name}: Concat is supported of quantised values and arithmetic on them, not here")
    return Joined(tuple(p for p in parts if is_arithmetic(p)), axis, shape)


def _as_tensors(graph: Graph, node: onnx.NodeProto, values: list[Value]) -> list[Value]:
    """Constants as tensors."""
    others = [v for v in values if not isinstance(v, Constant)]
    shape: tuple[int, ...] = getattr(others[0], "shape", ()) if others else ()
    if any(isinstance(v, Constant) and v.real.ndim not in {len(shape), len(shape) + 1} for v in values):
        raise UnsupportedModelError(f"{node.name}: Concat of constants is supported beside a tensor of as many dimensions")
    samples = [sample_of(graph, node, v, shape) if isinstance(v, Constant) else v for v in values]
    return [stored_constant(graph, node, v, v.real.shape) if isinstance(v, Constant) else v for v in samples]


def expanded(graph: Graph, node: onnx.NodeProto, value: Value, shape: tuple[int, ...]) -> Value:
    """`value` repeated along axes of size 1, and along new leading ones, to `shape`.

    Raises UnsupportedModelError where the shapes do not broadcast.
    """
    before = tuple(getattr(value, "shape", ()))
    full = (1,) * (len(shape) - len(before)) + before
    if len(before) > len(shape) or any(b not in {1, s} for b, s in zip(full, shape, strict=True)):
        raise UnsupportedModelError(f"{node.name}: {node.op_type}: a tensor {list(before)} does not broadcast to {list(shape)}")
    if full != before:
        value = _moved(graph, node, value, NewShape(before, full))
    for axis, (b, s) in enumerate(zip(full, shape, strict=True)):
        if b != s:
            value = _taken(graph, node, value, axis, (0,) * s)
    return value


def _tiled(graph: Graph, node: onnx.NodeProto, value: Value, repeats: tuple[int, ...]) -> Value:
    shape: tuple[int, ...] = getattr(value, "shape", ())
    if len(repeats) != len(shape) + 1 or min(repeats) < 1:
        raise InputError(f"{node.name}: Tile of {len(shape) + 1} dimensions by {list(repeats)}")
    if repeats[0] != 1:
        raise UnsupportedModelError(f"{node.name}: Tile along the batch is not supported")
    for axis, times in enumerate(repeats[1:]):
        check_size(node.name, (math.prod(getattr(value, "shape", ())) * times,))
        value = _taken(graph, node, value, axis, tuple(range(shape[axis])) * times)
    return value


def _slice(graph: Graph, node: onnx.NodeProto, value: Value, operands: Sequence[Value | None]) -> Value:
    starts, ends = _integers(node, operands, 1, "starts"), _integers(node, operands, 2, "ends")
    axes = _listed(node, operands, 3, "axes") or tuple(range(len(starts)))
    steps = _listed(node, operands, 4, "steps") or (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise InputError(f"{node.name}: Slice states {len(starts)} starts, {len(ends)} ends, {len(axes)} axes and steps {list(steps)}")
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        shape: tuple[int, ...] = getattr(value, "shape", ())
        if axis % (len(shape) + 1) == 0 and (start, step) == (0, 1) and end >= 1 << 31:
            continue
        at = _axis(node, axis, len(shape) + 1)
        found = tuple(range(*slice(start, end, step).indices(shape[at])))
        if step < 0 and end >= 0 and end >= shape[at]:
            found = ()
        if not found:
            raise InputError(f"{node.name}: Slice from {start} to {end} leaves nothing of an axis of {shape[at]}")
        value = _taken(graph, node, value, at, found)
    return value


def _gather(graph: Graph, node: onnx.NodeProto, value: Value, operands: Sequence[Value | None]) -> Value:
    index = operands[1] if len(operands) > 1 else None
    if not isinstance(index, Constant) or index.integers is None or index.scale is not None or not index.integers.size:
        raise UnsupportedModelError(f"{node.name}: Gather is supported with constant indices")
    shape: tuple[int, ...] = getattr(value, "shape", ())
    axis = _axis(node, Attributes(node).integer("axis", 0), len(shape) + 1)
    if np.any(index.integers < -shape[axis]) or np.any(index.integers >= shape[axis]):
        raise InputError(f"{node.name}: an index of Gather lies outside an axis of {shape[axis]}")
    found = tuple(int(i) % shape[axis] for i in index.integers.reshape(-1))
    value = _taken(graph, node, value, axis, found)
    taken = (*shape[:axis], len(found), *shape[axis + 1 :])
    after = (*shape[:axis], *index.integers.shape, *shape[axis + 1 :])
    return value if taken == after else _moved(graph, node, value, NewShape(taken, after))


def _split(graph: Graph, node: onnx.NodeProto, value: Value, operands: Sequence[Value | None]) -> tuple[Value, ...]:
    shape: tuple[int, ...] = getattr(value, "shape", ())
    axis = _axis(node, Attributes(node).integer("axis", 0), len(shape) + 1)
    count = len(node.output)
    most = -(-shape[axis] // count)
    even = (*(most,) * (count - 1), shape[axis] - most * (count - 1))
    sizes = _listed(node, operands, 1, "split") or even
    if len(sizes) != count or min(sizes) < 1 or sum(sizes) != shape[axis]:
        raise InputError(f"{node.name}: Split of an axis of {shape[axis]} into {list(sizes)} does not give its {count} outputs")
    ends = np.cumsum(sizes)
    return tuple(
        _taken(graph, node, value, axis, tuple(range(int(end) - size, int(end))), number)
        for number, (end, size) in enumerate(zip(ends, sizes, strict=True))
    )


def _taken(graph: Graph, node: onnx.NodeProto, value: Value, axis: int, indices: tuple[int, ...], output: int = 0) -> Value:
    shape: tuple[int, ...] = getattr(value, "shape", ())
    if indices == tuple(range(shape[axis])):
        return value
    return _moved(graph, node, value, Selection(axis, indices, shape, (*shape[:axis], len(indices), *shape[axis + 1 :])), output)


def _moved(graph: Graph, node: onnx.NodeProto, value: Value, move: Selection | NewShape, output: int = 0) -> Value:
    if isinstance(value, Stored | Quantised):
        name = graph.fresh(f"{node.output[output]}.taken")
        graph.move(node.name, value.tensor, (move,), name)
        return replace(value, tensor=name, shape=move.shape)
    assert isinstance(value, RawInput) or is_arithmetic(value), "statistics and constants are refused before"
    return replace(value, shape=move.shape, moves=(*value.moves, move))


def _axis(node: onnx.NodeProto, axis: int, rank: int) -> int:
    """An axis of the sample, counted from 0."""
    found = counted_axes(node, (axis,), rank).pop()
    if found == 0:
        raise UnsupportedModelError(f"{node.name}: {node.op_type} along the batch is not supported")
    return found - 1


def _sample_shape(node: onnx.NodeProto, numbers: tuple[int, ...], value: Value) -> tuple[int, ...]:
    """The shape of one sample that an Expand asks for; its batch is the value's."""
    shape: tuple[int, ...] = getattr(value, "shape", ())
    if len(numbers) <= len(shape):
        return tuple(max(n, s) for n, s in zip((1,) * (len(shape) - len(numbers)) + numbers, shape, strict=True))
    full = (1,) * (len(numbers) - 1 - len(shape)) + shape
    return tuple(max(n, s) for n, s in zip(numbers[1:], full, strict=True))


def _integers(node: onnx.NodeProto, operands: Sequence[Value | None], at: int, attribute: str) -> tuple[int, ...]:
    found = _listed(node, operands, at, attribute)
    if found is None:
        raise InputError(f"{node.name}: {node.op_type} lacks its {attribute}")
    return found


def _listed(node: onnx.NodeProto, operands: Sequence[Value | None], at: int, attribute: str) -> tuple[int, ...] | None:
    """Constant integers from an input or (older operator sets) an attribute; None where they are absent."""
    listed = operands[at] if len(operands) > at else None
    if listed is None:
        return Attributes(node).integers(attribute)
    if isinstance(listed, Constant) and listed.integers is not None and listed.scale is None:
        return tuple(int(i) for i in listed.integers.reshape(-1))
    raise UnsupportedModelError(f"{node.name}: {node.op_type} with {attribute} computed from data is not supported; constants are")


def joined_shape(node: onnx.NodeProto, shapes: list[tuple[int, ...]], axis: int) -> tuple[int, ...]:
    """The shape of samples of `shapes` one after the other along `axis`.

    Raises InputError where they do not fit together.
    """
    first = shapes[0]
    if any(len(s) != len(first) or (*s[:axis], *s[axis + 1 :]) != (*first[:axis], *first[axis + 1 :]) for s in shapes):
        raise InputError(f"{node.name}: {node.op_type} of samples {[list(s) for s in shapes]} along axis {axis} does not fit together")
    return (*first[:axis], sum(s[axis] for s in shapes), *first[axis + 1 :])
