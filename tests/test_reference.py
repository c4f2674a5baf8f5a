"""The normative evaluator against exact fractions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placer.frontend.closing import close
from placer.frontend.graph import Graph
from placer.frontend.values import Normalised
from placer.network import (
    Add,
    Dense,
    IntType,
    Multiply,
    Network,
    Operation,
    QuantType,
    Requantise,
    Reshape,
    Rounding,
    Table,
    Tensor,
    Transpose,
)
from placer.reference import evaluate, evaluate_all


def int8(exponent: int) -> QuantType:
    """int8 at scale 2^exponent."""
    return QuantType(IntType.INT8, 2.0**exponent)


def plain(low: int = -128, shift: int = 0) -> Rounding:
    """A Rounding without bias or multiplier."""
    return Rounding(0, np.zeros(1, np.int64), np.ones(1, np.int64), shift, 0, low, 127, wide=False)


def network(op: Operation, target: Tensor, *sources: Tensor) -> Network:
    """One operation."""
    names = tuple(dict.fromkeys(s.name for s in sources))
    return Network("net", None, names, (target.name,), (*sources, target), (op,))


@given(st.integers(0, 1 << 30), st.integers(-4, 12), st.integers(0, 1), st.booleans())
def test_dense(seed: int, shift: int, up: int, relu: bool) -> None:
    """Products, bias with fraction bits, a multiplier a channel, one rounding."""
    rng = np.random.default_rng(seed)
    x, weight = rng.integers(-128, 128, (2, 3, 5)), rng.integers(-128, 128, (5, 4))
    bias, multiplier = rng.integers(-5000, 5000, 4), rng.integers(1, 7, 4)
    source, target = Tensor("x", (3, 5), int8(0)), Tensor("y", (3, 4), QuantType(IntType.INT8, 1.0, 3))
    ends = Rounding(up, bias, multiplier, shift + up + 4, 0, 3 if relu else -128, 127, wide=False)
    (found,) = evaluate(network(Dense("d", "x", "y", weight, IntType.INT8, ends), target, source), (x,))
    exact = ((x.astype(object) @ weight.astype(object)) * (1 << up) + bias.astype(object)) * multiplier.astype(object)
    expected = np.vectorize(lambda v: max(ends.low, min(127, round(Fraction(v, 1 << ends.shift)) + 3)))(exact)
    np.testing.assert_array_equal(found, expected)


@given(st.integers(-128, 127), st.integers(-128, 127), st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 99), st.integers(1, 99))
def test_add_and_multiply(left: int, right: int, a: int, b: int, m: int, n: int) -> None:
    """Zero points go before the product, one rounding after it."""
    sources = Tensor("l", (1,), QuantType(IntType.INT8, 1.0, a)), Tensor("r", (1,), QuantType(IntType.INT8, 1.0, b))
    target, values = Tensor("y", (1,), int8(0)), (np.array([[left]]), np.array([[right]]))
    (found,) = evaluate(network(Add("a", "l", "r", "y", m, n, plain(shift=4)), target, *sources), values)
    assert found[0, 0] == max(-128, min(127, round(Fraction((left - a) * m + (right - b) * n, 16))))
    (found,) = evaluate(network(Multiply("m", "l", "r", "y", plain(shift=6)), target, *sources), values)
    assert found[0, 0] == max(-128, min(127, round(Fraction((left - a) * (right - b), 64))))


def test_requantise_operation() -> None:
    """A change of scale, and a ReLU."""
    source, target = Tensor("x", (4,), int8(0)), Tensor("y", (4,), int8(1))
    (found,) = evaluate(network(Requantise("r", "x", "y", plain(low=0, shift=1)), target, source), (np.array([[-3, 1, 3, 5]]),))
    np.testing.assert_array_equal(found, [[0, 0, 2, 2]])


def test_table() -> None:
    """One value for each that the source can hold."""
    values = np.random.default_rng(0).integers(-128, 128, 256)
    source, target = Tensor("x", (256,), int8(0)), Tensor("y", (256,), int8(0))
    (found,) = evaluate(network(Table("t", "x", "y", values), target, source), (np.arange(-128, 128)[None],))
    np.testing.assert_array_equal(found[0], values)


@pytest.mark.parametrize("width", [2, 16, 100, 512])
def test_normalise(width: int) -> None:
    """Against float64, rows of one value included: at most one step apart, and only near a tie."""
    rng = np.random.default_rng(width)
    x = rng.integers(-128, 128, (200, width))
    x[0] = 7
    source, target = Tensor("x", (width,), int8(-3)), Tensor("y", (width,), int8(-5))
    gain, offset = rng.normal(1, 0.2, width), rng.normal(0, 0.1, width)
    graph = Graph(set())
    graph.add_input("x", (width,), source.type)
    close(graph, "n", Normalised("x", gain, offset, 1e-5, (width,)), target.type, "y")
    (found,) = evaluate(network(graph.operations[0], target, source), (x,))
    real = x * source.type.scale
    normal = (real - real.mean(-1, keepdims=True)) / np.sqrt(real.var(-1, keepdims=True) + 1e-5)
    exact = np.clip((normal * gain + offset) / target.type.scale, -128, 127)
    assert np.abs(found - exact).max() < 0.5 + 1e-4


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
    net = network(Requantise("r", "x", "y", plain()), Tensor("y", (1,), int8(0)), Tensor("x", (1,), int8(0)))
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
    net = network(Requantise("r", "x", "y", plain()), Tensor("y", (3,), int8(0)), Tensor("x", (3,), int8(0)))
    with pytest.raises(ValueError, match=message):
        evaluate(net, (value,))
    with pytest.raises(ValueError, match="net takes 1 inputs, not 0"):
        evaluate(net, ())
