"""The store: what is written stays, one sweep at a time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from placer.errors import InputError
from placer.sweeps.result import PointResult, PointStatus
from placer.sweeps.store import FILE, open_store
from tests.sweeps.swept import figures

DONE = PointResult("a", PointStatus.OPTIMAL, "", 4, 2, figures(3, 40, 100))
NONE = PointResult("b", PointStatus.INFEASIBLE, "too\nsmall", 1, 1, None)


def test_results_stay(tmp_path: Path) -> None:
    """Exactly, also when written twice."""
    with open_store(tmp_path / "new" / "folder") as store:
        store.started("b")
        for result in (NONE, DONE, DONE):
            store.finished(result)
    with open_store(tmp_path / "new" / "folder") as store:
        assert store.results() == (DONE, NONE)
        assert store.attempts() == ("b",)


def test_one_sweep_at_a_time(tmp_path: Path) -> None:
    """A second one is told so; afterwards the folder is free."""
    with open_store(tmp_path), pytest.raises(InputError, match="another sweep is running"), open_store(tmp_path):
        pass
    with open_store(tmp_path):
        pass


def test_results_of_another_form_are_solved_again(tmp_path: Path) -> None:
    """A store of another version is emptied."""
    with open_store(tmp_path) as store:
        store.finished(DONE)
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with open_store(tmp_path) as store:
        assert store.results() == ()


def test_what_is_no_store(tmp_path: Path) -> None:
    """One sentence; nothing of the user's is overwritten."""
    (tmp_path / FILE).write_text("my notes, " * 100)
    with pytest.raises(InputError, match="not a store of sweep results"), open_store(tmp_path):
        pass
    assert (tmp_path / FILE).read_text().startswith("my notes")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"), open_store(tmp_path / "file"):
        pass
