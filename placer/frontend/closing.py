"""Closing an expression at its rounding point: one operation of the network, its integers chosen by fixed_point.py."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from placer.arithmetic.fixed_point import (
    FloatArray,
    TooLargeError,
    clamp,
    factor,
    rounding,
    single,
    tie_rate,
    uniform_power,
)
from placer.cubics import SEGMENTS
from placer.errors import UnsupportedModelError
from placer.frontend.closing_rows import normalise_of, softmax_of
from placer.frontend.cubic_fit import cubics
from placer.frontend.float32 import Factors, Operand, enumerable, fit_channels, fit_factors, fit_product, multiplied, scaled, summed
from placer.frontend.graph import Graph
from placer.frontend.values import (
    Applied,
    Arithmetic,
    Function,
    Joined,
    Limits,
    Linear,
    Mapped,
    Matrices,
    Normalised,
    Product,
    Scaled,
    Softened,
    Sum,
    Times,
)
from placer.network import (
    Add,
    Concat,
    Dense,
    IntArray,
    Interpolation,
    IntType,
    MatMul,
    Multiply,
    Operation,
    QuantType,
    Requantise,
    Rounding,
    Table,
)

# What a 32-bit output may reach: as much as a narrow value does.
OUTPUT_LIMIT = (1 << 30) - 1
# Bits of an unrounded value whose consumer takes 32-bit elements, where its 46-bit sums leave room for them. An element is then off by at
# most 2^-30 of its range, 2^-17 of a step of an 8-bit result over a 32nd of that range: fewer than one result in 100,000 lies so near a tie
# that it could be rounded the other way.
HELD_BITS = 30
SUM_BITS = 45
# Bits of a result of cubics: their coefficients of 30 bits then have some of a fraction.
CUBIC_BITS = 24
# Real values beyond this are no activations.
MAX_WIDTH = 1e30
NOTHING = np.zeros(1, np.int64)
# What a float32 product of two scales and a float32 bias are off by, relative.
FLOAT32_BIAS = 2e-7


def close(graph: Graph, where: str, value: Arithmetic, kind: QuantType, name: str) -> None:
    """Emit `value`, rounded to `kind`, as tensor `name`, with the movements it carries; `where` is the node that rounds.

    Raises UnsupportedModelError when no accumulator holds the value.
    """
    if isinstance(value, Scaled) and graph.tabulated(value.source):
        # A table of a table is one table.
        value = graph.function_of(value) or value
    target = name if not value.moves else graph.fresh(f"{name}.rounded")
    shape = value.moves[0].before if value.moves else value.shape
    if isinstance(value, Joined):
        _join(graph, where, value, kind, target, shape)
        graph.move(where, target, value.moves, name)
        return
    op_name = graph.fresh(f"{where}.op")
    try:
        if isinstance(value, Applied):
            graph.emit(_function_of_sum(graph, where, op_name, value, target, kind), shape, kind)
        else:
            graph.emit(_operation(graph, op_name, value, target, kind), shape, kind)
    except TooLargeError as error:
        raise UnsupportedModelError(f"{where}: {error}; fewer inputs, smaller weights or coarser scales are needed") from error
    graph.move(where, target, value.moves, name)


def _join(graph: Graph, where: str, value: Joined, kind: QuantType, target: str, shape: tuple[int, ...]) -> None:
    """Round every part, then put them one after the other."""
    names = []
    for number, part in enumerate(value.parts):
        names.append(graph.fresh(f"{target}.part{number}"))
        low, high = max(part.limits[0], value.limits[0]), min(part.limits[1], value.limits[1])
        close(graph, where, replace(part, limits=(low, max(low, high))), kind, names[-1])
    graph.emit(Concat(graph.fresh(f"{where}.op"), tuple(names), target, value.axis), shape, kind)


def materialise(graph: Graph, where: str, value: Arithmetic, why: str, factors: int | None = None) -> str:
    """Round an expression that the model leaves unrounded to 16 bits over its whole range, because `why`; the tensor's name.

    factors: of a consumer that takes 32-bit elements, the largest magnitude that multiplies them in one sum; it gets HELD_BITS, or as many
    as that sum leaves.
    """
    room = IntType.INT16.bits if factors is None else SUM_BITS - max(1, factors).bit_length()
    bits = max(IntType.INT16.bits, min(_held_bits(graph, value), room))
    name = graph.fresh(f"{where}.rounded{bits}")
    positive = isinstance(value, Mapped) and bool(np.all(value.values >= 0))
    close(graph, where, value, _wide_type(where, reach(graph, value), positive, bits), name)
    graph.inserted.append((name, f"{why}: {bits} bits over its whole range"))
    return name


def _held_bits(graph: Graph, value: Arithmetic) -> int:
    """The bits in which a kernel gives `value`: a Softmax 16, cubics so many that their coefficients keep a fraction."""
    match value:
        case Joined():
            return min(_held_bits(graph, part) for part in value.parts)
        case Softened():
            return IntType.INT16.bits
        case Applied():
            return CUBIC_BITS
        case Mapped():
            return HELD_BITS if graph.type(value.source).dtype.bits == IntType.INT8.bits else CUBIC_BITS
        case _:
            return HELD_BITS


def reach(graph: Graph, value: Arithmetic) -> float:
    """A bound of the magnitude of an expression's real values."""

    def of(tensor: str) -> float:
        kind = graph.type(tensor)
        return kind.largest * kind.scale

    match value:
        case Product():
            found = float((np.abs(value.weight).sum(axis=0) * value.scale * of(value.source) + np.abs(value.bias)).max())
        case Scaled():
            found = float((np.abs(value.gain) * of(value.source) + np.abs(value.offset)).max())
        case Sum():
            found = abs(value.left_gain) * of(value.left) + abs(value.right_gain) * of(value.right)
        case Times():
            found = abs(value.gain) * of(value.left) * of(value.right)
        case Matrices():
            found = abs(value.gain) * of(value.left) * of(value.right) * value.inner
        case Softened():
            found = value.gain
        case Joined():
            found = max(reach(graph, part) for part in value.parts)
        case Normalised():
            found = math.sqrt(len(value.gain)) * float(np.abs(value.gain).max()) + float(np.abs(value.offset).max())
        case Mapped():
            found = float(np.abs(value.values).max())
        case Applied():
            width = reach(graph, value.inner)
            with np.errstate(all="ignore"):
                found = float(np.abs(value.function(np.linspace(-width, width, 4097))).max())
    low, high = value.limits
    return found if math.isnan(found) else max(min(found, max(abs(low), abs(high))), 1e-30)


