"""Choosing integers that round as the evaluators' float32 arithmetic does, where all operands can be enumerated.

A model of QuantizeLinear and DequantizeLinear means float32 operations, each rounded (IEEE 754); onnxruntime's QLinearAdd computes in them.
Where the exact result lies within a few of their last digits of a tie they may round to the other neighbour: of the 65,536 pairs of two
8-bit operands about one does. The integers of such an operation only stand for its ratios of scales, with bits to spare, so among those
within that error the ones that give float32's result are as right as any, and agree with it; for few ratios a pair is left that does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from placer.arithmetic.fixed_point import FloatArray, trimmed
from placer.network import IntArray, IntType, QuantType, Rounding
from placer.reference import rounded

Float32 = npt.NDArray[np.float32]
# Results nearer to a tie than this, in steps, may be moved across it: float32 has 16 fraction bits at 128 steps, and rounds a few times.
NEAR = 2.0**-13
PROJECTIONS = 2000


@dataclass(frozen=True)
class Factors:
    """The integers of an Add: target = rounding(left * left_factor + right * right_factor)."""

    left: int
    right: int
    rounding: Rounding


def enumerable(*kinds: QuantType) -> bool:
    """Whether operands of these types are few enough to try all."""
    return all(kind.dtype.bits == IntType.INT8.bits for kind in kinds)


@dataclass(frozen=True, eq=False)
class Operand:
    """Integers, in any shape, and the real numbers they stand for."""

    integers: IntArray
    kind: QuantType

    @staticmethod
    def pair(left: QuantType, right: QuantType) -> tuple[Operand, Operand]:
        """All values of two types, those of the left one down, of the right one across."""
        return Operand(_whole(left)[:, None], left), Operand(_whole(right)[None, :], right)

    @property
    def real(self) -> Float32:
        """What DequantizeLinear makes of them."""
        return self.centred * np.float32(self.kind.scale)

    @property
    def centred(self) -> Float32:
        return (self.integers - self.kind.zero_point).astype(np.float32)


def multiplied(left: Operand, right: Operand, kind: QuantType, fused: bool) -> IntArray:
    """What float32 makes of left * right, less the zero point, not clamped.

    fused: as onnxruntime's QLinearMul, with one ratio of scales and the zero point added before rounding; else as DequantizeLinear, Mul and
    QuantizeLinear do.
    """
    if not fused:
        return np.asarray(np.rint(left.real * right.real / np.float32(kind.scale)), np.int64)
    ratio = np.float32(left.kind.scale) * np.float32(right.kind.scale) / np.float32(kind.scale)
    return np.asarray(np.rint(left.centred * right.centred * ratio + np.float32(kind.zero_point)), np.int64) - kind.zero_point


def summed(left: Operand, right: Operand, sign: float, kind: QuantType, fused: bool) -> IntArray:
    """What float32 makes of left + sign * right, less the zero point, not clamped.

    fused: as onnxruntime's QLinearAdd, which multiplies by ratios of scales and fuses multiplications and additions; else as
    DequantizeLinear, Add and QuantizeLinear do.
    """
    if not fused:
        return np.asarray(np.rint((left.real + np.float32(sign) * right.real) / np.float32(kind.scale)), np.int64)
    scale_a, scale_b, scale = (np.float32(k.scale) for k in (left.kind, right.kind, kind))
    ratio_a, ratio_b = scale_a / scale, scale_b / scale
    zeros = _fused(ratio_a, np.float32(left.kind.zero_point), ratio_b * np.float32(right.kind.zero_point))
    a, b = left.integers.astype(np.float32), right.integers.astype(np.float32)
    total = _fused(a, ratio_a, _fused(b, ratio_b, np.float32(kind.zero_point) - zeros))
    return np.asarray(np.rint(total), np.int64) - kind.zero_point


def every_value(kind: QuantType) -> Operand:
    """All values of a type, [values, 1]."""
    return Operand(_whole(kind)[:, None], kind)


def scaled(source: QuantType, gain: FloatArray, offset: FloatArray, kind: QuantType) -> IntArray:
    """What float32 makes of source * gain + offset: [source values, channels], less the zero point, not clamped."""
    real = every_value(source).real * gain.astype(np.float32) + offset.astype(np.float32)
    return np.asarray(np.rint(real / np.float32(kind.scale)), np.int64)


def fit_factors(found: Factors, left: QuantType, right: QuantType, kind: QuantType, wanted: IntArray) -> Factors:
    """Factors near `found` that give `wanted` for the most pairs; `found` itself where none are better."""
    a, b = np.broadcast_arrays(_whole(left)[:, None] - left.zero_point, _whole(right)[None, :] - right.zero_point)

    def wrong(factors: Factors) -> int:
        result = rounded(a * factors.left + b * factors.right, factors.rounding, kind)
        return int(np.count_nonzero(result != _clamped(wanted, factors.rounding, kind)))

    if wrong(found) == 0:
        return found
    bare = replace(found, rounding=replace(found.rounding, guard=0))
    total = a * found.left + b * found.right
    near = _Ties.of(total, wanted, bare.rounding, kind)
    move = np.rint(near.move(np.stack([a[near.at], b[near.at]], axis=-1)))
    moved = replace(bare, left=found.left + int(move[0]), right=found.right + int(move[1]))
    return min((found, bare, moved), key=wrong)


def fit_product(found: Rounding, left: QuantType, right: QuantType, kind: QuantType, wanted: IntArray) -> Rounding:
    """A rounding of left * right, its multiplier near that of `found`, that gives `wanted` for the most pairs."""
    total = (_whole(left)[:, None] - left.zero_point) * (_whole(right)[None, :] - right.zero_point)

    def wrong(rounding: Rounding) -> int:
        return int(np.count_nonzero(rounded(total, rounding, kind) != _clamped(wanted, rounding, kind)))

    if wrong(found) == 0:
        return found
    bare = replace(found, guard=0)
    near = _Ties.of((total << found.up) * found.multiplier[0], wanted, bare, kind)
    move = np.rint(near.move((total[near.at] << found.up).astype(np.float64)[:, None]))
    return min((found, bare, replace(bare, multiplier=found.multiplier + int(move[0]))), key=wrong)


def fit_channels(found: Rounding, source: QuantType, kind: QuantType, wanted: IntArray) -> Rounding:
    """A rounding with biases or multipliers near those of `found`, to give `wanted` [source values, channels] as often as can be."""
    values, channels = _whole(source)[:, None], wanted.shape[1]
    spread = replace(found, bias=np.broadcast_to(found.bias, (channels,)), multiplier=np.broadcast_to(found.multiplier, (channels,)))

    def wrong(rounding: Rounding) -> IntArray:
        result = rounded(np.broadcast_to(values, wanted.shape), rounding, kind)
        count: IntArray = np.count_nonzero(result != _clamped(wanted, rounding, kind), axis=0).astype(np.int64)
        return count

    best, bias, multiplier = wrong(spread), spread.bias.copy(), spread.multiplier.copy()
    before = best.copy()
    for channel in np.flatnonzero(before):
        source_steps = (values[:, 0] << found.up) + bias[channel]
        near = _Ties.of(source_steps * multiplier[channel], wanted[:, channel], found, kind)
        bias[channel] += int(np.rint(near.move(np.full((len(near.need), 1), float(multiplier[channel])))[0]))
        multiplier[channel] += int(np.rint(near.move(source_steps[near.at].astype(np.float64)[:, None])[0]))
    chosen = spread
    for moved in (replace(spread, bias=bias), replace(spread, multiplier=multiplier)):
        better = wrong(moved) < best
        chosen = replace(
            chosen, bias=np.where(better, moved.bias, chosen.bias), multiplier=np.where(better, moved.multiplier, chosen.multiplier)
        )
        best = np.where(better, wrong(moved), best)
    return found if np.array_equal(best, before) else replace(chosen, bias=trimmed(chosen.bias), multiplier=trimmed(chosen.multiplier))


@dataclass(frozen=True, eq=False)
class _Ties:
    """Sums near a tie: where (`at`), on which side of it each has to lie, and how far it has to move there at least (`need`)."""

    at: tuple[IntArray, ...]
    side: FloatArray
    need: FloatArray

    @staticmethod
    def of(total: IntArray, wanted: IntArray, rounding: Rounding, kind: QuantType) -> _Ties:
        """Those of `total`, which is shifted right by the rounding's shift, that are not saturated on both sides of the tie."""
        steps = total / 2.0**rounding.shift
        below = np.floor(steps)
        beyond = (below + kind.zero_point < rounding.low) | (below + kind.zero_point >= rounding.high)
        at = np.nonzero((np.abs(steps - below - 0.5) < NEAR) & ~beyond)
        side = np.where(wanted[at] > below[at], 1.0, -1.0)
        tie = np.ldexp(below[at] + 0.5, rounding.shift)
        # A unit of the guard beyond the tie, lest the guard meets it again.
        clear = np.ldexp(1.0, rounding.shift - rounding.guard) if rounding.guard else 1.0
        return _Ties(at, side, np.asarray(clear - side * (total[at] - tie), dtype=np.float64))

    def move(self, slopes: FloatArray) -> FloatArray:
        """A small change of the integers, whose effect on each sum is slopes [sums, integers], that brings all to their sides if it can.

        Projections onto the worst half space (Agmon, Motzkin).
        """
        change = np.zeros(slopes.shape[1])
        slopes = slopes * self.side[:, None]
        size = np.maximum((slopes * slopes).sum(axis=1), 1e-30)
        for _ in range(PROJECTIONS if len(slopes) else 0):
            # Half a unit of each integer is lost when they are rounded.
            lack = self.need + np.abs(slopes).sum(axis=1) / 2 - slopes @ change
            worst = int(np.argmax(lack / np.sqrt(size)))
            if lack[worst] <= 0:
                break
            change = change + slopes[worst] * (lack[worst] / size[worst])
        return change


def _whole(kind: QuantType) -> IntArray:
    return np.arange(kind.dtype.min, kind.dtype.max + 1)


def _fused(a: Float32 | np.float32, b: Float32 | np.float32, c: Float32 | np.float32) -> Float32:
    """a * b + c with one rounding: the product of two float32 is exact in float64."""
    return np.asarray(np.asarray(a, np.float64) * np.asarray(b, np.float64) + np.asarray(c, np.float64), np.float32)


def _clamped(wanted: IntArray, rounding: Rounding, kind: QuantType) -> IntArray:
    return np.clip(wanted + kind.zero_point, rounding.low, rounding.high)
