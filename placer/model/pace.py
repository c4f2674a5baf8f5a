"""The interval: some fixed time for every layer and stream keeps all waits of pacing.py."""

from __future__ import annotations

from collections.abc import Iterable

from ortools.sat.python import cp_model

from placer.cycles.streams import Travel
from placer.model.linear import Expression, weighted
from placer.model.variables import BlockVariables, EdgeVariables, NetVariables, Variables
from placer.pacing import COPIES, Stage, Stream, Wait, buffer_waits, input_waits, output_waits, shared_waits, stage_waits, stream_waits
from placer.problem.problem import BlockKind


class _Times:
    """The start times that waits name, and the interval that they are within."""

    def __init__(self, v: Variables, interval: cp_model.IntVar, horizon: int) -> None:
        self.model = v.model
        self.interval = interval
        self.horizon = horizon
        self.of: dict[str, cp_model.IntVar] = {}

    def keep(self, waits: Iterable[Wait], when: tuple[cp_model.LiteralT, ...] = ()) -> None:
        """Add each wait, as far as the literals `when` hold."""
        for w in waits:
            after = self._at(w.source) + w.cycles - w.runs * self.interval
            constraint = self.model.add(self._at(w.target) >= after)
            if when:
                constraint.only_enforce_if(*when)

    def _at(self, name: str) -> cp_model.IntVar:
        if name not in self.of:
            self.of[name] = self.model.new_int_var(0, self.horizon, name)
        return self.of[name]


def add_pace(v: Variables, interval: cp_model.IntVar, horizon: int) -> None:
    """Tie `interval` to the chosen options and edge kinds. horizon: no start time of a run is later."""
    times = _Times(v, interval, horizon)
    stages = [_stage(b) for b in v.blocks]
    for stage in stages:
        if stage:
            times.keep(stage_waits(stage))
    for net in v.nets:
        _add_net(v, times, stages, net)


def _stage(b: BlockVariables) -> Stage | None:
    if b.block.kind is not BlockKind.LAYER:
        return None
    cycles, late = b.chosen(o.cycles for o in b.block.options), b.chosen(o.latency - o.cycles for o in b.block.options)
    return Stage(b.block.name, cycles, late, all(o.split and o.split.apart for o in b.block.options))


def _add_net(v: Variables, times: _Times, stages: list[Stage | None], net: NetVariables) -> None:
    producer, source = v.blocks[net.net.producer], stages[net.net.producer]
    out = Stream(f"{net.net.activation}.out", producer.chosen(o.output_cycles for o in producer.block.options))
    streams = () if len(net.edges) > 1 else (net.edges[0].shared_memory.negated(),)
    times.keep(stream_waits(out), streams)
    if source:
        times.keep(output_waits(source, out), streams)
    for number, (reader, edge) in enumerate(zip(net.net.readers, net.edges, strict=True)):
        consumer, target = v.blocks[reader.block], stages[reader.block]
        travel = v.problem.travel(net.net, reader)
        into = Stream(f"{net.net.activation}.{number}", _read_cycles(consumer, reader.port))
        if net.shardings:
            times.keep((*stream_waits(into), *buffer_waits(out, into, travel.written)), (edge.memory_tile,))
        if target:
            times.keep(input_waits(out, target, travel.direct), (edge.dma,))
            if net.shardings:
                times.keep(input_waits(into, target, travel.read), (edge.memory_tile,))
            if source and len(net.edges) == 1:
                times.keep(shared_waits(source, target), (edge.shared_memory,))
            _relax_edge(times, (source, target), out, edge, _Transfer(producer, consumer, reader.port, edge, travel), len(net.edges) > 1)


class _Transfer:
    """Cycles of an edge's streams from the start of the first to what the last has delivered, whatever the kind: linear in the flows."""

    def __init__(self, producer: BlockVariables, consumer: BlockVariables, port: int, edge: EdgeVariables, travel: Travel) -> None:
        self.travel = travel
        written = {o.output: o.output_cycles for o in producer.block.options if o.output}
        read = {o.inputs[port]: o.input_cycles[port] for o in consumer.block.options}
        dma = weighted((written[f.partition] for f in edge.direct), (f.dma for f in edge.direct))
        into = weighted((written[f.partition] for f in edge.writes), (f.literal for f in edge.writes))
        out = weighted((read[f.partition] for f in edge.reads), (f.literal for f in edge.reads))
        self.cycles = dma + into + out + travel.direct * edge.dma + travel.buffered * edge.memory_tile


def _relax_edge(
    times: _Times, ends: tuple[Stage | None, Stage], out: Stream, edge: EdgeVariables, transfer: _Transfer, streamed: bool
) -> None:
    """The waits of an edge in the form that holds for all of its kinds at once. They follow from the exact ones and tighten the linear
    relaxation, which hardly sees waits that a literal switches: where a fork joins again, the long way bounds the interval.
    """
    source, target = ends
    tile = target.starts[0]
    if source:
        times.keep((Wait(source.starts[0], tile, source.late + source.cycles + transfer.cycles, 0),))
    if streamed:
        start = out.starts[0]
        times.keep((Wait(start, tile, transfer.cycles, 0), Wait(tile, start, target.cycles - transfer.travel.longest, 2 * COPIES)))


def _read_cycles(b: BlockVariables, port: int) -> Expression:
    return b.chosen(o.input_cycles[port] for o in b.block.options)
