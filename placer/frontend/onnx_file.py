"""Reading an ONNX file without trusting it: parsed, checked, put in topological order."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from placer.errors import InputError
from placer.frontend.external_data import embed, read_regular

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
    proto, _ = _parsed(path)
    if not proto.graph.node or not proto.graph.output:
        raise InputError(f"{path} is not an ONNX model: its graph has no nodes or no outputs")
    if not any(o.domain in {"", "ai.onnx"} for o in proto.opset_import):
        raise InputError(f"{path} is not a complete ONNX model: it states no operator-set version")
    initialisers = tuple(_initialiser(t, path) for t in proto.graph.initializer)
    constants = {i.name for i in initialisers}
    inputs = tuple(_graph_input(i, path) for i in proto.graph.input if i.name not in constants)
    known = constants | {i.name for i in inputs} | {""}
    _check_definitions(proto.graph, [*(i.name for i in initialisers), *(i.name for i in inputs)], path)
    nodes = _sorted_nodes(list(proto.graph.node), known, path)
    return Model(path.stem, inputs, tuple(o.name for o in proto.graph.output), initialisers, nodes)


def self_contained(path: Path) -> bytes:
    """The bytes of a model that need no file beside it: the file's own, or, where it keeps data elsewhere, with these inside.

    Raises InputError as read_file does.
    """
    proto, data = _parsed(path)
    return data if data is not None else proto.SerializeToString(deterministic=True)


def _parsed(path: Path) -> tuple[onnx.ModelProto, bytes | None]:
    """The model with all its data, and the file's bytes where they are all of it."""
    data = read_regular(path, f"model {path}")
    try:
        proto = onnx.load_model_from_string(data)
    except (DecodeError, ValueError, RuntimeError) as error:
        raise InputError(f"{path} is not an ONNX model: it does not parse") from error
    return proto, None if embed(proto, path) else data


def tensor_value(tensor: onnx.TensorProto, where: str) -> Array:
    """The values of a tensor held in the file.

    Raises InputError naming `where` when they are incomplete.
    """
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except (ValueError, TypeError, KeyError, RuntimeError, MemoryError, OverflowError) as error:
        raise InputError(f"{where}: tensor {tensor.name!r} is malformed: its data do not match its shape {list(tensor.dims)}") from error


def _initialiser(tensor: onnx.TensorProto, path: Path) -> Initialiser:
    return Initialiser(tensor.name, tensor_value(tensor, str(path)))


def _graph_input(value: onnx.ValueInfoProto, path: Path) -> GraphInput:
    kind = value.type.tensor_type
    if not kind.HasField("shape"):
        raise InputError(f"{path}: input {value.name!r} has no shape; export the model with a static shape and a symbolic batch")
    # Some exporters write an unknown dimension as 0 or -1.
    dims = tuple(d.dim_value if d.dim_value > 0 else None for d in kind.shape.dim)
    return GraphInput(value.name, dims, kind.elem_type)


def _check_definitions(graph: onnx.GraphProto, names: list[str], path: Path) -> None:
    """Every value is defined once, every node defines one, and every output is defined."""
    for node in graph.node:
        # Text that is not UTF-8 comes as bytes.
        if not all(isinstance(text, str) for text in (node.name, node.op_type, node.domain, *node.input, *node.output)):
            raise InputError(f"{path}: a node has a name that is not text")
        if not node.output or not node.output[0]:
            raise InputError(f"{path}: node {node.name or node.op_type!r} has no output")
        names.extend(name for name in node.output if name)
    defined: set[str] = set()
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"{path}: {name!r} is not a name of text")
        if name in defined:
            raise InputError(f"{path}: {name!r} is defined more than once")
        defined.add(name)
    for output in graph.output:
        if output.name not in defined:
            raise InputError(f"{path}: output {output.name!r} is not defined by any node")


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
    ordered: list[onnx.NodeProto] = []
    names: set[str] = set()
    while ready:
        index = heapq.heappop(ready)
        node = nodes[index]
        _name(node, index, names)
        ordered.append(node)
        for name in node.output:
            for reader in readers.pop(name, ()):
                waiting[reader].discard(name)
                if not waiting[reader]:
                    heapq.heappush(ready, reader)
    if len(ordered) < len(nodes):
        raise InputError(f"{path}: the model's graph has a cycle through node {next(n for i, n in enumerate(nodes) if waiting[i]).name!r}")
    return tuple(ordered)


def _name(node: onnx.NodeProto, index: int, names: set[str]) -> None:
    """Give a node without a name, or with one of `names`, a name of its own, and add it to them."""
    if not node.name or node.name in names:
        stem = f"{node.op_type}_{index}"
        node.name = next(n for n in (stem, *(f"{stem}_{i}" for i in range(2, len(names) + 3))) if n not in names)
    names.add(node.name)
