"""The project's own integers against the evaluator that defines a model: onnxruntime, or qonnx."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from placer.codegen.stimulus import random_inputs
from placer.host import onnxruntime_check
from placer.network import IntArray, Network
from placer.reference import evaluate

INEXACT = onnxruntime_check.INEXACT


def differences(path: Path, network: Network, samples: int, seed: int = 0, without: tuple[str, ...] = ()) -> IntArray:
    """|ours - theirs| of every output element on random inputs, the optimisers named left out; skips where the evaluator is missing."""
    if not onnxruntime_check.installed(path):
        pytest.skip(f"{onnxruntime_check.evaluator(path)} is not installed")
    inputs = random_inputs(network, samples, seed)
    ours, theirs = evaluate(network, inputs), onnxruntime_check.outputs(path, network, inputs, without)
    assert [v.shape for v in ours] == [v.shape for v in theirs]
    return np.concatenate([np.abs(a - b).reshape(-1) for a, b in zip(ours, theirs, strict=True)])


def mismatches(path: Path, network: Network, samples: int, seed: int = 0, without: tuple[str, ...] = ()) -> int:
    """How many output elements differ (differences)."""
    return int(np.count_nonzero(differences(path, network, samples, seed, without)))
