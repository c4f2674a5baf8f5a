"""onnxruntime against itself at two optimisation levels."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.onnxruntime_levels import disagreement

MODELS = Path(__file__).resolve().parents[1] / "configs" / "models"


def test_integer_sums_have_one_result() -> None:
    """Of the jet tagger, whose sums float32 holds exactly, both levels give the same."""
    pytest.importorskip("onnxruntime")
    differ, compared, largest = disagreement(MODELS / "jet_tagger.onnx", 50)
    assert (differ, largest) == (0, 0)
    assert compared == 50 * 5
