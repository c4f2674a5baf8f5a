"""The independent evaluators, on the same integers: onnxruntime at its basic optimisation level, qonnx for the QONNX dialect.

Both are optional to have.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx

from placer.host import qonnx_check
from placer.host.feeds import feeding
from placer.network import IntArray, Network, Tensor

# Optimisers after which a model no longer means what it says: the first merges two rounding points into one, the second carries the
# rounding of one reader of a tensor to the tensor's other readers when it moves a Transpose that they share.
INEXACT = ("DoubleQDQPairsRemover", "TransposeOptimizer")
# The level at which onnxruntime computes every node as the model states it, in float32, and its default, at which nodes become one.
BASIC, DEFAULT = "ORT_ENABLE_BASIC", "ORT_ENABLE_ALL"
QUANT_DOMAINS = frozenset({"qonnx.custom_op.general", "onnx.brevitas"})
# Samples at a time where the model leaves its batch open.
CHUNK = 4096
# Samples at a time of qonnx, whose calls cost as much for one.
QONNX_BATCH = 500

FloatArray = npt.NDArray[np.float32]
Session = Callable[[list[FloatArray]], list[npt.NDArray[np.generic]]]


def evaluator(model: Path) -> str:
    """The package that defines what `model` means: "onnxruntime", or "qonnx" where it has Quant nodes."""
    nodes = onnx.load(model, load_external_data=False).graph.node
    return "qonnx" if any(node.domain in QUANT_DOMAINS for node in nodes) else "onnxruntime"


def installed(model: Path) -> bool:
    """Whether the evaluator of `model` can be imported."""
    return find_spec(evaluator(model)) is not None


def outputs(
    model: Path,
    network: Network,
    inputs: tuple[IntArray, ...],
    without: tuple[str, ...] = INEXACT,
    names: tuple[str, ...] | None = None,
    level: str = BASIC,
) -> tuple[IntArray, ...]:
    """What the model's evaluator makes of `inputs` ([samples, *shape] each): outputs as integers on the network's scales.

    without: optimisers of onnxruntime to leave out. names: the outputs of `model` to give, called as tensors of the network; None: the
    network's outputs, which are the model's in order. level: of onnxruntime's optimisation. Raises ImportError when the evaluator is not
    installed.
    """
    reals = [to_real(network.tensor(n), v) for n, v in zip(network.inputs, inputs, strict=True)]
    samples, step = len(inputs[0]), network.batch or min(len(inputs[0]), CHUNK)
    if evaluator(model) == "qonnx":
        found = qonnx_check.session(model, max(min(samples, QONNX_BATCH), step))(reals)
        return tuple(to_integers(network.tensor(name), value) for name, value in zip(network.outputs, found, strict=True))
    run = _onnxruntime(model, without, names, level)
    runs = [run([_filled(v[i : i + step], network.batch) for v in reals]) for i in range(0, samples, step)]
    return tuple(
        to_integers(network.tensor(name), np.concatenate(parts)[:samples])
        for parts, name in zip(zip(*runs, strict=True), names or network.outputs, strict=True)
    )


def to_real(tensor: Tensor, value: IntArray) -> FloatArray:
    """Integers as the real numbers that they stand for."""
    return np.asarray((value - tensor.type.zero_point) * tensor.type.scale).astype(np.float32)


def to_integers(tensor: Tensor, value: npt.NDArray[np.generic]) -> IntArray:
    """An output of the model as integers of `tensor`: floating-point ones lie on its grid but for float32 rounding."""
    if value.dtype.kind != "f":
        return value.astype(np.int64)
    return np.rint(value.astype(np.float64) / tensor.type.scale).astype(np.int64) + tensor.type.zero_point


def _filled(value: FloatArray, batch: int | None) -> FloatArray:
    """The last samples filled up to a fixed batch with zeros."""
    missing = 0 if batch is None else batch - len(value)
    return np.concatenate([value, np.zeros((missing, *value.shape[1:]), np.float32)]) if missing else value


def _onnxruntime(model: Path, without: tuple[str, ...], outputs: tuple[str, ...] | None, level: str) -> Session:
    import onnxruntime as ort  # noqa: PLC0415 - optional

    options = ort.SessionOptions()
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(without))
    feeds = feeding(onnx.load(model, load_external_data=False).graph)
    return lambda values: session.run(outputs, feeds(values))
