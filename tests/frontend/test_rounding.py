"""Biases in accumulator steps: against exact fractions, every tie included."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from placer.errors import UnsupportedModelError
from placer.frontend.rounding import check_sum, close_bias, quant_type
from placer.frontend.values import Product, Value
from placer.network import IntType, QuantType, Tensor
from placer.reference import requantise

NODE = helper.make_node("QuantizeLinear", ["x"], ["y"], name="n")
EXPONENTS = st.integers(-12, 4)


def int8(exponent: int) -> QuantType:
    """int8 at scale 2^exponent."""
    return QuantType(IntType.INT8, 2.0**exponent)


def product(weight: int, exponent: int, bias: float) -> Product:
    """One weight and one bias."""
    return Product("x", np.array([[weight]]), int8(exponent), np.array([bias]), False, (1,))


def rounded(value: Fraction) -> int:
    """Half to even, saturated to int8."""
    return max(-128, min(127, round(value)))


@given(st.integers(-128, 127), st.integers(-128, 127), EXPONENTS, EXPONENTS, st.integers(1, 12), st.floats(-300, 300, width=32))
def test_bias_is_exact(x: int, weight: int, source: int, scale: int, shift: int, bias: float) -> None:
    """round(x * w + bias) with any float32 bias is what exact fractions give, however little lies below a step."""
    step = source + scale
    try:
        steps, bits = close_bias(NODE, product(weight, scale, bias), int8(source), int8(step + shift))
    except UnsupportedModelError:
        assert abs(bias) * 2.0**-step > (1 << 31) - (1 << 15) - 1
        return
    assert steps is not None
    total = (np.array([x * weight]) << bits) + steps
    exact = (x * weight * Fraction(2) ** step + Fraction(bias)) / Fraction(2) ** (step + shift)
    assert requantise(total, shift + bits, int8(0), relu=False)[0] == rounded(exact)


@given(st.integers(-3, 3), st.sampled_from([-0.25, -(2.0**-20), 0.0, 2.0**-20, 0.25]))
def test_a_tie_is_a_tie_only_without_a_rest(whole: int, rest: float) -> None:
    """At one bit shifted out: half a result, and a little more or less."""
    steps, bits = close_bias(NODE, product(1, 0, whole + rest), int8(0), int8(1))
    assert steps is not None
    assert bits == (rest != 0)
    assert requantise(steps, 1 + bits, int8(0), relu=False)[0] == rounded(Fraction(whole + rest) / 2)


def test_no_bias() -> None:
    """None stays None."""
    without = Product("x", np.array([[3]]), int8(0), None, False, (1,))
    assert close_bias(NODE, without, int8(0), int8(0)) == (None, 0)


@given(st.integers(-100, 100), st.integers(-100, 100))
def test_sums_are_bounded(left: int, right: int) -> None:
    """Two int8 tensors fit 32 bits exactly while their aligned magnitudes do."""
    tensors = Tensor("a", (1,), int8(left)), Tensor("b", (1,), int8(right))
    if (128 << abs(left - right)) + 128 < 1 << 31:
        check_sum(NODE, *tensors)
    else:
        with pytest.raises(UnsupportedModelError, match=r"n: the operands of Add at scales .* do not fit one 32-bit accumulator"):
            check_sum(NODE, *tensors)


def test_scale_of_a_type_must_be_there() -> None:
    """Without operands there is no scale."""
    operands: list[Value | None] = [None]
    with pytest.raises(UnsupportedModelError, match="n: the scale must be a constant"):
        quant_type(NODE, operands, per_channel=False)
