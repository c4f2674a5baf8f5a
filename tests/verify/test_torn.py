"""Family split, for kernels that need several parts of an activation in one tile: each sentence is reached, and a whole cut is accepted."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pytest

from placer.lowering.lower import lower
from placer.verify import Family
from tests.attention_models import SPELLINGS, dense, reshape
from tests.graphs import small_device
from tests.mapped import Change, Json, Sample, text
from tests.qdq_models import QdqBuilder
from tests.solving import assembled, solve, stated


@cache
def sample(kind: str) -> Sample:
    """Attention, or a model with a move between tokens, on a small array."""
    b = QdqBuilder()
    if kind == "attention":
        end = SPELLINGS["separate"](b)
    else:
        end = dense(b, reshape(b, dense(b, b.qdq(b.input(8, 8), -4), 8, 8, 0), 0, 64), 64, 8, 1)
    with tempfile.TemporaryDirectory() as folder:
        graph = lower(b.network(Path(folder), end))
    device = small_device(12, 4)
    laid_out, problem = stated(graph, device)
    return Sample(assembled(laid_out, problem, solve(problem)), device, graph)


def cut(op: str, axis: str, parts: int) -> Change:
    """Another number of parts along one axis of the data of every layer of this kind."""

    def change(data: Json) -> None:
        for layer in data["layers"]:
            if layer["op"] == op:
                layer["split"]["data"][axis] = parts

    return change


@pytest.mark.parametrize(
    ("kind", "op", "axis", "sentence"),
    [
        ("attention", "matmul", "columns", "a product of two activations needs whole groups of columns in one tile"),
        ("attention", "softmax", "columns", "a Softmax needs all columns of a group in one tile"),
        ("move", "move", "columns", "each tile of a move reads all features"),
        ("move", "move", "rows", "each tile of a move reads all features"),
    ],
)
def test_torn_apart(kind: str, op: str, axis: str, sentence: str) -> None:
    """Three parts of a sample's rows, or of two heads."""
    found = sample(kind).violations(cut(op, axis, 3))
    assert any(v.family is Family.SPLIT and sentence in str(v) for v in found), text(found)


def test_move_over_a_cascade() -> None:
    """Its tiles would each read some of the features."""

    def change(data: Json) -> None:
        for layer in data["layers"]:
            if layer["op"] == "move":
                layer["split"]["k"] = 2

    found = sample("move").violations(change)
    assert any(v.family is Family.SPLIT and "each tile of a move reads all features" in str(v) for v in found), text(found)


@pytest.mark.parametrize("kind", ["attention", "move"])
def test_whole(kind: str) -> None:
    """What the solver answers keeps together what must be."""
    assert sample(kind).violations(lambda _: None) == ()
