"""The examples, from a PyTorch module to a network that is exact; each only where the packages of its own environment are installed."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from placer.frontend import read_model
from placer.lowering.lower import lower
from tests.onnxruntime_check import mismatches

EXAMPLES = Path(__file__).resolve().parents[1] / "scripts" / "examples"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "package"), [("onnxruntime_qdq", "onnxscript"), ("brevitas_qonnx", "brevitas"), ("quark_int8", "quark")], ids=lambda s: s
)
def test_example(script: str, package: str, tmp_path: Path) -> None:
    """Power-of-two scales throughout: not one output differs."""
    for needed in ("torch", package):
        if find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed")
    path = tmp_path / "net.onnx"
    command = [sys.executable, str(EXAMPLES / f"{script}.py"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    network = read_model(path)
    assert len(lower(network).layers) == 4
    assert mismatches(path, network, 1000) == 0


def test_every_example_states_its_requirements() -> None:
    """Each script names a requirements file that exists."""
    scripts = [p for p in EXAMPLES.glob("*.py") if p.stem != "net"]
    assert len(scripts) == 3
    for script in scripts:
        named = next(word for word in script.read_text().split() if word.startswith("scripts/examples/requirements-"))
        assert (EXAMPLES.parents[1] / named).is_file()
