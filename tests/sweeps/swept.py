"""Small sweeps, made-up results, and an executor that answers in this process, in any order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from placer.sweeps.executors import Started
from placer.sweeps.plan import Axis, Point, SweepPlan, load_sweep
from placer.sweeps.result import Figures, Lost, PointResult, PointStatus
from placer.sweeps.run import Solved, SweepNews, SweepResult
from placer.sweeps.task import Task
from tests.projects import tiny_config

# Two arrays that hold the tiny model (three tiles at least) and one that does not.
GRID = "grid: {rows: [1, 2], columns: [2, 4]}\nset: {work: 0.5}\n"


def tiny_sweep(folder: Path, text: str = GRID) -> Path:
    """A sweep file over the tiny config."""
    tiny_config(folder)
    path = folder / "sweep.yaml"
    path.write_text(f"base: tiny.yaml\n{text}")
    return path


def tiny_plan(folder: Path, text: str = GRID) -> SweepPlan:
    """The plan of such a file."""
    return load_sweep(tiny_sweep(folder, text))


@dataclass
class Inline:
    """Answers one task after the other in this process, by its array alone; backwards on request; loses some; notes what it was given."""

    backwards: bool = False
    lose: tuple[str, ...] = ()
    given: list[str] = field(default_factory=list)

    def run(self, tasks: tuple[Task, ...], started: Started) -> Iterator[PointResult | Lost]:
        """Solve all tasks."""
        for task in reversed(tasks) if self.backwards else tasks:
            started(task)
            self.given.append(task.key)
            yield Lost(task.key, "gone") if task.key in self.lose else answer(task)


def answer(task: Task) -> PointResult:
    """A made-up result that depends on the task's array, key and nothing else."""
    columns, rows = task.device.columns, task.device.rows
    if columns * rows < 3:
        return PointResult(task.key, PointStatus.INFEASIBLE, "too small", columns, rows, None)
    return PointResult(task.key, PointStatus.OPTIMAL, "", columns, rows, figures(3, 10 + int(task.key[0], 16), 100))


def quiet(_: SweepNews) -> None:
    """A sink that drops the news."""


def figures(tiles: int, interval: int, latency: int, batch: int = 1) -> Figures:
    """Figures at a clock of 1 MHz."""
    return Figures(batch, interval, latency, float(interval), float(latency), round(batch / interval, 6), tiles, 0.5, ())


def made_up(points: list[tuple[dict[str, str], Figures | None]]) -> SweepResult:
    """A result of these axes and figures; where there are none, infeasible. Arrays are as columns and rows say, 4 x 4 by default."""
    solved = []
    for number, (axes, found) in enumerate(points):
        size = int(axes.get("columns", "4")), int(axes.get("rows", "4"))
        status, reason = (PointStatus.OPTIMAL, "") if found else (PointStatus.INFEASIBLE, "too small")
        result = PointResult(f"key{number}", status, reason, *size, found)
        task = Task(result.key, ("0", "0"), None, None, ())  # type: ignore[arg-type] - nothing here solves
        solved.append(Solved(Point(tuple(Axis(k, v) for k, v in axes.items()), task), result))
    names = tuple(dict.fromkeys(name for axes, _ in points for name in axes))
    return SweepResult(SweepPlan("made up", names, None, tuple(s.point for s in solved), Path("out")), tuple(solved), ())
