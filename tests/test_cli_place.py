"""`placer place` as a user types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

INSTANCE = {
    "name": "snake",
    "W": 12,
    "H": 5,
    "lam": 1.0,
    "mu": 0.05,
    "nodes": [
        {
            "name": f"n{i}",
            "w": w,
            "h": h,
            "keepout_left": 1,
            "input_face": {"side": "left", "start": 0, "end": h - 1},
            "output_face": {"side": "right", "start": 0, "end": h - 1},
        }
        for i, (w, h) in enumerate([(2, 2), (3, 1), (1, 4), (2, 3), (4, 1), (1, 2)])
    ],
    "edges": [{"src": f"n{i}", "dst": f"n{i + 1}", "direct": False, "producer_exclusive": True} for i in range(5)],
}


def placer(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    return subprocess.run([sys.executable, "-m", "placer", "place", *words], capture_output=True, text=True, check=False)


@pytest.fixture
def instances(tmp_path: Path) -> Path:
    """A file of one instance."""
    path = tmp_path / "instances.json"
    path.write_text(json.dumps([INSTANCE]))
    return path


def test_writes_answers(instances: Path, tmp_path: Path) -> None:
    """In the stable format."""
    out = tmp_path / "answers.json"
    done = placer(str(instances), "--work", "2", "--out", str(out))
    (answer,) = json.loads(out.read_text())
    assert done.returncode == 0
    assert {"name", "status", "cost", "bound", "seconds", "placement"} <= answer.keys()
    assert answer["placement"].keys() == {f"n{i}" for i in range(6)}
    assert answer["bound"] <= answer["cost"]
    assert answer["solver"].startswith("cp-sat ")


@pytest.mark.slow
def test_ten_runs_place_alike(instances: Path) -> None:
    """Same seed, same effort: the same placement, byte for byte."""
    assert len({json.dumps(json.loads(placer(str(instances), "--work", "2", "--json").stdout)[0]["placement"]) for _ in range(10)}) == 1


def test_an_impossible_instance_is_an_answer(tmp_path: Path) -> None:
    """Exit code 1, the reason, and the answer all the same."""
    path = tmp_path / "instances.json"
    path.write_text(json.dumps([{**INSTANCE, "W": 3}]))
    done = placer(str(path), "--json")
    assert (done.returncode, json.loads(done.stdout)[0]["status"]) == (1, "INFEASIBLE")
    assert "snake: infeasible, n4 is 4 x 1, the grid 3 x 5" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("missing.json",), "placer: cannot read missing.json: No such file or directory"),
        (("{instances}", "--only", "snaek"), "no instance is named 'snaek'; known: snake"),
    ],
)
def test_wrong_input_is_one_sentence(instances: Path, words: tuple[str, ...], sentence: str) -> None:
    """Exit code 2."""
    done = placer(*(w.format(instances=instances) for w in words))
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr


def test_ctrl_c_keeps_the_best(instances: Path, tmp_path: Path) -> None:
    """An endless search, interrupted."""
    sizes = [(2, 3), (3, 2), (1, 4), (4, 1), (2, 2), (5, 3), (3, 5)] * 4
    nodes = [
        {
            "name": f"n{i}",
            "w": w,
            "h": h,
            "keepout_left": 1,
            "input_face": {"side": "left", "start": 0, "end": h - 1},
            "output_face": {"side": "right", "start": 0, "end": h - 1},
        }
        for i, (w, h) in enumerate(sizes[:25])
    ]
    edges = [{"src": a["name"], "dst": b["name"], "direct": False, "producer_exclusive": True} for a, b in pairwise(nodes)]
    big = {"name": "full", "W": 38, "H": 8, "lam": 1.0, "mu": 0.05, "nodes": nodes, "edges": edges}
    instances.write_text(json.dumps([big]))
    out = tmp_path / "answers.json"
    with subprocess.Popen(
        [sys.executable, "-m", "placer", "place", str(instances), "--time-limit", "600", "--out", str(out)],
        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
        # A shell starts what it runs in the background with SIGINT ignored, which children inherit.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - nothing here has threads that hold locks
    ) as running:  # fmt: skip
        time.sleep(8)
        os.kill(running.pid, signal.SIGINT)
        try:
            assert running.wait(60) == 0
        finally:
            running.kill()
    (answer,) = json.loads(out.read_text())
    assert (answer["status"], answer["reason"]) == ("FEASIBLE", "interrupted")
    assert answer["bound"] > 0
