"""Reading files: whatever lies in them, a Model or one sentence."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, external_data_helper, helper, numpy_helper

from placer.errors import InputError, PlacerError
from placer.frontend import read_model, self_contained
from placer.frontend.onnx_file import read_file
from placer.network import Dense
from tests.qdq_models import QdqBuilder, dense_model


def refused(path: Path) -> str:
    """The sentence with which a file is refused."""
    with pytest.raises(InputError) as caught:
        read_file(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def changed(folder: Path, change: Callable[[onnx.ModelProto], object]) -> Path:
    """A file with a small model after `change`."""
    b, end = dense_model()
    model = b.model(end)
    change(model)
    path = folder / "changed.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def test_missing_file(tmp_path: Path) -> None:
    """The message names the path and the reason."""
    assert refused(tmp_path / "none.onnx") == f"cannot read model {tmp_path / 'none.onnx'}: No such file or directory"


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    """A folder is not a model."""
    assert refused(tmp_path).endswith("it is a folder, not a file")


def test_pipe_instead_of_a_file(tmp_path: Path) -> None:
    """A pipe, for the model or for its data, would never end."""
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe").endswith("it is a pipe or a device, not a file")
    assert refused(Path("/dev/zero")).endswith("it is a pipe or a device, not a file")
    assert "it is a pipe or a device" in refused(external_model(tmp_path, "pipe"))


@pytest.mark.parametrize("data", [b"", b"network: x\n", b"\x08\x07", bytes(range(256)) * 8, b"\xff" * 100], ids=len)
def test_not_onnx(tmp_path: Path, data: bytes) -> None:
    """Empty, text, header-only and binary files are not ONNX models."""
    path = tmp_path / "x.onnx"
    path.write_bytes(data)
    assert "is not an ONNX model" in refused(path)


def test_any_damage_is_one_sentence(tmp_path: Path) -> None:
    """Whatever bytes of a model change or go missing: a network, or a PlacerError of one line; never anything else."""
    b, end = dense_model()
    data = b.model(end).SerializeToString()
    rng, path, refusals = random.Random(0), tmp_path / "x.onnx", 0
    for _ in range(1500):
        damaged = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        if rng.random() < 0.2:
            del damaged[rng.randrange(len(damaged)) :]
        path.write_bytes(damaged)
        try:
            read_model(path)
        except PlacerError as error:
            refusals += 1
            assert "\n" not in str(error)
    assert refusals > 300


def test_missing_opset(tmp_path: Path) -> None:
    """A model without an operator-set version has no meaning."""
    path = changed(tmp_path, lambda m: m.ClearField("opset_import"))
    assert "states no operator-set version" in refused(path)


def test_undefined_operand(tmp_path: Path) -> None:
    """A node that reads what nothing defines."""
    path = changed(tmp_path, lambda m: m.graph.node[2].input.__setitem__(0, "ghost"))
    assert "reads 'ghost', which nothing in the model defines" in refused(path)


def test_undefined_output(tmp_path: Path) -> None:
    """A graph output that nothing defines."""
    path = changed(tmp_path, lambda m: m.graph.output.add(name="ghost"))
    assert "output 'ghost' is not defined by any node" in refused(path)


def test_node_without_output(tmp_path: Path) -> None:
    """A node whose output list is empty."""
    path = changed(tmp_path, lambda m: m.graph.node[-1].ClearField("output"))
    assert "has no output" in refused(path)


@pytest.mark.parametrize("what", ["node", "initialiser", "both"])
def test_doubly_defined_value(tmp_path: Path, what: str) -> None:
    """One name for two values would silently mean either."""

    def twice(model: onnx.ModelProto) -> None:
        if what != "initialiser":
            model.graph.node.append(model.graph.node[-1])
        if what != "node":
            model.graph.initializer.append(model.graph.initializer[0])

    assert "is defined more than once" in refused(changed(tmp_path, twice))


def test_cycle(tmp_path: Path) -> None:
    """Nodes that wait for each other."""

    def tie(model: onnx.ModelProto) -> None:
        model.graph.node[0].input[0] = model.graph.node[-1].output[0]

    assert "has a cycle through node" in refused(changed(tmp_path, tie))


def test_nodes_in_any_order(tmp_path: Path) -> None:
    """Some exporters do not write nodes in topological order."""

    def turn(model: onnx.ModelProto) -> None:
        nodes = list(model.graph.node)
        model.graph.ClearField("node")
        model.graph.node.extend(reversed(nodes))

    path = changed(tmp_path, turn)
    positions = {n: i for i, node in enumerate(read_file(path).nodes) for n in node.output}
    for i, node in enumerate(read_file(path).nodes):
        assert all(positions.get(name, -1) < i for name in node.input)


def test_node_names_become_unique(tmp_path: Path) -> None:
    """Doubly named and unnamed nodes, and names that look like ours, end up distinct."""

    def name(model: onnx.ModelProto) -> None:
        for node, text in zip(model.graph.node, ("MatMul_3", "", "a", "a", "MatMul_3", ""), strict=False):
            node.name = text

    names = [n.name for n in read_file(changed(tmp_path, name)).nodes]
    assert len(set(names)) == len(names)
    assert all(names)


def test_initialisers_among_the_inputs(tmp_path: Path) -> None:
    """Old exporters list initialisers as inputs; only the others are real."""

    def both(model: onnx.ModelProto) -> None:
        for tensor in model.graph.initializer:
            model.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))

    path = changed(tmp_path, both)
    assert [i.name for i in read_file(path).inputs] == ["x"]
    assert len(read_model(path).inputs) == 1


def test_input_without_shape(tmp_path: Path) -> None:
    """An input of unknown rank."""
    path = changed(tmp_path, lambda m: m.graph.input[0].type.tensor_type.ClearField("shape"))
    assert "input 'x' has no shape" in refused(path)


def test_truncated_initialiser(tmp_path: Path) -> None:
    """Fewer data than the shape says."""

    def cut(model: onnx.ModelProto) -> None:
        tensor = next(t for t in model.graph.initializer if t.data_type == TensorProto.INT8 and t.dims)
        tensor.raw_data = tensor.raw_data[:-1]

    assert "its data do not match its shape" in refused(changed(tmp_path, cut))


def external_model(folder: Path, location: str) -> Path:
    """A model whose first initialiser lies in another file."""
    b = QdqBuilder()
    tensor = numpy_helper.from_array(np.arange(32, dtype=np.int8).reshape(8, 4), "w")
    b.initialisers.append(tensor)
    weight = b.dequantise("w", -6)
    model = b.model(b.qdq(b.node("MatMul", b.qdq(b.input(8)), weight)))
    held = next(t for t in model.graph.initializer if t.name == "w")
    external_data_helper.set_external_data(held, location, length=32)
    held.ClearField("raw_data")
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def test_external_data(tmp_path: Path) -> None:
    """Weights in a file beside the model are read."""
    path = external_model(tmp_path, "model.bin")
    (tmp_path / "model.bin").write_bytes(bytes(range(32)))
    values = {i.name: i.value for i in read_file(path).initialisers}
    np.testing.assert_array_equal(values["w"], np.arange(32).reshape(8, 4))


def test_external_data_missing(tmp_path: Path) -> None:
    """The message names the data file."""
    assert "cannot read the data file 'model.bin'" in refused(external_model(tmp_path, "model.bin"))


def test_external_data_too_short(tmp_path: Path) -> None:
    """A data file that ends too early."""
    path = external_model(tmp_path, "model.bin")
    (tmp_path / "model.bin").write_bytes(bytes(31))
    assert "has 31 bytes, not 32 from byte 0" in refused(path)


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/hostname"])
def test_external_data_stay_in_the_folder(tmp_path: Path, location: str) -> None:
    """A model cannot make us read other files."""
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(32))
    assert "outside the model's folder" in refused(external_model(folder, location))


def test_external_data_through_a_link(tmp_path: Path) -> None:
    """A symbolic link inside the folder that leads out of it; one that stays inside is read."""
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(32))
    (folder / "data.bin").write_bytes(bytes(32))
    (folder / "out.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "in.bin").symlink_to(folder / "data.bin")
    assert "outside the model's folder" in refused(external_model(folder, "out.bin"))
    assert read_model(external_model(folder, "in.bin")).inputs


@pytest.mark.parametrize("length", ["2147483648", "-5", "x", "9" * 30])
def test_external_data_of_impossible_length(tmp_path: Path, length: str) -> None:
    """More than there is, less than nothing, no number."""
    path = external_model(tmp_path, "model.bin")
    (tmp_path / "model.bin").write_bytes(bytes(32))
    model = onnx.load(path, load_external_data=False)
    held = next(t for t in model.graph.initializer if t.name == "w")
    next(e for e in held.external_data if e.key == "length").value = length
    path.write_bytes(model.SerializeToString())
    assert "tensor 'w'" in refused(path)


@pytest.mark.parametrize("location", ["model.bin", "/etc/hostname"])
def test_external_data_of_a_constant_node(tmp_path: Path, location: str) -> None:
    """A constant that a node holds keeps to the folder as an initialiser does."""
    path = external_model(tmp_path, location)
    (tmp_path / "model.bin").write_bytes(bytes(range(32)))
    model = onnx.load(path, load_external_data=False)
    held = next(t for t in model.graph.initializer if t.name == "w")
    node = helper.make_node("Constant", [], ["w"])
    node.attribute.append(onnx.AttributeProto(name="value", type=onnx.AttributeProto.TENSOR, t=held))
    model.graph.node.append(node)
    model.graph.initializer.remove(held)
    path.write_bytes(model.SerializeToString())
    if location == "model.bin":
        assert read_model(path).inputs
    else:
        assert "outside the model's folder" in refused(path)


def test_self_contained(tmp_path: Path) -> None:
    """A copy needs no file beside it and is the same network; a model that never did is left as it is."""
    path = external_model(tmp_path, "model.bin")
    (tmp_path / "model.bin").write_bytes(bytes(range(32)))
    copy = tmp_path / "elsewhere" / "copy.onnx"
    copy.parent.mkdir()
    copy.write_bytes(self_contained(path))
    ours, theirs = (next(op for op in read_model(p).operations if isinstance(op, Dense)) for p in (path, copy))
    np.testing.assert_array_equal(ours.weight, theirs.weight)
    assert self_contained(copy) == copy.read_bytes()


def test_a_constant_that_doubles(tmp_path: Path) -> None:
    """Forty small nodes would fill a terabyte."""

    def double(model: onnx.ModelProto) -> None:
        model.graph.initializer.append(numpy_helper.from_array(np.zeros(8, np.int64), "d0"))
        model.graph.node.extend(helper.make_node("Concat", [f"d{i}", f"d{i}"], [f"d{i + 1}"], axis=0) for i in range(40))

    path = changed(tmp_path, double)
    with pytest.raises(InputError, match="Concat of constants gives up to"):
        read_model(path)


@pytest.mark.parametrize("field", [b"layer_of_a_name", b"dense_input"])
def test_names_that_are_not_text(tmp_path: Path, field: bytes) -> None:
    """Names in another encoding than UTF-8."""

    def name(model: onnx.ModelProto) -> None:
        model.graph.node[1].name = "layer_of_a_name"
        for node in model.graph.node:
            for i, operand in enumerate(node.input):
                node.input[i] = "dense_input" if operand == "x" else operand
        model.graph.input[0].name = "dense_input"

    path = changed(tmp_path, name)
    path.write_bytes(path.read_bytes().replace(field, b"\xff" + field[1:]))
    assert re.search("not text|name of text", refused(path))
