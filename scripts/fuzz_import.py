"""Import and lower mutated models under a memory and a time limit: an answer or one sentence, never a crash, hang or stray read.

    python -m scripts.fuzz_import MODEL_FOLDER [--count 20000] [--seed 0]

Every mutant of a batch is imported in a child process with limits of address space and processor time; a dead child, an exception that is
not a PlacerError, a message of more than one line, or a file opened outside the mutant's folder is a finding. Exit code 1 if there are any.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import queue
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import onnx
from onnx import TensorProto, helper

from placer.errors import PlacerError
from placer.frontend import read_model
from placer.lowering.lower import lower

MEMORY_BYTES = 3 << 30
SECONDS = 10
BATCH = 250
HUGE = (1 << 62, 1 << 40, 1 << 31, 100_000_000, 65536)


@dataclass(frozen=True)
class Finding:
    """A mutant that broke a rule: its number, and what happened."""

    number: int
    what: str


@dataclass(frozen=True)
class DataFile:
    """A file beside the mutants, which may keep their constants."""

    name: str
    data: bytes


Mutation = Callable[[onnx.ModelProto, random.Random], None]


def _pick_tensor(model: onnx.ModelProto, rng: random.Random) -> TensorProto:
    tensors = list(model.graph.initializer)
    return rng.choice(tensors) if tensors else model.graph.initializer.add()


def huge_shape(model: onnx.ModelProto, rng: random.Random) -> None:
    """A dimension far beyond the data, of an initialiser or an input."""
    if rng.random() < 0.5 and model.graph.input:
        dims = rng.choice(model.graph.input).type.tensor_type.shape.dim
        if dims:
            rng.choice(dims).dim_value = rng.choice((*HUGE, 0, -1, -(1 << 60)))
    else:
        tensor = _pick_tensor(model, rng)
        tensor.dims[:] = [rng.choice((*HUGE, 0, -1, 3)) for _ in range(rng.randint(0, 5))]


def wrong_type(model: onnx.ModelProto, rng: random.Random) -> None:
    """An initialiser or input of another element type."""
    kind = rng.choice([*range(30), -1, 10**6])
    if rng.random() < 0.7:
        _pick_tensor(model, rng).data_type = kind
    elif model.graph.input:
        rng.choice(model.graph.input).type.tensor_type.elem_type = kind


def missing(model: onnx.ModelProto, rng: random.Random) -> None:
    """An initialiser, node, input or output less."""
    fields = [f for f in (model.graph.initializer, model.graph.node, model.graph.input, model.graph.output) if len(f)]
    field = rng.choice(fields)
    del field[rng.randrange(len(field))]


def rewired(model: onnx.ModelProto, rng: random.Random) -> None:
    """An operand taken from anywhere, which may close a cycle."""
    nodes = [n for n in model.graph.node if n.input]
    names = [name for n in model.graph.node for name in (*n.input, *n.output)]
    if nodes:
        node = rng.choice(nodes)
        node.input[rng.randrange(len(node.input))] = rng.choice([*names, "", "nothing"])


OPERATORS = (
    "Softmax", "Gather", "Concat", "Reshape", "Clip", "Pow", "Sqrt", "QGemm", "Quant", "LSTM", "Conv", "QLinearConv", "Max", "ReduceMax",
    "GlobalMaxPool", "ReduceL1", "Pad", "Tile", "",
)  # fmt: skip


def renamed_operator(model: onnx.ModelProto, rng: random.Random) -> None:
    """Another operator or domain on the same operands."""
    if model.graph.node:
        node = rng.choice(model.graph.node)
        kinds = [n.op_type for n in model.graph.node]
        node.op_type = rng.choice([*kinds, *OPERATORS])
        node.domain = rng.choice(["", node.domain, "com.microsoft", "qonnx.custom_op.general", "x"])


def attribute(model: onnx.ModelProto, rng: random.Random) -> None:
    """An attribute of any name and value."""
    if model.graph.node:
        node = rng.choice(model.graph.node)
        name = rng.choice(
            ["axis", "perm", "transA", "transB", "alpha", "beta", "keepdims", "axes", "epsilon", "to", "signed", "block_size", "shape"]
        )
        value = rng.choice([rng.choice(HUGE[1:]), -1, 0, 1, 7, 1e38, float("nan"), [3, 1, 0], [0, 2, 1], [-9], [], "text"])
        kept = [a for a in node.attribute if a.name != name]
        del node.attribute[:]
        node.attribute.extend(kept)
        if value != []:
            node.attribute.append(helper.make_attribute(name, value))


def odd_values(model: onnx.ModelProto, rng: random.Random) -> None:
    """Bytes of a constant replaced: scales become NaN, 0, negative, infinite."""
    tensor = _pick_tensor(model, rng)
    data = bytearray(tensor.raw_data)
    if data:
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.choice((0, 127, 128, 255, rng.randrange(256)))
        tensor.raw_data = bytes(data)
    elif tensor.float_data:
        tensor.float_data[rng.randrange(len(tensor.float_data))] = rng.choice([0.0, -1.0, float("nan"), float("inf"), 1e-45, 3e38])


def cut_data(model: onnx.ModelProto, rng: random.Random) -> None:
    """A constant with fewer or more bytes than its shape says."""
    tensor = _pick_tensor(model, rng)
    tensor.raw_data = tensor.raw_data[: rng.randrange(len(tensor.raw_data) + 1)] if rng.random() < 0.7 else tensor.raw_data * 3


def external(model: onnx.ModelProto, rng: random.Random) -> None:
    """A constant, sometimes one that a node holds, kept in a file outside the folder, in no file, or beyond the end of one."""
    tensor = _pick_tensor(model, rng)
    if rng.random() < 0.3:
        moved = model.graph.node.add(op_type="Constant", output=[tensor.name])
        held = moved.attribute.add(name="value", type=onnx.AttributeProto.TENSOR).t
        held.CopyFrom(tensor)
        if tensor in model.graph.initializer:
            model.graph.initializer.remove(tensor)
        tensor = held
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    places = [
        "/etc/passwd",
        "../../../../etc/passwd",
        "../secret.bin",
        "/dev/zero",
        ".",
        "",
        "model.onnx",
        "a/../../secret.bin",
        "link.bin",
        "pipe",
        "data.bin",
        "\x00",
    ]
    pairs = {
        "location": rng.choice(places),
        "offset": rng.choice(["0", "-1", str(1 << 40), "x"]),
        "length": rng.choice([str(2 << 30), "-5", "4", str(1 << 16), "y"]),
    }
    del tensor.external_data[:]
    for key, value in pairs.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value


def odd_name(model: onnx.ModelProto, rng: random.Random) -> None:
    """A name that another value has, or that no terminal, file or program should see; everywhere or in one place."""
    names = [name for n in model.graph.node for name in (*n.input, *n.output, n.name)]
    if not names:
        return
    old, new = rng.choice(names), rng.choice([*names, "\x1b[31m\n\r", "../x", "", "a" * 5000, "\u202e%s{}", "int", "*/ #include"])
    everywhere = rng.random() < 0.7
    for node in model.graph.node:
        for field in (node.input, node.output):
            for i, name in enumerate(field):
                if name == old and (everywhere or rng.random() < 0.3):
                    field[i] = new
        node.name = new if node.name == old else node.name
    for value in (*model.graph.initializer, *model.graph.input, *model.graph.output):
        value.name = new if value.name == old and everywhere else value.name


def doubled(model: onnx.ModelProto, rng: random.Random) -> None:
    """A chain of nodes that each double a constant, or apply one more function to a value, or move it once more."""
    nodes = [n for n in model.graph.node if n.output]
    if not nodes:
        return
    kind, at = rng.choice(["Concat", "Sigmoid", "Transpose", "Add", "Identity"]), rng.choice(nodes)
    start = at.output[0] if kind != "Concat" or not model.graph.initializer else rng.choice(model.graph.initializer).name
    count = rng.choice([3, 40, 400])
    for i in range(count):
        source = start if i == 0 else f"chain{i - 1}"
        inputs = [source] * (2 if kind in {"Concat", "Add"} else 1)
        model.graph.node.append(helper.make_node(kind, inputs, [f"chain{i}"], **({"axis": 0} if kind == "Concat" else {})))
    model.graph.output.add(name=f"chain{count - 1}")


MUTATIONS: tuple[Mutation, ...] = (
    huge_shape, wrong_type, missing, rewired, rewired, renamed_operator, attribute, odd_values, cut_data, external, odd_name, doubled,
)  # fmt: skip


def mutant(sources: tuple[bytes, ...], number: int, seed: int) -> bytes:
    """Mutant `number`: a model with one to four mutations, or, one in five, a file with bytes changed or cut."""
    rng = random.Random(f"{seed}.{number}")
    data = rng.choice(sources)
    if rng.random() < 0.2:
        raw = bytearray(data)
        for _ in range(rng.randint(1, 20)):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        return bytes(raw[: rng.randrange(len(raw))] if rng.random() < 0.5 else raw)
    model = onnx.load_model_from_string(data)
    for _ in range(rng.randint(1, 4)):
        try:
            rng.choice(MUTATIONS)(model, rng)
        except (ValueError, TypeError):
            # The mutation is not expressible on what the ones before left.
            continue
    return model.SerializeToString()


def import_mutant(path: Path) -> str | None:
    """What is wrong with how `path` is imported, or None."""

    def expired(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    # Processor time: a busy machine is no finding.
    signal.signal(signal.SIGPROF, expired)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        lower(read_model(path))
    except PlacerError as error:
        return None if "\n" not in str(error) and str(error) else f"message {str(error)!r}"
    except TimeoutError:
        return f"takes more than {SECONDS} s"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return None


def _watch(folder: Path, opened: list[str]) -> None:
    """Note every file that is opened outside `folder` under a path that a model can name."""
    suspicious = ("/etc/", "/dev/zero", str(folder.parent / "secret.bin"))

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            name = os.path.realpath(os.fsdecode(arguments[0]).replace("\x00", ""))
            if name.startswith(suspicious):
                opened.append(name)

    sys.addaudithook(hook)


def _batch(
    sources: tuple[bytes, ...],
    beside: tuple[DataFile, ...],
    numbers: range,
    seed: int,
    results: multiprocessing.Queue[Finding | int],
) -> None:
    """Import mutants in this process, which is limited; say each number before it is tried."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "models"
        folder.mkdir()
        (Path(name) / "secret.bin").write_bytes(bytes(1 << 20))
        (folder / "link.bin").symlink_to(Path(name) / "secret.bin")
        (folder / "data.bin").write_bytes(bytes(1 << 16))
        os.mkfifo(folder / "pipe")
        for file in beside:
            (folder / file.name).write_bytes(file.data)
        opened: list[str] = []
        _watch(folder, opened)
        for number in numbers:
            results.put(number)
            path = folder / "model.onnx"
            path.write_bytes(mutant(sources, number, seed))
            wrong = import_mutant(path)
            if opened:
                wrong = f"opens {opened[0]}"
                opened.clear()
            if wrong:
                results.put(Finding(number, wrong))


