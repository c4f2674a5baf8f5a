"""LayerNorm, Softmax and quotients written as separate operators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from placer.errors import UnsupportedModelError
from placer.frontend import read_model
from placer.network import Normalise, Softmax
from tests.codegen.test_stored_reference import check_path
from tests.onnxruntime_check import INEXACT, differences
from tests.qdq_models import QdqBuilder


def normalising(b: QdqBuilder, width: int, inside: bool) -> str:
    """A LayerNorm of operator set 13 without gain and offset; `inside`: its variance is rounded, before and after epsilon."""
    x = b.qdq(b.input(6, width), -4)
    away = b.node("Sub", x, b.node("ReduceMean", x, axes=[-1], keepdims=1))
    spread = b.node("ReduceMean", b.node("Pow", away, b.constant(2.0, "float32")), axes=[-1], keepdims=1)
    spread = b.qdq(spread, -2) if inside else spread
    spread = b.node("Add", spread, b.constant(1e-5, "float32"))
    root = b.node("Sqrt", b.qdq(spread, -2) if inside else spread)
    return b.qdq(b.node("Div", away, root), -5)


def test_layer_norm_of_operators_is_one(tmp_path: Path) -> None:
    """Nothing is rounded inside: one operation."""
    b = QdqBuilder()
    kinds = [type(op) for op in b.network(tmp_path, normalising(b, 16, inside=False)).operations]
    assert kinds == [Normalise]


@pytest.mark.parametrize("width", [8, 24, 160])
def test_layer_norm_that_is_rounded_inside(tmp_path: Path, width: int) -> None:
    """Computed one by one, squares and reciprocal in 30 bits, as the network says: at most one output in 10,000 differs, by one step."""
    b = QdqBuilder()
    path = b.save(tmp_path, normalising(b, width, inside=True))
    network = read_model(path)
    assert not any(isinstance(op, Normalise) for op in network.operations)
    assert sum("rounds inside" in why for _, why in network.inserted) == 2
    found = differences(path, network, 2_000, without=INEXACT)
    assert found.max() <= 1
    assert np.count_nonzero(found) <= len(found) // 10_000
    check_path(path, 3, 0)


@pytest.mark.parametrize("rounded", [False, True])
def test_softmax_of_operators(tmp_path: Path, rounded: bool) -> None:
    """Maximum, difference, exponential, sum and quotient are one Softmax; a rounding inside is refused by its name."""
    b = QdqBuilder()
    x = b.qdq(b.input(5, 12), -4)
    power = b.node("Exp", b.node("Sub", x, b.node("ReduceMax", x, axes=[-1], keepdims=1)))
    total = b.node("ReduceSum", power, b.constant([-1], "int64"), keepdims=1)
    path = b.save(tmp_path, b.qdq(b.node("Div", b.qdq(power, -7) if rounded else power, total), -7))
    if rounded:
        with pytest.raises(UnsupportedModelError, match="the exponential of a row is supported inside a Softmax only"):
            read_model(path)
        return
    network = read_model(path)
    assert [type(op) for op in network.operations] == [Softmax]
    assert differences(path, network, 200).max() == 0


def test_mean_of_a_row_has_one_element(tmp_path: Path) -> None:
    """A mean that a quantiser meets belongs to no LayerNorm, and its row is one element long."""
    b = QdqBuilder()
    x = b.qdq(b.input(5, 12), -4)
    mean = b.qdq(b.node("ReduceMean", x, axes=[-1], keepdims=1), -6)
    path = b.save(tmp_path, mean)
    network = read_model(path)
    assert network.tensor(network.outputs[0]).shape == (5, 1)
    assert differences(path, network, 200).max() == 0


def test_quotient_of_two_tensors(tmp_path: Path) -> None:
    """Times the reciprocal, in 30 bits, which meets what ought to be a tie; a divisor of 0 has none."""
    b = QdqBuilder()
    left, right = b.qdq(b.input(4, name="x"), -4), b.qdq(b.node("Relu", b.input(4, name="y")), -4)
    right = b.qdq(b.node("Add", right, b.constant(1.0, "float32")), -4)
    path = b.save(tmp_path, b.qdq(b.node("Div", left, right), -4))
    found = differences(path, read_model(path), 4000)
    assert np.count_nonzero(found) == 0
