"""Integer arithmetic of the kernels: rounding, multiplication by a ratio of scales, reciprocal roots, interpolation; all in int64.

kernels/include/placer does the same steps; what is approximate here is approximate there, bit for bit.
"""

from __future__ import annotations

import numpy as np

from placer.network import IntArray

# Sums below this are exact in float64, whose matrix product is far faster than numpy's integer one.
FLOAT64_EXACT = 1 << 53
# A wide value is cut here for its multiplication: both parts then fit 32 bits.
LOW_BITS = 16
# Interpolation: source values between two nodes, and fraction bits of a node.
SEGMENT_BITS = 5
NODE_BITS = 8
# Fraction bits of a reciprocal root, and the Newton steps that bring the first guess there (tests/test_arithmetic.py holds the error).
ROOT_BITS = 31
ROOT_STEPS = 4
# The chord of m^-1/2 between m = 1 and m = 4 is (7 - m) / 6; 117/128 of it is off by at most 9 % on either side. m has 29 fraction bits.
GUESS = (117 * 7 << ROOT_BITS) // (128 * 6)
GUESS_SLOPE = (117 << ROOT_BITS + 1) // (128 * 6)


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


def interpolated(position: IntArray, nodes: IntArray) -> IntArray:
    """The line between two nodes at `position` (source less the least value of its type), rounded half to even to whole target values."""
    index, part = position >> SEGMENT_BITS, position & ((1 << SEGMENT_BITS) - 1)
    return half_even(nodes[index] * ((1 << SEGMENT_BITS) - part) + nodes[index + 1] * part, SEGMENT_BITS + NODE_BITS)


def reciprocal_root(value: IntArray) -> tuple[IntArray, IntArray]:
    """(root, shift): value^-1/2 is nearly root / 2^shift, for values from 1 to 2^62 - 1.

    With m = value / 2^e in [1, 4) and e even, cut to 29 fraction bits, root stands for m^-1/2 in ROOT_BITS of them: Newton steps
    r (3 - m r^2) / 2, whose products of 32 bits each are rounded half to even and saturate, as vectors of them do. So the root of 1 is one
    unit less.
    """
    bits = np.zeros_like(value)
    for step in (32, 16, 8, 4, 2, 1):
        bits += np.where((value >> bits) >> step > 0, step, 0)
    exponent = bits & ~1
    m = np.where(exponent >= 29, value >> np.maximum(exponent - 29, 0), value << np.maximum(29 - exponent, 0))
    root = GUESS - half_even(m * GUESS_SLOPE, ROOT_BITS - 1)
    for _ in range(ROOT_STEPS):
        half = half_even(m * half_even(root * root, ROOT_BITS), ROOT_BITS)
        root = np.minimum(half_even(root * ((3 << ROOT_BITS - 2) - half), ROOT_BITS - 1), (1 << ROOT_BITS) - 1)
    return root, ROOT_BITS + exponent // 2


def exact_matmul(left: IntArray, right: IntArray) -> IntArray:
    """left[..., K] @ right[..., K, N] in exact integers, through float64 where every partial sum stays below 2^53."""
    bound = int(np.abs(left).max(initial=0)) * int(np.abs(right).max(initial=0)) * right.shape[-2]
    if bound < FLOAT64_EXACT:
        return np.asarray((left.astype(np.float64) @ right.astype(np.float64)).astype(np.int64))
    return left @ right
