"""The only place that writes a project: to a temporary folder first, then moved to where it belongs."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from placer.codegen.emit import File
from placer.errors import InputError


def write_project(folder: Path, files: tuple[File, ...]) -> None:
    """Replace `folder` by the given files, all or nothing.

    Raises InputError when it cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise InputError(f"cannot write to {folder.parent}: {error.strerror}") from error
    try:
        for file in files:
            path = scratch / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8")
        scratch.chmod(0o755)
        _exchange(scratch, folder)
    except OSError as error:
        shutil.rmtree(scratch, ignore_errors=True)
        raise InputError(f"cannot write to {folder}: {error.strerror}") from error


def _exchange(new: Path, folder: Path) -> None:
    """Put `new` in the place of `folder`; whatever fails, what was there before is there again."""
    old = new.with_name(f"{new.name}.old")
    if folder.exists():
        folder.replace(old)
    try:
        new.replace(folder)
    except OSError:
        if old.exists():
            old.replace(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
