"""Where the cycles of a mapping go: parts that add up, every resource once and never over its time, and the pace set by what is named."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placer.mapping import MappedLayer
from placer.simulation.activities import activities
from placer.simulation.bottleneck import Bottleneck, Loop, Workers, bottleneck
from placer.simulation.profile import RUNS, profiled, steady
from placer.simulation.simulate import Activity, ActivityGraph, Kind, Precedence, Simulation, simulate
from placer.simulation.trace import chrome_trace
from placer.simulation.utilisation import LANES, utilisation
from tests.mapped import Sample, joined, pair, rich

samples = pytest.mark.parametrize("sample", [pair(), rich(), joined()], ids=["pair", "rich", "joined"])


@samples
def test_parts_add_up(sample: Sample) -> None:
    """Parts of a layer's cycles make the kernel; kernel and waiting make the interval, exactly; none is negative."""
    found = profiled(sample.mapping, sample.device)
    stated = {layer.name: layer for layer in sample.mapping.layers}
    assert sum(layer.tiles for layer in found.layers) == found.tiles
    for layer in found.layers:
        parts = (layer.products, layer.schedule, layer.stalls, layer.call, layer.waiting)
        assert layer.cycles == stated[layer.name].cycles
        assert sum(parts) == pytest.approx(found.interval, abs=1e-9)
        assert min(parts) >= 0
        assert layer.achieved <= layer.roof + 1e-9
    assert found.first_latency <= found.steady_latency


def test_stalls_are_a_part_of_their_own() -> None:
    """What waits for banks is taken off the schedule."""
    mapping = pair().mapping
    first = mapping.layers[0]
    stalled = replace(mapping, layers=(replace(first, stall_cycles=5), *mapping.layers[1:]))
    before, after = (profiled(m, pair().device).layers[0] for m in (mapping, stalled))
    assert (after.stalls, after.schedule) == (5, before.schedule - 5)
    assert after.cycles == before.cycles


def test_the_peak_is_that_of_the_element_types() -> None:
    """16-bit operands take four times as many instructions as 8-bit ones, and mixed ones twice (mmul.py)."""

    def peak(left: str, right: str) -> int:
        def typed(layer: MappedLayer) -> MappedLayer:
            return replace(layer, cycles=10_000, dtypes=replace(layer.dtypes, input=left, weights=right))

        mapping = pair().mapping
        return profiled(replace(mapping, layers=tuple(map(typed, mapping.layers))), pair().device).layers[0].peak

    assert (peak("int8", "int8"), peak("int16", "int8"), peak("int16", "int16")) == (256, 128, 64)


@samples
def test_everything_that_works_is_listed_once(sample: Sample) -> None:
    """Every tile, the channel of every buffer that a stream serves, every port of a route and each of its lanes; none over its time."""
    mapping = sample.mapping
    found = utilisation(mapping, steady(mapping, sample.device))
    names = [(r.kind, r.resource) for r in found]
    assert len(names) == len(set(names))
    assert all(0 < r.utilisation <= 1 for r in found)
    listed = {r.resource for r in found}
    tiles = {f"core ({t.col}, {t.row})" for layer in mapping.layers for t in layer.tiles}
    assert tiles == {r.resource for r in found if r.kind == Kind.KERNEL.value}
    ports = [(port, way) for route in mapping.routes for port, way in ((route.source, "out"), *((sink, "in") for sink in route.sinks))]
    assert {"core", "memory_tile", "plio"} >= {port.kind for port, _ in ports}
    for port, way in ports:
        tile = f"{port.kind.replace('_', ' ')} ({port.col}, {port.row}) {way} {port.channel}"
        # What leaves the PL comes into the array.
        shim = f"column {port.col} {'in' if way == 'out' else 'out'} {port.channel}"
        assert (shim if port.kind == "plio" else tile) in listed
    lanes = {f"switch ({h.col}, {h.row}) {h.direction} {h.lane}" for route in mapping.routes for h in route.hops}
    assert lanes == {r.resource for r in found if r.kind == LANES}
    assert len(listed) == len(tiles) + len(set(ports)) + len(lanes)


