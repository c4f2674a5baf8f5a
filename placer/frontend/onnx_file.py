"""Reading an ONNX file without trusting it: parsed, checked, put in topological order."""

from __future__ import annotations

import heapq
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from google.protobuf.message import DecodeError
from onnx import external_data_helper, numpy_helper

from placer.errors import InputError

# Larger files hold no network that could stay on chip.
MAX_FILE_BYTES = 512 * 1024 * 1024

Array = npt.NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class Initialiser:
    """A named constant of the file."""

    name: str
    value: Array


@dataclass(frozen=True, eq=False)
class GraphInput:
    """A real input (not an initialiser listed as one): its dimensions, None where symbolic, and its ONNX element type."""

    name: str
    dims: tuple[int | None, ...]
    element_type: int


@dataclass(frozen=True, eq=False)
class Model:
    """A parsed model: nodes in topological order, each with a unique name."""

    name: str
    inputs: tuple[GraphInput, ...]
    outputs: tuple[str, ...]
    initialisers: tuple[Initialiser, ...]
    nodes: tuple[onnx.NodeProto, ...]


def read_file(path: Path) -> Model:
    """Parse `path`.

    Raises InputError, in one sentence, for a file that is missing, unreadable, not ONNX, incomplete or cyclic.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InputError(f"{path} is larger than {MAX_FILE_BYTES >> 20} MB; no such network stays on chip")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read model {path}: {error.strerror}") from error
    try:
        proto = onnx.load_model_from_string(data)
    except (DecodeError, ValueError, RuntimeError) as error:
        raise InputError(f"{path} is not an ONNX model: it does not parse") from error
    if not proto.graph.node or not proto.graph.output:
        raise InputError(f"{path} is not an ONNX model: its graph has no nodes or no outputs")
    initialisers = tuple(_initialiser(t, path) for t in proto.graph.initializer)
    constants = {i.name for i in initialisers}
    inputs = tuple(_graph_input(i, path) for i in proto.graph.input if i.name not in constants)
    known = constants | {i.name for i in inputs} | {""}
    nodes = _sorted_nodes(list(proto.graph.node), known, path)
    return Model(path.stem, inputs, tuple(o.name for o in proto.graph.output), initialisers, nodes)


def tensor_value(tensor: onnx.TensorProto, where: str) -> Array:
    """The values of a tensor held in the file.

    Raises InputError naming `where` when they are incomplete.
    """
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except (ValueError, TypeError, KeyError, RuntimeError, MemoryError, OverflowError) as error:
        raise InputError(f"{where}: tensor {tensor.name!r} is malformed: its data do not match its shape {list(tensor.dims)}") from error


def _initialiser(tensor: onnx.TensorProto, path: Path) -> Initialiser:
    if external_data_helper.uses_external_data(tensor):
        _load_external(tensor, path)
    return Initialiser(tensor.name, tensor_value(tensor, str(path)))


def _load_external(tensor: onnx.TensorProto, path: Path) -> None:
    """Read a tensor kept in a file beside the model; never outside the model's own folder."""
    info = external_data_helper.ExternalDataInfo(tensor)
    folder = path.resolve().parent
    target = Path(os.path.realpath(folder / info.location))
    if not target.is_relative_to(folder):
        raise InputError(f"{path}: tensor {tensor.name!r} refers to {info.location!r}, outside the model's folder")
    try:
        size = target.stat().st_size
        offset = info.offset or 0
        length = info.length or size - offset
        if offset < 0 or length < 0 or offset + length > size or length > MAX_FILE_BYTES:
            raise InputError(f"{path}: tensor {tensor.name!r} lies outside its data file {info.location!r}")
        with target.open("rb") as file:
            file.seek(offset)
            tensor.raw_data = file.read(length)
    except OSError as error:
        raise InputError(f"{path}: cannot read the data file {info.location!r} of tensor {tensor.name!r}: {error.strerror}") from error
    tensor.data_location = onnx.TensorProto.DEFAULT
    del tensor.external_data[:]


def _graph_input(value: onnx.ValueInfoProto, path: Path) -> GraphInput:
    kind = value.type.tensor_type
    if not kind.HasField("shape"):
        raise InputError(f"{path}: input {value.name!r} has no shape; export the model with a static shape and a symbolic batch")
    dims = tuple(d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim)
    return GraphInput(value.name, dims, kind.elem_type)


def _sorted_nodes(nodes: list[onnx.NodeProto], known: set[str], path: Path) -> tuple[onnx.NodeProto, ...]:
    """Topological order, stable with respect to the file's own order; unnamed or doubly named nodes get names."""
    produced = {name for node in nodes for name in node.output}
    waiting: list[set[str]] = []
    readers: dict[str, list[int]] = {}
    ready: list[int] = []
    for index, node in enumerate(nodes):
        missing = {name for name in node.input if name not in known}
        for name in missing:
            if name not in produced:
                raise InputError(f"{path}: node {node.name or node.op_type!r} reads {name!r}, which nothing in the model defines")
            readers.setdefault(name, []).append(index)
        waiting.append(missing)
        if not missing:
            heapq.heappush(ready, index)
    ordered, names = [], set()
    while ready:
        index = heapq.heappop(ready)
        node = nodes[index]
        if not node.name or node.name in names:
            node.name = f"{node.op_type}_{index}"
        names.add(node.name)
        ordered.append(node)
        for name in node.output:
            for reader in readers.pop(name, ()):
                waiting[reader].discard(name)
                if not waiting[reader]:
                    heapq.heappush(ready, reader)
    if len(ordered) < len(nodes):
        raise InputError(f"{path}: the model's graph has a cycle through node {next(n for i, n in enumerate(nodes) if waiting[i]).name!r}")
    return tuple(ordered)
