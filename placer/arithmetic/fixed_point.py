"""Choosing the integers of a Rounding: a ratio of scales as multiplier and shift, a real constant as integer bias.

Power-of-two ratios become shifts and are exact. Any other ratio becomes a 31-bit multiplier: its relative error is at most 2^-31, so of
results of 8 bits at most one in 2^23 lies so near a tie that it could be rounded the other way, of results of 16 bits one in 2^15; over
all of a type's results it is a quarter of that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from placer.arithmetic.integers import LOW_BITS
from placer.network import IntArray, QuantType, Rounding

FloatArray = npt.NDArray[np.float64]
UNLIMITED = (-math.inf, math.inf)

# Values that pass through 32-bit lanes, and wide ones (network.Rounding); one bit is left for tensors that turn from unsigned to signed.
NARROW_LIMIT = 1 << 30
WIDE_LIMIT = 1 << 46
# A value that is only shifted may fill its 64-bit lane.
SHIFTED_LIMIT = 1 << 60
MULTIPLIER_BITS = 31
# Bits of a result with its guard. A 31-bit multiplier is right to half a guard bit: result * 2^-32 <= 2^(bits - 32) < 2^(bits - 31).
GUARDED_BITS = 30
# A guard takes what only lies near a tie for one, half of that wrongly: fewer than so many results need no ties to justify it.
HARMLESS = 2.0**-20
# What a ratio computed in float64 may be off by, relative, and denominators of ratios that are looked for.
FLOAT64_RATIO = 2.0**-50
LARGEST_DENOMINATOR = 1 << 16
# What the shift-round-saturate path shifts by at most (facts: UG1583, srs).
MAX_SHIFT = 59
# Fraction bits of a bias: more than a value of 8 bits times a 31-bit multiplier can show.
MAX_UP = 22
# What a bias may be off by, in steps of the result: fewer than one result in 2^17 lies so near a tie.
BIAS_ERROR = 2.0**-18
# A wide value is raised by doubling, a bit a cycle, and its own steps are fine already.
MAX_WIDE_UP = 6


def single(values: npt.NDArray[np.floating]) -> FloatArray:
    """Real numbers as float32 holds them; of a sum, product or quotient of such numbers, what float32 makes (53 bits are 2 * 24 + 5)."""
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(values, np.float32).astype(np.float64)


class TooLargeError(ValueError):
    """A value does not fit the widest accumulator."""


@dataclass(frozen=True, eq=False)
class Factor:
    """ratio = multiplier / 2^shift; multiplier: [1] or [N]."""

    multiplier: IntArray
    shift: int


def factor(ratio: FloatArray) -> Factor:
    """The multiplier, one a channel, and common shift of positive or negative ratios [1] or [N]: exact for powers of two not far apart."""
    magnitude = np.abs(ratio)
    largest = float(magnitude.max())
    if largest == 0 or not math.isfinite(largest):
        return Factor(np.zeros(len(ratio), np.int64), 0)
    mantissas, exponents = np.frexp(magnitude)
    if np.all((mantissas == 0.5) | (magnitude == 0)):
        shift = int(max(0, -(exponents[magnitude > 0] - 1).min()))
        bits = int(exponents.max()) - 1 + shift
        if bits < MULTIPLIER_BITS and shift <= MAX_SHIFT:
            return Factor(np.rint(np.ldexp(ratio, shift)).astype(np.int64), shift)
    shift = MULTIPLIER_BITS - int(np.frexp(largest)[1])
    if np.rint(math.ldexp(largest, shift)) >= 1 << MULTIPLIER_BITS:
        shift -= 1
    shift = min(max(shift, 0), MAX_SHIFT)
    # A larger ratio than any multiplier's turns whatever is not 0 into the largest result: so does the largest multiplier.
    most = float((1 << MULTIPLIER_BITS) - 1)
    multiplier = np.clip(np.rint(np.ldexp(ratio, shift)), -most, most).astype(np.int64)
    while shift and not np.any(multiplier & 1):
        multiplier, shift = multiplier >> 1, shift - 1
    return Factor(multiplier, shift)


def rounding(
    ratio: FloatArray,
    offset: FloatArray,
    zero_sum: IntArray,
    largest: int,
    target: QuantType,
    limits: tuple[float, float] = UNLIMITED,
    ties: float | None = None,
    shifted_up: bool = False,
) -> Rounding:
    """The Rounding of (value + offset - zero_sum) * ratio for integers |value - zero_sum| <= largest.

    ratio, offset (real numbers, in steps of value), zero_sum (the part of value that zero points cause): [1] or [N]. limits: real bounds
    of the result (Clip, ReLU). ties: how often what the value stands for is a tie that the value itself may miss; None: the value is
    exact. shifted_up: the kernel shifts values up as it loads them, in lanes of any width: a bias that 32 bits do not hold to BIAS_ERROR
    then makes the value wide.
    Raises TooLargeError when the value needs more than 46 bits.
    """
    found = factor(ratio)
    shifts_only = uniform_power(found.multiplier) and found.shift > 0
    fine = max(0, math.ceil(math.log2(float(np.abs(ratio).max()) / 2 / BIAS_ERROR))) if shifted_up and np.any(ratio) else 0
    up, sticky = _fraction_bits(offset, zero_sum, largest, MAX_SHIFT - found.shift, shifts_only, fine)
    multiplier, shift = found.multiplier, found.shift + up
    bias = _fixed(offset, up, sticky) - (zero_sum << up)
    top = (largest << up) + int(np.abs(bias + (zero_sum << up)).max()) + int(np.abs(zero_sum << up).max())
    if uniform_power(multiplier):
        # A multiplication by a power of two is a shift of value and bias.
        more = int(multiplier[0]).bit_length() - 1
        less = min(more, shift)
        more, shift = more - less, shift - less
        # A lone value saturates 16 bits when shifted by as much, so a larger shift says the same.
        more = min(more, target.dtype.bits) if not np.any(bias) else more
        up, bias, top, multiplier = up + more, bias << more, top << more, np.ones(1, np.int64)
    limit = SHIFTED_LIMIT if np.all(multiplier == 1) else WIDE_LIMIT
    if top >= limit:
        raise TooLargeError(f"its accumulator can reach {top}, beyond {limit.bit_length() - 1} bits")
    low, high = clamp(target, limits)
    wide = top >= NARROW_LIMIT
    room = max(0, min(GUARDED_BITS - target.dtype.bits, shift - LOW_BITS if wide else shift))
    guard = _guard(room, found, ratio) if ties is None else guard_bits(room, ties)
    return Rounding(up, trimmed(bias), trimmed(multiplier), shift, guard, low, high, wide)


def _guard(room: int, found: Factor, ratio: FloatArray) -> int:
    """Guard bits of an integer times ratios, one a channel, for which multipliers stand."""
    if np.array_equal(np.ldexp(found.multiplier.astype(np.float64), -found.shift), ratio):
        return 0
    if 2.0 ** -(room + 1) <= HARMLESS:
        return room
    values, counts = np.unique(ratio, return_counts=True)
    return guard_bits(room, sum(tie_rate(float(v)) * int(n) for v, n in zip(values, counts, strict=True)) / len(ratio))


def guard_bits(room: int, ties: float) -> int:
    """`room` guard bits, or none where fewer results are ties that a multiplier misses, at the rate `ties`, than are wrongly taken for one.

    What lies within half a guard bit of a tie is taken for it, and half of that then goes the other way: one result in 2^(room + 1).
    """
    wrong = 2.0 ** -(room + 1)
    return room if wrong <= HARMLESS or ties > wrong else 0


def tie_rate(*ratios: float) -> float:
    """How often a sum of integers times these ratios is a tie: of a ratio p / q in lowest terms one in q, if q is even.

    0 for ratios of scales that only have denominators far beyond what guard bits are for.
    """
    denominator = 1
    for ratio in ratios:
        near = Fraction(ratio).limit_denominator(LARGEST_DENOMINATOR)
        if abs(near - Fraction(ratio)) > abs(ratio) * FLOAT64_RATIO:
            return 0.0
        denominator = math.lcm(denominator, near.denominator)
    return 1 / denominator if denominator % 2 == 0 else 0.0


def clamp(target: QuantType, limits: tuple[float, float]) -> tuple[int, int]:
    """The integers of `target` between real limits: rounding is monotone, so clipping before it is clipping after it."""

    def at(bound: float) -> int:
        if math.isinf(bound):
            return target.min if bound < 0 else target.max
        return min(max(round(bound / target.scale) + target.zero_point, target.min), target.max)

    return at(limits[0]), at(limits[1])


def uniform_power(multiplier: IntArray) -> bool:
    """Whether all multipliers are one positive power of two."""
    first = int(multiplier[0])
    return first > 0 and first & (first - 1) == 0 and bool(np.all(multiplier == first))


def trimmed(values: IntArray) -> IntArray:
    """[1] where all channels agree."""
    return values[:1] if np.all(values == values[0]) else values


def _fraction_bits(offset: FloatArray, zero_sum: IntArray, largest: int, most: int, shifts_only: bool, fine: int) -> tuple[int, bool]:
    """How many fraction bits, at most `most`, the offset needs or may have, and whether the last of them is sticky.

    fine: so many are worth a wide value.

    An offset between two steps of a value that is only shifted right afterwards keeps one bit, set whenever anything lies below the step:
    rounding only asks whether the rest is below, at or above a half.
    """
    room = NARROW_LIMIT if largest < NARROW_LIMIT >> 1 else WIDE_LIMIT
    whole = float(np.abs(offset).max()) + float(np.abs(zero_sum).max()) + largest + 1
    free = min(MAX_UP if room == NARROW_LIMIT else MAX_WIDE_UP, most, max(0, math.floor(math.log2(room / whole)))) if whole < room else 0
    for up in range(free + 1):
        if np.array_equal(np.rint(np.ldexp(offset, up)), np.ldexp(offset, up)):
            return up, False
    if shifts_only:
        return 1, True
    return max(free, min(fine, most, math.floor(math.log2(WIDE_LIMIT / whole)) if whole < WIDE_LIMIT else 0)), False


def _fixed(offset: FloatArray, up: int, sticky: bool) -> IntArray:
    scaled = np.ldexp(offset, up)
    if np.abs(scaled).max() >= WIDE_LIMIT:
        raise TooLargeError(
            f"its bias reaches {float(np.abs(offset).max()):.6g} accumulator steps, beyond {WIDE_LIMIT.bit_length() - 1} bits"
        )
    if not sticky:
        return np.rint(scaled).astype(np.int64)
    whole = np.floor(offset)
    return 2 * whole.astype(np.int64) + (offset > whole)
