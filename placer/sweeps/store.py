"""Results as they come, in one SQLite file: what has been written survives any end of the process."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from placer.errors import InputError
from placer.sweeps.result import PointResult

FILE = "results.sqlite"
# Raise with the form of what is stored; results of another form are solved again.
SCHEMA = 1

_adapter = TypeAdapter(PointResult)


class Store:
    """The results of a sweep's folder. One process writes at a time: the one that runs the sweep.

    Table results: one a key. Table attempts: every start of a solve, and its end if it came to that.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def results(self) -> tuple[PointResult, ...]:
        """Every stored result, by key."""
        rows = self.connection.execute("SELECT result FROM results ORDER BY key").fetchall()
        return tuple(_adapter.validate_json(row[0]) for row in rows)

    def started(self, key: str) -> None:
        """Note that a solve is handed to a worker."""
        with self.connection:
            self.connection.execute("INSERT INTO attempts (key, started) VALUES (?, ?)", (key, time.time()))

    def finished(self, result: PointResult) -> None:
        """Keep a result; it is on disk when this returns."""
        with self.connection:
            self.connection.execute("UPDATE attempts SET finished = ? WHERE key = ? AND finished IS NULL", (time.time(), result.key))
            self.connection.execute("INSERT OR REPLACE INTO results (key, result) VALUES (?, ?)", (result.key, _adapter.dump_json(result)))

    def attempts(self) -> tuple[str, ...]:
        """The key of every solve that was started, in order."""
        return tuple(row[0] for row in self.connection.execute("SELECT key FROM attempts ORDER BY rowid"))


@contextmanager
def open_store(folder: Path) -> Iterator[Store]:
    """The store of `folder`, made if need be, and held against other sweeps while the body runs.

    Raises InputError when it cannot be written, is no store, or another sweep runs in this folder.
    """
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(folder / "running.lock", timeout=0, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise InputError(f"cannot write to {folder}: {getattr(error, 'strerror', None) or error}") from error
    try:
        # An open transaction is a lock that the operating system takes back from a process that dies.
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        lock.close()
        raise InputError(f"another sweep is running in {folder}") from error
    try:
        connection = sqlite3.connect(path)
        _prepare(connection)
        yield Store(connection)
        connection.close()
    except (sqlite3.DatabaseError, ValidationError) as error:
        raise InputError(f"{path} is not a store of sweep results ({error}); remove it to begin anew") from error
    finally:
        lock.close()


def _prepare(connection: sqlite3.Connection) -> None:
    with connection:
        if connection.execute("PRAGMA user_version").fetchone()[0] != SCHEMA:
            connection.execute("DROP TABLE IF EXISTS results")
            connection.execute("DROP TABLE IF EXISTS attempts")
        connection.execute("CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, result TEXT NOT NULL)")
        connection.execute("CREATE TABLE IF NOT EXISTS attempts (key TEXT NOT NULL, started REAL NOT NULL, finished REAL)")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