@samples
def test_the_trace_is_what_was_simulated(sample: Sample) -> None:
    """One complete event a run and resource, on a thread of its own, never two at once on one."""
    simulation = simulate(activities(sample.mapping, sample.device), 10)
    events = json.loads(chrome_trace(simulation, sample.device, 3))["traceEvents"]
    complete = [e for e in events if e["ph"] == "X"]
    assert len(complete) == 3 * sum(len(a.uses) for a in simulation.graph.activities)
    assert {(e["pid"], e["tid"]) for e in complete} == {(e["pid"], e["tid"]) for e in events if e["name"] == "thread_name"}
    assert all(e["ts"] >= 0 and e["dur"] > 0 for e in complete)
    in_turn = sorted((e["tid"], e["args"]["start_cycle"], e["args"]["cycles"]) for e in complete)
    for (thread, start, cycles), (other, later, _) in pairwise(in_turn):
        assert thread != other or start + cycles <= later


def ring(cycles: tuple[int, ...], copies: int) -> ActivityGraph:
    """A chain of kernels a, b, ... whose last frees the first one's place among `copies` runs."""
    names = "abcdefgh"[: len(cycles)]
    kernels = tuple(Activity(name, Kind.KERNEL, name, name, busy) for name, busy in zip(names, cycles, strict=True))
    own = [Precedence(i, i, busy, 1) for i, busy in enumerate(cycles)]
    on = [Precedence(i, i + 1, busy, 0) for i, busy in enumerate(cycles[:-1])]
    last = len(cycles) - 1
    return ActivityGraph(kernels, (*own, *on, Precedence(last, 0, cycles[-1], copies)), (0,), ((last, cycles[-1]),))


def test_what_never_rests_is_named() -> None:
    """Two of three kernels take all of the interval."""
    found = bottleneck(simulate(ring((50, 30, 50), 9), RUNS))
    assert found.working == (Workers(Kind.KERNEL, ("a", "c")),)
    assert found.sentence(50) == "core tiles of a and c, which work all of its 50 cycles"


def test_a_loop_of_waits_is_named() -> None:
    """Three kernels around two copies: 120 cycles for two runs, while none works all the time."""
    found = bottleneck(simulate(ring((50, 30, 40), 2), RUNS))
    assert found == Bottleneck((), Loop(("a", "b", "c"), 120, 2))
    assert found.sentence(60) == "a loop of waits through a, b and c: 120 cycles, and buffers for 2 runs"


def halved(simulation: Simulation) -> Simulation:
    """The same pipeline when all that its bottleneck names takes half as long."""
    found, graph = bottleneck(simulation), simulation.graph
    named = {layer for w in found.working for layer in w.layers} or set(found.loop.layers if found.loop else ())
    less = {i: a.busy // 2 for i, a in enumerate(graph.activities) if a.layer in named}
    quicker = tuple(replace(a, busy=a.busy - less.get(i, 0)) for i, a in enumerate(graph.activities))
    sooner = tuple(replace(p, cycles=p.cycles - less.get(p.source, 0)) for p in graph.precedences)
    return simulate(replace(graph, activities=quicker, precedences=sooner), RUNS)


@samples
def test_the_named_bottleneck_sets_the_pace(sample: Sample) -> None:
    """With what it names at half its cycles, runs follow each other faster."""
    simulation = steady(sample.mapping, sample.device)
    assert halved(simulation).interval < simulation.interval


@given(st.lists(st.integers(2, 100), min_size=2, max_size=6), st.integers(1, 4))
def test_any_ring_is_held_up_by_what_is_named(cycles: list[int], copies: int) -> None:
    """The same for any chain under a lock, whether one kernel or the lock is the slowest."""
    simulation = simulate(ring(tuple(cycles), copies), RUNS)
    assert halved(simulation).interval < simulation.interval
