"""`placer run`, and the check that ends `placer solve`: the emitted project, built and run here, against the reference."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from placer.host import run as running
from placer.host.run import Comparison
from tests.command_line import CommandLine
from tests.projects import tiny_config

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


def test_solve_ends_with_the_check(placer: CommandLine, tmp_path: Path) -> None:
    """Both comparisons, without a mismatch, and the outputs as files; `placer run --json` says the same."""
    ran = placer("solve", tiny_config(tmp_path), "--json")
    assert ran.code == 0, ran.err
    check = json.loads(ran.out.splitlines()[-1])["check"]
    # Two iterations of two samples of 4 x 16.
    assert check["host_vs_reference"] == {"compared": 256, "mismatches": 0, "max_difference": 0}
    assert check["host_vs_onnxruntime"] == check["host_vs_reference"]
    assert check["iterations"] == 2
    assert np.load(check["outputs"][0]).shape == (4, 4, 16)
    again = placer("run", tmp_path / "out", "--check", "--iterations", 2, "--json")
    assert again.code == 0
    facts = json.loads(again.out.splitlines()[-1])
    assert list(facts) == list(check) == ["outputs", "iterations", "seconds", "gmacs", "host_vs_reference", "host_vs_onnxruntime"]
    assert facts["host_vs_reference"] == check["host_vs_reference"]


def test_without_a_compiler_solve_says_so(placer: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mapping stands, unchecked; `run`, which can do nothing else, fails."""
    monkeypatch.setenv("CXX", "no-such-compiler")
    ran = placer("solve", tiny_config(tmp_path), "--json")
    assert ran.code == 0
    assert "not checked: no C++ compiler: no-such-compiler was not found; install g++" in ran.err
    assert json.loads(ran.out.splitlines()[-1])["check"] is None
    assert placer("run", tmp_path / "out").code == 1


def test_no_check(placer: CommandLine, tmp_path: Path) -> None:
    """Nothing is built."""
    ran = placer("solve", tiny_config(tmp_path), "--no-check", "--json")
    assert json.loads(ran.out.splitlines()[-1])["check"] is None
    assert not (tmp_path / "out" / "outputs").exists()


def test_a_wrong_value_is_a_defect(placer: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mismatch is said in red and fails both commands."""
    monkeypatch.setattr(running, "_compare", lambda got, wanted: Comparison(8, 1, 3))
    ran = placer("solve", tiny_config(tmp_path))
    assert ran.code == 3
    assert "reference: 1 of 8 outputs differ, at most by 3" in ran.out
    assert "computes other values than the reference" in ran.err
    assert placer("run", tmp_path / "out", "--check").code == 1


def test_own_inputs(placer: CommandLine, tmp_path: Path) -> None:
    """Samples that do not fill the last run; outputs have as many."""
    placer("solve", tiny_config(tmp_path), "--no-check")
    values = np.random.default_rng(1).integers(-128, 128, (3, 4, 16))
    np.save(tmp_path / "x.npy", values)
    ran = placer("run", tmp_path / "out" / "adf", "--input", tmp_path / "x.npy", "--check", "--out", tmp_path / "mine", "--json")
    assert ran.code == 0, ran.err
    facts = json.loads(ran.out.splitlines()[-1])
    assert facts["iterations"] == 2
    assert facts["host_vs_reference"]["compared"] == 3 * 64
    assert np.load(next((tmp_path / "mine").glob("*.npy"))).shape == (3, 4, 16)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (np.zeros((2, 4, 8), np.int64), r"has shape [2, 4, 8], not [samples, 4, 16]"),
        (np.zeros((2, 4, 16)), "holds float64, not the integers of int8"),
        (np.full((2, 4, 16), 300), "holds values outside int8"),
    ],
)
def test_bad_inputs(placer: CommandLine, tmp_path: Path, values: np.ndarray, sentence: str) -> None:
    """One sentence, exit code 2."""
    placer("solve", tiny_config(tmp_path), "--no-check")
    np.save(tmp_path / "x.npy", values)
    ran = placer("run", tmp_path / "out", "--input", tmp_path / "x.npy")
    assert ran.code == 2
    assert sentence in ran.err.replace("\n", " ")


def test_iterations_that_do_not_fit(placer: CommandLine, tmp_path: Path) -> None:
    """More or fewer runs than the samples fill."""
    placer("solve", tiny_config(tmp_path), "--no-check")
    np.save(tmp_path / "x.npy", np.zeros((3, 4, 16), np.int64))
    ran = placer("run", tmp_path / "out", "--input", tmp_path / "x.npy", "--iterations", 4)
    assert ran.code == 2
    assert "3 samples are not 4 runs of 2" in ran.err
