"""The operators between quantisers, on expressions (values.py): what can stay exact stays unrounded until its quantiser.

Where an operator needs a stored tensor and has an unrounded expression, the expression is rounded to 16 bits and the network says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeGuard

import numpy as np
import onnx

from placer.arithmetic.fixed_point import UNLIMITED, FloatArray, single
from placer.errors import InputError, UnsupportedModelError
from placer.frontend import moments
from placer.frontend.closing import materialise
from placer.frontend.constant_tensors import sample_of, stored_constant
from placer.frontend.graph import IMAGE_BITS, Graph, as_evaluated, of_few_values
from placer.frontend.values import (
    Applied,
    Arithmetic,
    Constant,
    Function,
    Joined,
    Limits,
    Mapped,
    Matrices,
    Moment,
    Normalised,
    Product,
    Scaled,
    Selection,
    Softened,
    Statistic,
    Stored,
    Sum,
    Times,
    Value,
)

Join = Callable[[FloatArray, FloatArray], FloatArray]


def is_arithmetic(value: Value) -> TypeGuard[Arithmetic]:
    """Whether `value` is an expression that is not rounded yet."""
    return isinstance(value, Product | Scaled | Sum | Times | Mapped | Applied | Normalised | Matrices | Softened | Joined)


def stored(graph: Graph, node: onnx.NodeProto, value: Value, factors: int | None = None) -> Stored:
    """`value` as a stored tensor; an unrounded expression is rounded to 16 bits, or to more for consumers of more (materialise)."""
    if isinstance(value, Stored):
        return value
    if isinstance(value, Statistic):
        held = moments.stored_deviations(graph, node, value)
        value = held or moments.computed(graph, node, value)
        return stored(graph, node, value, factors)
    if is_arithmetic(value):
        return Stored(materialise(graph, node.name, value, f"{node.op_type} needs a rounded operand", factors), value.shape)
    raise UnsupportedModelError(f"{node.name}: {node.op_type} is supported on quantised values, not here")


def as_scaled(value: Stored) -> Scaled:
    """A stored tensor as an expression."""
    return Scaled(value.tensor, np.ones(1), np.zeros(1), value.shape)


# -- sums and products with constants -----------------------------------------------------------------------------------------------


def add(graph: Graph, node: onnx.NodeProto, left: Value, right: Value, sign: float = 1.0) -> Value:
    """left + sign * right.

    Raises UnsupportedModelError.
    """
    left, right = _as_tensor(graph, node, left, right), _as_tensor(graph, node, right, left)
    if isinstance(left, Constant):
        return add_constant(graph, node, times_constant(graph, node, right, np.full(1, sign)), left)
    if isinstance(right, Constant):
        return add_constant(graph, node, left, replace(right, real=sign * right.real))
    away = moments.difference(left, right) if sign == -1 else None
    if away is not None:
        return away
    # A sum of two scaled tensors stays one: vectors add faster than tables are looked up.
    plain = all(isinstance(v, Stored | Scaled) and not graph.tabulated(_tensor(v)) for v in (left, right))
    shared = None if plain else _shared(graph, left, right, lambda a, b: a + sign * b)
    if shared is not None:
        return shared
    (a, a_gain), (b, b_gain) = term(graph, node, left), term(graph, node, right)
    a, b = _alike(graph, node, a, b)
    return Sum(a.tensor, b.tensor, a_gain, sign * b_gain, a.shape)


def add_constant(graph: Graph, node: onnx.NodeProto, value: Value, constant: Constant) -> Value:
    """value + constant, which may vary along the last axis."""
    if isinstance(value, Statistic) and value.kind is Moment.VARIANCE and constant.real.size == 1:
        return replace(value, epsilon=value.epsilon + float(constant.real.reshape(())))
    vector = _channels(graph, node, value, constant)
    if isinstance(value, Mapped | Applied) and vector.size == 1:
        return _apply(value, lambda x: x + vector[0])
    if isinstance(value, Product | Normalised | Scaled) and value.limits == UNLIMITED and (not value.moves or vector.size == 1):
        return replace(value, bias=value.bias + vector) if isinstance(value, Product) else replace(value, offset=value.offset + vector)
    return replace(as_scaled(stored(graph, node, value)), offset=vector)


def multiply(graph: Graph, node: onnx.NodeProto, left: Value, right: Value) -> Value:
    """left * right, element by element.

    Raises UnsupportedModelError.
    """
    left, right = _as_tensor(graph, node, left, right), _as_tensor(graph, node, right, left)
    if isinstance(left, Constant):
        left, right = right, left
    if isinstance(right, Constant):
        return times_constant(graph, node, left, _channels(graph, node, left, right))
    if isinstance(left, Statistic) and isinstance(right, Statistic) and left == right and left.kind is Moment.DEVIATION:
        return replace(left, kind=Moment.SQUARE)
    shared = _shared(graph, left, right, lambda a, b: a * b)
    if shared is not None:
        return shared
    (a, a_gain), (b, b_gain) = term(graph, node, left), term(graph, node, right)
    a, b = _alike(graph, node, a, b)
    return Times(a.tensor, b.tensor, a_gain * b_gain, a.shape)


def times_constant(graph: Graph, node: onnx.NodeProto, value: Value, gain: FloatArray) -> Value:
    """value * gain, [1] or [N] along the last axis."""
    if gain.size == 1 and gain[0] == 1:
        return value
    if isinstance(value, Mapped | Applied) and gain.size == 1:
        return _apply(value, lambda x: x * gain[0])
    if is_arithmetic(value) and (value.limits == UNLIMITED or (gain.size == 1 and gain[0] > 0)) and (not value.moves or gain.size == 1):
        scale = abs(float(gain[0]))
        limits: Limits = UNLIMITED if value.limits == UNLIMITED else (value.limits[0] * scale, value.limits[1] * scale)
        match value:
            case Product() if np.all(gain != 0):
                # A negative step would turn limits and rounding around: the weights change sign instead.
                weight = value.weight * np.sign(gain).astype(np.int64)
                return replace(value, weight=weight, scale=value.scale * np.abs(gain), bias=value.bias * gain, limits=limits)
            case Scaled() | Normalised():
                return replace(value, gain=value.gain * gain, offset=value.offset * gain, limits=limits)
            case Sum() if gain.size == 1:
                return replace(value, left_gain=value.left_gain * gain[0], right_gain=value.right_gain * gain[0], limits=limits)
            case Times() | Matrices() if gain.size == 1:
                return replace(value, gain=value.gain * float(gain[0]), limits=limits)
            case Softened() if gain.size == 1 and gain[0] > 0:
                return replace(value, gain=value.gain * float(gain[0]), limits=limits)
    return replace(as_scaled(stored(graph, node, value)), gain=gain)


def divide(graph: Graph, node: onnx.NodeProto, left: Value, right: Value) -> Value:
    """left / right: by a constant, of two functions of one tensor, or of any two, then with the reciprocal of right."""
    whole = moments.quotient(left, right)
    if whole is not None:
        return whole
    if isinstance(right, Constant):
        if np.any(right.real == 0):
            raise UnsupportedModelError(f"{node.name}: Div by a constant that holds 0")
        if _along_last(node, left, right) is None:
            return multiply(graph, node, left, Constant(1.0 / right.real, "float32"))
        return times_constant(graph, node, left, 1.0 / _channels(graph, node, left, right))
    if isinstance(left, Constant) and left.real.size == 1:
        numerator = float(left.real.reshape(()))
        return unary(graph, node, right, lambda x: numerator / x)
    shared = _shared(graph, left, right, lambda a, b: a / b)
    if shared is not None:
        return shared
    held, gain = term(graph, node, left)
    kind = graph.type(held.tensor)
    inverse = stored(graph, node, unary(graph, node, right, _reciprocal, rounds=False), kind.largest)
    error = abs(gain) * kind.largest * kind.scale * graph.type(inverse.tensor).scale / 2
    a, b = _alike(graph, node, held, inverse)
    return Times(a.tensor, b.tensor, gain, a.shape, error=error)


def batch_normalisation(graph: Graph, node: onnx.NodeProto, value: Value, operands: list[Value | None]) -> Value:
    """A gain and an offset for each position of a sample's first axis.

    Raises UnsupportedModelError or InputError.
    """
    given = [o for o in operands[1:5] if isinstance(o, Constant)]
    channels = value.shape[0] if not isinstance(value, Constant) and value.shape else 0
    if len(given) != 4 or any(o.real.shape != (channels,) for o in given):
        raise UnsupportedModelError(
            f"{node.name}: BatchNormalization takes four constants, each of one value for each of {channels} channels"
        )
    scale, offset, mean, variance = (o.real for o in given)
    epsilon = next((a.f for a in node.attribute if a.name == "epsilon"), 1e-5)
    if np.any(variance + epsilon <= 0):
        raise InputError(f"{node.name}: a variance of BatchNormalization is negative")
    gain = scale / np.sqrt(variance + epsilon)
    shape = (channels, *(1,) * (len(value.shape) - 1)) if not isinstance(value, Constant) else ()
    scaled = multiply(graph, node, value, Constant(gain.reshape(shape), "float32"))
    return add(graph, node, scaled, Constant((offset - mean * gain).reshape(shape), "float32"))


def _reciprocal(x: FloatArray) -> FloatArray:
    """1 / x; of 0, which has none, the largest of the others."""
    with np.errstate(divide="ignore"):
        found = 1 / x
    finite = found[np.isfinite(found)]
    return np.where(np.isfinite(found), found, np.abs(finite).max() if finite.size else 1.0)


# -- functions of one element -------------------------------------------------------------------------------------------------------


def unary(graph: Graph, node: onnx.NodeProto, value: Value, function: Function, rounds: bool = True) -> Value:
    """function(value), element by element; rounds: to float32, as the model's own operator does."""
    if isinstance(value, Scaled):
        value = graph.function_of(value) or value
    if isinstance(value, Mapped | Applied):
        return _apply(value, function, rounds)
    if isinstance(value, Product | Scaled | Sum | Times | Normalised | Matrices | Softened):
        return Applied(replace(value, moves=()) if value.moves else value, function, value.shape, moves=value.moves)
    found = graph.function_of(as_scaled(stored(graph, node, value)))
    if found is None:
        raise UnsupportedModelError(f"{node.name}: {node.op_type} is supported for elements of at most 16 bits")
    return _apply(found, function, rounds)