def output_type(graph: Graph, where: str, value: Arithmetic) -> QuantType:
    """The type of an expression that leaves the network unrounded: 32 bits at its own step, or at a coarser power of two that fits."""

    def scale(tensor: str) -> float:
        return graph.type(tensor).scale

    match value:
        case Product():
            step = scale(value.source) * float(value.scale.min())
        case Sum():
            step = min(abs(value.left_gain) * scale(value.left), abs(value.right_gain) * scale(value.right))
        case Times() | Matrices():
            step = abs(value.gain) * scale(value.left) * scale(value.right)
        case _:
            return _wide_type(where, reach(graph, value))
    if not reach(graph, value) < MAX_WIDTH:
        raise UnsupportedModelError(f"{where}: its values have no bound, or one beyond {MAX_WIDTH:g}")
    while reach(graph, value) / step >= OUTPUT_LIMIT:
        step *= 2
    return QuantType(IntType.INT32, step)


def _wide_type(where: str, width: float, positive: bool = False, bits: int = IntType.INT16.bits) -> QuantType:
    """16 bits, or so many in a 32-bit element, over a range of +-width, or from 0 to width."""
    if not 0 < width < MAX_WIDTH:
        raise UnsupportedModelError(f"{where}: a value that must be rounded to {bits} bits has no bound, or one beyond {MAX_WIDTH:g}")
    if bits > IntType.INT16.bits:
        held = (1 << bits - 1) - 1
        return QuantType(IntType.INT32, math.ldexp(1.0, math.ceil(math.log2(width / held))), 0, (-held, held))
    most, zero = (IntType.UINT16.max, IntType.INT16.min) if positive else (IntType.INT16.max, 0)
    return QuantType(IntType.INT16, math.ldexp(1.0, math.ceil(math.log2(width / most))), zero)


