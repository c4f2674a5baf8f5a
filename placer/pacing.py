"""How often a pipeline can start a run: the smallest interval at which every layer and stream has a fixed time in it.

Kernels and streams take turns on double buffers, so an interval is possible when start times exist that keep every wait: `target` of run r
no earlier than `source` of run r - runs plus `cycles`. Layers stand for all their tiles by two start times, of the cascades that serve the
first and the last position of the next layer's cascade, which runs late by its hops. simulation/activities.py has every tile and window;
this is the same pipeline layer by layer, small enough for the model of the solver (model/pace.py) and close to it (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

# An integer, or the solver's linear expression of one.
Cycles: TypeAlias = Any
COPIES = 2


@dataclass(frozen=True)
class Wait:
    """`target` of run r starts at least `cycles` after `source` of run r - runs does. Both name something with a start time."""

    source: str
    target: str
    cycles: Cycles
    runs: int


@dataclass(frozen=True)
class Stage:
    """A layer. cycles: of one call; late: of a cascade's last tile after its first.

    apart: each window that it reads goes to one tile, which writes the same part of the output (a function, an addition).
    """

    name: str
    cycles: Cycles
    late: Cycles
    apart: bool = False

    @property
    def starts(self) -> tuple[str, str]:
        """Of the first tile of early and late cascades."""
        return f"{self.name}.early", f"{self.name}.late"

    @property
    def readers(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Of the cascades that read the first window, and of those that read the last."""
        early, late = self.starts
        return ((early,), (late,)) if self.apart else (self.starts, self.starts)


@dataclass(frozen=True)
class Stream:
    """The windows of an activation on their way out of a memory: the first window and the last. busy: cycles of each on its channel."""

    name: str
    busy: Cycles

    @property
    def starts(self) -> tuple[str, str]:
        return f"{self.name}.first", f"{self.name}.last"


def stage_waits(stage: Stage) -> Iterator[Wait]:
    """A kernel ends before its next call."""
    for start in stage.starts:
        yield Wait(start, start, stage.cycles, 1)


def stream_waits(stream: Stream) -> Iterator[Wait]:
    """A channel ends a window before the next run's."""
    for start in stream.starts:
        yield Wait(start, start, stream.busy, 1)


def output_waits(stage: Stage, stream: Stream) -> Iterator[Wait]:
    """A layer's output leaves when its last tile ends, which needs a copy that has left."""
    for tile, start in zip(stage.starts, stream.starts, strict=True):
        yield Wait(tile, start, stage.late + stage.cycles, 0)
        yield Wait(start, tile, stream.busy - stage.late, COPIES)


def buffer_waits(written: Stream, read: Stream, travel: int) -> Iterator[Wait]:
    """A memory tile's buffer is read when all is written, and written again when all is read. travel: of `written`, until its first word is
    there.
    """
    for source in written.starts:
        for start in read.starts:
            yield Wait(source, start, written.busy + travel, 0)
            yield Wait(start, source, read.busy - travel, COPIES)


def input_waits(stream: Stream, stage: Stage, travel: int) -> Iterator[Wait]:
    """The first window goes to the first tile of every cascade, the last to the last; each needs a copy that has been read. travel: of
    `stream`, until its first word is there.
    """
    for start, late, tiles in zip(stream.starts, (0, stage.late), stage.readers, strict=True):
        for tile in tiles:
            yield Wait(start, tile, stream.busy + travel - late, 0)
            yield Wait(tile, start, late + stage.cycles - travel, COPIES)


def shared_waits(producer: Stage, consumer: Stage) -> Iterator[Wait]:
    """As input_waits, where the reader's buffer is the writer's."""
    for source, late, tiles in zip(producer.starts, (0, consumer.late), consumer.readers, strict=True):
        for tile in tiles:
            yield Wait(source, tile, producer.late + producer.cycles - late, 0)
            yield Wait(tile, source, late + consumer.cycles - producer.late, COPIES)


def smallest_interval(waits: tuple[Wait, ...]) -> int:
    """The smallest whole interval at which start times keep all `waits` (whose cycles are integers)."""
    names: dict[str, int] = {}
    for wait in waits:
        names.setdefault(wait.source, len(names))
        names.setdefault(wait.target, len(names))
    arcs = [(names[w.source], names[w.target], w.cycles, w.runs) for w in waits]
    low = max((w.cycles for w in waits if w.source == w.target), default=0)
    if _possible(arcs, len(names), low):
        return low
    high = 2 * low + 1
    while not _possible(arcs, len(names), high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _possible(arcs, len(names), middle) else (middle, high)
    return high


def _possible(arcs: list[tuple[int, int, int, int]], count: int, interval: int) -> bool:
    """Whether longest paths exist at this interval: no loop of waits takes longer than its runs (Bellman-Ford)."""
    lengths = [(source, target, cycles - interval * runs) for source, target, cycles, runs in arcs]
    at = [0] * count
    for _ in range(count + 1):
        changed = False
        for source, target, length in lengths:
            if at[source] + length > at[target]:
                at[target] = at[source] + length
                changed = True
        if not changed:
            return True
    return False