def clip(graph: Graph, node: onnx.NodeProto, value: Value, limits: Limits) -> Value:
    """value between real limits: Relu, Clip."""
    low, high = limits
    if np.isnan(low) or np.isnan(high) or low > high:
        raise InputError(f"{node.name}: Clip from {low} to {high} has no values")
    if isinstance(value, Mapped):
        return replace(value, values=np.clip(value.values, low, high))
    if is_arithmetic(value):
        bounds = np.clip(np.array(value.limits), low, high)
        return replace(value, limits=(float(bounds[0]), float(bounds[1])))
    return replace(as_scaled(stored(graph, node, value)), limits=limits)


def _apply(value: Mapped | Applied, function: Function, rounds: bool = True) -> Mapped | Applied:
    limits = value.limits
    with np.errstate(all="ignore"):
        if isinstance(value, Mapped):
            values = function(np.clip(value.values, *limits))
            return replace(value, values=as_evaluated(values) if rounds else values, limits=UNLIMITED)
    inner = value.function
    return replace(value, function=lambda x: function(np.clip(inner(x), *limits)), limits=UNLIMITED)


def _shared(graph: Graph, left: Value, right: Value, join: Join) -> Mapped | Applied | None:
    """The joint function where both sides are functions of one 8-bit tensor, or of one unrounded expression."""
    if isinstance(left, Applied) and isinstance(right, Applied) and left.inner is right.inner and left.moves == right.moves:
        f, g, a, b = left.function, right.function, left.limits, right.limits
        return replace(left, function=lambda x: join(np.clip(f(x), *a), np.clip(g(x), *b)), limits=UNLIMITED)
    if isinstance(left, Applied) and left.inner is right and not left.moves:
        f, a, b = left.function, left.limits, left.inner.limits
        return replace(left, function=lambda x: join(np.clip(f(x), *a), np.clip(x, *b)), limits=UNLIMITED)
    if isinstance(right, Applied) and right.inner is left:
        return _shared(graph, right, left, lambda a, b: join(b, a))
    a_values, b_values = _as_function(graph, left), _as_function(graph, right)
    if a_values is None or b_values is None or (a_values.source, a_values.shape) != (b_values.source, b_values.shape):
        return None
    with np.errstate(all="ignore"):
        return replace(a_values, values=as_evaluated(join(a_values.values, b_values.values)))


