"""The independent evaluator: onnxruntime at its basic optimisation level, on the same integers; optional to have."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from placer.network import IntArray, Network

# Merges two rounding points of a model into one: no longer what the model says.
INEXACT = ["DoubleQDQPairsRemover"]


def installed() -> bool:
    """Whether onnxruntime can be imported."""
    return find_spec("onnxruntime") is not None


def onnxruntime_outputs(model: Path, network: Network, inputs: tuple[IntArray, ...]) -> tuple[IntArray, ...]:
    """What onnxruntime makes of `inputs` ([samples, *shape] each): outputs as integers on the network's scales.

    The model's real inputs are the integers times their scales. Raises ImportError when onnxruntime is not installed.
    """
    import onnxruntime as ort  # noqa: PLC0415 - optional

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"], disabled_optimizers=INEXACT)
    names = [i.name for i in session.get_inputs()]
    reals = [(v * network.tensor(n).type.scale).astype(np.float32) for n, v in zip(network.inputs, inputs, strict=True)]
    samples, step = len(inputs[0]), network.batch or min(len(inputs[0]), 4096)
    runs = [session.run(None, {n: v[i : i + step] for n, v in zip(names, reals, strict=True)}) for i in range(0, samples, step)]
    found = []
    for parts, name in zip(zip(*runs, strict=True), network.outputs, strict=True):
        value = np.concatenate(parts)
        scaled = value.astype(np.float64) / network.tensor(name).type.scale if value.dtype.kind == "f" else value
        found.append(scaled.astype(np.int64))
    return tuple(found)
