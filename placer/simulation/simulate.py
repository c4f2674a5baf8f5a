"""A pipeline as activities that wait for each other, run for as many runs as wanted.

Every resource of the array serves its users in a fixed order: a kernel calls, a DMA channel works through its descriptors, buffers are
taken in turn under locks. So the earliest time of every event is a maximum of sums, and taking the events of one run after the other gives
exactly what an event queue would, without one (a timed marked graph). All figures are modelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

# A loop of waits over two, three, four, six or twelve runs repeats its pattern of intervals within so many.
TURN = 12


class Kind(Enum):
    """What a resource is; the value groups the rows of a trace."""

    KERNEL = "core tiles"
    CORE_IN = "streams into core tiles"
    CORE_OUT = "streams out of core tiles"
    MEMORY_IN = "streams into memory tiles"
    MEMORY_OUT = "streams out of memory tiles"
    PLIO_IN = "PLIO in"
    PLIO_OUT = "PLIO out"


@dataclass(frozen=True)
class Use:
    """A tile or channel that works from `late` cycles after an activity starts, for as long as the activity is busy."""

    kind: Kind
    resource: str
    late: int


@dataclass(frozen=True)
class Activity:
    """Work done once a run: a cascade of kernels, or a window on its way.

    resource: what does it, one row of a trace. busy: cycles until the resource can start again. layer: whose work it is, by name.
    also: what else works on it: the further tiles of a cascade, the channels in which a window arrives.
    """

    name: str
    kind: Kind
    resource: str
    layer: str
    busy: int
    also: tuple[Use, ...] = ()

    @property
    def uses(self) -> tuple[Use, ...]:
        """Everything that works on it."""
        return (Use(self.kind, self.resource, 0), *self.also)


@dataclass(frozen=True)
class Precedence:
    """Activity `target` of run r starts at least `cycles` after `source` of run r - runs does."""

    source: int
    target: int
    cycles: int
    runs: int


@dataclass(frozen=True)
class ActivityGraph:
    """Activities and what they wait for. inputs: those that begin a run; outputs: those that end it, so many cycles after their start."""

    activities: tuple[Activity, ...]
    precedences: tuple[Precedence, ...]
    inputs: tuple[int, ...]
    outputs: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Simulation:
    """Start cycle of every activity, run by run, and for each the precedence that held it back last (None: nothing did)."""

    graph: ActivityGraph
    starts: tuple[tuple[int, ...], ...]
    held: tuple[tuple[Precedence | None, ...], ...]

    @property
    def interval(self) -> float:
        """Cycles between two runs in steady state: the mean over the second half, in whole turns of loops of waits over several runs."""
        last = len(self.starts) - 1
        half = last - len(self.starts) // 2
        runs = half - half % TURN if half >= TURN else half
        return (self.end(last) - self.end(last - runs)) / runs

    @property
    def first_latency(self) -> int:
        """Cycles from the first word in to the last word out of the first run."""
        return self.latency(0)

    def latency(self, run: int) -> int:
        """Cycles from the first word in to the last word out of `run`."""
        return self.end(run) - min(self.starts[run][i] for i in self.graph.inputs)

    def end(self, run: int) -> int:
        """The cycle at which the last word of `run` is out."""
        return max(self.starts[run][i] + cycles for i, cycles in self.graph.outputs)


def simulate(graph: ActivityGraph, runs: int, pace: int = 0) -> Simulation:
    """The earliest starts of `runs` runs (for an interval at least 2). pace: cycles between the inputs of two runs; 0: as soon as there is
    room.

    Raises ValueError when activities of one run wait for each other in a circle.
    """
    into: list[list[Precedence]] = [[] for _ in graph.activities]
    for precedence in graph.precedences:
        into[precedence.target].append(precedence)
    order = _order(graph)
    starts: list[list[int]] = []
    held: list[list[Precedence | None]] = []
    paced = set(graph.inputs)
    for run in range(runs):
        now = [0] * len(order)
        reasons: list[Precedence | None] = [None] * len(order)
        starts.append(now)
        for activity in order:
            best, reason = (run * pace if activity in paced else 0), None
            for p in into[activity]:
                if p.runs <= run and starts[run - p.runs][p.source] + p.cycles >= max(best, 1):
                    best, reason = starts[run - p.runs][p.source] + p.cycles, p
            now[activity], reasons[activity] = best, reason
        held.append(reasons)
    return Simulation(graph, tuple(map(tuple, starts)), tuple(map(tuple, held)))


def empty_latency(graph: ActivityGraph) -> int:
    """Cycles from the first word in to the last word out of a run through the empty pipeline."""
    return simulate(graph, 1).first_latency


def shortest_interval(graph: ActivityGraph) -> int:
    """The smallest whole number of cycles between runs that all precedences allow in the long run: what `simulate` settles at, rounded up.

    An interval is possible when no loop of precedences takes longer than its runs last (Bellman-Ford).
    """
    source, target, cycles, runs = (
        np.array([getattr(p, name) for p in graph.precedences], np.int64) for name in ("source", "target", "cycles", "runs")
    )

    def possible(interval: int) -> bool:
        at = np.zeros(len(graph.activities), np.int64)
        for _ in range(len(graph.activities) + 1):
            later = at.copy()
            np.maximum.at(later, target, at[source] + cycles - interval * runs)
            if np.array_equal(later, at):
                return True
            at = later
        return False

    low = max((a.busy for a in graph.activities), default=0)
    if possible(low):
        return low
    step = 1
    while not possible(low + step):
        low, step = low + step, 2 * step
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if possible(middle) else (middle, high)
    return high


def _order(graph: ActivityGraph) -> list[int]:
    """Activities in an order in which those of one run wait only for earlier ones."""
    waiting = [0] * len(graph.activities)
    after: list[list[int]] = [[] for _ in graph.activities]
    for p in graph.precedences:
        if p.runs == 0:
            waiting[p.target] += 1
            after[p.source].append(p.target)
    order = [i for i, count in enumerate(waiting) if count == 0]
    for activity in order:
        for target in after[activity]:
            waiting[target] -= 1
            if waiting[target] == 0:
                order.append(target)
    if len(order) < len(graph.activities):
        raise ValueError("activities of one run wait for each other in a circle")
    return order
