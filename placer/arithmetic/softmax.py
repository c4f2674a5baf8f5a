"""Softmax in integers, shared by the normative evaluator, the importer and the kernel's reference.

With d = the row's maximum - source, from 0 on: e = exp(-d * scale) in EXP_BITS fraction bits, from a table of 256 values for 8-bit
sources, as the product of two for 16 bits (d = 256 * high + low). The sum S of a row is exact; 1 / S is the square of its reciprocal root.
One factor a row, of at most 31 bits, holds 1 / S and the reciprocal of the target's scale; e times that is rounded half to even, first to
GUARDED_BITS in all, so that what ought to be a tie is one: elements alike, at a scale that is a power of two.
"""

from __future__ import annotations

import numpy as np

from placer.arithmetic.integers import ROOT_BITS, half_even, half_even_each, reciprocal_root
from placer.network import IntArray

# Fraction bits of an exponential, of the table of high parts, and values of a table.
EXP_BITS = 28
HIGH_BITS = 30
TABLE = 256
# Bits of a result with those below it that a first rounding keeps.
GUARDED_BITS = 28
# The widest shift of an accumulator (facts: UG1583, srs).
WIDEST_SHIFT = 59


def exponentials(scale: float, bits: int) -> IntArray:
    """Tables of exp(-d * scale): of d from 0 to 255 in EXP_BITS; for 16-bit sources, then of 256 * d in HIGH_BITS."""
    steps = np.arange(TABLE) * -scale
    low: IntArray = np.rint(np.ldexp(np.exp(steps), EXP_BITS)).astype(np.int64)
    if bits == 8:
        return low
    return np.concatenate([low, np.rint(np.ldexp(np.exp(steps * TABLE), HIGH_BITS)).astype(np.int64)])


def softened(source: IntArray, tables: IntArray, gain: int, shift: int, bits: int) -> IntArray:
    """exp(source) / sum(exp(source)) * gain / 2^shift over the last axis, rounded, for results of `bits` bits.

    gain: from 2^30 to 2^31 - 1.
    """
    below = source.max(axis=-1, keepdims=True) - source
    powers = tables[below] if len(tables) == TABLE else half_even(tables[TABLE + (below >> 8)] * tables[below & TABLE - 1], HIGH_BITS)
    factor, down = _row_factor(powers.sum(axis=-1, keepdims=True), gain, shift)
    guard = GUARDED_BITS - bits
    return half_even(half_even_each(powers * factor, down - guard), guard)


def _row_factor(total: IntArray, gain: int, shift: int) -> tuple[IntArray, IntArray]:
    """(factor, down): gain / 2^shift / total is nearly factor / 2^down, down at most WIDEST_SHIFT."""
    root, root_shift = reciprocal_root(total)
    inverse = half_even(root * root, ROOT_BITS)
    factor = half_even(inverse * gain, ROOT_BITS)
    down = 2 * root_shift - 2 * ROOT_BITS + shift
    excess = np.maximum(down - WIDEST_SHIFT, 0)
    return np.where(excess > 0, half_even_each(factor, np.maximum(excess, 1)), factor), down - excess
