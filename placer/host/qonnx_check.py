"""qonnx on many samples at once: it starts a session for every node of every call, so that only calls with large batches are quick."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from placer.host.feeds import feeding

Arrays = list[npt.NDArray[np.float32]]
Session = Callable[[Arrays], list[npt.NDArray[np.generic]]]


def session(model: Path, batch: int) -> Session:
    """The model's outputs for inputs of any number of samples, [samples, *shape] each, in calls of `batch`.

    The model's first dimension, also where a Reshape states it, is made `batch`; what it then gives for the first samples must be, bit for
    bit, what the model gives as it was saved. Raises ImportError where qonnx is not installed, ValueError where the two differ.
    """
    original = onnx.load(model)
    own = _batch(original)
    saved = _run(original)
    many = saved if own == batch else _run(_rebatched(original, own, batch))

    def run(values: Arrays) -> list[npt.NDArray[np.generic]]:
        calls = [many([_filled(v[i : i + batch], batch) for v in values]) for i in range(0, len(values[0]), batch)]
        found = [np.concatenate(parts)[: len(values[0])] for parts in zip(*calls, strict=True)]
        for a, b in zip(found, saved([_filled(v[:own], own) for v in values]), strict=True):
            if not np.array_equal(a[:own], b[: len(a)]):
                raise ValueError(f"{model.name}: qonnx gives other results for batches of {batch} than for {own}")
        return found

    return run


def _run(model: onnx.ModelProto) -> Session:
    """The outputs for inputs of exactly the model's batch."""
    from qonnx.core.modelwrapper import ModelWrapper  # noqa: PLC0415 - optional
    from qonnx.core.onnx_exec import execute_onnx  # noqa: PLC0415
    from qonnx.transformation.infer_shapes import InferShapes  # noqa: PLC0415

    wrapped = ModelWrapper(model).transform(InferShapes())
    feeds, ends = feeding(wrapped.graph), [o.name for o in wrapped.graph.output]

    def run(values: Arrays) -> list[npt.NDArray[np.generic]]:
        found = execute_onnx(wrapped, feeds(values))
        return [found[name] for name in ends]

    return run


def _inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    constants = {i.name for i in model.graph.initializer}
    return [i for i in model.graph.input if i.name not in constants]


def _batch(model: onnx.ModelProto) -> int:
    return int(_inputs(model)[0].type.tensor_type.shape.dim[0].dim_value) or 1


def _rebatched(model: onnx.ModelProto, own: int, batch: int) -> onnx.ModelProto:
    """The model for another batch: shapes in between are left to inference."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    del graph.value_info[:]
    for value in (*_inputs(changed), *graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = batch
    shapes = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for constant in graph.initializer:
        numbers = numpy_helper.to_array(constant)
        if constant.name in shapes and numbers.size and numbers.flat[0] == own:
            numbers = numbers.copy()
            numbers.flat[0] = batch
            constant.CopyFrom(numpy_helper.from_array(numbers, constant.name))
    return changed


def _filled(value: npt.NDArray[np.float32], batch: int) -> npt.NDArray[np.float32]:
    """The last samples filled up to a batch with zeros."""
    missing = batch - len(value)
    return np.concatenate([value, np.zeros((missing, *value.shape[1:]), np.float32)]) if missing else value
