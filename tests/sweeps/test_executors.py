"""Where solves run: processes that may die, and a Dask cluster whose workers may."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from distributed import LocalCluster

from placer.errors import InputError, MissingExtraError
from placer.sweeps import executors
from placer.sweeps.executors import DaskCluster, LocalPool, safe_workers
from placer.sweeps.result import Lost, PointResult, PointStatus
from placer.sweeps.run import SweepNews, run_sweep
from placer.sweeps.store import open_store
from placer.sweeps.table import to_csv
from placer.sweeps.task import Task, solve_task
from tests.sweeps.swept import quiet, tiny_plan, tiny_sweep

MANY = "grid: {seed: {from: 1, to: 6}, columns: [2, 4]}\nset: {work: 0.5}\n"


@dataclass(frozen=True, eq=False)
class Deadly(Task):
    """A task that ends the process that opens it."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (1,)


def test_processes_find_the_same_and_survive_a_death(tmp_path: Path) -> None:
    """The points around one whose worker dies have their results; that one is lost, after a second try."""
    tasks = [p.task for p in tiny_plan(tmp_path).points[:2]]
    poison = Deadly("poison", tasks[0].versions, tasks[0].settings, tasks[0].device, tasks[0].model)
    started: list[str] = []
    found = list(LocalPool(2).run((tasks[0], poison, *tasks[1:]), lambda task: started.append(task.key)))
    assert [f.key for f in found if isinstance(f, Lost)] == ["poison"]
    results = {f.key: f for f in found if isinstance(f, PointResult)}
    assert results == {t.key: solve_task(t) for t in tasks}
    assert started.count("poison") == 2


def test_workers_fit_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """At least one, at most one a task or core."""
    memory = psutil.virtual_memory()
    monkeypatch.setattr(executors.os, "sched_getaffinity", lambda _: set(range(8)))
    for free, tasks, expected in ((0, 9, 1), (3.5, 9, 3), (100, 9, 8), (100, 2, 2)):
        limited = memory._replace(available=int(free * executors.BYTES_A_WORKER))
        monkeypatch.setattr(executors.psutil, "virtual_memory", lambda limited=limited: limited)
        assert safe_workers(tasks) == expected


def test_no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a missing scheduler nor a missing package is a traceback."""
    tasks = tuple(p.task for p in tiny_plan(tmp_path).points)
    monkeypatch.setattr(executors, "CONNECT_SECONDS", 0.2)
    with pytest.raises(InputError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        list(DaskCluster("tcp://127.0.0.1:1").run(tasks, lambda _: None))
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"placer\[dask\]"):
        list(DaskCluster("tcp://127.0.0.1:1").run(tasks, lambda _: None))


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker(tmp_path: Path) -> None:
    """The scheduler gives its tasks to others, but none whose result has come; results are those of this process."""
    plan = tiny_plan(tmp_path, MANY)
    had: list[str] = []
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:

        def kill_one(news: SweepNews) -> None:
            if news.result and news.done <= 6:
                had.append(f"placer-{news.result.key}")
            if news.done == 6:
                os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)

        result = run_sweep(plan, tmp_path / "dask", DaskCluster(cluster.scheduler_address), False, kill_one)
        begun = [key for key, _, to, *_ in cluster.scheduler.transition_log if to == "processing"]
    assert result.lost == ()
    assert [begun.count(key) for key in had] == [1] * 6
    assert len(begun) > len(plan.points), "the worker that died had something in hand"
    assert to_csv(result) == to_csv(run_sweep(plan, tmp_path / "here", LocalPool(1), False, quiet))


@pytest.mark.slow
def test_a_killed_sweep_resumes(tmp_path: Path) -> None:
    """SIGKILL in the middle: no worker lives on, what was stored is not solved again, and the results are those of an unbroken run."""
    plan = tiny_plan(tmp_path, MANY)
    command = [sys.executable, "-m", "placer", "sweep", tiny_sweep(tmp_path, MANY), "--out", tmp_path / "out", "--workers", "2"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not (workers := psutil.Process(process.pid).children()) or not stored(tmp_path / "out"):
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.05)
    process.kill()
    process.wait()
    gone, alive = psutil.wait_procs(workers, timeout=30)
    assert (len(gone), alive) == (len(workers), [])
    before = stored(tmp_path / "out")
    subprocess.run(command, check=True, capture_output=True)
    with open_store(tmp_path / "out") as store:
        attempts = store.attempts()
        assert all(attempts.count(key) == 1 for key in before)
        assert {r.status for r in store.results()} == {PointStatus.OPTIMAL}
    whole = run_sweep(plan, tmp_path / "here", LocalPool(1), False, quiet)
    assert (tmp_path / "out" / "results.csv").read_bytes() == to_csv(whole)


def stored(folder: Path) -> set[str]:
    """The keys that a sweep, perhaps a running one, has results for."""
    try:
        connection = sqlite3.connect(f"file:{folder / 'results.sqlite'}?mode=ro", uri=True)
        keys = {row[0] for row in connection.execute("SELECT key FROM results")}
        connection.close()
    except sqlite3.Error:
        return set()
    return keys
