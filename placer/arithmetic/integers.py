"""Integer arithmetic of the kernels: rounding, multiplication by a ratio of scales, reciprocal roots, interpolation; all in int64.

kernels/include/placer does the same steps; what is approximate here is approximate there, bit for bit.
"""

from __future__ import annotations

import numpy as np

from placer.cubics import SEGMENTS, TERMS, Cubics
from placer.network import IntArray, IntType

# Sums below this are exact in float64, whose matrix product is far faster than numpy's integer one.
FLOAT64_EXACT = 1 << 53
# A wide value is cut here for its multiplication: both parts then fit 32 bits.
LOW_BITS = 16
# Fraction bits of a reciprocal root (tests/arithmetic/test_integers.py holds its error).
ROOT_BITS = 31
# The first guess: x^-1/2 around x = 1.5, from 1 to 2, as a cubic of x - 1.5 whose relative error alternates (Remez), off by at most 2^-11;
# divided by the root of 2 for x from 2 to 4. All in GUESS_BITS fraction bits.
GUESS_BITS = 15
GUESS = tuple(round(c * 2**GUESS_BITS) for c in (0.8161091, -0.27161323, 0.14814172, -0.08455877))
GUESS_ABOVE_2 = tuple(round(c * 2 ** (GUESS_BITS - 0.5)) for c in (0.8161091, -0.27161323, 0.14814172, -0.08455877))
# Fraction bits of what a guess misses, 1 - m guess^2.
MISS_BITS = 38


def half_even(total: IntArray, shift: int) -> IntArray:
    """total / 2^shift, rounded half to even; shift: 0 or more."""
    if shift == 0:
        return total
    # Add just under a half, and the lowest kept bit tips the exact halves.
    shift = min(shift, 62)
    return (total + ((1 << (shift - 1)) - 1) + ((total >> shift) & 1)) >> shift


def half_even_each(total: IntArray, shift: IntArray) -> IntArray:
    """total / 2^shift, rounded half to even, with shifts of their own, 1 or more, that broadcast."""
    return np.asarray((total + ((np.int64(1) << (shift - 1)) - 1) + ((total >> shift) & 1)) >> shift)


def scaled(total: IntArray, multiplier: IntArray, shift: int, guard: int, wide: bool) -> IntArray:
    """total * multiplier / 2^shift, rounded half to even; with a guard, first to so many more bits.

    A multiplier that stands for a ratio is off by a little, so what ought to be a tie misses it; rounding to the guard bits meets it again.

    A wide total is cut at bit LOW_BITS and the lower part's product rounded there, far below the final shift: products then fit 64 bits.
    """
    if np.all(multiplier == 1):
        near = half_even(total, shift - guard)
    elif not wide:
        near = half_even(total * multiplier, shift - guard)
    else:
        high = half_even(total, LOW_BITS)
        low = total - (high << LOW_BITS)
        near = half_even(high * multiplier + half_even(low * multiplier, LOW_BITS), shift - guard - LOW_BITS)
    return half_even(near, guard)


def interpolated(position: IntArray, cubics: Cubics) -> IntArray:
    """A function at positions (cubics.py), rounded half to even to whole target values; sums before the last like coefficients."""
    index = position >> cubics.bits
    terms = cubics.coefficients[index]
    for number, (start, end) in enumerate(zip(cubics.starts, cubics.ends, strict=True)):
        inside = (position >= start) & (position < end)
        terms = np.where(inside[..., None], cubics.coefficients[SEGMENTS + number], terms)
    down = cubics.bits - 1
    part = (position & ((1 << cubics.bits) - 1)) - (1 << down)
    found = terms[..., TERMS - 1]
    for power in range(TERMS - 2, 0, -1):
        found = half_even(found * part, down) + terms[..., power]
    return half_even(found * part + (terms[..., 0] << cubics.extra + down), cubics.fraction + cubics.extra + down)


def reciprocal_root(value: IntArray) -> tuple[IntArray, IntArray]:
    """(root, shift): value^-1/2 is nearly root / 2^shift, for values from 1 to 2^62 - 1.

    With m = value / 2^e in [1, 4) and e even, cut to 29 fraction bits, root stands for m^-1/2 in ROOT_BITS of them: a guess g of 16 bits
    misses by d = 1 - m g^2, and m^-1/2 = g (1 - d)^-1/2 = g (1 + d / 2 + 3 d^2 / 8 + ...). Products are rounded half to even and saturate,
    as vectors of them do. So the root of 1 is one unit less.
    """
    bits = np.zeros_like(value)
    for step in (32, 16, 8, 4, 2, 1):
        bits += np.where((value >> bits) >> step > 0, step, 0)
    exponent = bits & ~1
    m = np.where(exponent >= 29, value >> np.maximum(exponent - 29, 0), value << np.maximum(29 - exponent, 0))
    guess = _root_guess(m)
    miss = half_even((1 << 59) - m * (guess * guess), 59 - MISS_BITS)
    more = 4 * miss + 3 * half_even(miss * miss, MISS_BITS)
    root = half_even((guess << MISS_BITS + 3) + guess * more, GUESS_BITS + MISS_BITS + 3 - ROOT_BITS)
    return np.minimum(root, (1 << ROOT_BITS) - 1), ROOT_BITS + exponent // 2


def _root_guess(m: IntArray) -> IntArray:
    """m^-1/2 in GUESS_BITS fraction bits; m: from 1 to 4, in 29 fraction bits."""
    above = m >= 1 << 30
    x = np.where(above, half_even(m, 15), half_even(m, 14)) - (3 << GUESS_BITS - 1)
    c = [np.where(above, high, low) for low, high in zip(GUESS, GUESS_ABOVE_2, strict=True)]
    first, second = (half_even((a << GUESS_BITS) + b * x, GUESS_BITS) for a, b in ((c[0], c[1]), (c[2], c[3])))
    guess = half_even((first << GUESS_BITS) + second * half_even(x * x, GUESS_BITS), GUESS_BITS)
    return np.minimum(guess, IntType.INT16.max)


def exact_matmul(left: IntArray, right: IntArray) -> IntArray:
    """left[..., K] @ right[..., K, N] in exact integers, through float64 where every partial sum stays below 2^53."""
    bound = int(np.abs(left).max(initial=0)) * int(np.abs(right).max(initial=0)) * right.shape[-2]
    if bound < FLOAT64_EXACT:
        return np.asarray((left.astype(np.float64) @ right.astype(np.float64)).astype(np.int64))
    return left @ right
