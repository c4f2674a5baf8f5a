"""What is kept of one solve of a sweep: figures, or why there are none. The same on every machine and executor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from placer.device import Device
from placer.errors import InfeasibleError, InputError, PlacerError, UndecidedError
from placer.mapping import Mapping, ObjectiveValue


class PointStatus(Enum):
    """OPTIMAL and FEASIBLE have a mapping. UNKNOWN: none found within the limit. REFUSED: the input is wrong.

    FAILED: a defect, or no memory.
    """

    OPTIMAL = "OPTIMAL"
    FEASIBLE = "FEASIBLE"
    INFEASIBLE = "INFEASIBLE"
    UNKNOWN = "UNKNOWN"
    REFUSED = "REFUSED"
    FAILED = "FAILED"

    @property
    def mapped(self) -> bool:
        return self in {PointStatus.OPTIMAL, PointStatus.FEASIBLE}

    @classmethod
    def of(cls, error: PlacerError) -> PointStatus:
        """The status that an error stands for."""
        match error:
            case UndecidedError():
                return cls.UNKNOWN
            case InfeasibleError():
                return cls.INFEASIBLE
            case InputError():
                return cls.REFUSED
            case _:
                return cls.FAILED


@dataclass(frozen=True)
class Figures:
    """Figures of a mapping, those in cycles and microseconds modelled.

    interval_us: microseconds between runs. latency_us: of a run. samples_per_us: throughput, millions of samples a second.
    busy: the share of the array's cycles in which a core works, all core tiles of the device counted.
    """

    batch: int
    interval_cycles: int
    latency_cycles: int
    interval_us: float
    latency_us: float
    samples_per_us: float
    tiles: int
    busy: float
    objective: tuple[ObjectiveValue, ...]


@dataclass(frozen=True)
class PointResult:
    """One solved point. reason: in a sentence, empty where there is a mapping. columns, rows: of the device's array."""

    key: str
    status: PointStatus
    reason: str
    columns: int
    rows: int
    figures: Figures | None


@dataclass(frozen=True)
class Lost:
    """A point without a result: what its worker or cluster said. It is not stored, so that the next run tries it again."""

    key: str
    reason: str


def success(key: str, mapping: Mapping, device: Device) -> PointResult:
    """The result of a legal mapping."""
    clock, interval = device.clock_mhz, max(1, mapping.interval_cycles)
    work = sum(layer.cycles * len(layer.tiles) for layer in mapping.layers)
    figures = Figures(
        batch=mapping.batch,
        interval_cycles=mapping.interval_cycles,
        latency_cycles=mapping.latency_cycles,
        interval_us=round(interval / clock, 6),
        latency_us=round(mapping.latency_cycles / clock, 6),
        samples_per_us=round(mapping.batch * clock / interval, 6),
        tiles=mapping.tiles_used,
        busy=round(work / (interval * device.core_tiles), 6),
        objective=mapping.objective,
    )
    return PointResult(key, PointStatus(mapping.status), "", device.columns, device.rows, figures)


def failure(key: str, device: Device, status: PointStatus, reason: str) -> PointResult:
    """The result of a solve without a mapping."""
    return PointResult(key, status, reason, device.columns, device.rows, None)
