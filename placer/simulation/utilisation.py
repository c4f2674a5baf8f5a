"""How much of a steady interval every tile, channel and lane works. Modelled."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from placer.mapping import MappedRoute, Mapping, StreamPort
from placer.simulation.simulate import Simulation

LANES = "lanes"


@dataclass(frozen=True)
class ResourceUse:
    """A tile, channel or lane that works `busy` cycles an interval; utilisation: as a part of it. kind: a value of `Kind`, or "lanes"."""

    kind: str
    resource: str
    busy: int
    utilisation: float


def utilisation(mapping: Mapping, simulation: Simulation) -> tuple[ResourceUse, ...]:
    """Everything on the array that works, by kind, in the order of activities; lanes in the order of routes."""
    busy: Counter[tuple[str, str]] = Counter()
    for activity in simulation.graph.activities:
        for use in activity.uses:
            busy[use.kind.value, use.resource] += activity.busy
    channels = {resource: cycles for (_, resource), cycles in busy.items()}
    for route in mapping.routes:
        for lane in _lanes(route):
            busy[LANES, lane] += channels[_sends(route.source)]
    return tuple(ResourceUse(kind, name, cycles, cycles / simulation.interval) for (kind, name), cycles in busy.items())


def _lanes(route: MappedRoute) -> tuple[str, ...]:
    """The lanes of a stream, by the switch that they leave; rows count from the shim."""
    return tuple(f"switch ({h.col}, {h.row}) {h.direction} {h.lane}" for h in route.hops)


def _sends(port: StreamPort) -> str:
    """The resource of the activity that sends from this port."""
    where = {"plio": f"column {port.col}", "memory_tile": f"memory tile ({port.col}, {port.row})", "core": f"core ({port.col}, {port.row})"}
    return f"{where[port.kind]} {'in' if port.kind == 'plio' else 'out'} {port.channel}"
