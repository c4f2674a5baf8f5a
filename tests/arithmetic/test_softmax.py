"""Softmax in integers against float64, and against onnxruntime."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from placer.arithmetic.softmax import exponentials, softened
from placer.frontend import read_model
from placer.frontend.closing import close
from placer.frontend.graph import Graph
from placer.frontend.values import Softened
from placer.network import IntArray, IntType, QuantType, Softmax
from placer.reference import evaluate
from tests.onnxruntime_check import differences
from tests.qdq_models import QdqBuilder


def through(source: QuantType, target: QuantType, values: IntArray, gain: float = 1.0) -> IntArray:
    """Rows of integers through one Softmax."""
    graph = Graph(set())
    graph.add_input("x", values.shape[1:], source)
    close(graph, "n", Softened("x", gain, values.shape[1:]), target, "y")
    (op,) = graph.operations
    assert isinstance(op, Softmax)
    return evaluate(graph.network("net", None, ("x",), ("y",)), (values,))[0]


@pytest.mark.parametrize("dtype", [IntType.INT8, IntType.UINT8, IntType.INT16, IntType.UINT16])
@pytest.mark.parametrize("scale", [0.25, 0.031, 1e-3])
@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_near_the_real_result(dtype: IntType, scale: float, size: int) -> None:
    """Within half a step and a little of float64, for any type and length of row."""
    rng = np.random.default_rng(size)
    source = QuantType(dtype, scale * (1 if dtype.bits == 8 else 2**-8))
    target = QuantType(dtype, 1 / (1 << dtype.bits), dtype.min)
    values = rng.integers(dtype.min, dtype.max + 1, (50, size))
    real = values * source.scale
    exact = np.exp(real - real.max(axis=1, keepdims=True))
    exact = exact / exact.sum(axis=1, keepdims=True) / target.scale + target.zero_point
    found = through(source, target, values)
    within = np.abs(np.clip(exact, dtype.min, dtype.max) - found) <= (0.5001 if dtype.bits == 8 else 0.51)
    assert np.all(within)


def test_ties_are_met() -> None:
    """512 equal elements at a scale of 1/256: half a step each, which rounds to even, whatever the reciprocal misses."""
    source, target = QuantType(IntType.INT8, 0.1), QuantType(IntType.INT8, 1 / 256)
    np.testing.assert_array_equal(through(source, target, np.full((1, 512), 3)), 0)
    np.testing.assert_array_equal(through(source, target, np.full((1, 512), 3), gain=3.0), 2)


def test_rows_sum_to_one() -> None:
    """All of one element, and nothing of the others, when it is far above them."""
    values = np.full((1, 16), -128)
    values[0, 5] = 127
    found = through(QuantType(IntType.INT8, 1.0), QuantType(IntType.INT8, 2.0**-7), values)
    np.testing.assert_array_equal(found[0], np.where(np.arange(16) == 5, 127, 0))


def test_tables() -> None:
    """exp at every distance, to half a unit of its last bit."""
    low = exponentials(0.05, 8)
    assert low[0] == 1 << 28
    np.testing.assert_allclose(low, [math.exp(-0.05 * d) * (1 << 28) for d in range(256)], atol=0.5)
    both = exponentials(2.0**-12, 16)
    assert len(both) == 512
    values = np.array([[0, -65535]])
    assert softened(values, both, 1 << 30, 30 - 15, 16)[0, 1] == round(math.exp(-65535 / 4096) * (1 << 15))


@pytest.mark.parametrize("axis", [-1, 1, 2])
def test_against_onnxruntime(tmp_path: Path, axis: int) -> None:
    """Over either axis of a sample: at most one output in 50,000 differs, by one step."""
    b = QdqBuilder()
    path = b.save(tmp_path, b.qdq(b.node("Softmax", b.qdq(b.input(16, 24), -4), axis=axis), -7))
    found = differences(path, read_model(path), 500)
    assert np.abs(found).max() <= 1
    assert np.count_nonzero(found) <= found.size / 50_000
