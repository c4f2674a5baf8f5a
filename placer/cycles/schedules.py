"""What was proven of every body of a kernel: kernel_schedules.csv, made by scripts/schedule_kernels.py."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

SCHEDULES = "kernel_schedules.csv"


@dataclass(frozen=True)
class ScheduledBody:
    """A body and its schedule.

    Dense: `interval` of one product in depth, and `overhead`: what a block takes beyond its depth x interval when nothing overlaps it.
    Elementwise and other loops: `interval` of one block, and the prologue and epilogue of the loop over blocks. Code that runs once:
    interval 0, and its length.
    """

    generation: str
    body: str
    interval: int
    overhead: int


@cache
def schedules() -> dict[tuple[str, str], ScheduledBody]:
    """All of them, by generation and body."""
    text = resources.files("placer.cycles").joinpath(SCHEDULES).read_text(encoding="utf-8")
    rows = [ScheduledBody(r["generation"], r["body"], int(r["interval"]), int(r["overhead"])) for r in csv.DictReader(text.splitlines())]
    return {(r.generation, r.body): r for r in rows}