def _function_of_sum(graph: Graph, where: str, op_name: str, value: Applied, target: str, kind: QuantType) -> Interpolation:
    """The function of an unrounded value that is itself rounded, only as wide as the function still changes the result."""
    width = _sensitive_width(value.function, reach(graph, value.inner), kind)
    bits = _held_bits(graph, value.inner)
    name = graph.fresh(f"{where}.rounded{bits}")
    source = _wide_type(where, width, bits=bits)
    close(graph, where, replace(value.inner, moves=()), source, name)
    graph.inserted.append((name, f"a function of an unrounded value needs it in {bits} bits"))

    def reals(positions: IntArray) -> FloatArray:
        real = np.asarray((positions - (1 << bits - 1)) * source.scale, np.float64)
        return np.clip(value.function(real), *value.limits)

    return _interpolation(op_name, name, target, reals, bits, kind, value.limits)


def _sensitive_width(function: Function, width: float, kind: QuantType) -> float:
    """The smallest 2^-n * width beyond which `function`, rounded to `kind`, stays within half a step of its value there."""
    grid = np.linspace(-width, width, 1 << 14)

    def steps(x: FloatArray) -> FloatArray:
        return np.clip(function(x) / kind.scale + kind.zero_point, kind.min, kind.max)

    with np.errstate(all="ignore"):
        whole = steps(grid)
    while width > kind.scale and np.abs(steps(np.clip(grid, -width / 2, width / 2)) - whole).max() <= 1 / 2:
        width /= 2
    return width


def _operation(graph: Graph, op_name: str, value: Linear | Mapped, target: str, kind: QuantType) -> Operation:
    match value:
        case Product():
            return _dense(graph, op_name, value, target, kind)
        case Scaled():
            return Requantise(op_name, value.source, target, _scaled(graph.type(value.source), value, kind))
        case Sum():
            sum_of = _summed(graph.type(value.left), graph.type(value.right), value, kind)
            return Add(op_name, value.left, value.right, target, sum_of.left, sum_of.right, sum_of.rounding)
        case Times():
            left, right = graph.type(value.left), graph.type(value.right)
            ratio = np.full(1, value.gain * left.scale * right.scale / kind.scale)
            ends = rounding(ratio, np.zeros(1), NOTHING, left.largest * right.largest, kind, value.limits, 1.0 if value.error else None)
            if value.error:
                # What ought to be a tie meets it again where the guard bits are coarser than the error.
                ends = replace(ends, guard=min(ends.guard, max(0, -math.frexp(2 * value.error / kind.scale)[1])))
            if enumerable(left, right) and value.gain == 1 and not uniform_power(ends.multiplier):
                ends = fit_product(ends, left, right, kind, multiplied(*Operand.pair(left, right), kind, value.fused))
            return Multiply(op_name, value.left, value.right, target, ends)
        case Matrices():
            left, right = graph.type(value.left), graph.type(value.right)
            ratio = np.full(1, value.gain * left.scale * right.scale / kind.scale)
            ends = rounding(ratio, np.zeros(1), NOTHING, left.largest * right.largest * value.inner, kind, value.limits)
            return MatMul(op_name, value.left, value.right, target, ends)
        case Softened():
            return softmax_of(graph.type(value.source), op_name, value, target, kind)
        case Normalised():
            return normalise_of(graph.type(value.source), op_name, value, target, kind)
        case Mapped():
            return _function(graph.type(value.source), op_name, value, target, kind)


def _summed(left: QuantType, right: QuantType, value: Sum, kind: QuantType) -> Factors:
    ratios = np.array([value.left_gain * left.scale, value.right_gain * right.scale]) / kind.scale
    found = factor(ratios)
    a, b = (int(m) for m in found.multiplier)
    largest = abs(a) * left.largest + abs(b) * right.largest
    exact = _powers(a, b)
    ties = None if exact else tie_rate(*ratios)
    ends = rounding(np.ldexp(np.ones(1), -found.shift), np.zeros(1), NOTHING, largest, kind, value.limits, ties)
    factors = Factors(a, b, ends)
    if exact or not enumerable(left, right) or value.left_gain != 1 or abs(value.right_gain) != 1 or np.any(ends.multiplier != 1):
        return factors
    return fit_factors(factors, left, right, kind, summed(*Operand.pair(left, right), value.right_gain, kind, value.fused))


