"""The normative evaluator against exact fractions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placer.network import Add, Dense, IntType, Network, Operation, QuantType, Requantise, Reshape, Tensor, Transpose
from placer.reference import evaluate, evaluate_all, exact_matmul, requantise


def int8(exponent: int) -> QuantType:
    """int8 at scale 2^exponent."""
    return QuantType(IntType.INT8, 2.0**exponent)


def rounded(value: Fraction, kind: QuantType, relu: bool) -> int:
    """Half to even, saturated, rectified."""
    return max(0 if relu else kind.dtype.min, kind.dtype.min, min(kind.dtype.max, round(value)))


@given(st.integers(-(1 << 40), 1 << 40), st.integers(-70, 70), st.sampled_from((IntType.INT8, IntType.UINT8, IntType.INT16)), st.booleans())
def test_requantise(total: int, shift: int, dtype: IntType, relu: bool) -> None:
    """Any total and shift, also far beyond 64 bits."""
    kind = QuantType(dtype, 1.0)
    assert requantise(np.array([total]), shift, kind, relu)[0] == rounded(Fraction(total) / Fraction(2) ** shift, kind, relu)


@pytest.mark.parametrize("shift", range(1, 12))
def test_ties_round_to_even(shift: int) -> None:
    """Every value of 9 bits that ends in a half."""
    halves = (np.arange(-40, 41) << shift) + (1 << (shift - 1))
    expected = [round(Fraction(int(h), 1 << shift)) for h in halves]
    np.testing.assert_array_equal(requantise(halves, shift, int8(0), relu=False), expected)


def network(op: Operation, target: Tensor, *sources: Tensor) -> Network:
    """One operation."""
    inputs = tuple(s.name for s in sources if s.value is None)
    return Network("net", None, tuple(dict.fromkeys(inputs)), (target.name,), (*sources, target), (op,))


@given(st.integers(0, 1 << 30), st.integers(-4, 12), st.integers(0, 1), st.booleans(), st.booleans())
def test_dense(seed: int, shift: int, bits: int, relu: bool, biased: bool) -> None:
    """Products, bias with its fraction bit, one rounding."""
    rng = np.random.default_rng(seed)
    x, weight = rng.integers(-128, 128, (2, 3, 5)), rng.integers(-128, 128, (5, 4))
    bias = rng.integers(-5000, 5000, 4) if biased else None
    source, target = Tensor("x", (3, 5), int8(-3)), Tensor("y", (3, 4), int8(-3 - 2 + shift))
    op = Dense("d", "x", "y", weight, int8(-2), bias, bits, relu)
    (found,) = evaluate(network(op, target, source), (x,))
    exact = x.astype(object) @ weight.astype(object) + (0 if bias is None else np.array([Fraction(int(b), 1 << bits) for b in bias]))
    expected = np.vectorize(lambda v: rounded(Fraction(v) / Fraction(2) ** shift, target.type, relu))(exact)
    np.testing.assert_array_equal(found, expected)


@given(st.integers(-128, 127), st.integers(-128, 127), st.integers(-9, 9), st.integers(-9, 9), st.integers(-9, 9), st.booleans())
def test_add(left: int, right: int, a: int, b: int, c: int, relu: bool) -> None:
    """Two scales, a third for the result."""
    tensors = Tensor("l", (1,), int8(a)), Tensor("r", (1,), int8(b))
    target = Tensor("y", (1,), int8(c))
    (found,) = evaluate(network(Add("a", "l", "r", "y", relu), target, *tensors), (np.array([[left]]), np.array([[right]])))
    exact = (left * Fraction(2) ** a + right * Fraction(2) ** b) / Fraction(2) ** c
    assert found[0, 0] == rounded(exact, target.type, relu)


def test_add_of_a_constant() -> None:
    """A constant broadcasts over samples and leading axes."""
    constant = Tensor("c", (2,), int8(0), np.array([1, -1]))
    source, target = Tensor("x", (3, 2), int8(0)), Tensor("y", (3, 2), int8(0))
    x = np.arange(12).reshape(2, 3, 2)
    (found,) = evaluate(network(Add("a", "x", "c", "y", relu=False), target, source, constant), (x,))
    np.testing.assert_array_equal(found, x + np.array([1, -1]))


def test_requantise_operation() -> None:
    """A change of scale."""
    source, target = Tensor("x", (4,), int8(0)), Tensor("y", (4,), int8(1))
    (found,) = evaluate(network(Requantise("r", "x", "y", relu=True), target, source), (np.array([[-3, 1, 3, 5]]),))
    np.testing.assert_array_equal(found, [[0, 0, 2, 2]])


def test_movements() -> None:
    """Transpose and Reshape over one sample's axes."""
    x = np.arange(24).reshape(2, 3, 4)
    source = Tensor("x", (3, 4), int8(0))
    (turned,) = evaluate(network(Transpose("t", "x", "y", (1, 0)), Tensor("y", (4, 3), int8(0)), source), (x,))
    np.testing.assert_array_equal(turned, x.transpose(0, 2, 1))
    (shaped,) = evaluate(network(Reshape("s", "x", "y"), Tensor("y", (2, 6), int8(0)), source), (x,))
    np.testing.assert_array_equal(shaped, x.reshape(2, 2, 6))


def test_every_value_in_order() -> None:
    """Inputs first, then results."""
    net = network(Requantise("r", "x", "y", relu=False), Tensor("y", (1,), int8(0)), Tensor("x", (1,), int8(0)))
    assert [v.tensor for v in evaluate_all(net, (np.array([[5]]),))] == ["x", "y"]
    assert evaluate(replace(net, outputs=("x", "y", "x")), (np.array([[5]]),))[2][0, 0] == 5


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((2, 4), np.int64), r"input x must have shape \[batch, 3\], not \[2, 4\]"),
        (np.zeros(3, np.int64), "input x must have shape"),
        (np.full((1, 3), 128), "input x holds values outside int8"),
        (np.full((1, 3), -129), "input x holds values outside int8"),
    ],
)
def test_wrong_inputs(value: np.ndarray, message: str) -> None:  # type: ignore[type-arg]
    """Shape and range are checked."""
    net = network(Requantise("r", "x", "y", relu=False), Tensor("y", (3,), int8(0)), Tensor("x", (3,), int8(0)))
    with pytest.raises(ValueError, match=message):
        evaluate(net, (value,))
    with pytest.raises(ValueError, match="net takes 1 inputs, not 0"):
        evaluate(net, ())


@pytest.mark.parametrize("magnitude", [1 << 7, 1 << 27, 1 << 30])
def test_exact_product(magnitude: int) -> None:
    """Through float64 only where that is exact."""
    rng = np.random.default_rng(0)
    left, right = rng.integers(-magnitude, magnitude, (3, 4)), rng.integers(-magnitude, magnitude, (4, 2))
    np.testing.assert_array_equal(exact_matmul(left, right), (left.astype(object) @ right.astype(object)).astype(np.int64))
