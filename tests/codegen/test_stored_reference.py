"""The evaluator of stored activations against the normative one: lowering, layouts and blocking change no value."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from placer.codegen.blocked import from_stored
from placer.codegen.stimulus import random_inputs
from placer.codegen.stored_reference import stored_outputs
from placer.device import find_device
from placer.frontend import read_model
from placer.lowering.lower import lower
from placer.network import Network
from placer.problem.formulate import LaidOutGraph, lay_out
from placer.reference import evaluate
from tests.qdq_models import QdqBuilder, some_weights
from tests.random_models import MOVING, RandomModel, random_models

MODELS = sorted((Path(__file__).resolve().parents[2] / "configs" / "models").glob("*.onnx"))
LARGE = {"mixers16_block"}
DEVICES = (find_device("VEK280"), find_device("VEK385"))


def compare(network: Network, laid_out: LaidOutGraph, seed: int) -> None:
    """One run of random inputs through both evaluators."""
    inputs = random_inputs(network, laid_out.batch, seed)
    graph = laid_out.graph
    assert tuple(v.tensor for v in graph.inputs) == network.inputs
    for view, stored, expected in zip(graph.outputs, stored_outputs(laid_out, inputs), evaluate(network, inputs), strict=True):
        found = from_stored(view, graph.activation(view.activation), laid_out.batch, stored)
        np.testing.assert_array_equal(found, expected)


def check_path(path: Path, batch: int, device: int) -> None:
    """A model through both evaluators."""
    network = read_model(path)
    compare(network, lay_out(lower(network), batch, DEVICES[device]), batch)


def check_random(model: RandomModel, batch: int, device: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_path(model.builder.save(Path(folder), *model.outputs), batch, device)


@given(random_models(), st.integers(1, 9), st.sampled_from((0, 1)))
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_random_models(model: RandomModel, batch: int, device: int) -> None:
    """Any model that can be lowered, transposes included, for any batch, in blocks of 4 and of 8 rows."""
    check_random(model, batch, device)


@given(random_models((*MOVING, "softmax")), st.integers(1, 5), st.sampled_from((0, 1)))
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_random_moving_models(model: RandomModel, batch: int, device: int) -> None:
    """Transposes of any axes, heads, slices, joins, products of two tensors and Softmax among them."""
    check_random(model, batch, device)


@pytest.mark.slow
@given(random_models((*MOVING, "softmax")), st.integers(1, 5), st.sampled_from((0, 1)))
@settings(max_examples=2000, suppress_health_check=list(HealthCheck))
def test_many_random_moving_models(model: RandomModel, batch: int, device: int) -> None:
    """The same, on more models."""
    check_random(model, batch, device)


@pytest.mark.slow
@given(random_models(), st.integers(1, 9), st.sampled_from((0, 1)))
@settings(max_examples=2000, suppress_health_check=list(HealthCheck))
def test_many_random_models(model: RandomModel, batch: int, device: int) -> None:
    """The same, on more models."""
    check_random(model, batch, device)


def test_weights_on_the_left_of_groups_of_columns(tmp_path: Path) -> None:
    """They leave the groups apart, also where a reader would rather have the columns side by side."""
    b = QdqBuilder()
    weights = b.node("Softmax", b.qdq(b.input(1, 2)), axis=1)
    product = b.node("MatMul", b.node("Transpose", b.qdq(weights, -7), perm=[0, 2, 1]), b.weights(np.array([[50]], np.int8)))
    turned = b.node("Transpose", b.qdq(product, -7), perm=[0, 2, 1])
    network = b.network(tmp_path, b.qdq(b.node("Softmax", turned, axis=2), -7))
    compare(network, lay_out(lower(network), 5, DEVICES[1]), 5)


def test_a_product_of_one_column_read_twice(tmp_path: Path) -> None:
    """Its weights cannot lie in one row of a larger matrix."""
    b = QdqBuilder()
    twice = b.node("Gather", b.qdq(b.input(8)), b.constant([7, 7], "int64"), axis=1)
    network = b.network(tmp_path, b.qdq(b.node("MatMul", twice, b.weights(some_weights(2, 10))), -4))
    compare(network, lay_out(lower(network), 5, DEVICES[0]), 5)


def test_some_channels_of_weights_on_the_left_as_heads(tmp_path: Path) -> None:
    """Where the columns cannot be cut into heads at the source, the data is moved there."""
    b = QdqBuilder()
    weights = b.node("Softmax", b.node("Transpose", b.qdq(b.input(10, 1, 8)), perm=[0, 2, 3, 1]), axis=3)
    columns = b.node("Transpose", b.qdq(weights, -7), perm=[0, 3, 1, 2])
    left = b.qdq(b.node("MatMul", columns, b.weights(some_weights(8, 12), -7)), -4)
    product = b.node("MatMul", left, b.node("Transpose", left, perm=[0, 1, 3, 2]))
    network = b.network(tmp_path, b.qdq(product, 0))
    compare(network, lay_out(lower(network), 2, DEVICES[0]), 2)


@pytest.mark.parametrize("path", [p for p in MODELS if p.stem not in LARGE], ids=lambda p: p.stem)
@pytest.mark.parametrize("batch", [1, 3, 8])
def test_shipped_models(path: Path, batch: int) -> None:
    """Every shipped model but the large ones."""
    network = read_model(path)
    compare(network, lay_out(lower(network), batch, DEVICES[0]), 7)


@pytest.mark.slow
@pytest.mark.parametrize("path", [p for p in MODELS if p.stem in LARGE], ids=lambda p: p.stem)
def test_large_shipped_models(path: Path) -> None:
    """One sample of each."""
    network = read_model(path)
    compare(network, lay_out(lower(network), 1, DEVICES[0]), 7)
