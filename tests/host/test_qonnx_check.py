"""qonnx on many samples at once: the same results as in the batches of the model, or none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from placer.host.qonnx_check import session

pytest.importorskip("qonnx")
BATCH = 2


def saved(folder: Path, *nodes: onnx.NodeProto, reshape: tuple[int, ...] = (BATCH, 6)) -> Path:
    """A model of inputs x [2, 2, 3] and a quantiser in front of `nodes`, which give y from q."""
    values = {"scale": np.float32(0.25), "zero": np.float32(0), "bits": np.float32(8), "shape": np.array(reshape, np.int64)}
    quant = helper.make_node(
        "Quant", ["x", "scale", "zero", "bits"], ["q"], domain="qonnx.custom_op.general", signed=1, narrow=0, rounding_mode="ROUND"
    )
    graph = helper.make_graph(
        [quant, *nodes],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [BATCH, 2, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [BATCH, 6])],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in values.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("qonnx.custom_op.general", 1)]
    path = folder / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets), path)
    return path


def test_large_batches(tmp_path: Path) -> None:
    """A Reshape that states the batch is changed with it, and a rest of samples is no whole batch."""
    run = session(saved(tmp_path, helper.make_node("Reshape", ["q", "shape"], ["y"])), 8)
    x = np.random.default_rng(0).normal(0, 3, (11, 2, 3)).astype(np.float32)
    np.testing.assert_array_equal(run([x])[0], np.rint(x / 0.25).clip(-128, 127).reshape(11, 6) * 0.25)


def test_a_batch_that_takes_part(tmp_path: Path) -> None:
    """A model that computes along its batch gives other results for another one: that is found out."""
    nodes = (
        helper.make_node("ReduceMax", ["q"], ["most"], axes=[0], keepdims=1),
        helper.make_node("Sub", ["q", "most"], ["less"]),
        helper.make_node("Reshape", ["less", "shape"], ["y"]),
    )
    run = session(saved(tmp_path, *nodes), 8)
    with pytest.raises(ValueError, match="other results for batches of 8 than for 2"):
        run([np.arange(48, dtype=np.float32).reshape(8, 2, 3)])
