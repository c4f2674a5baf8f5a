"""Demands in cycles against a mapping as placed and routed: the solver, which knows no distances, may be asked for less."""

from __future__ import annotations

from dataclasses import dataclass, replace

from placer.mapping import Mapping
from placer.problem.problem import Level, Limit


@dataclass(frozen=True)
class Excess:
    """Cycles by which a mapping's interval and latency are above what is required; 0 where they are not."""

    interval: int = 0
    latency: int = 0

    def __bool__(self) -> bool:
        return self.interval > 0 or self.latency > 0

    def of(self, level: Level) -> int:
        """Of a demand for this level; places do not enter other levels that are demanded."""
        return {Level.INTERVAL: self.interval, Level.LATENCY: self.latency}.get(level, 0)


NONE = Excess()


def excess(limits: tuple[Limit, ...], mapping: Mapping) -> Excess:
    """How far a mapping is above `limits`."""
    return Excess(_above(limits, Level.INTERVAL, mapping.interval_cycles), _above(limits, Level.LATENCY, mapping.latency_cycles))


def _above(limits: tuple[Limit, ...], level: Level, cycles: int) -> int:
    return max(0, cycles - min((limit.at_most for limit in limits if limit.level is level), default=cycles))


def sooner(limits: tuple[Limit, ...], missed: Excess) -> tuple[Limit, ...]:
    """Demands that are so many cycles stricter."""
    return tuple(replace(limit, at_most=max(0, limit.at_most - missed.of(limit.level))) for limit in limits)


def too_slow(mapping: Mapping, missed: Excess) -> str:
    """In words."""
    parts = [
        f"{what} of at most {cycles - above} cycles is required; the mappings found take {cycles} with the distances of their streams"
        for what, cycles, above in (
            ("an interval", mapping.interval_cycles, missed.interval),
            ("a latency", mapping.latency_cycles, missed.latency),
        )
        if above
    ]
    return f"{'; '.join(parts)}, and which take less is not known; allow more with --work, or more cycles"
