"""Import and reference together against onnxruntime: not one output element may differ."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from placer.errors import InputError, UnsupportedModelError
from placer.frontend import read_model
from tests.onnxruntime_check import INEXACT, mismatches
from tests.random_models import RandomModel, random_models

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = sorted((ROOT / "configs" / "models").glob("*.onnx"))
SHARED = sorted((ROOT.parent / "shared" / "models").glob("*.onnx"))
# Samples at a time: 10,000 inputs of the largest model are far larger than a cache.
CHUNK, CHUNKS = 500, 20


def save_and_compare(model: RandomModel) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = model.builder.save(Path(folder), *model.outputs)
        assert mismatches(path, read_model(path), 24, without=INEXACT) == 0


@given(random_models())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_random_models_match_onnxruntime(model: RandomModel) -> None:
    """Any sequence of supported operators keeps every rounding point of the model."""
    save_and_compare(model)


@pytest.mark.slow
@given(random_models())
@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
def test_many_random_models_match_onnxruntime(model: RandomModel) -> None:
    """The same, on more models, and on new ones each time."""
    save_and_compare(model)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_models_match_onnxruntime(path: Path) -> None:
    """Every shipped model, on 10,000 random inputs."""
    network = read_model(path)
    assert sum(mismatches(path, network, CHUNK, seed) for seed in range(CHUNKS)) == 0


def test_there_are_shipped_models() -> None:
    """The tests above have something to do."""
    assert {p.stem for p in SHIPPED} >= {"jet_mlpmixer", "jet_tagger", "autoencoder", "mlp7x512"}


@pytest.mark.skipif(not SHARED, reason="the collection of exporters' models is not here")
def test_models_of_many_exporters_match_or_are_refused() -> None:
    """Each is either exact against onnxruntime, or refused in one sentence."""
    accepted = 0
    for path in SHARED:
        try:
            network = read_model(path)
        except (UnsupportedModelError, InputError) as error:
            assert 20 < len(str(error)) < 400
            assert "\n" not in str(error)
        else:
            accepted += 1
            assert mismatches(path, network, 100) == 0, path.name
    assert accepted >= 3
