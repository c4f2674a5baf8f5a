"""The points that no other point beats: fewer tiles, a shorter interval a sample, a shorter latency."""

from __future__ import annotations

from placer.sweeps.result import Figures
from placer.sweeps.run import Solved, SweepResult

# Axes that make another task of a point: fronts are drawn among points of one task.
TASK_AXES = ("config", "model", "network")


def front(result: SweepResult) -> tuple[Solved, ...]:
    """The points on the Pareto front of each network, in the order of the plan; of equal points the first."""
    kept = []
    for number, solved in enumerate(result.solved):
        rivals = [s for s in result.solved if task_name(s) == task_name(solved)]
        if solved.result.figures and not any(_beats(r, solved, result.solved.index(r) < number) for r in rivals if r is not solved):
            kept.append(solved)
    return tuple(kept)


def task_name(solved: Solved) -> str:
    """Which network a point is of, as its axes say; empty where that does not vary."""
    return " ".join(a.value for a in solved.point.axes if a.name in TASK_AXES)


def costs(figures: Figures) -> tuple[float, float, float]:
    """Tiles, microseconds a sample, microseconds of latency: what the front minimises."""
    return figures.tiles, figures.interval_us / figures.batch, figures.latency_us


def _beats(rival: Solved, solved: Solved, earlier: bool) -> bool:
    """Whether a rival is nowhere worse, and somewhere better or, when equal, earlier."""
    if not rival.result.figures or not solved.result.figures:
        return False
    theirs, ours = costs(rival.result.figures), costs(solved.result.figures)
    return all(a <= b for a, b in zip(theirs, ours, strict=True)) and (theirs != ours or earlier)
