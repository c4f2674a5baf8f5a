"""Tensors that a model keeps in files beside it: read within the model's own folder and nowhere else, and embedded for a copy."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx import external_data_helper

from placer.errors import InputError

# Larger models hold no network that could stay on chip.
MAX_MODEL_BYTES = 512 * 1024 * 1024


def read_regular(path: Path, what: str, offset: int = 0, length: int | None = None) -> bytes:
    """Bytes of a file called `what` in messages, from `offset`, `length` of them or all.

    Raises InputError for what cannot be read, is too large, or is no file at all (a pipe would never end).
    """
    try:
        # Not blocking: a pipe without a writer would not even open.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return _section(handle, what, offset, length)
        finally:
            os.close(handle)
    except OSError as error:
        raise InputError(f"cannot read {what}: {error.strerror}") from error


def _section(handle: int, what: str, offset: int, length: int | None) -> bytes:
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"cannot read {what}: it is a {'folder' if stat.S_ISDIR(found.st_mode) else 'pipe or a device'}, not a file")
    count = found.st_size - offset if length is None else length
    if offset < 0 or count < 0 or offset + count > found.st_size:
        raise InputError(f"{what} has {found.st_size} bytes, not {count} from byte {offset}")
    if count > MAX_MODEL_BYTES:
        raise InputError(f"{what} is larger than {MAX_MODEL_BYTES >> 20} MB; no such network stays on chip")
    with os.fdopen(os.dup(handle), "rb") as file:
        file.seek(offset)
        return file.read(count)


def embed(model: onnx.ModelProto, path: Path) -> bool:
    """Move all external tensors of the model read from `path` into it; whether there were any.

    Raises InputError for data that are missing, incomplete, outside the model's folder or too large.
    """
    total, found = 0, False
    for tensor in _tensors(model.graph):
        if external_data_helper.uses_external_data(tensor):
            tensor.raw_data, found = _read(tensor, path), True
            tensor.data_location = onnx.TensorProto.DEFAULT
            del tensor.external_data[:]
            total += len(tensor.raw_data)
            if total > MAX_MODEL_BYTES:
                raise InputError(f"{path}: its data files hold more than {MAX_MODEL_BYTES >> 20} MB; no such network stays on chip")
    return found


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """The initialisers, and the constants that nodes hold."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _read(tensor: onnx.TensorProto, path: Path) -> bytes:
    """The bytes of an external tensor; never from outside the folder of the model at `path`."""
    try:
        info = external_data_helper.ExternalDataInfo(tensor)
        offset, length = int(info.offset or 0), int(info.length) if info.length else None
    except ValueError as error:
        raise InputError(f"{path}: tensor {tensor.name!r} states its place in a data file wrongly") from error
    folder = path.resolve().parent
    # Text that is not UTF-8 comes as bytes.
    if not isinstance(info.location, str) or "\x00" in info.location:
        raise InputError(f"{path}: tensor {tensor.name!r} refers to {info.location!r}, which is no file name")
    # With its symbolic links followed; the model's own folder may be reached through some.
    target = Path(os.path.realpath(folder / info.location))
    if not target.is_relative_to(folder):
        raise InputError(f"{path}: tensor {tensor.name!r} refers to {info.location!r}, outside the model's folder")
    return read_regular(target, f"the data file {info.location!r} of tensor {tensor.name!r} in {path}", offset, length)
