"""Run a sweep: solve what is not stored, store each result at once, return all in the order of the plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from placer.sweeps.executors import Executor
from placer.sweeps.plan import Point, SweepPlan
from placer.sweeps.result import Lost, PointResult, PointStatus
from placer.sweeps.store import open_store
from placer.sweeps.task import Task


@dataclass(frozen=True, eq=False)
class Solved:
    """A point with its result."""

    point: Point
    result: PointResult


@dataclass(frozen=True, eq=False)
class SweepResult:
    """All results there are, in the order of the plan, and the points without one."""

    plan: SweepPlan
    solved: tuple[Solved, ...]
    lost: tuple[Lost, ...]


@dataclass(frozen=True)
class SweepNews:
    """How far a sweep is: points done of all, and the result that just came, or None for those found stored."""

    done: int
    total: int
    result: PointResult | None


NewsSink = Callable[[SweepNews], None]


def run_sweep(plan: SweepPlan, folder: Path, executor: Executor, retry: bool, news: NewsSink) -> SweepResult:
    """Solve every point of `plan` that has no result in `folder`; points with one key are solved once.

    retry: also those that failed for want of memory or by a defect. Raises InputError.
    """
    lost: list[Lost] = []
    tasks = {p.task.key: p.task for p in plan.points}
    with open_store(folder) as store:
        stored = {r.key: r for r in store.results() if r.key in tasks and not (retry and r.status is PointStatus.FAILED)}
        missing: tuple[Task, ...] = tuple(t for key, t in tasks.items() if key not in stored)
        news(SweepNews(len(stored), len(tasks), None))
        if missing:
            for result in executor.run(missing, lambda task: store.started(task.key)):
                if isinstance(result, Lost):
                    lost.append(result)
                    continue
                store.finished(result)
                stored[result.key] = result
                news(SweepNews(len(stored), len(tasks), result))
    solved = tuple(Solved(p, stored[p.task.key]) for p in plan.points if p.task.key in stored)
    return SweepResult(plan, solved, tuple(lost))
