"""Where the cycles of a mapping go: layer by layer, stream by stream, and what sets the pace. Modelled."""

from __future__ import annotations

from dataclasses import dataclass

from placer.cycles.kernel import CALL_CYCLES, LOCK_CYCLES
from placer.device import Device
from placer.mapping import MappedLayer, Mapping
from placer.simulation.activities import activities
from placer.simulation.simulate import Kind, Simulation, simulate

# Runs until a pipeline is in steady state, and as many again to measure: deeper ones than any shipped need fewer than a hundred.
RUNS = 200


@dataclass(frozen=True)
class LayerProfile:
    """One layer's cycles on each of its tiles, an interval.

    products: at the peak rate; schedule: what the kernel takes beyond that (filling, draining, loads, finishing); call: call, return and
    locks; waiting: the rest of the interval. macs: of the whole layer, padding included. stream_cycles: of its longest window in or out.
    """

    name: str
    tiles: int
    macs: int
    products: int
    schedule: int
    call: int
    waiting: int
    stream_cycles: int

    @property
    def cycles(self) -> int:
        """Of one kernel call."""
        return self.products + self.schedule + self.call

    @property
    def achieved(self) -> float:
        """Multiply-accumulates a cycle and tile in steady state."""
        return self.macs / self.tiles / (self.cycles + self.waiting)

    def roof(self, device: Device) -> float:
        """Multiply-accumulates a cycle and tile that the multiplier and the longest stream allow."""
        if not self.stream_cycles:
            return float(device.core.macs_int8)
        return min(float(device.core.macs_int8), self.macs / self.tiles / self.stream_cycles)


@dataclass(frozen=True)
class BusyResource:
    """Something that works `busy` cycles an interval, as a part of it."""

    resource: str
    kind: str
    busy: int
    utilisation: float


@dataclass(frozen=True)
class Profile:
    """interval, latencies in cycles: simulated. stated_interval: the mapping's own. steady_latency: with inputs at the interval's pace.

    bottleneck: what sets the pace, in words. busiest: the busiest resource of each kind.
    """

    batch: int
    interval: float
    stated_interval: int
    first_latency: int
    steady_latency: int
    tiles: int
    layers: tuple[LayerProfile, ...]
    busiest: tuple[BusyResource, ...]
    bottleneck: str

    def inferences_per_second(self, device: Device) -> float:
        """Samples a second at the device's clock."""
        return self.batch * device.clock_mhz * 1e6 / self.interval

    def tera_operations(self, device: Device) -> float:
        """10^12 operations a second, two a multiply-accumulate, padding included."""
        return sum(layer.macs for layer in self.layers) * 2 * device.clock_mhz * 1e6 / self.interval / 1e12


def profiled(mapping: Mapping, device: Device) -> Profile:
    """Simulate a legal mapping and attribute its cycles."""
    simulation = steady(mapping, device)
    paced = simulate(simulation.graph, RUNS, -int(-simulation.interval // 1))
    return Profile(
        batch=mapping.batch,
        interval=simulation.interval,
        stated_interval=mapping.interval_cycles,
        first_latency=simulation.first_latency,
        steady_latency=paced.latency(RUNS - 1),
        tiles=mapping.tiles_used,
        layers=tuple(_layer(layer, simulation, device) for layer in mapping.layers),
        busiest=_busiest(simulation),
        bottleneck=_bottleneck(simulation),
    )


def steady(mapping: Mapping, device: Device) -> Simulation:
    """Enough runs of a mapping's pipeline to be in steady state."""
    return simulate(activities(mapping, device), RUNS)


def _layer(layer: MappedLayer, simulation: Simulation, device: Device) -> LayerProfile:
    macs = layer.m * layer.k * layer.n
    products = -(-macs // (len(layer.tiles) * device.core.macs_int8))
    ports = max(sum(b.copies == 2 for b in t.buffers) for t in layer.tiles)
    call = min(CALL_CYCLES + 2 * ports * LOCK_CYCLES, layer.cycles - products)
    streams = [a.busy for a in simulation.graph.activities if a.layer == layer.name and a.kind in {Kind.CORE_OUT, Kind.MEMORY_OUT}]
    return LayerProfile(
        name=layer.name,
        tiles=len(layer.tiles),
        macs=macs,
        products=products,
        schedule=layer.cycles - products - call,
        call=call,
        waiting=max(0, round(simulation.interval) - layer.cycles),
        stream_cycles=max(streams, default=0),
    )


def _busiest(simulation: Simulation) -> tuple[BusyResource, ...]:
    found = []
    for kind in Kind:
        mine = [a for a in simulation.graph.activities if a.kind is kind]
        if mine:
            worst = max(mine, key=lambda a: a.busy)
            found.append(BusyResource(worst.resource, kind.value, worst.busy, worst.busy / simulation.interval))
    return tuple(found)


def _bottleneck(simulation: Simulation) -> str:
    """One resource that never rests, or a loop of waiting through a few."""
    critical = simulation.critical()
    if not critical:
        return "nothing waits"
    first = simulation.graph.activities[critical[0][0]]
    if critical[0][1] > 0.95:
        return f"{first.kind.value}: {first.name} ({first.resource}) takes {first.busy} cycles of every {simulation.interval:.4g}"
    names = " and ".join(dict.fromkeys(simulation.graph.activities[a].name for a, part in critical[:3] if part > 0.05))
    return f"waiting between {names}: buffers of {simulation.interval:.4g} cycles a turn"
