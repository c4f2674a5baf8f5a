"""Every command that README and docs/sweeps.md show, run as they stand, in their order, from the root of the repository."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# `diff` ends with 1 when mappings differ, `explain` when a network does not fit: those shown do.
END_WITH_ONE = ("placer diff", "placer explain")
ADDRESS = "127.0.0.1:8786"


def commands(document: str) -> list[str]:
    """The indented lines that run something, without their comments, in order."""
    lines = re.findall(r"^ {4}(python -m placer|dask) (.*)$", (ROOT / document).read_text(encoding="utf-8"), re.MULTILINE)
    return [f"{program} {rest.split('  #')[0].strip()}" for program, rest in lines]


def python_blocks(document: str) -> list[str]:
    """The Python examples."""
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / document).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder that looks like a fresh clone with a model of the user's in it."""
    for name in ("configs", "scripts"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "model.onnx").write_bytes((ROOT / "configs" / "models" / "jet_tagger.onnx").read_bytes())
    return tmp_path


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


@contextmanager
def started(command: list[str], folder: Path) -> Iterator[None]:
    """A service, up while the body runs."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(3)
        assert process.poll() is None, f"{shlex.join(command)} ended at once"
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_there_are_commands() -> None:
    """So that the tests below cannot pass on nothing."""
    assert len(commands("README.md")) >= 5
    assert len(commands("docs/sweeps.md")) >= 6
    assert python_blocks("docs/sweeps.md")


@pytest.mark.slow
def test_readme(clone: Path) -> None:
    """They end well, one after the other."""
    for command in commands("README.md"):
        ran = run([sys.executable, *shlex.split(command)[1:]], clone)
        assert ran.returncode == int(any(c in command for c in END_WITH_ONE)), f"{command}: {ran.stderr}"


@pytest.mark.slow
def test_sweeps(clone: Path) -> None:
    """Services of a cluster run beside what follows; every sweep comes to the same results."""
    address = f"127.0.0.1:{free_port()}"
    services = [c for c in commands("docs/sweeps.md") if c.startswith("dask")]
    scheduler, workers = ([sys.executable, "-m", *shlex.split(c.replace(ADDRESS, address))] for c in services)
    scheduler[scheduler.index("8786")] = address.split(":")[1]
    with started(scheduler, clone), started(workers, clone):
        for command in commands("docs/sweeps.md"):
            if command.startswith("python"):
                ran = run([sys.executable, *shlex.split(command.replace(ADDRESS, address))[1:]], clone)
                assert ran.returncode == int(any(c in command for c in END_WITH_ONE)), f"{command}: {ran.stderr}"
    results = [(clone / "out" / "sweeps" / name / "results.csv").read_bytes() for name in ("jet_tagger_sizes", "on_dask")]
    assert results[0] == results[1]
    for block in python_blocks("docs/sweeps.md"):
        (clone / "example.py").write_text(block)
        ran = run([sys.executable, "example.py"], clone)
        assert ran.returncode == 0, ran.stderr
