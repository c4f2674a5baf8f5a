"""The step `local` of the table of models: an operation that rounds otherwise is found, by its kind, not by what moves it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from placer.frontend import read_model
from placer.network import Dense, Network
from scripts import models_table
from scripts.models_table import END, START, Local, compare_operations, summary
from tests.qdq_models import QdqBuilder, some_weights

pytest.importorskip("onnxruntime")


def product_moved(folder: Path) -> tuple[Path, Network]:
    """A product whose transpose alone is a tensor of the model."""
    b = QdqBuilder()
    product = b.node("MatMul", b.qdq(b.input(4, 8), -4), b.weights(some_weights(8, 6), -7))
    path = b.save(folder, b.qdq(b.node("Transpose", product, perm=[0, 2, 1]), -3))
    return path, read_model(path)


def test_nothing_differs(tmp_path: Path) -> None:
    assert compare_operations(*product_moved(tmp_path), 100) == Local(compare_operations(*product_moved(tmp_path), 1).sha256, "", 0, 0)


def test_a_rounding_that_is_off(tmp_path: Path) -> None:
    """Half a step added to every product: the Dense differs in half of its outputs, by one step."""
    path, network = product_moved(tmp_path)
    op = next(o for o in network.operations if isinstance(o, Dense))
    more = replace(op, rounding=replace(op.rounding, bias=op.rounding.bias + (np.int64(1) << op.rounding.shift - 1)))
    changed = replace(network, operations=tuple(more if o is op else o for o in network.operations))
    found = compare_operations(path, changed, 200)
    assert found.words.startswith("Dense ")
    assert 1e5 < found.worst < 9e5
    assert found.largest == 1


def test_summary_counts_what_is_kept() -> None:
    """A rate beyond 100 a million, and two steps, are not."""
    found = [("good", Local("", "", 100.0, 1)), ("often", Local("", "", 101.0, 1)), ("far", Local("", "", 1.0, 2))]
    assert "1 of the 3 files" in summary(found)
    assert "the worst, often, in 101" in summary(found)


def test_lines_of_other_models_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a pattern, a model that it does not name keeps its line, and is counted by what that says."""
    models, document = tmp_path / "models", tmp_path / "models.md"
    models.mkdir()
    path, _ = product_moved(models)
    path.rename(models / "one.onnx")
    path.with_name("two.onnx").write_bytes((models / "one.onnx").read_bytes())
    line = "| two | ? | 3 | 5 | 60 | onnxruntime | 7 | 80 | 1 | 0 | 7 | Dense 42.5 | 1 | 0 | 40 |"
    document.write_text(f"before\n{START}\n{line}\n{END}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(models_table, "DOCUMENT", document)
    options = ["--step", "exact", "--step", "local", "--samples", "20", "--records", str(tmp_path / "records"), "--only", "one", "--write"]
    monkeypatch.setattr("sys.argv", ["models_table", str(models), *options])
    assert models_table.main() == 0
    text = document.read_text(encoding="utf-8")
    assert line in text
    assert "| one |" in text
    assert "the worst, two, in 42.5" in text
