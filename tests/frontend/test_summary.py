"""What `placer inspect` prints."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from placer.cli import app
from placer.frontend.summary import operation_rows, tensor_rows
from tests.qdq_models import dense_model

RUNNER = CliRunner()


def test_rows(tmp_path: Path) -> None:
    """Kinds with sizes, rounding points, types."""
    b, end = dense_model()
    network = b.network(tmp_path, end)
    (operation,), tensors = operation_rows(network), tensor_rows(network)
    assert operation.kind == "Dense 8 -> 4, int8 weights"
    assert operation.rounding == "half to even / 2^6, saturated"
    assert [(t.type, t.scale, t.zero_point, t.least, t.most) for t in tensors] == [("int8", "2^-4", 0, -128, 127)] * 2


def test_inspect(tmp_path: Path) -> None:
    """A table, or JSON."""
    b, end = dense_model()
    path = b.save(tmp_path, end)
    shown = RUNNER.invoke(app, ["inspect", str(path)])
    assert shown.exit_code == 0
    assert "Dense 8 -> 4" in shown.stdout
    facts = json.loads(RUNNER.invoke(app, ["inspect", str(path), "--json"]).stdout)
    assert [row["kind"] for row in facts["operations"]] == ["Dense 8 -> 4, int8 weights"]
    assert facts["inserted"] == []


def test_inspect_says_what_the_model_does_not_round(tmp_path: Path) -> None:
    """An unrounded output is named."""
    b, _ = dense_model()
    product = next(n.output[0] for n in b.nodes if n.op_type == "MatMul")
    shown = RUNNER.invoke(app, ["inspect", str(b.save(tmp_path, product))])
    assert "not rounded by the model" in shown.stdout
