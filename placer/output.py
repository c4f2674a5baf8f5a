"""Writing a run's results: checked beforehand, complete or not at all."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from dataclasses import dataclass
from pathlib import Path

from placer import __version__
from placer.codegen.project import write_project
from placer.config import Settings
from placer.errors import InputError
from placer.pipeline import Outcome


@dataclass(frozen=True)
class Written:
    """Where results lie; None for what the run did not reach."""

    mapping: Path | None
    problem: Path | None
    project: Path | None


def check_writable(folder: Path) -> None:
    """Raise InputError unless files can be made in `folder`, which is created; before any work is done for them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror}") from error


def write_outcome(outcome: Outcome, settings: Settings) -> Written:
    """Write mapping.json, run.json, model.onnx and adf/, or problem.json for a run that stopped before the solve.

    Raises InputError when the output folder cannot be written.
    """
    folder = settings.output
    written = Written(None, None, None)
    if outcome.files:
        write_project(folder / "adf", outcome.files)
        written = Written(None, None, folder / "adf")
    if outcome.mapping:
        write_file(folder / "model.onnx", outcome.imported.model)
        write_file(folder / "run.json", _run_facts(outcome, settings).encode())
        write_file(folder / "mapping.json", outcome.mapping.to_json().encode())
        return Written(folder / "mapping.json", None, written.project)
    if outcome.problem:
        write_file(folder / "problem.json", outcome.problem.to_json().encode())
        return Written(None, folder / "problem.json", None)
    return written


def write_file(path: Path, data: bytes) -> None:
    """Replace a file in one step.

    Raises InputError when it cannot be written.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            file.write(data)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error


def _run_facts(outcome: Outcome, settings: Settings) -> str:
    """What differs from run to run: times and the machine."""
    facts = {
        "placer": __version__,
        "settings": settings.model_dump(mode="json"),
        "seconds": {t.stage.value: round(t.seconds, 4) for t in outcome.times},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
    }
    return json.dumps(facts, indent=1) + "\n"
