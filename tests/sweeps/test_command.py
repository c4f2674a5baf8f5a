"""`placer sweep` and placer.sweep(): files, table, exit codes. Solves are made up; real ones are in test_executors.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import placer as library
from placer import api
from placer.commands import sweep as command
from placer.sweeps.result import PointStatus
from tests.command_line import CommandLine
from tests.projects import tiny_config
from tests.sweeps.swept import Inline, tiny_sweep


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> Inline:
    """The executor of every sweep of the test."""
    executor = Inline()
    for module in (command, api):
        monkeypatch.setattr(module, "LocalPool", lambda _: executor)
    return executor


def test_files_and_table(placer: CommandLine, tmp_path: Path, inline: Inline) -> None:
    """A line a point, results as CSV and Parquet, pictures; a second run solves nothing."""
    file, out = tiny_sweep(tmp_path), tmp_path / "results"
    ran = placer("sweep", file, "--out", out)
    assert ran.code == 0
    assert "3 of 4 points mapped" in ran.out
    assert "smallest array that holds the network: 4 x 1" in ran.out
    assert "INFEASIBLE" in ran.out
    names = {p.name for p in out.iterdir()}
    assert {"results.csv", "results.parquet", "results.sqlite", "pareto.svg", "pareto.png", "arrays.svg", "throughput.svg"} <= names
    before = (out / "results.csv").read_bytes()
    assert placer("sweep", file, "--out", out).code == 0
    assert (out / "results.csv").read_bytes() == before
    assert len(inline.given) == 4


def test_as_json(placer: CommandLine, tmp_path: Path, inline: Inline) -> None:
    """One object on stdout."""
    ran = placer("sweep", tiny_sweep(tmp_path), "--out", tmp_path / "results", "--json")
    told = json.loads(ran.out)
    assert (told["points"], told["mapped"], told["lost"]) == (4, 3, 0)
    assert all(set(point) == {"rows", "columns"} for point in told["front"])


def test_lost_points(placer: CommandLine, tmp_path: Path, inline: Inline) -> None:
    """Exit code 1: the sweep is not complete."""
    file = tiny_sweep(tmp_path)
    placer("sweep", file, "--out", tmp_path / "whole")
    inline.lose = (inline.given[0],)
    ran = placer("sweep", file, "--out", tmp_path / "results")
    assert ran.code == 1
    assert "gone; run the sweep again" in ran.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.yaml"], "cannot read sweep gone.yaml"),
        (["sweep.yaml", "--out", "sweep.yaml"], "cannot write"),
    ],
)
def test_errors(placer: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str) -> None:
    """Exit code 2 and a sentence."""
    tiny_sweep(tmp_path)
    monkeypatch.chdir(tmp_path)
    ran = placer("sweep", *arguments)
    assert ran.code == 2
    assert message in " ".join(ran.err.split())


def test_from_python(tmp_path: Path, inline: Inline) -> None:
    """The same, with typed results."""
    result = library.sweep(tiny_sweep(tmp_path), tmp_path / "results")
    assert [s.result.status for s in result.solved] == [PointStatus.INFEASIBLE, *[PointStatus.OPTIMAL] * 3]
    assert (tmp_path / "results" / "results.csv").is_file()


def test_solve_from_python(tmp_path: Path) -> None:
    """A mapping, its report and picture, and files on request."""
    solved = library.solve(tiny_config(tmp_path), columns=5, output=tmp_path / "there")
    assert (solved.mapping.columns, solved.mapping.batch, solved.device.columns) == (5, 2, 5)
    assert not (tmp_path / "there").exists()
    assert solved.report().startswith("<!doctype html>")
    assert solved._repr_svg_().startswith("<svg")
    assert solved.write().mapping == tmp_path / "there" / "mapping.json"


def test_the_library_has_nothing_else() -> None:
    """A wrong name is an AttributeError, as everywhere."""
    with pytest.raises(AttributeError, match="no attribute 'slove'"):
        _ = library.slove  # type: ignore[attr-defined]
