"""What a mapping is for: a goal as a lexicographic objective, and demands in cycles or in real units as limits of its levels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from pydantic import ConfigDict, Field, with_config

from placer.device import Device
from placer.problem.problem import Level, Limit

# Samples a run that are tried where they may be chosen.
BATCHES = tuple(1 << i for i in range(11))
Cycles = Annotated[int, Field(ge=1)]
Amount = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Goal(Enum):
    """What counts most."""

    THROUGHPUT = "throughput"
    LATENCY = "latency"
    AREA = "area"

    @property
    def levels(self) -> tuple[Level, ...]:
        """The objective of this goal."""
        interval, latency, tiles = Level.INTERVAL, Level.LATENCY, Level.TILES
        first = {
            Goal.THROUGHPUT: (interval, latency, tiles),
            Goal.LATENCY: (latency, interval, tiles),
            Goal.AREA: (tiles, interval, latency),
        }[self]
        return (*first, Level.TRANSPORT, Level.COMPACTNESS)


@dataclass(frozen=True)
class Scale:
    """What may be chosen.

    batches: samples a run of one replica, rising. replicas: how many; None: as many as serve the objective best. relays: at most so many on
    each short way (relays.py), rising.
    """

    batches: tuple[int, ...]
    replicas: int | None
    relays: tuple[int, ...] = (0,)


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class Required:
    """What a mapping must reach; None: not required.

    interval, latency: at most so many cycles. tiles: at most so many core tiles. inferences_per_second, rate_mhz (millions of inferences a
    second, as of a trigger): at least so many samples. latency_ns: at most so many nanoseconds. All modelled, at the device's clock.
    """

    interval: Cycles | None = None
    latency: Cycles | None = None
    tiles: Cycles | None = None
    inferences_per_second: Amount | None = None
    rate_mhz: Amount | None = None
    latency_ns: Amount | None = None

    def limits(self, samples: int, device: Device) -> tuple[Limit, ...]:
        """The strictest limit of each level, for `samples` a run on `device`. One below a cycle stays 0, which nothing meets."""
        hertz = device.clock_mhz * 1e6
        rates = [r for r in (self.inferences_per_second, None if self.rate_mhz is None else self.rate_mhz * 1e6) if r is not None]
        latencies = [] if self.latency_ns is None else [self.latency_ns * device.clock_mhz / 1e3]
        found = {
            Level.INTERVAL: [*_given(self.interval), *(samples * hertz / rate for rate in rates)],
            Level.LATENCY: [*_given(self.latency), *latencies],
            Level.TILES: _given(self.tiles),
        }
        return tuple(Limit(level, _whole(min(values))) for level, values in found.items() if values)


def _given(value: int | None) -> list[float]:
    return [] if value is None else [float(value)]


def _whole(value: float) -> int:
    """The largest integer that is not above `value`, forgiving the last digits of a quotient."""
    return math.floor(value * (1 + 1e-12))
