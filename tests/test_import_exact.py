"""Import and reference together against onnxruntime: not one output element may differ."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from placer.errors import UnsupportedModelError
from placer.frontend import read_model
from tests.onnxruntime_check import INEXACT, differences, mismatches
from tests.random_models import MOVING, RandomModel, random_models

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = sorted((ROOT / "configs" / "models").glob("*.onnx"))
# With LayerNorm: onnxruntime's float32 sums are no norm for the last digit.
NORMALISED = {"classic_mixer", "mixers16_block", "jet_transformer"}
SHARED = sorted((ROOT.parent / "shared" / "models").glob("*.onnx"))
# Samples at a time: 10,000 inputs of the largest model are far larger than a cache.
CHUNK, CHUNKS = 500, 20


def save_and_compare(model: RandomModel) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = model.builder.save(Path(folder), *model.outputs)
        assert mismatches(path, read_model(path), 24, without=INEXACT) == 0


@given(random_models())
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_random_models_match_onnxruntime(model: RandomModel) -> None:
    """Any sequence of supported operators keeps every rounding point of the model."""
    save_and_compare(model)


@given(random_models(MOVING))
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_random_moving_models_match_onnxruntime(model: RandomModel) -> None:
    """Transposes of any axes, heads, slices, joins and products of two tensors among them."""
    save_and_compare(model)


@pytest.mark.slow
@given(random_models(MOVING))
@settings(max_examples=1500, suppress_health_check=list(HealthCheck))
def test_many_random_moving_models_match_onnxruntime(model: RandomModel) -> None:
    """The same, on more models."""
    save_and_compare(model)


@pytest.mark.slow
@given(random_models())
@settings(max_examples=1500, suppress_health_check=list(HealthCheck))
def test_many_random_models_match_onnxruntime(model: RandomModel) -> None:
    """The same, on more models."""
    save_and_compare(model)


@pytest.mark.parametrize("path", [p for p in SHIPPED if p.stem not in NORMALISED], ids=lambda p: p.stem)
def test_shipped_models_match_onnxruntime(path: Path) -> None:
    """Every shipped model without LayerNorm, on random inputs."""
    assert mismatches(path, read_model(path), CHUNK, 0) == 0


@pytest.mark.slow
@pytest.mark.parametrize("path", [p for p in SHIPPED if p.stem not in NORMALISED], ids=lambda p: p.stem)
def test_shipped_models_match_onnxruntime_on_ten_thousand(path: Path) -> None:
    """The same, on 10,000 random inputs."""
    network = read_model(path)
    assert sum(mismatches(path, network, CHUNK, seed) for seed in range(CHUNKS)) == 0


@pytest.mark.slow
@pytest.mark.parametrize(("name", "samples"), [("classic_mixer", 400), ("jet_transformer", 400), ("mixers16_block", 2)])
def test_shipped_models_with_normalisation_nearly_match(name: str, samples: int) -> None:
    """At most one output in a thousand differs, by one step."""
    path = ROOT / "configs" / "models" / f"{name}.onnx"
    found = differences(path, read_model(path), samples, without=INEXACT)
    assert found.max() <= 1
    assert np.count_nonzero(found) <= len(found) // 1000


def test_there_are_shipped_models() -> None:
    """The tests above have something to do."""
    assert {p.stem for p in SHIPPED} >= {"jet_mlpmixer", "jet_tagger", "autoencoder", "mlp7x512", "ae57", *NORMALISED}


# Powers of two and 8 bits throughout: nothing may differ.
EXACT = ("*vint8*", "*s8s8_fusedbias*", "*fixpt8pc*", "*fixpt_a6*", "mlp_brevitas_fixpt8_*", "mlp_qkeras*")
# int16 sums pass the 24 bits of float32, and LayerNorm and Erf pass through it many times: how far one step of difference then spreads.
SPREAD = 4
FLOAT = ("*_float_*", "*hgq2*")


def matches(path: Path, patterns: tuple[str, ...]) -> bool:
    """Whether the file name fits one of `patterns`."""
    return any(path.match(f"{pattern}.onnx") for pattern in patterns)


@pytest.mark.parametrize("path", [p for p in SHARED if matches(p, FLOAT)], ids=lambda p: p.stem)
def test_models_that_are_not_quantised_are_refused(path: Path) -> None:
    """One sentence that says how to quantise them."""
    with pytest.raises(UnsupportedModelError, match=r"is not quantised .* quantise it first, for example with") as caught:
        read_model(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("path", [p for p in SHARED if not matches(p, FLOAT)], ids=lambda p: p.stem)
def test_models_of_many_exporters(path: Path) -> None:
    """Every quantised file is imported; against its evaluator it is exact, or differs in few outputs by few steps (docs/models.md)."""
    found = differences(path, read_model(path), 20, without=INEXACT)
    assert found.max() <= (0 if matches(path, EXACT) else SPREAD)
    if read_model(path).tensor(read_model(path).outputs[0]).type.dtype.bits == 8:
        assert np.count_nonzero(found) <= len(found) // 5
