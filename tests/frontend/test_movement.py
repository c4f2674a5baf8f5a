"""Slices, joins, pools and reductions in their spellings, against onnxruntime, and as stored on the array."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from placer.device import find_device
from placer.frontend import read_model
from placer.lowering.lower import lower
from placer.problem.formulate import lay_out
from placer.reference import evaluate
from tests.codegen.test_stored_reference import compare
from tests.onnxruntime_check import INEXACT, differences
from tests.qdq_models import QdqBuilder, some_weights

Build = Callable[[QdqBuilder, str], str]


def ints(b: QdqBuilder, *values: int) -> str:
    """A list of integers."""
    return b.constant(np.array(values), "int64")


def one(op: str, *lists: tuple[int, ...], **options: object) -> Build:
    """An operator with lists as its further inputs, rounded."""
    return lambda b, x: b.qdq(b.node(op, x, *(ints(b, *values) for values in lists), **options), -5)


def split(sizes: tuple[int, ...] | None, axis: int) -> Build:
    """The parts of a Split in reverse order, joined again."""

    def build(b: QdqBuilder, x: str) -> str:
        names = [b.name("part") for _ in sizes or (0, 0)]
        node = b.node("Split", x, *([ints(b, *sizes)] if sizes else []), axis=axis)
        b.nodes[-1].output[:] = names
        assert node
        return b.qdq(b.node("Concat", *reversed(names), axis=axis), -4)

    return build


def uneven_concat(b: QdqBuilder, x: str) -> str:
    """Parts with scales of their own meet at the quantiser that follows."""
    other = b.qdq(b.node("MatMul", x, b.weights(some_weights(6, 6))), 0)
    return b.qdq(b.node("Concat", x, other, axis=1), -1)


def broadcast(b: QdqBuilder, x: str) -> str:
    """A sum with one value a token."""
    column = b.qdq(b.node("MatMul", x, b.weights(some_weights(6, 1))), -2)
    return b.qdq(b.node("Add", x, column), -2)


def kept_mean(b: QdqBuilder, x: str) -> str:
    """A mean over features that belongs to no LayerNorm."""
    return b.qdq(b.node("ReduceMean", x, axes=[-1], keepdims=1), -4)


# Shape of a sample, model, operator set. Means over 3 or 6 places scale by no power of two.
MODELS: dict[str, tuple[tuple[int, ...], Build, int]] = {
    "slice": ((8, 6), one("Slice", (1,), (7,), (1,), (2,)), 17),
    "slice backwards": ((8, 6), one("Slice", (-1, 5), (-9, -7), (1, 2), (-1, -1)), 17),
    "gather": ((8, 6), lambda b, x: b.qdq(b.node("Gather", x, ints(b, 3, -1, 3), axis=2), -4), 17),
    "gather one": ((8, 6), lambda b, x: b.qdq(b.node("Gather", x, b.constant(np.array(2), "int64"), axis=1), -4), 17),
    "split": ((8, 6), split(None, 2), 17),
    "split unevenly": ((8, 6), split((1, 7), 1), 17),
    "concat": ((8, 6), uneven_concat, 17),
    "expand": ((1, 6), one("Expand", (1, 4, 6)), 17),
    "broadcast": ((8, 6), broadcast, 17),
    "permute": ((2, 4, 6), one("Transpose", perm=[0, 3, 1, 2]), 17),
    "global pool": ((6, 4, 4), one("GlobalAveragePool"), 17),
    "pool": ((3, 8), one("AveragePool", kernel_shape=[2], strides=[2]), 17),
    "pool of a plane": ((3, 4, 6), one("AveragePool", kernel_shape=[2, 2], strides=[2, 1], pads=[0, 1, 0, 1], count_include_pad=1), 17),
    "mean over tokens": ((8, 6), one("ReduceMean", axes=[1], keepdims=0), 17),
    "mean over both": ((8, 4), one("ReduceMean", axes=[1, 2], keepdims=0), 17),
    "mean, axes an input": ((8, 6), one("ReduceMean", (1,), keepdims=1), 18),
    "sum": ((8, 6), one("ReduceSum", (-2,), keepdims=0), 17),
    "kept mean": ((8, 4), kept_mean, 17),
}


@pytest.mark.parametrize("name", MODELS)
def test_against_onnxruntime_and_as_stored(tmp_path: Path, name: str) -> None:
    """Not one output differs: in the network, and in what every byte on the array becomes."""
    shape, build, opset = MODELS[name]
    b = QdqBuilder()
    path = b.save(tmp_path, build(b, b.qdq(b.input(*shape), -4)), opset=opset)
    network = read_model(path)
    assert not np.any(differences(path, network, 50))
    for batch, board in ((1, "VEK280"), (3, "VEK385")):
        compare(network, lay_out(lower(network), batch, find_device(board)), 3)


@pytest.mark.parametrize("kinds", [("int8", 0, "int8", 0), ("uint8", 128, "int8", -7), ("uint8", 3, "uint8", 250), ("int16", 0, "int8", 5)])
@pytest.mark.parametrize("turned", [False, True])
def test_products_of_two_tensors(tmp_path: Path, kinds: tuple[str, int, str, int], turned: bool) -> None:
    """Any types and zero points, sizes that fill no block, heads of five."""
    b = QdqBuilder()
    left, left_zero, right, right_zero = kinds
    x = b.dequantise(b.quantise(b.input(3, 7, 5), -5, left, left_zero), -5, left, left_zero)
    shape = (3, 9, 5) if turned else (3, 5, 9)
    z = b.dequantise(b.quantise(b.input(*shape, name="z"), -5, right, right_zero), -5, right, right_zero)
    product = b.node("MatMul", x, b.node("Transpose", z, perm=[0, 1, 3, 2]) if turned else z)
    path = b.save(tmp_path, b.qdq(product, -3), opset=21)
    network = read_model(path)
    assert not np.any(differences(path, network, 50))
    compare(network, lay_out(lower(network), 2, find_device("VEK280")), 5)


def test_rounding_of_another_reader(tmp_path: Path) -> None:
    """Only the reader that rounds a transposed tensor is rounded: with its TransposeOptimizer onnxruntime rounds the other one too."""
    b = QdqBuilder()
    one_place = b.node("Gather", b.qdq(b.input(3, 4), 0), ints(b, 0), axis=1)
    plain = b.node("Transpose", one_place, perm=[0, 2, 1])
    b.qdq(b.node("Transpose", one_place, perm=[0, 2, 1]), 1)
    back = b.node("Transpose", plain, perm=[0, 2, 1])
    network = b.network(tmp_path, back)
    values = np.arange(-12, 12).reshape(2, 3, 4)
    assert np.array_equal(evaluate(network, (values,))[0], values[:, :1])
    assert differences(tmp_path / "model.onnx", network, 24, without=INEXACT).max() == 0
