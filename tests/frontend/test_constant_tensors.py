"""Constants that vary along tokens and features: positions, masks, class tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from placer.errors import UnsupportedModelError
from placer.frontend import read_model
from tests.codegen.test_stored_reference import check_path
from tests.onnxruntime_check import mismatches
from tests.qdq_models import QdqBuilder

TOKENS, FEATURES = 6, 10


def values(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    """A constant's integers."""
    return np.random.default_rng(len(shape)).integers(-128, 128, shape).astype(np.int8)


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul"])
@pytest.mark.parametrize("shape", [(1, TOKENS, FEATURES), (TOKENS, FEATURES), (TOKENS, 1)])
@pytest.mark.parametrize("first", [False, True])
def test_a_constant_of_positions(tmp_path: Path, op: str, shape: tuple[int, ...], first: bool) -> None:
    """Exact, on either side, and computed by layers that exist."""
    b = QdqBuilder()
    x, constant = b.qdq(b.input(TOKENS, FEATURES)), b.weights(values(*shape), -5)
    path = b.save(tmp_path, b.qdq(b.node(op, constant, x) if first else b.node(op, x, constant), -3))
    assert mismatches(path, read_model(path), 50) == 0
    check_path(path, 2, 0)


def test_a_mask_over_heads(tmp_path: Path) -> None:
    """[tokens, tokens] added to [heads, tokens, tokens]; in floating point it is kept in 16 bits, and the network says so."""
    b = QdqBuilder()
    x = b.qdq(b.input(2, TOKENS, 4))
    scores = b.qdq(b.node("MatMul", x, b.node("Transpose", x, perm=[0, 1, 3, 2])), -3)
    mask = b.constant(np.triu(np.full((TOKENS, TOKENS), -16.0), 1), "float32")
    path = b.save(tmp_path, b.qdq(b.node("Add", scores, mask), -2))
    network = read_model(path)
    assert any("floating point" in why for _, why in network.inserted)
    assert mismatches(path, network, 50) == 0
    check_path(path, 2, 0)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("first", [False, True])
def test_concat_with_a_constant(tmp_path: Path, rows: int, first: bool) -> None:
    """A class token or more, before or after the others."""
    b = QdqBuilder(1)
    parts = [b.qdq(b.input(TOKENS, FEATURES)), b.weights(values(1, rows, FEATURES), -4)]
    joined = b.node("Concat", *(reversed(parts) if first else parts), axis=1)
    path = b.save(tmp_path, b.qdq(joined))
    assert mismatches(path, read_model(path), 50) == 0
    check_path(path, 1, 0)


def test_a_class_token_expanded_over_the_batch(tmp_path: Path) -> None:
    """As PyTorch exports `token.expand(x.shape[0], -1, -1)`: the shape is computed from the input's."""
    b = QdqBuilder()
    x = b.qdq(b.input(TOKENS, FEATURES))
    size = b.node("Gather", b.node("Shape", x), b.constant([0], "int64"), axis=0)
    token = b.node("Expand", b.weights(values(1, 1, FEATURES), -4), b.node("Concat", size, b.constant([1, FEATURES], "int64"), axis=0))
    path = b.save(tmp_path, b.qdq(b.node("Concat", token, x, axis=1)))
    assert mismatches(path, read_model(path), 50) == 0
    check_path(path, 3, 0)


@pytest.mark.parametrize(("shape", "why"), [((2, TOKENS, FEATURES), "samples must be alike"), ((TOKENS + 1, FEATURES), "must broadcast")])
def test_constants_that_do_not_fit(tmp_path: Path, shape: tuple[int, ...], why: str) -> None:
    """Samples must be alike, and shapes broadcast."""
    b = QdqBuilder(2)
    with pytest.raises(UnsupportedModelError, match=why):
        b.network(tmp_path, b.qdq(b.node("Add", b.qdq(b.input(TOKENS, FEATURES)), b.weights(values(*shape)))))


def test_constants_without_axes_are_refused(tmp_path: Path) -> None:
    """There is nothing to put them beside."""
    b = QdqBuilder()
    x = b.qdq(b.input(FEATURES))
    with pytest.raises(UnsupportedModelError, match="beside a tensor of as many dimensions"):
        b.network(tmp_path, b.qdq(b.node("Concat", x, b.constant(1.0, "float32"), axis=1)))
