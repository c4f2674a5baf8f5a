"""Closing LayerNorm and Softmax: the integers with which a row is summed, scaled and rounded once."""

from __future__ import annotations

import math

import numpy as np

from placer.arithmetic.fixed_point import MAX_SHIFT, MULTIPLIER_BITS, TooLargeError, clamp, factor
from placer.arithmetic.softmax import WIDEST_SHIFT, exponentials
from placer.frontend.values import Normalised, Softened
from placer.network import IntType, Normalise, QuantType, Softmax

# Rows whose sum of squares needs more bits than a 64-bit integer has are refused.
MAX_NORMALISED = 1 << 13
# Bits of the sums inside LayerNorm, and what its results may reach before they saturate, in steps.
SPREAD_BITS = 62
LARGEST_NORMALISED = 1 << 30


def normalise_of(source: QuantType, op_name: str, value: Normalised, target: str, kind: QuantType) -> Normalise:
    """LayerNorm of rows of `source` steps, to steps of `kind`. Raises TooLargeError where its sums or results leave their integers."""
    size = len(value.gain)
    if size > MAX_NORMALISED:
        raise TooLargeError(f"a row of {size} elements is longer than the {MAX_NORMALISED} that LayerNormalization takes")
    # A normalised value is at most the root of N, and fills 32 bits.
    fraction = math.floor(math.log2(IntType.INT32.max / math.sqrt(size)))
    gain = factor(value.gain / kind.scale)
    top = (math.sqrt(size) * float(np.abs(value.gain).max()) + float(np.abs(value.offset).max())) / kind.scale
    if not top < LARGEST_NORMALISED:
        raise TooLargeError(f"LayerNormalization can reach {top:.6g} steps of its result, beyond {LARGEST_NORMALISED}")
    less = max(0, gain.shift + fraction - min(MAX_SHIFT, SPREAD_BITS - math.frexp(top)[1]))
    multiplier, shift = np.rint(np.ldexp(gain.multiplier.astype(np.float64), -less)).astype(np.int64), gain.shift + fraction - less
    offset = np.ldexp(value.offset / kind.scale, shift)
    largest = float(np.abs(offset).max())
    offset_up = max(0, math.ceil(math.log2(largest)) - 30) if largest >= 1 else 0
    low, high = clamp(kind, value.limits)
    epsilon, epsilon_bits = _epsilon(source, size, value.epsilon)
    steps = np.rint(np.ldexp(offset, -offset_up)).astype(np.int64)
    return Normalise(op_name, value.source, target, epsilon, epsilon_bits, fraction, multiplier, steps, offset_up, shift, low, high)


def _epsilon(source: QuantType, size: int, epsilon: float) -> tuple[int, int]:
    """Epsilon in units of N^2 * variance, and the fraction bits, an even number, with which the largest variance still fits."""
    units = size * size * epsilon / source.scale**2
    # No variance is beyond that of a row which is half its least, half its largest value.
    spread = (size * (source.dtype.max - source.dtype.min) / 2) ** 2 + units
    if not spread < 2.0**SPREAD_BITS:
        raise TooLargeError(f"epsilon {epsilon:g} of LayerNormalization is far beyond the variance of its input")
    bits = 2 * ((SPREAD_BITS - max(1, math.frexp(spread)[1])) // 2)
    return round(math.ldexp(units, bits)), bits


def softmax_of(source: QuantType, op_name: str, value: Softened, target: str, kind: QuantType) -> Softmax:
    """Softmax of rows of `source` steps, to steps of `kind`. Raises TooLargeError where its elements or its scale are too wide."""
    mantissa, exponent = math.frexp(value.gain / kind.scale)
    gain, shift = round(math.ldexp(mantissa, MULTIPLIER_BITS)), MULTIPLIER_BITS - exponent
    if gain == 1 << MULTIPLIER_BITS:
        gain, shift = gain >> 1, shift - 1
    if source.dtype.bits > IntType.INT16.bits or kind.dtype.bits > IntType.INT16.bits or not 0 <= shift <= WIDEST_SHIFT:
        raise TooLargeError(f"Softmax takes and gives elements of at most 16 bits, at scales from 2^-{MULTIPLIER_BITS}")
    low, high = clamp(kind, value.limits)
    return Softmax(op_name, value.source, target, exponentials(source.scale, source.dtype.bits), gain, shift, low, high)