def _powers(*factors: int) -> bool:
    """Whether all factors are powers of two, and so stand for themselves."""
    return all(f and abs(f) & (abs(f) - 1) == 0 for f in factors)


def _dense(graph: Graph, op_name: str, value: Product, target: str, kind: QuantType) -> Dense:
    source = graph.type(value.source)
    step = source.scale * value.scale
    offset = value.bias / step
    near = np.rint(offset)
    # An int32 bias at the float32 product of the scales is meant to be whole accumulator steps; of powers of two that product is exact.
    exact = np.frexp(step)[0] == 0.5
    offset = np.where(~exact & (np.abs(offset - near) <= FLOAT32_BIAS * np.maximum(1, np.abs(near))), near, offset)
    largest = int((np.abs(value.weight).sum(axis=0) * source.largest).max())
    ends = rounding(step / kind.scale, offset, value.weight.sum(axis=0) * source.zero_point, largest, kind, value.limits)
    low, high = int(value.weight.min(initial=0)), int(value.weight.max(initial=0))
    narrow = low >= IntType.INT8.min and high <= IntType.INT8.max and not (ends.wide and source.dtype.bits == IntType.INT8.bits)
    if low < IntType.INT16.min or high > IntType.INT16.max:
        raise TooLargeError(f"weights less their zero points reach {low} and {high}, beyond 16 bits")
    kind_of_weights = IntType.INT8 if narrow else IntType.INT16
    # 32-bit elements are multiplied by their like.
    return Dense(op_name, value.source, target, value.weight, source.dtype if source.dtype is IntType.INT32 else kind_of_weights, ends)


def _scaled(source: QuantType, value: Scaled, kind: QuantType) -> Rounding:
    gain, offset = np.broadcast_arrays(value.gain, value.offset)
    if np.any((gain == 0) & (offset != 0)):
        raise TooLargeError("a factor of 0 leaves only a constant")
    steps = np.divide(offset, gain * source.scale, out=np.zeros(len(gain)), where=gain != 0)
    ratio, zero = gain * source.scale / kind.scale, NOTHING + source.zero_point
    found = rounding(ratio, steps, zero, source.largest, kind, value.limits, shifted_up=True)
    if uniform_power(found.multiplier) or not enumerable(source) or np.any(gain == 0):
        return found
    wanted = scaled(source, gain, offset, kind) if value.steps is None else value.steps
    return fit_channels(found, source, kind, np.broadcast_to(wanted, (len(wanted), len(gain))))


def _function(source: QuantType, op_name: str, value: Mapped, target: str, kind: QuantType) -> Table | Interpolation:
    low, high = clamp(kind, value.limits)
    if np.any(np.isnan(value.values)):
        at = (int(np.flatnonzero(np.isnan(value.values))[0]) + source.dtype.min - source.zero_point) * source.scale
        raise UnsupportedModelError(f"{op_name}: the function is not defined at {at:.6g}, which its input can be")
    if source.dtype.bits == IntType.INT8.bits:
        steps = value.values / kind.scale
        # As the model's own quantiser divides, unless the model has none here.
        return Table(op_name, value.source, target, _whole(steps if kind.dtype is IntType.INT32 else single(steps), kind, low, high))
    return _interpolation(op_name, value.source, target, lambda positions: value.values[positions], source.dtype.bits, kind, value.limits)


def _interpolation(
    op_name: str, source: str, target: str, reals: Callable[[IntArray], FloatArray], bits: int, kind: QuantType, limits: Limits
) -> Interpolation:
    """The function whose real values are `reals` of source values less the least of `bits` bits."""
    low, high = clamp(kind, limits)

    def steps(positions: IntArray) -> FloatArray:
        with np.errstate(all="ignore"):
            found = reals(positions) / kind.scale
        if np.any(np.isnan(found)):
            raise UnsupportedModelError(f"{op_name}: the function is not defined everywhere that its input can be")
        return found

    fitted = cubics(steps, bits - SEGMENTS.bit_length() + 1, low - kind.zero_point, high - kind.zero_point)
    return Interpolation(op_name, source, target, fitted, low, high)


def _whole(steps: FloatArray, kind: QuantType, low: int, high: int) -> IntArray:
    return np.asarray(np.clip(np.rint(np.clip(steps, -(2.0**40), 2.0**40)) + kind.zero_point, low, high), np.int64)
