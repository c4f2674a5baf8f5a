"""Readers, one a dialect, from ONNX onto one Network."""

from __future__ import annotations

from pathlib import Path

from placer.frontend.fold import drop_unread, fold_clamps
from placer.frontend.onnx_file import read_file
from placer.frontend.reader import Reader
from placer.network import Network


def read_model(path: Path) -> Network:
    """Import an ONNX file.

    Raises InputError for a file that cannot be read, UnsupportedModelError for a model that cannot be mapped exactly; both in one sentence.
    """
    return drop_unread(fold_clamps(drop_unread(Reader(read_file(path)).read())))
