"""Cubics for functions of 16-bit elements: smooth ones, with kinks, and too steep for any."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from placer.arithmetic.fixed_point import FloatArray
from placer.arithmetic.integers import interpolated
from placer.contracts.contract import PROGRAM_WORD, PROGRAM_WORDS_A_CALL
from placer.cubics import Cubics
from placer.cycles.rows import CubicForm, cubic_words
from placer.device import find_device
from placer.frontend import cubic_fit
from placer.frontend.cubic_fit import MAX_BREAKS, cubics

POSITIONS = np.arange(1 << 16)
LOW, HIGH = -(1 << 15), (1 << 15) - 1
Function = Callable[[FloatArray], FloatArray]


def fitted(function: Function, step: float, target: float, zero: int = 0) -> tuple[Cubics, FloatArray]:
    """The cubics of a function of (position - 2^15 - zero) * step, and their results less what they should be before rounding."""
    exact = function((POSITIONS - (1 << 15) - zero) * step) / target
    found = cubics(lambda positions: exact[positions], 8, LOW, HIGH)
    return found, np.clip(interpolated(POSITIONS, found), LOW, HIGH) - np.clip(exact, LOW, HIGH)


def gelu(x: FloatArray) -> FloatArray:
    return x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2


@pytest.mark.parametrize(("function", "step"), [(gelu, 6 / 32768), (np.tanh, 4 / 32768), (np.exp, 8 / 32768)])
def test_smooth_functions(function: Function, step: float) -> None:
    """One cubic a segment; a result is off by half a step and the fit's error, which is what is stated."""
    found, off = fitted(function, step, float(np.abs(function(np.array([-1, 1]) * step * (1 << 15))).max()) / HIGH)
    assert len(found.starts) == 0
    assert found.error < 2**-11
    assert np.abs(off).max() <= 1 / 2 + found.error + 2**-12


def test_constants_fill_their_words() -> None:
    """The constant of a segment is right to 2^-16 of a step where results have 16 bits: of GELU's one in 65,536 may differ."""
    found, off = fitted(gelu, 6 / 32768, 6 / 32768)
    assert np.abs(found.coefficients[:, 0]).max() >> 29
    assert np.count_nonzero(np.abs(off) > 1 / 2) <= 1


@pytest.mark.parametrize("zero", [-1234, 0, 77])
def test_kinks(zero: int) -> None:
    """HardSwish takes a further cubic at each of its two kinks that does not lie between two segments."""
    found, off = fitted(lambda x: x * np.clip(x + 3, 0, 6) / 6, 8 / 32768, 8 / 32768, zero)
    kinks = [at for at in (-3 * 4096 + (1 << 15) + zero, 3 * 4096 + (1 << 15) + zero) if at % 256]
    np.testing.assert_allclose(found.starts, kinks, atol=1)
    assert np.abs(off).max() <= 1 / 2 + 2**-8


def test_kinks_need_further_cubics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cubic_fit, "MAX_BREAKS", 0)
    found, off = fitted(lambda x: np.maximum(x, x / 8), 1 / 4096, 1 / 4096, 77)
    assert np.abs(off).max() > 2
    assert found.error > 2


def test_steep_functions() -> None:
    """A reciprocal takes all cuts there are, and the error that is left is stated."""
    found, off = fitted(lambda x: 1 / np.where(x == 0, 1 / 8192, x), 1 / 8192, 1 / 4)
    assert len(found.starts) == MAX_BREAKS
    assert np.abs(found.coefficients[:, 0]).max() < 1 << 31
    assert np.abs(found.coefficients[:, 1:]).sum(axis=1).max() < 1 << 30
    assert np.abs(off).max() <= found.error + 1


def test_wider_elements() -> None:
    """A function of elements of 30 bits, at points that the fit did not look at."""

    def exact(positions: np.ndarray) -> FloatArray:
        return np.tanh((positions - (1 << 29)) * 2.0**-27) * HIGH

    found = cubics(exact, 22, LOW, HIGH)
    positions = np.random.default_rng(0).integers(0, 1 << 30, 100_000)
    assert np.abs(interpolated(positions, found) - exact(positions)).max() <= 1 / 2 + found.error + 2**-10


def test_a_program_holds_as_many_cuts() -> None:
    """The words of any kernel with all cuts are within the program memory of a core; those of one with many more would not be."""

    def program_bytes(cuts: int, form: CubicForm) -> int:
        return (PROGRAM_WORDS_A_CALL + cubic_words(replace(form, further=cuts), "aie-ml")) * PROGRAM_WORD

    most = find_device("VEK280").core.program_bytes
    for source, target, clips in product((2, 4), (1, 2, 4), (0, 1, 3)):
        form = CubicForm(source, target, 0, clips)
        assert program_bytes(MAX_BREAKS, form) <= most < program_bytes(6 * MAX_BREAKS, form)
