"""Where the cycles of a mapping go: layer by layer, stream by stream, and what sets the pace. Modelled."""

from __future__ import annotations

from dataclasses import dataclass

from placer.cycles.kernel import CALL_CYCLES, LOCK_CYCLES
from placer.device import Device
from placer.mapping import MappedLayer, Mapping
from placer.mmul import mmul_shapes
from placer.network import IntType
from placer.simulation.activities import activities, channel_name
from placer.simulation.bottleneck import Bottleneck, bottleneck
from placer.simulation.conflicts import layer_conflicts, with_every_conflict
from placer.simulation.simulate import Simulation, simulate
from placer.simulation.utilisation import ResourceUse, utilisation

# Runs until a pipeline is in steady state, and as many again to measure: deeper ones than any shipped need fewer than a hundred.
RUNS = 200


@dataclass(frozen=True)
class LayerProfile:
    """One layer's cycles on each of its tiles, an interval: the five parts add up to it.

    products: at the peak rate of its types; schedule: what the kernel takes beyond that (filling, draining, loads, finishing);
    stalls: waiting for banks that its buffers share; call: call, return and locks; waiting: the rest of the interval, for data, room or
    the other tiles of a cascade. macs: multiply-accumulates of the whole layer, padding included. peak: of them, a cycle and tile.
    stream_cycles: of the busiest channel of its tiles, in or out; 0 where no stream serves them. conflicts: the most cycles that bank
    conflicts with streams and neighbours add to a call (conflicts.py).
    """

    name: str
    tiles: int
    macs: int
    peak: int
    products: int
    schedule: int
    stalls: int
    call: int
    waiting: float
    stream_cycles: int
    conflicts: int

    @property
    def cycles(self) -> int:
        """Of one kernel call."""
        return self.products + self.schedule + self.stalls + self.call

    @property
    def achieved(self) -> float:
        """Multiply-accumulates a cycle and tile in steady state."""
        return self.macs / self.tiles / (self.cycles + self.waiting)

    @property
    def roof(self) -> float:
        """Multiply-accumulates a cycle and tile that the multiplier and the busiest channel allow."""
        return min(float(self.peak), self.macs / self.tiles / self.stream_cycles) if self.stream_cycles else float(self.peak)


@dataclass(frozen=True)
class Profile:
    """interval, latencies in cycles: simulated. stated_interval: the mapping's own. steady_latency: with inputs at the interval's pace.

    worst_interval, worst_latency: with every bank conflict of cores with streams and neighbours. resources: every tile, channel and lane
    that works. bottleneck: what sets the pace.
    """

    batch: int
    interval: float
    stated_interval: int
    first_latency: int
    steady_latency: int
    worst_interval: float
    worst_latency: int
    tiles: int
    layers: tuple[LayerProfile, ...]
    resources: tuple[ResourceUse, ...]
    bottleneck: Bottleneck

    def inferences_per_second(self, device: Device) -> float:
        """Samples a second at the device's clock."""
        return self.batch * device.clock_mhz * 1e6 / self.interval

    def tera_operations(self, device: Device) -> float:
        """10^12 operations a second, two a multiply-accumulate, padding included."""
        return sum(layer.macs for layer in self.layers) * 2 * device.clock_mhz * 1e6 / self.interval / 1e12


def profiled(mapping: Mapping, device: Device) -> Profile:
    """Simulate a legal mapping and attribute its cycles."""
    simulation = steady(mapping, device)
    paced, worst = _paced(simulation), steady(with_every_conflict(mapping, device), device)
    resources = utilisation(mapping, simulation)
    channels = {r.resource: r.busy for r in resources}
    return Profile(
        batch=mapping.batch,
        interval=simulation.interval,
        stated_interval=mapping.interval_cycles,
        first_latency=simulation.first_latency,
        steady_latency=paced.latency(RUNS - 1),
        worst_interval=worst.interval,
        worst_latency=_paced(worst).latency(RUNS - 1),
        tiles=mapping.tiles_used,
        layers=tuple(_layer(layer, simulation.interval, channels, device) for layer in mapping.layers),
        resources=resources,
        bottleneck=bottleneck(simulation),
    )


def steady(mapping: Mapping, device: Device) -> Simulation:
    """Enough runs of a mapping's pipeline to be in steady state."""
    return simulate(activities(mapping, device), RUNS)


def _paced(simulation: Simulation) -> Simulation:
    """The same pipeline with inputs at its interval."""
    return simulate(simulation.graph, RUNS, -int(-simulation.interval // 1))


def _layer(layer: MappedLayer, interval: float, channels: dict[str, int], device: Device) -> LayerProfile:
    """channels: by name, the cycles an interval in which each works."""
    macs = layer.m * layer.k * layer.n
    peak = _peak(layer, device)
    products = -(-macs // (len(layer.tiles) * peak))
    ports = max(sum(b.copies == 2 for b in t.buffers) for t in layer.tiles)
    call = min(CALL_CYCLES + 2 * ports * LOCK_CYCLES, layer.cycles - products - layer.stall_cycles)
    return LayerProfile(
        name=layer.name,
        tiles=len(layer.tiles),
        macs=macs,
        peak=peak,
        products=products,
        schedule=layer.cycles - products - layer.stall_cycles - call,
        stalls=layer.stall_cycles,
        call=call,
        waiting=interval - layer.cycles,
        stream_cycles=max(channels[c] for c in _channels(layer)) if _channels(layer) else 0,
        conflicts=layer_conflicts(layer, device),
    )


def _peak(layer: MappedLayer, device: Device) -> int:
    """Multiply-accumulates a cycle of operands of these types, in the best of their shapes."""
    left = IntType(layer.dtypes.input)
    right = IntType(layer.dtypes.weights) if layer.dtypes.weights else left
    rates = [s.m * s.k * s.n // s.intrinsics for s in mmul_shapes(device.generation, left, right)]
    return min(device.core.macs_int8, max(rates, default=device.core.macs_int8))


def _channels(layer: MappedLayer) -> tuple[str, ...]:
    """The channels that serve a layer's tiles."""
    buffers = (b for tile in layer.tiles for b in tile.buffers if b.channel is not None)
    return tuple(channel_name(b) for b in buffers)
