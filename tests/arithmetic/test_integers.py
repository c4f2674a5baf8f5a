"""Integer arithmetic against exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placer.arithmetic.integers import (
    LOW_BITS,
    exact_matmul,
    half_even,
    half_even_each,
    interpolated,
    reciprocal_root,
    scaled,
)
from placer.cubics import SEGMENTS, TERMS, Cubics
from placer.network import IntArray


@given(st.integers(-(1 << 59), 1 << 59), st.integers(0, 70))
def test_half_even(total: int, shift: int) -> None:
    """Any total and shift, also beyond 64 bits."""
    assert half_even(np.array([total]), shift)[0] == round(Fraction(total, 1 << shift))
    if 1 <= shift <= 60:
        assert half_even_each(np.array([total]), np.array([shift]))[0] == round(Fraction(total, 1 << shift))


@pytest.mark.parametrize("shift", range(1, 12))
def test_ties_round_to_even(shift: int) -> None:
    """Every value of 9 bits that ends in a half."""
    halves = (np.arange(-40, 41) << shift) + (1 << (shift - 1))
    expected = [round(Fraction(int(h), 1 << shift)) for h in halves]
    np.testing.assert_array_equal(half_even(halves, shift), expected)


@given(st.integers(-(1 << 30), 1 << 30), st.integers(-(1 << 31) + 1, (1 << 31) - 1), st.integers(0, 59))
def test_narrow_products_are_exact(total: int, multiplier: int, shift: int) -> None:
    """One product, one rounding."""
    found = scaled(np.array([total]), np.array([multiplier]), shift, 0, wide=False)
    assert found[0] == round(Fraction(total * multiplier, 1 << shift))


@given(st.integers(-(1 << 46), 1 << 46), st.integers(1, (1 << 31) - 1), st.integers(LOW_BITS, 59))
def test_wide_products_are_off_by_less_than_their_cut(total: int, multiplier: int, shift: int) -> None:
    """Both parts are rounded where the cut is: at most half a unit there, besides the half at the end."""
    found = int(scaled(np.array([total]), np.array([multiplier]), shift, 0, wide=True)[0])
    error = abs(Fraction(found) - Fraction(total * multiplier, 1 << shift))
    assert error <= Fraction(1, 2) + Fraction(1 << LOW_BITS, 1 << (shift + 1))


def test_reciprocal_root() -> None:
    """Within 2^-29 from 1 to 2^62."""
    rng = np.random.default_rng(0)
    powers = np.int64(1) << np.arange(62)
    values = np.concatenate([np.arange(1, 5000), rng.integers(1, 1 << 62, 20000), powers, powers[2:] - 1, powers + 1])
    root, shift = reciprocal_root(values)
    errors = np.abs(np.ldexp(root.astype(np.float64), -shift) * np.sqrt(values.astype(np.float64)) - 1)
    assert errors.max() < 2**-29
    assert root.min() >= 1 << 30
    assert root.max() < 1 << 31


def test_interpolation_meets_its_cubics() -> None:
    """In a segment its cubic, from a further cubic's start to the segment's end that one, to a part of a step."""
    coefficients: IntArray = np.zeros((SEGMENTS + 1, TERMS), np.int64)
    coefficients[0], coefficients[1] = (5 << 10, -3 << 14, 7 << 14, 2 << 14), (9 << 10, 0, 0, 0)
    coefficients[SEGMENTS] = (-20 << 10, 1 << 14, 0, 0)
    position = np.arange(512)
    found = interpolated(position, Cubics(coefficients, np.array([200]), 8, 10, 4, 0.0))
    u = (np.arange(256) - 128) / 128
    np.testing.assert_array_equal(found[:200], np.rint((5 - 3 * u + 7 * u**2 + 2 * u**3)[:200]))
    np.testing.assert_array_equal(found[200:256], np.rint(-20 + u[200:]))
    assert np.all(found[256:] == 9)


@pytest.mark.parametrize("magnitude", [1 << 7, 1 << 27, 1 << 30])
def test_exact_product(magnitude: int) -> None:
    """Through float64 only where that is exact."""
    rng = np.random.default_rng(0)
    left, right = rng.integers(-magnitude, magnitude, (3, 4)), rng.integers(-magnitude, magnitude, (4, 2))
    np.testing.assert_array_equal(exact_matmul(left, right), (left.astype(object) @ right.astype(object)).astype(np.int64))
