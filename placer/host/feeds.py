"""What a model's evaluator is given: samples for the inputs that some output depends on, zeros for those that none does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import onnx

Array = npt.NDArray[np.float32]


def feeding(graph: onnx.GraphProto) -> Callable[[list[Array]], dict[str, npt.NDArray[np.generic]]]:
    """The values of the inputs that an output depends on, in order, by name; zeros for those that none does."""
    needed = {o.name for o in graph.output}
    for _ in graph.node:
        more = {name for node in graph.node if needed.intersection(node.output) for name in node.input} - needed
        if not more:
            break
        needed |= more
    constants = {i.name for i in graph.initializer}
    inputs = [i for i in graph.input if i.name not in constants]

    def feeds(values: list[Array]) -> dict[str, npt.NDArray[np.generic]]:
        given = iter(values)
        batch = len(values[0])
        return {i.name: next(given) if i.name in needed else _zeros(i, batch) for i in inputs}

    return feeds


def _zeros(value: onnx.ValueInfoProto, batch: int) -> npt.NDArray[np.generic]:
    """Of the type and shape of an input whose open sizes are the batch."""
    kind = value.type.tensor_type
    return np.zeros([d.dim_value or batch for d in kind.shape.dim], onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