def _as_function(graph: Graph, value: Value) -> Mapped | None:
    """`value` as a function of one 8-bit tensor, or None; limits applied."""
    if isinstance(value, Mapped) and not value.moves:
        return replace(value, values=np.clip(value.values, *value.limits), limits=UNLIMITED)
    scaled = as_scaled(value) if isinstance(value, Stored) else value
    if not isinstance(scaled, Scaled) or scaled.moves or graph.type(scaled.source).dtype.bits > IMAGE_BITS:
        return None
    found = graph.function_of(scaled)
    return found and replace(found, values=np.clip(found.values, *found.limits), limits=UNLIMITED)


# -- helpers ------------------------------------------------------------------------------------------------------------------------


def term(graph: Graph, node: onnx.NodeProto, value: Value) -> tuple[Stored, float]:
    """A stored tensor and the factor it comes with."""
    if isinstance(value, Scaled) and len(value.gain) == 1 and not np.any(value.offset) and value.limits == UNLIMITED and not value.moves:
        return Stored(value.source, value.shape), float(value.gain[0])
    return stored(graph, node, value), 1.0


def _channels(graph: Graph, node: onnx.NodeProto, value: Value, constant: Constant) -> FloatArray:
    """A constant operand as [1] or [N] along the last axis of `value`; in float32 where that is a function of 8 bits.

    Raises UnsupportedModelError where it varies along others.
    """
    found = _along_last(node, value, constant)
    if found is None:
        raise UnsupportedModelError(
            f"{node.name}: {node.op_type} of a tensor {list(getattr(value, 'shape', ()))} and a constant {list(constant.real.shape)} is "
            "not supported here; one value, or one for each element of the last axis, is"
        )
    return single(found) if _of_few_values(graph, value) else found


