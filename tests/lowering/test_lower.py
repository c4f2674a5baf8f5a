"""Lowering: views instead of movements, chains of steps, and what is refused. Values are compared in test_stored_reference.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placer.codegen.stored_reference import stored_outputs
from placer.device import find_device
from placer.frontend.closing import close
from placer.frontend.fold import drop_unread
from placer.frontend.graph import Graph
from placer.frontend.values import Arithmetic, Mapped, Normalised, Product, Scaled, Sum, Times
from placer.layers import AddLayer, DenseLayer, LayerGraph, RequantiseLayer, Side
from placer.lowering.lower import lower
from placer.network import IntType, QuantType
from placer.problem.formulate import lay_out
from placer.reference import evaluate
from tests.qdq_models import QdqBuilder, some_weights

Build = Callable[[QdqBuilder, str], tuple[str, ...]]


def lowered(folder: Path, build: Build, *shape: int) -> LayerGraph:
    """The layers of a model with one quantised input."""
    b = QdqBuilder()
    return lower(b.network(folder, *build(b, b.qdq(b.input(*shape)))))


def product(b: QdqBuilder, x: str, inner: int, outer: int) -> str:
    """A rounded product."""
    return b.qdq(b.node("MatMul", x, b.weights(some_weights(inner, outer))), -1)


def turned(b: QdqBuilder, x: str) -> str:
    """The two axes of a sample swapped."""
    return b.node("Transpose", x, perm=[0, 2, 1])


def test_plain_product(tmp_path: Path) -> None:
    """Weights on the right, leading axes merged into tokens."""
    graph = lowered(tmp_path, lambda b, x: (product(b, x, 8, 4),), 2, 3, 8)
    (layer,) = graph.layers
    assert isinstance(layer, DenseLayer)
    assert (layer.side, layer.op, len(layer.steps)) == (Side.RIGHT, "dense", 1)
    sizes = [(graph.activation(n).tokens, graph.activation(n).features) for n in (layer.source, layer.target)]
    assert sizes == [(6, 8), (6, 4)]


def test_transposed_product(tmp_path: Path) -> None:
    """Transpose, MatMul, Transpose is one layer with weights on the left."""
    graph = lowered(tmp_path, lambda b, x: (turned(b, product(b, turned(b, x), 6, 5)),), 6, 8)
    (layer,) = graph.layers
    assert isinstance(layer, DenseLayer)
    assert layer.side is Side.LEFT
    assert (graph.activation(layer.target).tokens, graph.activation(layer.target).features) == (5, 8)
    assert graph.outputs[0].perm == (0, 1)


def test_output_seen_transposed(tmp_path: Path) -> None:
    """An odd transpose at the end is left to the host."""
    graph = lowered(tmp_path, lambda b, x: (turned(b, product(b, x, 8, 4)),), 6, 8)
    assert graph.outputs[0].perm == (1, 0)
    assert graph.outputs[0].shape == (4, 6)


def test_input_that_leaves(tmp_path: Path) -> None:
    """What leaves as it came, in two orders, is copied once by a kernel: no PLIO feeds another."""
    graph = lowered(tmp_path, lambda b, x: (turned(b, x), product(b, x, 8, 4), b.node("Transpose", turned(b, x), perm=[0, 2, 1])), 6, 8)
    assert [type(layer) for layer in graph.layers] == [DenseLayer, RequantiseLayer]
    copied = graph.layers[1]
    assert {view.activation for view in graph.outputs} == {graph.layers[0].target, copied.target}
    assert copied.sources == (graph.inputs[0].activation,)


def test_steps_join_their_producer(tmp_path: Path) -> None:
    """A change of scale and a bias after rounding are further steps of the product, in order."""

    def build(b: QdqBuilder, x: str) -> tuple[str, ...]:
        y = b.qdq(b.node("Relu", product(b, x, 8, 4)), 0)
        return (b.qdq(b.node("Add", y, b.weights(np.array([1, 2, 3, 4], np.int8), -2)), 1),)

    (layer,) = lowered(tmp_path, build, 8).layers
    found = [(s.up, s.shift, s.relu, s.bias is not None) for s in layer.steps]
    assert found == [(0, 9, False, False), (0, 1, True, False), (2, 3, False, True)]


@pytest.mark.parametrize("how", ["output", "reader", "transposed reader", "transposed output", "reshaped output"])
def test_a_result_that_others_see_stays(tmp_path: Path, how: str) -> None:
    """Steps never replace an activation that something else reads, also through a view that comes later in the model."""

    def build(b: QdqBuilder, x: str) -> tuple[str, ...]:
        y = product(b, x, 8, 4)
        changed = b.qdq(y, 2)
        match how:
            case "output":
                return changed, y
            case "reader":
                return changed, product(b, y, 4, 3)
            case "transposed reader":
                return changed, product(b, turned(b, y), 6, 3)
            case "transposed output":
                return changed, turned(b, y)
        return changed, b.node("Flatten", y)

    graph = lowered(tmp_path, build, 6, 8)
    first, second = graph.layers[:2]
    assert isinstance(first, DenseLayer)
    assert len(first.steps) == 1
    assert isinstance(second, RequantiseLayer)
    assert second.source == first.target
    produced = {a.name for a in graph.activations}
    assert {s for layer in graph.layers for s in layer.sources} | {v.activation for v in graph.outputs} <= produced
    for view in graph.outputs:
        assert graph.producer(view.activation) is not None


def test_residual_add(tmp_path: Path) -> None:
    """Operands come to the finer scale by factors."""
    graph = lowered(tmp_path, lambda b, x: (b.qdq(b.node("Add", product(b, x, 8, 8), x), 0),), 3, 8)
    add = graph.layers[1]
    assert isinstance(add, AddLayer)
    assert (add.left_factor, add.right_factor, add.steps[0].shift) == (8, 1, 4)
    assert graph.consumers(graph.inputs[0].activation) == graph.layers


def test_reshapes_at_both_ends_are_left_to_the_host(tmp_path: Path) -> None:
    """An input that is only reshaped, and a result that only leaves."""

    def build(b: QdqBuilder, x: str) -> tuple[str, ...]:
        y = product(b, b.node("Reshape", x, b.constant([0, 4, 6], "int64")), 6, 5)
        return (b.node("Reshape", y, b.constant([0, 10, 2], "int64")),)

    graph = lowered(tmp_path, build, 3, 8)
    assert len(graph.layers) == 1
    assert (graph.inputs[0].shape, graph.outputs[0].shape) == ((3, 8), (10, 2))
    assert (graph.activation(graph.inputs[0].activation).tokens, graph.activation(graph.outputs[0].activation).features) == (4, 5)


KINDS = st.sampled_from((IntType.INT8, IntType.UINT8, IntType.INT16, IntType.UINT16))
SCALES = st.sampled_from((0.25, 0.1, 0.013))


def a_type(dtype: IntType, scale: float, zero: int) -> QuantType:
    """A type whose zero point lies in its range."""
    return QuantType(dtype, scale * (1 if dtype.bits == 8 else 2**-7), max(dtype.min, min(dtype.max, zero)))


def an_expression(kind: str, rng: np.random.Generator, function_source: QuantType) -> Arithmetic:
    """An expression of every class, on [8] elements of x, and of z where there are two."""
    channels, constants = rng.uniform(0.1, 0.3, 8), rng.uniform(-3, 3, 8)
    steps = np.arange(function_source.dtype.min, function_source.dtype.max + 1) - function_source.zero_point
    match kind:
        case "dense":
            return Product("x", rng.integers(-128, 128, (8, 8)), channels / 64, "int8", constants, (8,), limits=(0.0, np.inf))
        case "wide weights":
            return Product("x", rng.integers(-255, 256, (8, 8)), np.full(8, 0.01), "uint8", constants, (8,))
        case "scaled":
            return Scaled("x", channels * 4, constants, (8,))
        case "sum":
            return Sum("x", "z", 1.0, -0.5, (8,))
        case "times":
            return Times("x", "z", 0.7, (8,))
        case "function":
            return Mapped("x", np.tanh(steps * function_source.scale), (8,))
        case _:
            return Normalised("x", channels * 4, constants, 1e-5, (8,))


EXPRESSIONS = ("dense", "wide weights", "scaled", "sum", "times", "function", "normalise")


@given(st.sampled_from(EXPRESSIONS), KINDS, KINDS, KINDS, SCALES, SCALES, st.integers(0, 200), st.integers(0, 99))
def test_layers_say_what_the_operation_says(
    kind: str, x: IntType, z: IntType, y: IntType, scale: float, other: float, zero: int, seed: int
) -> None:
    """For any types, scales and zero points: random values through one operation and through its layer."""
    rng = np.random.default_rng(seed)
    types = a_type(x, scale, zero), a_type(z, other, zero // 2), a_type(y, other * 2, zero)
    graph = Graph(set())
    graph.add_input("x", (8,), types[0])
    graph.add_input("z", (8,), types[1])
    close(graph, "n", an_expression(kind, rng, types[0]), types[2], "y")
    network = drop_unread(graph.network("net", None, ("x", "z"), ("y",)))
    values = tuple(rng.integers(t.min, t.max + 1, (32, 8)) for t in (network.tensor(name).type for name in network.inputs))
    layers = lower(network)
    for layer in layers.layers:
        for step in getattr(layer, "steps", ()):
            assert step.up >= 0
            assert 0 <= step.shift <= 59
    (view,) = layers.outputs
    stored = stored_outputs(lay_out(layers, 32, find_device("VEK280")), values)[0]
    np.testing.assert_array_equal(stored[0, :32] + view.offset, evaluate(network, values)[0])
