"""The independent evaluator: onnxruntime at ORT_ENABLE_BASIC, compared with the project's own integers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from placer.network import IntArray, Network
from placer.reference import evaluate

# Merges two rounding points of a model into one (values differ from the unoptimised model's): not what the model says.
INEXACT = ("DoubleQDQPairsRemover",)


def random_inputs(network: Network, samples: int, seed: int = 0) -> tuple[IntArray, ...]:
    """Uniform integers for every input of `network`: [samples, *shape] each."""
    rng = np.random.default_rng(seed)
    kinds = [network.tensor(name) for name in network.inputs]
    return tuple(rng.integers(t.type.dtype.min, t.type.dtype.max + 1, (samples, *t.shape)) for t in kinds)


def onnxruntime_outputs(path: Path, network: Network, inputs: tuple[IntArray, ...], without: tuple[str, ...]) -> tuple[IntArray, ...]:
    """What onnxruntime makes of the same integers: outputs on the scale of the network's, as integers.

    The model's real inputs are the integers times their scales; quantised outputs are taken as they are.
    """
    ort = pytest.importorskip("onnxruntime")
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(without))
    names = [i.name for i in session.get_inputs()]
    reals = [(v * network.tensor(n).type.scale).astype(np.float32) for n, v in zip(network.inputs, inputs, strict=True)]
    samples, step = len(inputs[0]), network.batch or len(inputs[0])
    runs = [session.run(None, {n: v[i : i + step] for n, v in zip(names, reals, strict=True)}) for i in range(0, samples, step)]
    found = []
    for parts, name in zip(zip(*runs, strict=True), network.outputs, strict=True):
        value = np.concatenate(parts)
        scaled = value.astype(np.float64) / network.tensor(name).type.scale if value.dtype.kind == "f" else value
        found.append(scaled.astype(np.int64))
    return tuple(found)


def mismatches(path: Path, network: Network, samples: int, seed: int = 0, without: tuple[str, ...] = ()) -> int:
    """Output elements in which the reference and onnxruntime, without the optimisers named, differ on random inputs."""
    inputs = random_inputs(network, samples, seed)
    ours, theirs = evaluate(network, inputs), onnxruntime_outputs(path, network, inputs, without)
    assert [v.shape for v in ours] == [v.shape for v in theirs]
    return sum(int(np.count_nonzero(a != b)) for a, b in zip(ours, theirs, strict=True))