def _of_few_values(graph: Graph, value: Value) -> bool:
    """Whether `value` is a function of one 8-bit element."""
    match value:
        case Mapped():
            return of_few_values(value.values)
        case Stored() | Scaled():
            return graph.enumerable(_tensor(value)) and of_few_values(graph.image(_tensor(value)).integers)
    return False


def _along_last(node: onnx.NodeProto, value: Value, constant: Constant) -> FloatArray | None:
    """A constant operand as [1] or [N] along the last axis of `value`; None where it varies along others."""
    shape = () if isinstance(value, Constant) else value.shape
    real = constant.real
    if not np.all(np.isfinite(single(real))):
        raise InputError(f"{node.name}: its constant holds {float(real[~np.isfinite(real)][0])}")
    if real.size == 1 and real.ndim <= len(shape) + 1:
        return real.reshape(1)
    if shape and real.ndim and real.size and real.shape[-1] == shape[-1] and _broadcasts(real.shape, shape):
        flat = real.reshape(-1, real.shape[-1])
        if np.array_equal(flat, np.broadcast_to(flat[:1], flat.shape)):
            return np.asarray(flat[0])
    return None


def _as_tensor(graph: Graph, node: onnx.NodeProto, constant: Value, other: Value) -> Value:
    """A constant that varies along more than the last axis of `other` as a tensor; any other value itself.

    Raises UnsupportedModelError where it does not broadcast.
    """
    if not isinstance(constant, Constant) or isinstance(other, Constant) or _along_last(node, other, constant) is not None:
        return constant
    sample = sample_of(graph, node, constant, other.shape)
    shape = (*(1,) * (len(other.shape) - sample.real.ndim), *sample.real.shape)
    if any(c not in {1, s} and s != 1 for c, s in zip(shape, other.shape, strict=True)):
        raise UnsupportedModelError(
            f"{node.name}: {node.op_type} of a tensor {list(other.shape)} and a constant {list(constant.real.shape)} is not supported; "
            "they must broadcast"
        )
    return stored_constant(graph, node, sample, np.broadcast_shapes(shape, other.shape))


def _broadcasts(constant: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether a constant's shape broadcasts over samples of `shape`, all alike."""
    if len(constant) > len(shape) + 1 or (len(constant) == len(shape) + 1 and constant[0] != 1):
        return False
    return all(c in {1, d} for c, d in zip(constant[::-1], shape[::-1], strict=False))


def _tensor(value: Stored | Scaled) -> str:
    return value.tensor if isinstance(value, Stored) else value.source


def _alike(graph: Graph, node: onnx.NodeProto, left: Stored, right: Stored) -> tuple[Stored, Stored]:
    """Both operands in their common shape, repeated along axes of size 1 and new leading ones."""
    try:
        shape = np.broadcast_shapes(left.shape, right.shape)
    except ValueError:
        shape = ()
    # With fewer axes, an operand's batch would meet an axis of the other's sample.
    if not shape or len(left.shape) != len(right.shape):
        raise UnsupportedModelError(
            f"{node.name}: {node.op_type} of tensors {list(left.shape)} and {list(right.shape)} is not supported; shapes must agree, or "
            "broadcast along axes of size 1"
        )
    return _repeated(graph, node, left, shape), _repeated(graph, node, right, shape)


def _repeated(graph: Graph, node: onnx.NodeProto, value: Stored, shape: tuple[int, ...]) -> Stored:
    """`value` repeated along its axes of size 1 to `shape`."""
    for axis, size in enumerate(shape):
        if value.shape[axis] != size:
            wider = (*value.shape[:axis], size, *value.shape[axis + 1 :])
            name = graph.fresh(f"{value.tensor}.repeated")
            graph.move(node.name, value.tensor, (Selection(axis, (0,) * size, value.shape, wider),), name)
            value = Stored(name, wider)
    return value