def fuzz(sources: tuple[bytes, ...], count: int, seed: int, beside: tuple[DataFile, ...] = ()) -> Iterator[Finding]:
    """Every finding among mutants 0 to count - 1; `beside`: data files in the mutants' folder."""
    context = multiprocessing.get_context("fork")
    for start in range(0, count, BATCH):
        results: multiprocessing.Queue[Finding | int] = context.Queue()
        numbers = range(start, min(start + BATCH, count))
        child = context.Process(target=_batch, args=(sources, beside, numbers, seed, results))
        child.start()
        last = start
        while child.is_alive() or not results.empty():
            try:
                item = results.get(timeout=0.2)
            except queue.Empty:
                continue
            if isinstance(item, Finding):
                yield item
            else:
                last = item
        child.join()
        if child.exitcode:
            yield Finding(last, f"the process died with {child.exitcode}")


def main() -> int:
    """Fuzz the importer from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sources = tuple(p.read_bytes() for p in sorted(options.folder.glob("*.onnx")) if p.stat().st_size < 200_000)
    beside = tuple(DataFile(p.name, p.read_bytes()) for p in sorted(options.folder.glob("*.onnx.data")))
    started, found = time.monotonic(), 0
    for finding in fuzz(sources, options.count, options.seed, beside):
        found += 1
        print(f"mutant {finding.number}: {finding.what}", flush=True)
    print(f"{options.count} mutants of {len(sources)} models in {time.monotonic() - started:.0f} s: {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
