"""Operators that few models hold, against onnxruntime: convolutions without overlap, extremes, sums of squares, Pad, Tile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from placer.codegen.stimulus import random_samples
from placer.errors import UnsupportedModelError
from placer.frontend import read_model
from placer.host import onnxruntime_check
from placer.lowering.lower import lower
from tests.qdq_models import QdqBuilder, some_weights

pytest.importorskip("onnxruntime")

Build = Callable[[QdqBuilder], str]


def convolution(kernel: tuple[int, ...], *shape: int) -> Build:
    """A Conv of 6 outputs as large as its stride, with a bias, of a sample [channels, *places]."""

    def build(b: QdqBuilder) -> str:
        weight = some_weights(6, shape[0] * int(np.prod(kernel))).reshape(6, shape[0], *kernel)
        bias = b.dequantise(b.constant(np.arange(-3, 3) * 900, "int32"), -12, "int32")
        return b.node("Conv", b.qdq(b.input(*shape), -5), b.weights(weight, -7), bias, kernel_shape=kernel, strides=kernel)

    return build


def qlinear_convolution(b: QdqBuilder) -> str:
    """A QLinearConv of one place, scales a channel."""
    x = b.quantise(b.input(8, 5), -5)
    ends = (b.constant(2.0**-5, "float32"), b.constant(0, "int8"))
    scales = b.constant(np.ldexp(1.0, np.array([-7, -8, -6, -7])), "float32")
    weight = b.constant(some_weights(4, 8).reshape(4, 8, 1), "int8")
    bias = b.constant(np.array([1000, -2000, 3000, 0]), "int32")
    given = (x, *ends, weight, scales, b.constant(np.zeros(4), "int8"), b.constant(2.0**-3, "float32"), b.constant(0, "int8"), bias)
    return b.dequantise(b.node("QLinearConv", *given, kernel_shape=[1]), -3)


def of_two(operator: str) -> Build:
    return lambda b: b.node(operator, b.qdq(b.input(4, 8)), b.qdq(b.input(4, 8, name="y")))


def of_three(b: QdqBuilder) -> str:
    return b.node("Max", *(b.qdq(b.input(4, 8, name=name)) for name in "xyz"))


def reduced(operator: str, axes: list[int], keep: int, *shape: int) -> Build:
    def build(b: QdqBuilder) -> str:
        value, counted = b.qdq(b.input(*shape)), b.constant(np.array(axes), "int64")
        return b.node(operator, value, counted, keepdims=keep)

    return build


def padded(pads: list[int], value: float = 0.0) -> Build:
    return lambda b: b.node("Pad", b.qdq(b.input(3, 5)), b.constant(np.array(pads), "int64"), b.constant(value, "float32"))


def tiled(b: QdqBuilder) -> str:
    return b.node("Tile", b.qdq(b.input(3, 5)), b.constant(np.array([1, 2, 3]), "int64"))


def pooled(b: QdqBuilder) -> str:
    return b.node("GlobalMaxPool", b.qdq(b.input(5, 7)))


CASES: dict[str, Build] = {
    "Conv of a place": convolution((1,), 8, 5),
    "Conv of a pixel": convolution((1, 1), 8, 3, 4),
    "Conv of patches": convolution((2, 4), 3, 4, 8),
    "QLinearConv": qlinear_convolution,
    "Max": of_two("Max"),
    "Min": of_two("Min"),
    "Max of three": of_three,
    "ReduceMax over tokens": reduced("ReduceMax", [1], 0, 7, 4),
    "ReduceMax of rows": reduced("ReduceMax", [-1], 1, 4, 7),
    "ReduceMin": reduced("ReduceMin", [1, 2], 0, 3, 5),
    "ReduceL1": reduced("ReduceL1", [2], 0, 4, 8),
    "ReduceSumSquare": reduced("ReduceSumSquare", [1], 0, 4, 8),
    "Pad": padded([0, 1, 2, 0, 0, 3]),
    "Pad with a number": padded([0, 0, 1, 0, 2, 0], 0.5),
    "Tile": tiled,
    "GlobalMaxPool": pooled,
}


@pytest.mark.parametrize("name", CASES)
def test_as_onnxruntime(tmp_path: Path, name: str) -> None:
    """The integers are onnxruntime's, and the network lowers to layers."""
    b = QdqBuilder()
    path = b.save(tmp_path, b.qdq(CASES[name](b), -3), opset=18)
    network = read_model(path)
    given = random_samples(network, 300, 1, 0)
    for ours, theirs in zip(given.outputs, onnxruntime_check.outputs(path, network, given.inputs), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert lower(network).layers


REFUSED: dict[str, tuple[Build, str]] = {
    "overlapping": (
        lambda b: b.node("Conv", b.qdq(b.input(2, 9)), b.weights(some_weights(4, 6).reshape(4, 2, 3))),
        "dense layer over positions",
    ),
    "no whole patches": (convolution((2,), 2, 9), "do not fill"),
    "two scales": (lambda b: b.node("Max", b.qdq(b.input(4)), b.qdq(b.input(4, name="y"), -3)), "one shape, scale and zero point"),
    "reflected": (
        lambda b: b.node("Pad", b.qdq(b.input(3, 5)), b.constant(np.array([0, 1, 0, 0, 0, 0]), "int64"), mode="reflect"),
        "Gather and Concat",
    ),
    "batch padded": (padded([1, 0, 0, 0, 0, 0]), "batch"),
    "root": (reduced("ReduceL2", [2], 1, 4, 8), "ReduceSumSquare, quantised before its Sqrt, is"),
    "logarithm": (lambda b: b.node("LogSoftmax", b.qdq(b.input(4))), "Softmax is, and ranks classes alike"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path: Path, name: str) -> None:
    """In a sentence that names what is supported."""
    build, words = REFUSED[name]
    b = QdqBuilder()
    path = b.save(tmp_path, b.qdq(build(b), -3), opset=18)
    with pytest.raises(UnsupportedModelError, match=words):
        read_model(path)
