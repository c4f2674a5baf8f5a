"""The int16 variants of a shipped model are what the script makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from placer.frontend import read_model
from placer.reference import evaluate
from scripts.widen_model import widen

MODELS = Path("configs/models")


@pytest.mark.parametrize(("name", "weights"), [("a16w8", False), ("a16w16", True)])
def test_shipped_variants(name: str, weights: bool) -> None:
    """Byte for byte."""
    model = onnx.load(MODELS / "jet_tagger.onnx")
    widen(model, weights)
    assert model.SerializeToString() == (MODELS / f"jet_tagger_{name}.onnx").read_bytes()


@pytest.mark.parametrize("name", ["a16w8", "a16w16"])
def test_the_same_function(name: str) -> None:
    """Results are those of the int8 model to within its rounding, in steps a 256th as large."""
    x = np.random.default_rng(0).integers(-100, 100, (500, 16))
    narrow, wide = (
        evaluate(read_model(MODELS / f"{file}.onnx"), (x * factor,))[0] for file, factor in (("jet_tagger", 1), (f"jet_tagger_{name}", 256))
    )
    assert np.abs(wide).max() > 127 * 64
    assert np.abs(wide / 256 - narrow).mean() < 1.5


def test_refusals() -> None:
    """What is no int8 model, and weights that grow too large."""
    model = onnx.load(MODELS / "jet_tagger.onnx")
    widen(model, False)
    with pytest.raises(ValueError, match="has type int16"):
        widen(model, False)
    model = onnx.load(MODELS / "jet_tagger.onnx")
    bias = next(i for i in model.graph.initializer if i.name == "0.bias_quantized")
    bias.CopyFrom(onnx.numpy_helper.from_array(np.full(64, 1 << 24, np.int32), bias.name))
    with pytest.raises(ValueError, match=r"0\.bias_quantized does not fit int32"):
        widen(model, False)
