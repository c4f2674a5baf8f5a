"""The command line on bad input: one sentence, the exit code, no traceback, nothing written."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.projects import tiny_config, tiny_model
from tests.qdq_models import QdqBuilder, dense_model, some_weights


@dataclass(frozen=True)
class Case:
    """Arguments made in an empty folder, and what must come of them."""

    name: str
    arguments: Callable[[Path], tuple[object, ...]]
    message: str
    code: int = 2


def text(folder: Path, name: str, content: str) -> Path:
    """A text file."""
    path = folder / name
    path.write_text(content)
    return path


def float_model(folder: Path) -> Path:
    """A product that no one quantised."""
    b = QdqBuilder(1)
    return b.save(folder, b.node("MatMul", b.input(8), b.constant(some_weights(8, 4), "float32")))


def with_operator(folder: Path) -> Path:
    """A quantised network with an operator that no layer can hold."""
    b, end = dense_model(1)
    return b.save(folder, b.qdq(b.node("Det", end)))


def open_batch(folder: Path) -> Path:
    """A network whose batch is a name."""
    b, end = dense_model()
    return b.save(folder, end)


def large_model(folder: Path) -> Path:
    """One layer with more weights than two tiles hold."""
    b, end = dense_model(8, 512, 512)
    return b.save(folder, end)


def mapping_of_nothing(folder: Path) -> Path:
    """JSON, but not a mapping."""
    return text(folder, "mapping.json", '{"schema": "placer.mapping/1"}')


CASES = (
    Case("missing config", lambda p: ("solve", p / "none.yaml"), "cannot read config .*none.yaml: No such file or directory"),
    Case("config is a folder", lambda p: ("solve", p), "cannot read config .*: Is a directory"),
    Case("not YAML", lambda p: ("solve", text(p, "c.yaml", "a: [")), "config .*c.yaml is not YAML"),
    Case("no mapping of keys", lambda p: ("solve", text(p, "c.yaml", "hello")), "config .*c.yaml must be a mapping of keys to values"),
    Case(
        "unknown key", lambda p: ("solve", tiny_config(p, bacth=3)), r"unknown key 'bacth' \(did you mean 'batch'\?\); known keys: network"
    ),
    Case("missing key", lambda p: ("solve", text(p, "c.yaml", "batch: 1")), "config .*c.yaml: key 'network' is missing"),
    Case("bad value", lambda p: ("solve", tiny_config(p, batch=0)), "batch: 0 is not allowed: input should be greater than or equal to 1"),
    Case(
        "bad level",
        lambda p: ("solve", tiny_config(p), "--objective", "latancy"),
        r"'latancy' is not an objective \(did you mean 'latency'",
    ),
    Case("empty objective", lambda p: ("solve", tiny_config(p), "--objective", ""), "objective: '' is not an objective"),
    Case("empty output", lambda p: ("solve", tiny_config(p), "--out", ""), "command line: output: a path cannot be empty"),
    Case("a demand twice", lambda p: ("solve", tiny_config(p), "--require", "tiles=1,tiles=2"), "--require: .* states a demand twice"),
    Case("missing model", lambda p: ("solve", p / "none.onnx"), "cannot read model .*none.onnx: No such file or directory"),
    Case("missing model of a config", lambda p: ("solve", tiny_config(p, network="x.onnx")), "cannot read model .*x.onnx"),
    Case("not ONNX", lambda p: ("solve", text(p, "m.onnx", "hello")), "m.onnx is not an ONNX model"),
    Case("empty file", lambda p: ("solve", text(p, "m.onnx", "")), "m.onnx is not an ONNX model"),
    Case(
        "float model",
        lambda p: ("solve", float_model(p)),
        "model model is not quantised .*; quantise it first, for example with onnxruntime",
    ),
    Case("unsupported operator", lambda p: ("solve", with_operator(p)), "det_.*Det"),
    Case("no batch", lambda p: ("solve", open_batch(p)), "leaves its batch open; state the samples a run with --batch"),
    Case("unknown device", lambda p: ("solve", tiny_model(p, 1), "--device", "VEK288"), r"unknown device 'VEK288' \(did you mean 'VEK2"),
    Case("missing device file", lambda p: ("solve", tiny_model(p, 1), "--device", "d.yaml"), "cannot read device file .*d.yaml"),
    Case(
        "array too small",
        lambda p: ("solve", large_model(p), "--columns", 1, "--rows", 2),
        "holds 262144 bytes of weights .* against 2 tiles of 65536",
        1,
    ),
    Case("no columns", lambda p: ("solve", tiny_model(p, 1), "--columns", 0), "command line: columns: 0 is not allowed"),
    Case(
        "output is a file",
        lambda p: ("solve", tiny_model(p, 1), "--out", text(p, "o", "") / "out"),
        "cannot write to .*out: Not a directory",
    ),
    Case("no mapping to verify", lambda p: ("verify", p / "mapping.json"), "cannot read mapping .*mapping.json: No such file or directory"),
    Case("a folder without a mapping", lambda p: ("verify", p), "cannot read mapping .*mapping.json: No such file or directory"),
    Case("no C++", lambda p: ("host", "--run", text(p, "graph.txt", "")), "graph.txt is no C\\+\\+ source: its name must end in .cpp,"),
    Case("not a mapping", lambda p: ("verify", mapping_of_nothing(p)), "mapping.json"),
)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_one_sentence(placer: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    """What is wrong and where, on one line of stderr; nothing on stdout, and no output folder."""
    given = tmp_path / "given"
    given.mkdir()
    arguments = case.arguments(given)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    ran = placer(*arguments)
    assert (ran.code, ran.out) == (case.code, "")
    assert ran.err.startswith("placer: ")
    first, _, rest = ran.err.partition("\n")
    # Where nothing maps, an explanation follows.
    assert bool(rest) == (case.code == 1)
    assert re.search(case.message, first), ran.err
    assert not list(elsewhere.rglob("*"))
    assert not (given / "out").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_unwritable_output(placer: CommandLine, tmp_path: Path) -> None:
    """Said before any work is done."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    ran = placer("solve", tiny_config(tmp_path), "--out", locked / "out")
    assert ran.code == 2
    assert "cannot write to" in ran.err
    assert "Permission denied" in ran.err


@pytest.mark.parametrize("arguments", [("solve",), ("solve", "a", "b"), ("slove", "a"), ("solve", "a", "--sede", "1")], ids=str)
def test_usage(placer: CommandLine, arguments: tuple[str, ...]) -> None:
    """Wrong options are the command line parser's to report: exit code 2, no traceback."""
    ran = placer(*arguments)
    assert ran.code == 2
    assert "Traceback" not in ran.out + ran.err
    assert "Usage" in ran.err
