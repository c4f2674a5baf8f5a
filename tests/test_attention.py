"""Attention end to end: import against onnxruntime, layers without movement, a mapping, and the emitted project on the host."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from placer.codegen.stimulus import random_inputs
from placer.device import find_device
from placer.errors import UnsupportedModelError
from placer.frontend import read_model
from placer.layers import DenseLayer, MatMulLayer, MoveLayer, SoftmaxLayer
from placer.lowering.lower import lower
from placer.reference import evaluate
from placer.verify import Family, verify
from scripts import float64
from tests.attention_models import HEADS, SIZE, SPELLINGS, TOKENS, WIDTH, dense, reshape
from tests.command_line import CommandLine
from tests.graphs import small_device
from tests.onnxruntime_check import differences
from tests.qdq_models import QdqBuilder
from tests.solving import assembled, solve, stated


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("batch", [None, 1, 3])
def test_every_spelling_against_onnxruntime(tmp_path: Path, spelling: str, batch: int | None) -> None:
    """Symbolic and fixed batches: float32 may move one Softmax output, and the three that depend on it, by a step; float64 moves none."""
    b = QdqBuilder(batch)
    path = b.save(tmp_path, SPELLINGS[spelling](b))
    network = read_model(path)
    found = differences(path, network, 60)
    assert np.count_nonzero(found) <= 3
    assert found.max() <= 1
    inputs = random_inputs(network, 60)
    for ours, exact in zip(evaluate(network, inputs), float64.outputs(path, network, inputs), strict=True):
        np.testing.assert_array_equal(ours, exact)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_data_moves(tmp_path: Path, spelling: str) -> None:
    """Heads are groups of columns, a fused product is three, keys are turned in registers."""
    b = QdqBuilder()
    layers = lower(b.network(tmp_path, SPELLINGS[spelling](b))).layers
    assert [type(layer) for layer in layers].count(DenseLayer) == 4
    scores, soft, mixed = (layer for layer in layers if not isinstance(layer, DenseLayer))
    assert isinstance(scores, MatMulLayer) and scores.turned and (scores.groups, scores.inner, scores.outer) == (HEADS, SIZE, TOKENS)
    assert isinstance(soft, SoftmaxLayer) and (soft.groups, soft.width) == (HEADS, TOKENS)
    assert isinstance(mixed, MatMulLayer) and not mixed.turned and mixed.inner == TOKENS


def test_a_batch_that_ends_elsewhere(tmp_path: Path) -> None:
    """It may move inside the model only."""
    b = QdqBuilder()
    x = b.node("Transpose", b.qdq(b.input(TOKENS, WIDTH)), perm=[1, 0, 2])
    with pytest.raises(UnsupportedModelError, match="the batch must be its first dimension"):
        b.network(tmp_path, dense(b, x, WIDTH, 8, 0))


@pytest.mark.parametrize(
    ("op", "options", "sentence"),
    [
        ("Softmax", {"axis": 1}, "Softmax along the batch is not supported"),
        ("ReduceMean", {"axes": [1]}, "ReduceMean along the batch is not supported"),
    ],
)
def test_computing_along_a_moved_batch(tmp_path: Path, op: str, options: dict[str, object], sentence: str) -> None:
    """Samples would mix."""
    b = QdqBuilder()
    x = b.node("Transpose", b.qdq(b.input(TOKENS, WIDTH)), perm=[1, 0, 2])
    with pytest.raises(UnsupportedModelError, match=sentence):
        b.network(tmp_path, b.qdq(b.node(op, x, **options)), opset=13)


def test_batches_along_different_axes(tmp_path: Path) -> None:
    """A sum would mix samples."""
    b = QdqBuilder()
    x = b.qdq(b.input(TOKENS, TOKENS, WIDTH))
    turned = b.node("Transpose", x, perm=[1, 0, 2, 3])
    with pytest.raises(UnsupportedModelError, match="whose batches lie along different dimensions"):
        b.network(tmp_path, b.qdq(b.node("Add", x, turned)))


def test_it_maps(tmp_path: Path) -> None:
    """On a small array, legally by the independent verifier."""
    b = QdqBuilder()
    graph, device = lower(b.network(tmp_path, SPELLINGS["separate"](b))), small_device(12, 4)
    laid_out, problem = stated(graph, device)
    mapping = assembled(laid_out, problem, solve(problem))
    assert verify(mapping, device, graph) == ()
    heads = {m.split.data.columns for m in mapping.layers if m.op in {"matmul", "softmax"}}
    assert heads <= {1, HEADS}
    # What an element of a product of two activations sums: a head's features for Q K^T, tokens for A V.
    sums = {layer.name: layer.inner for layer in graph.layers if isinstance(layer, MatMulLayer)}
    assert {m.name: m.k for m in mapping.layers if m.op == "matmul"} == sums
    wrong = tuple(replace(m, k=m.k + 8 * (m.op == "matmul")) for m in mapping.layers)
    assert {v.family for v in verify(replace(mapping, layers=wrong), device, graph)} == {Family.IDENTITY}


def test_moves_map_too(tmp_path: Path) -> None:
    """Tokens flattened into features, and a Concat: what no view expresses."""
    b = QdqBuilder()
    x = b.qdq(b.input(6, 4), -4)
    both = b.qdq(b.node("Concat", dense(b, x, 4, 6, 0), dense(b, x, 4, 5, 1), axis=2), -4)
    graph = lower(b.network(tmp_path, dense(b, reshape(b, both, 0, 66), 66, 8, 2)))
    assert [type(layer) for layer in graph.layers].count(MoveLayer) == 2
    device = find_device("VEK280")
    laid_out, problem = stated(graph, device, 2)
    assert verify(assembled(laid_out, problem, solve(problem)), device, graph) == ()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_on_the_host(placer: CommandLine, tmp_path: Path, spelling: str) -> None:
    """Solved for a VEK280, emitted, built and run: not one output differs."""
    b = QdqBuilder()
    path = b.save(tmp_path, SPELLINGS[spelling](b))
    ran = placer("solve", path, "--device", "VEK280", "--batch", 2, "--out", tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    check = json.loads(ran.out.splitlines()[-1])["check"]
    assert check["host_vs_reference"]["mismatches"] == 0
    assert check["host_vs_onnxruntime"]["mismatches"] <= 1
