"""Readers, one a dialect, from ONNX onto one Network."""

from __future__ import annotations

from pathlib import Path

from placer.errors import InputError, UnsupportedModelError
from placer.frontend.fold import drop_unread, fold_clamps
from placer.frontend.onnx_file import read_file, self_contained
from placer.frontend.reader import Reader
from placer.network import Network

__all__ = ["read_model", "self_contained"]


def read_model(path: Path) -> Network:
    """Import an ONNX file.

    Raises InputError for a file that cannot be read, UnsupportedModelError for a model that cannot be mapped exactly; both in one sentence.
    """
    try:
        return drop_unread(fold_clamps(drop_unread(Reader(read_file(path)).read())))
    except MemoryError as error:
        raise InputError(f"{path}: importing it takes more memory than there is") from error
    except RecursionError as error:
        raise UnsupportedModelError(f"{path}: too many functions follow each other without a quantiser between them") from error
