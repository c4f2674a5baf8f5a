"""A product whose inputs lie in a neighbour's memory: emitted, built, run, bit for bit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.test_lenders import QUERIES, scores

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")]


def test_inputs_in_the_neighbour(placer: CommandLine, tmp_path: Path) -> None:
    """480 keys: the streams fill the memory of the western tile, which the kernel reads."""
    size = ("--columns", 6, "--rows", 4, "--batch", 1)
    ran = placer("solve", scores(tmp_path, 480), *size, "--out", tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    check = json.loads(ran.out.splitlines()[-1])["check"]
    assert check["host_vs_reference"] == {"compared": 4 * QUERIES * 480, "mismatches": 0, "max_difference": 0}
    assert check["host_vs_onnxruntime"] == check["host_vs_reference"]
