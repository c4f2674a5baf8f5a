"""A dense layer grown over the array: cuts, kernels and places are chosen; only how many tiles there are is given."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from placer.config import load_settings
from placer.device import find_device
from scripts.performance.measured import measured

# Rows, and the share of the weights for each tile that there is.
ROWS, INNER, COLUMNS = 128, 128, 64


def dense_model(inner: int, channels: int, path: Path) -> Path:
    """One int8 dense layer with bias and ReLU, as an ONNX file."""
    random = np.random.default_rng(0)
    constants = {
        "w": random.integers(-127, 128, (inner, channels)).astype(np.int8),
        "b": random.integers(-1000, 1000, channels).astype(np.int32),
        "sx": np.float32(2**-5), "sw": np.float32(2**-7), "sb": np.float32(2**-12), "sy": np.float32(2**-3),
        "z8": np.int8(0), "z32": np.int32(0),
    }  # fmt: skip
    steps = [
        ("QuantizeLinear", "x sx z8", "xq"), ("DequantizeLinear", "xq sx z8", "xd"), ("DequantizeLinear", "w sw z8", "wd"),
        ("DequantizeLinear", "b sb z32", "bd"), ("Gemm", "xd wd bd", "g"), ("Relu", "g", "r"), ("QuantizeLinear", "r sy z8", "yq"),
        ("DequantizeLinear", "yq sy z8", "y"),
    ]  # fmt: skip
    graph = helper.make_graph(
        [helper.make_node(op, inputs.split(), [output], name=output) for op, inputs, output in steps],
        "dense",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", inner])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", channels])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def sizes(rows: int, columns: int) -> list[tuple[int, int]]:
    """Shares deep and wide: one tile, two, a few in a column, then whole columns of the array up to all."""
    few = [(1, 1), (2, 1), (2, 2), (rows, 1)]
    return few + [(rows, n) for n in sorted({2, columns // 8, columns // 4, columns // 2, 3 * columns // 4, columns - 1, columns})]


def scaling(device: str) -> Iterator[str]:
    """At most as many tiles as shares of weights; multiply-accumulates of the layer itself, without padding."""
    target = find_device(device)
    yield "| layer | tiles allowed | used | cut (depth x channels x rows) | interval | TOPS | of one tile's efficiency |"
    yield "|---|---|---|---|---|---|---|"
    alone = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for deep, wide in sizes(target.rows, target.columns):
            model = dense_model(INNER * deep, COLUMNS * wide, Path(folder) / f"dense{deep}x{wide}.onnx")
            told = {"batch": ROWS, "goal": "throughput", "replicas": 1, "device": device, "required": {"tiles": deep * wide}}
            m = measured(load_settings(model).overridden(output=Path(folder) / "out", **told))
            rate = 2 * ROWS * INNER * deep * COLUMNS * wide * m.device.clock_mhz * 1e6 / m.profile.interval / 1e12
            alone = alone or rate
            split = m.mapping.layers[0].split
            cut = f"{split.k} x {split.n} x {split.m}"
            yield (
                f"| {ROWS} x {INNER * deep} x {COLUMNS * wide} | {deep * wide} | {m.mapping.tiles_used} | {cut} "
                f"| {m.profile.interval:.5g} | {rate:.4g} | {rate / m.mapping.tiles_used / alone:.1%} |"
            )
