"""The command line: what it prints and writes when all is well. Errors are in test_cli_errors.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from placer import __version__
from tests.command_line import CommandLine
from tests.projects import tiny_config, tiny_model


def files(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, by relative path."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_version(placer: CommandLine) -> None:
    """One line."""
    assert placer("--version").out == f"placer {__version__}\n"


def test_help_without_arguments(placer: CommandLine) -> None:
    """It lists the commands."""
    ran = placer()
    for command in ("solve", "verify", "devices"):
        assert command in ran.out + ran.err


def test_devices(placer: CommandLine) -> None:
    """A table, with what is assumed."""
    ran = placer("devices")
    assert ran.code == 0
    assert "VEK280" in ran.out
    assert "304 (38 x 8)" in ran.out
    assert "VE2802 assumes: PL columns" in ran.out


def test_devices_as_json(placer: CommandLine) -> None:
    """One array, a device an object."""
    listed = json.loads(placer("devices", "--json").out)
    assert {d["name"]: (d["columns"], d["rows"]) for d in listed}["VE2802"] == (38, 8)
    assert all(d["assumptions"] for d in listed)


@pytest.mark.slow
def test_replicas_from_end_to_end(placer: CommandLine, tmp_path: Path) -> None:
    """Two copies of the network on the host, bit for bit."""
    ran = placer("solve", tiny_config(tmp_path), "--replicas", "2", "--json")
    assert ran.code == 0
    result = json.loads(ran.out.splitlines()[-1])
    assert (result["replicas"], result["check"]["host_vs_reference"]["mismatches"]) == (2, 0)
    assert placer("verify", tmp_path / "out" / "mapping.json").code == 0


def test_solve_and_verify(placer: CommandLine, tmp_path: Path) -> None:
    """The one JSON object at the end of stdout, the files it names, and an independent verification."""
    ran = placer("solve", "--no-check", tiny_config(tmp_path), "--json")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert len(lines) == 1
    result = json.loads(lines[-1])
    assert list(result) == [
        "status", "mapping", "adf", "interval_cycles", "latency_cycles", "tiles_used", "inferences_per_second", "replicas", "latency_ns",
        "objective", "seconds", "check",
    ]  # fmt: skip
    assert result["status"] == "OPTIMAL"
    mapping = json.loads(Path(result["mapping"]).read_text())
    assert (mapping["schema"], mapping["batch"], mapping["tiles_used"]) == ("placer.mapping/1", 2, result["tiles_used"])
    assert [list(o) for o in result["objective"]] == [["level", "value", "bound"]] * len(result["objective"])
    assert result["inferences_per_second"] == pytest.approx(2 * 1250e6 / result["interval_cycles"])
    assert result["latency_ns"] == pytest.approx(result["latency_cycles"] * 0.8)
    assert list(result["seconds"]) == ["import", "options", "solve", "verify", "emit"]
    assert {"graph.hpp", "graph.cpp", "config.hpp", "aie.cfg", "Makefile", "README.md"} <= {p.name for p in Path(result["adf"]).iterdir()}
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"adf", "mapping.json", "model.onnx", "report.html", "run.json"}
    assert placer("verify", tmp_path / "out").code == placer("profile", tmp_path / "out").code == 0
    checked = placer("verify", result["mapping"], "--json")
    assert (checked.code, json.loads(checked.out)) == (0, {"legal": True, "violations": []})


def test_verify_finds_a_false_figure(placer: CommandLine, tmp_path: Path) -> None:
    """Exit code 1 and a sentence a violation."""
    placer("solve", "--no-check", tiny_config(tmp_path))
    path = tmp_path / "out" / "mapping.json"
    values = json.loads(path.read_text())
    values["interval_cycles"] -= 1
    path.write_text(json.dumps(values))
    ran = placer("verify", path)
    assert ran.code == 1
    assert "interval" in ran.out
    assert json.loads(placer("verify", path, "--json").out)["legal"] is False


def test_summary_for_people(placer: CommandLine, tmp_path: Path) -> None:
    """Status, modelled figures and a floorplan."""
    ran = placer("solve", "--no-check", tiny_config(tmp_path))
    assert ran.code == 0
    assert "OPTIMAL" in ran.out
    assert "modelled" in ran.out
    assert f"mapping: {tmp_path / 'out' / 'mapping.json'}" in ran.out.replace("\n", "")


@pytest.mark.parametrize(
    ("stage", "expected"),
    [("import", None), ("options", {"problem.json"}), ("solve", {"mapping.json", "model.onnx", "report.html", "run.json"})],
)
def test_stop_after(placer: CommandLine, tmp_path: Path, stage: str, expected: set[str] | None) -> None:
    """What each stage leaves behind."""
    ran = placer("solve", tiny_config(tmp_path), "--stop-after", stage, "--json")
    assert ran.code == 0
    assert list(json.loads(ran.out)["seconds"])[-1] == stage
    out = tmp_path / "out"
    assert ({p.name for p in out.iterdir()} if out.exists() else None) == expected


def test_a_model_alone(placer: CommandLine, tmp_path: Path) -> None:
    """An ONNX file with options instead of a config."""
    ran = placer("solve", "--no-check", tiny_model(tmp_path), "--batch", 1, "--columns", 4, "--rows", 2, "--objective", "tiles,latency",
                 "--out", tmp_path / "here", "--json")  # fmt: skip
    assert ran.code == 0
    result = json.loads(ran.out)
    assert [o["level"] for o in result["objective"]] == ["tiles", "latency"]
    assert result["tiles_used"] == 3
    assert result["adf"] == str(tmp_path / "here" / "adf")


def test_the_models_own_batch(placer: CommandLine, tmp_path: Path) -> None:
    """A model with a fixed batch needs no option."""
    ran = placer("solve", tiny_model(tmp_path, batch=3), "--out", tmp_path / "out", "--stop-after", "options", "--json")
    assert ran.code == 0
    assert json.loads((tmp_path / "out" / "problem.json").read_text())["batch"] == 3


def test_two_runs_are_the_same_bytes(placer: CommandLine, tmp_path: Path) -> None:
    """In everything but run.json, and the report, which shows it."""
    config = tiny_config(tmp_path)
    for name in ("a", "b"):
        assert placer("solve", "--no-check", config, "--out", tmp_path / name).code == 0
    first, second = files(tmp_path / "a"), files(tmp_path / "b")
    for timed in ("run.json", "report.html"):
        assert first.pop(timed) != second.pop(timed)
    assert first == second


def test_a_second_run_replaces_the_first(placer: CommandLine, tmp_path: Path) -> None:
    """Nothing of the old project stays, no scratch file either."""
    config = tiny_config(tmp_path)
    placer("solve", "--no-check", config)
    (tmp_path / "out" / "adf" / "stale.hpp").write_text("old")
    placer("solve", "--no-check", config)
    assert not (tmp_path / "out" / "adf" / "stale.hpp").exists()
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"adf", "mapping.json", "model.onnx", "report.html", "run.json"}


def test_another_seed_still_verifies(placer: CommandLine, tmp_path: Path) -> None:
    """A shipped network with little work and three seeds."""
    config = Path(__file__).resolve().parents[1] / "configs" / "jet_tagger.yaml"
    for seed in (0, 1, 2):
        assert placer("solve", config, "--seed", seed, "--work", 0.2, "--out", tmp_path / "out", "--stop-after", "verify").code == 0
        assert json.loads((tmp_path / "out" / "mapping.json").read_text())["solver"]["seed"] == seed
        assert placer("verify", tmp_path / "out" / "mapping.json").code == 0


def test_from_another_folder_as_a_module(tmp_path: Path) -> None:
    """`python -m placer` in a process of its own, from an empty folder."""
    config = tiny_config(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    command = [sys.executable, "-m", "placer", "solve", str(config), "--stop-after", "import"]
    ran = subprocess.run(command, cwd=empty, capture_output=True, text=True, check=False)
    assert ran.returncode == 0
    assert "3 layers, 2 samples a run" in ran.stdout
    assert not list(empty.iterdir())
