"""Writing a run's results: checked beforehand, complete or not at all."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from placer import __version__
from placer.config import DEVICE_SUFFIXES, Settings
from placer.device import find_device
from placer.errors import InputError
from placer.mapped_device import DEVICE, device_text
from placer.pipeline.stages import Outcome, save_project
from placer.report.page import report_html
from placer.run_record import read_run_record

FILES = ("mapping.json", "model.onnx", "problem.json", "report.html", "run.json", DEVICE)
PROJECT = "adf"


@dataclass(frozen=True)
class Written:
    """Where results lie; None for what the run did not reach."""

    mapping: Path | None
    problem: Path | None
    project: Path | None
    report: Path | None


def check_writable(folder: Path) -> None:
    """Raise InputError unless `folder` can hold results; before any work is done for them, and without making it."""
    try:
        existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
        with tempfile.NamedTemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror}") from error
    for name in FILES:
        if (folder / name).is_dir():
            raise InputError(f"cannot write to {folder}: {name} is a folder there")
    if (folder / PROJECT).is_file():
        raise InputError(f"cannot write to {folder}: {PROJECT} is a file there")


def write_outcome(outcome: Outcome, settings: Settings) -> Written:
    """Write mapping.json, run.json, model.onnx, report.html and adf/, or problem.json for a run that stopped before the solve.

    Raises InputError when the output folder cannot be written.
    """
    folder = settings.output
    written = Written(None, None, None, None)
    if outcome.problem is None:
        return written
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror}") from error
    if outcome.files:
        save_project(outcome, folder / PROJECT)
        written = replace(written, project=folder / PROJECT)
    if outcome.mapping:
        write_file(folder / "model.onnx", outcome.imported.model)
        _write_device(folder, settings)
        facts = _run_facts(outcome, settings)
        write_file(folder / "run.json", facts.encode())
        write_file(folder / "mapping.json", outcome.mapping.to_json().encode())
        page = report_html(outcome.mapping, outcome.imported.device, read_run_record(facts, "run.json"))
        write_file(folder / "report.html", page.encode())
        return replace(written, mapping=folder / "mapping.json", report=folder / "report.html")
    write_file(folder / "problem.json", outcome.problem.to_json().encode())
    return replace(written, problem=folder / "problem.json")


def _write_device(folder: Path, settings: Settings) -> None:
    """A device of the user's own beside its mapping; none of an earlier run beside that for a shipped one."""
    if settings.device.endswith(DEVICE_SUFFIXES):
        write_file(folder / DEVICE, device_text(find_device(settings.device)).encode())
    else:
        (folder / DEVICE).unlink(missing_ok=True)


def write_file(path: Path, data: bytes) -> None:
    """Replace a file in one step.

    Raises InputError when it cannot be written.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        scratch.write_bytes(data)
        scratch.replace(path)
    except OSError as error:
        scratch.unlink(missing_ok=True)
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
        "progress": [asdict(news) for news in outcome.progress],
    }
    return json.dumps(facts, indent=1) + "\n"
