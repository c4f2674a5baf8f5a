"""A project whose windows hang over their activations and are walked block by block: emitted, built, run, bit for bit."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from placer.device import Device, find_device
from placer.pipeline.imported import import_network
from tests.command_line import CommandLine
from tests.qdq_models import QdqBuilder, some_weights

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")]


def write_config(folder: Path) -> Path:
    """40 -> 72 -> 16 for 36 samples: 5 blocks of inputs, 9 of outputs and 9 of rows in two parts each, read whole by the second layer.

    The device's descriptors count to 31, and the 20 rows of a window are 40 words a column block.
    """
    b = QdqBuilder()
    middle = b.qdq(b.node("MatMul", b.qdq(b.input(40)), b.weights(some_weights(40, 72))))
    model = b.save(folder, b.qdq(b.node("MatMul", middle, b.weights(some_weights(72, 16)))))
    device = find_device("VEK280").resized(6, 4)
    device = replace(device, name="cut", boards=(), memory_tile=replace(device.memory_tile, descriptor_wrap=31))
    (folder / "device.yaml").write_text(yaml.safe_dump(TypeAdapter(Device).dump_python(device, mode="json")))
    first, second = (layer.name for layer in import_network(model, device, 36).laid_out.graph.layers)
    splits = {first: {"contraction": 2, "channels": 2, "rows": 2}, second: {"contraction": 1, "channels": 1, "rows": 1}}
    keys = {"network": model.name, "device": "device.yaml", "batch": 36, "iterations": 2, "splits": splits, "output": str(folder / "out")}
    (folder / "config.yaml").write_text(yaml.safe_dump(keys))
    return folder / "config.yaml"


def test_uneven_parts(placer: CommandLine, tmp_path: Path) -> None:
    """Both comparisons without a mismatch; the windows of 20 rows lie in 40, of which 36 are data, in blocks of 4 x 8."""
    ran = placer("solve", write_config(tmp_path), "--json")
    assert ran.code == 0, ran.err
    check = json.loads(ran.out.splitlines()[-1])["check"]
    assert check["host_vs_reference"] == {"compared": 2 * 36 * 16, "mismatches": 0, "max_difference": 0}
    assert check["host_vs_onnxruntime"] == check["host_vs_reference"]
    walks = re.findall(r"write_access\(b.in\[\d\]\) = adf::tiling\(window\((.*)\)\);", (tmp_path / "out/adf/graph.hpp").read_text())
    assert "{32, 10, 1, 10}, {32, 5, 1, 5}, {0, 5, 0, 5}" in walks
