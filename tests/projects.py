"""A tiny network with a config: two dense layers around a residual add, solved in a moment on a few tiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from placer.config import Settings, load_settings
from placer.pipeline.stages import Outcome, Stage, run
from placer.solvers.base import Progress
from tests.qdq_models import QdqBuilder, some_weights


def tiny_model(folder: Path, batch: int | None = None) -> Path:
    """x [batch, 4, 16] -> product, Relu -> product over tokens -> residual add, as an ONNX file."""
    b = QdqBuilder(batch)
    x = b.qdq(b.input(4, 16))
    bias = b.weights((np.arange(16) * 100).astype(np.int32), -10, "int32")
    y = b.qdq(b.node("Relu", b.node("Add", b.node("MatMul", x, b.weights(some_weights(16, 16))), bias)), -2)
    turned = b.qdq(b.node("MatMul", b.node("Transpose", y, perm=[0, 2, 1]), b.weights(some_weights(4, 4, 1))), -1)
    return b.save(folder, b.qdq(b.node("Add", y, b.node("Transpose", turned, perm=[0, 2, 1])), -1))


def tiny_config(folder: Path, **values: object) -> Path:
    """A config of the tiny model on a corner of a VEK280, with these keys changed or added; results go to folder/out."""
    tiny_model(folder)
    keys = {"network": "model.onnx", "columns": 6, "rows": 4, "batch": 2, "iterations": 2, "output": str(folder / "out"), **values}
    path = folder / "tiny.yaml"
    path.write_text("".join(f"{k}: {v}\n" for k, v in keys.items()))
    return path


def ignore(_: Progress) -> None:
    """A progress sink that drops the news."""


def tiny_settings(folder: Path, **values: object) -> Settings:
    """The settings of the tiny config."""
    return load_settings(tiny_config(folder, **values))


def tiny_outcome(folder: Path, stop_after: Stage = Stage.EMIT, **values: object) -> Outcome:
    """A run of the tiny config."""
    return run(tiny_settings(folder, **values), stop_after, ignore)
