"""From a model to its project on the host: any network that maps computes what the reference computes."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import placer
from placer.host.run import find_subject, run_on_host
from placer.moves import MoveKind
from tests.qdq_models import QdqBuilder, some_weights
from tests.random_models import MOVING, RandomModel, random_models


def check(model: Path, folder: Path, batch: int) -> None:
    """Solve, build, run, compare."""
    written = placer.solve(model, batch=batch, work=10, output=folder / "out", iterations=2).write()
    check = run_on_host(find_subject(written.mapping), None, 2, True).check
    assert check is not None
    assert check.reference.mismatches == 0


# A failure is printed as it is: shrinking would build for minutes.
@pytest.mark.slow
@given(random_models((*MOVING, "softmax")), st.integers(1, 5))
@settings(max_examples=5, suppress_health_check=list(HealthCheck), phases=(Phase.generate,), database=None)
def test_random_networks(model: RandomModel, batch: int) -> None:
    """Products, movements, attention, several outputs."""
    with tempfile.TemporaryDirectory() as folder:
        check(model.builder.save(Path(folder), *model.outputs), Path(folder), batch)


@pytest.mark.slow
def test_network_of_no_arithmetic(tmp_path: Path) -> None:
    """A transpose alone, and an input that leaves as it came beside one that is read and one that is not."""
    b = QdqBuilder()
    x, _, y = b.qdq(b.input(3, 8)), b.qdq(b.input(5, name="unread")), b.qdq(b.input(8, name="y"), -2)
    turned = b.node("Transpose", x, perm=[0, 2, 1])
    product = b.qdq(b.node("MatMul", y, b.weights(some_weights(8, 4))), 0)
    check(b.save(tmp_path, turned, product, y), tmp_path, 3)


@pytest.mark.slow
def test_every_kind_of_move(tmp_path: Path) -> None:
    """Beside layers that move nothing, whose kernels read the same configuration."""
    b = QdqBuilder()
    x = b.qdq(b.input(16, 16))
    y = b.qdq(b.node("MatMul", x, b.weights(some_weights(16, 16))), 0)
    turned = b.qdq(b.node("MatMul", b.node("Transpose", y, perm=[0, 2, 1]), x), 2)
    columns = b.qdq(b.node("Concat", x, y, axis=2), -1)
    flat = b.node("Reshape", columns, b.constant([0, 512], "int64"))
    end = b.qdq(b.node("MatMul", flat, b.weights(some_weights(512, 8))), 2)
    picked = b.node("Gather", y, b.constant([5, 3, 11], "int64"), axis=2)
    crossed = b.node("Reshape", picked, b.constant([0, 3, 16], "int64"))
    mixed = b.qdq(b.node("MatMul", crossed, b.weights(some_weights(16, 8))), 2)
    check(b.save(tmp_path, turned, columns, end, mixed), tmp_path, 2)
    config = (tmp_path / "out" / "adf" / "config.hpp").read_text()
    assert {kind.value for kind in MoveKind} == set(re.findall(r"placer::Move::(\w+);", config))
