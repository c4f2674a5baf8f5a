"""Functions and bounds of one element, and BatchNormalization, on every value of 8 bits against onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from placer.errors import UnsupportedModelError
from placer.frontend import read_model
from tests.onnxruntime_check import mismatches
from tests.qdq_models import QdqBuilder

Build = Callable[[QdqBuilder, str], str]


def number(b: QdqBuilder, value: float) -> str:
    """A constant in floating point."""
    return b.constant(value, "float32")


OPERATORS: dict[str, Build] = {
    "celu": lambda b, x: b.node("Celu", x, alpha=0.75),
    "selu": lambda b, x: b.node("Selu", x),
    "prelu": lambda b, x: b.node("PRelu", x, b.constant([0.25], "float32")),
    "min": lambda b, x: b.node("Min", x, number(b, 1.5)),
    "max": lambda b, x: b.node("Max", number(b, -0.25), x),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(tmp_path: Path, name: str) -> None:
    """Not one of 256 values differs."""
    b = QdqBuilder()
    path = b.save(tmp_path, b.qdq(OPERATORS[name](b, b.qdq(b.input(64), -5)), -5))
    assert mismatches(path, read_model(path), 200) == 0


@pytest.mark.parametrize("shape", [(6,), (6, 4)])
def test_batch_normalisation(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """A gain and an offset for each channel, the first axis of a sample."""
    b, rng = QdqBuilder(), np.random.default_rng(0)
    vectors = [b.constant(rng.uniform(0.5, 1.5, 6), "float32") for _ in range(4)]
    path = b.save(tmp_path, b.qdq(b.node("BatchNormalization", b.qdq(b.input(*shape), -5), *vectors), -4))
    assert mismatches(path, read_model(path), 200) <= (0 if len(shape) == 1 else 12)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda b, x: b.node("PRelu", x, b.constant([0.25, 0.5], "float32")), "PRelu is supported with one constant slope"),
        (lambda b, x: b.node("Max", x, b.constant([0.25, 0.5], "float32")), "Max is supported of a tensor and one constant"),
        (lambda b, x: b.node("BatchNormalization", x, *[number(b, 1.0)] * 4), "BatchNormalization takes four constants"),
    ],
)
def test_refusals(tmp_path: Path, build: Build, sentence: str) -> None:
    """In one sentence."""
    b = QdqBuilder()
    with pytest.raises(UnsupportedModelError, match=sentence):
        b.network(tmp_path, b.qdq(build(b, b.qdq(b.input(2)))))
