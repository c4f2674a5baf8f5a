"""One solve as a message: everything a worker needs, wherever it runs, and a key of what the result depends on."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from pydantic import TypeAdapter

from placer import __version__
from placer.config import Settings
from placer.device import Device
from placer.errors import PlacerError
from placer.frontend.external_data import embed, read_regular
from placer.pipeline.imported import target_device
from placer.pipeline.stages import Stage, run
from placer.sweeps.result import PointResult, PointStatus, failure, success

# Settings that do not change what a solve finds, or that the key holds by content.
NOT_IN_KEY = frozenset({"network", "device", "columns", "rows", "clock_mhz", "output", "iterations"})


class WorkerError(Exception):
    """A worker cannot solve this sweep's tasks."""


def installed_versions() -> tuple[str, str]:
    """Versions of placer and OR-Tools."""
    return __version__, version("ortools")


@dataclass(frozen=True)
class ModelFile:
    """A model as one ONNX file."""

    name: str
    data: bytes


@dataclass(frozen=True, eq=False)
class Task:
    """One solve. key: of settings, model, device and versions. versions: of placer and OR-Tools. device: cut to its columns and rows."""

    key: str
    versions: tuple[str, str]
    settings: Settings
    device: Device
    model: ModelFile


def make_task(settings: Settings) -> Task:
    """The task of some settings, with all files read.

    Raises InputError.
    """
    device, model = target_device(settings), read_model_file(settings.network)
    told = {
        "versions": installed_versions(),
        "settings": settings.model_dump(mode="json", exclude=set(NOT_IN_KEY)),
        "device": asdict(device),
        "model": (model.name, hashlib.sha256(model.data).hexdigest()),
    }
    key = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return Task(key, installed_versions(), settings, device, model)


@lru_cache(maxsize=64)
def read_model_file(path: Path) -> ModelFile:
    """An ONNX file, with the external data that it names in it.

    Raises InputError when one is missing, no file, or outside the model's folder; whether they hold a usable model is for the solve to say.
    """
    data = read_regular(path, f"model {path}")
    try:
        model = onnx.load_model_from_string(data)
    except DecodeError:
        return ModelFile(path.name, data)
    return ModelFile(path.name, model.SerializeToString() if embed(model, path) else data)


def solve_task(task: Task) -> PointResult:
    """Solve one task. Whatever goes wrong is a result with its reason, so that no point can stop a sweep.

    Raises WorkerError where another version is installed: its result would be of another key.
    """
    if task.versions != installed_versions():
        raise WorkerError(f"the worker has placer and OR-Tools {installed_versions()}, the sweep {task.versions}")
    with tempfile.TemporaryDirectory() as folder:
        result = _solve_in(Path(folder), task)
        # The scratch folder's name differs between runs.
        return replace(result, reason=result.reason.replace(f"{folder}/", ""))


def _solve_in(folder: Path, task: Task) -> PointResult:
    try:
        network = folder / task.model.name
        network.write_bytes(task.model.data)
        device = folder / "device.yaml"
        device.write_bytes(TypeAdapter(Device).dump_json(task.device))
        changes = {"network": network, "device": str(device), "columns": None, "rows": None, "clock_mhz": None}
        outcome = run(task.settings.replaced(changes, "task"), Stage.VERIFY, lambda _: None)
    except PlacerError as error:
        return failure(task.key, task.device, PointStatus.of(error), str(error))
    except Exception as error:  # a defect of ours, or no memory: the sweep goes on and says so
        return failure(task.key, task.device, PointStatus.FAILED, f"{type(error).__name__}: {error}")
    assert outcome.mapping is not None, "a run up to the verification has a mapping"
    return success(task.key, outcome.mapping, outcome.imported.device)
