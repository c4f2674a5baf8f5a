"""Multipliers, shifts and biases: exact for powers of two, and as near as 31 bits come otherwise."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placer.arithmetic.fixed_point import UNLIMITED, TooLargeError, factor, rounding, tie_rate
from placer.network import IntType, QuantType
from placer.reference import rounded

NONE = np.zeros(1, np.int64)


def exact(value: Fraction, kind: QuantType, limits: tuple[float, float] = UNLIMITED) -> int:
    """Clipped, rounded half to even, moved to the zero point, saturated."""
    low, high = (Fraction(b / kind.scale) if math.isfinite(b) else Fraction(int(math.copysign(1 << 60, b))) for b in limits)
    return max(kind.min, min(kind.max, round(max(low, min(high, value))) + kind.zero_point))


@given(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=4), st.booleans())
def test_factor(ratios: list[float], negative: bool) -> None:
    """The largest ratio to 2^-30, the others to the same absolute error."""
    ratio = np.array(ratios) * (-1 if negative else 1)
    found = factor(ratio)
    assert np.abs(np.ldexp(found.multiplier.astype(np.float64), -found.shift) - ratio).max() <= np.abs(ratio).max() * 2**-30
    assert np.abs(found.multiplier).max() < 1 << 31
    assert 0 <= found.shift <= 59


@given(st.lists(st.integers(-20, 8), min_size=1, max_size=4))
def test_factors_of_two_are_exact(exponents: list[int]) -> None:
    """Also several of them."""
    found = factor(np.ldexp(1.0, np.array(exponents)))
    np.testing.assert_array_equal(np.ldexp(found.multiplier.astype(np.float64), -found.shift), np.ldexp(1.0, np.array(exponents)))


TYPES = st.builds(
    QuantType, st.sampled_from((IntType.INT8, IntType.UINT8, IntType.INT16)), st.just(0.5), st.integers(0, 120), st.just(None)
)


@given(st.integers(-(1 << 20), 1 << 20), st.integers(-24, 6), st.integers(-4000, 4000), st.integers(-12, 0), TYPES, st.booleans())
def test_powers_of_two_are_exact(value: int, exponent: int, offset: int, fraction: int, kind: QuantType, relu: bool) -> None:
    """Any bias, between accumulator steps too, every tie, any zero point and a ReLU."""
    limits = (0.0, math.inf) if relu else UNLIMITED
    bias = math.ldexp(offset, fraction)
    try:
        found = rounding(np.ldexp(np.ones(1), exponent), np.full(1, bias), NONE, 1 << 20, kind, limits)
    except TooLargeError:
        assert exponent > 0
        return
    expected = exact((value + Fraction(bias)) * Fraction(2) ** exponent, kind, limits)
    assert rounded(np.array([value]), found, kind)[0] == expected


@given(st.integers(-(1 << 20), 1 << 20), st.floats(1e-6, 1e-3), st.floats(-1e5, 1e5), TYPES)
def test_other_ratios_differ_only_at_near_ties(value: int, ratio: float, offset: float, kind: QuantType) -> None:
    """The result is the exact one, unless that lies within 2^-8 of a tie; then it may be the neighbour."""
    found = rounding(np.full(1, ratio), np.full(1, offset), NONE, 1 << 20, kind, UNLIMITED)
    real = (value + Fraction(offset)) * Fraction(ratio)
    result = int(rounded(np.array([value]), found, kind)[0])
    near_tie = abs(real - math.floor(real) - Fraction(1, 2)) < Fraction(1, 256)
    assert result == exact(real, kind) or (near_tie and abs(result - exact(real, kind)) == 1)


def test_share_of_outputs_that_differ() -> None:
    """At most 1 in 100,000 of int8 results at arbitrary scales: the claim of the module."""
    rng = np.random.default_rng(0)
    wrong = compared = 0
    for ratio in 10.0 ** rng.uniform(-4, -2, 40):
        values = rng.integers(-int(128 / ratio), int(128 / ratio), 50_000)
        found = rounding(np.full(1, ratio), np.full(1, 0.3), NONE, int(128 / ratio), QuantType(IntType.INT8, 1.0), UNLIMITED)
        exactly = np.clip(np.rint((values + 0.3) * ratio), -128, 127).astype(np.int64)
        wrong += int(np.count_nonzero(rounded(values, found, QuantType(IntType.INT8, 1.0)) != exactly))
        compared += len(values)
    assert wrong * 100_000 <= compared


WORD = QuantType(IntType.INT16, 1.0)


def wrong_words(offset: float, shifted_up: bool = False, **changes: int) -> tuple[int, int]:
    """Results of 16 bits, at ratios of their own each 50,000, that differ from the exact ones, and all."""
    rng, wrong, compared = np.random.default_rng(1), 0, 0
    for ratio in 10.0 ** rng.uniform(-3, 0, 40):
        values = rng.integers(-int(30000 / ratio), int(30000 / ratio), 50_000)
        found = rounding(np.full(1, ratio), np.full(1, offset), NONE, int(30000 / ratio), WORD, UNLIMITED, shifted_up=shifted_up)
        exactly = np.clip(np.rint((values + offset) * ratio), WORD.min, WORD.max).astype(np.int64)
        wrong += int(np.count_nonzero(rounded(values, replace(found, **changes), WORD) != exactly))
        compared += len(values)
    return wrong, compared


def test_words_keep_clear_of_the_guard() -> None:
    """At most 1 in 100,000 of 16 bits at ratios without ties; with guard bits, which take one in 2^14 for a tie, twice as many."""
    (wrong, compared), (guarded, _) = wrong_words(0.0), wrong_words(0.0, guard=14)
    assert wrong * 100_000 <= compared < guarded * 50_000


def test_biases_of_words() -> None:
    """A bias between two steps of a 16-bit value, which 32 bits do not hold finely enough, makes it wide where its kernel shifts it up."""
    (wrong, compared), (narrow, _) = wrong_words(1234.56789, shifted_up=True), wrong_words(1234.56789)
    assert wrong * 100_000 <= compared < narrow * 100_000
    assert not rounding(np.full(1, 0.9), np.full(1, 12.25), NONE, 1 << 15, WORD, UNLIMITED, shifted_up=True).wide


def test_tie_rate() -> None:
    """One in an even denominator; none of an odd one, or of a ratio of scales that calibration chose."""
    assert tie_rate(1 / 6) == tie_rate(5 / 6) == tie_rate(1 / 2, 1 / 3) == 1 / 6
    assert tie_rate(1 / 3) == tie_rate(0.0173291846) == tie_rate(1 / 2, 0.0173291846) == 0.0


@pytest.mark.parametrize("kind", [QuantType(IntType.INT8, 1.0), WORD], ids=["int8", "int16"])
@pytest.mark.parametrize("divisor", [6, 12, 49, 100, 196])
def test_ties_of_other_ratios(divisor: int, kind: QuantType) -> None:
    """The mean of so many integers: every tie goes to the even side, as if the division were exact."""
    most = 128 * divisor
    values = np.arange(-most, most)
    found = rounding(np.full(1, 1 / divisor), np.zeros(1), NONE, 256 * most, kind, UNLIMITED)
    expected = [max(kind.min, min(kind.max, round(Fraction(int(v), divisor)))) for v in values]
    np.testing.assert_array_equal(rounded(values, found, kind), expected)


@pytest.mark.parametrize(("largest", "wide"), [((1 << 30) - 1, False), (1 << 31, True)])
def test_width(largest: int, wide: bool) -> None:
    """Values beyond 32-bit lanes are wide."""
    assert rounding(np.full(1, 1e-9), np.zeros(1), NONE, largest, QuantType(IntType.INT16, 1.0), UNLIMITED).wide is wide


def test_too_large() -> None:
    """No lane holds it."""
    with pytest.raises(TooLargeError, match="beyond 46 bits"):
        rounding(np.full(1, 0.3), np.zeros(1), NONE, 1 << 50, QuantType(IntType.INT16, 1.0), UNLIMITED)
