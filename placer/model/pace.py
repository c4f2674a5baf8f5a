"""The interval: some fixed time for every layer and stream keeps all waits of pacing.py."""

from __future__ import annotations

from collections.abc import Iterable

from ortools.sat.python import cp_model

from placer.model.linear import Expression
from placer.model.variables import BlockVariables, NetVariables, Variables
from placer.pacing import Stage, Stream, Wait, buffer_waits, input_waits, output_waits, shared_waits, stage_waits, stream_waits
from placer.problem import BlockKind


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
    return Stage(b.block.name, b.chosen(o.cycles for o in b.block.options), b.chosen(o.latency - o.cycles for o in b.block.options))


def _add_net(v: Variables, times: _Times, stages: list[Stage | None], net: NetVariables) -> None:
    producer, source = v.blocks[net.net.producer], stages[net.net.producer]
    out = Stream(f"{net.net.activation}.out", producer.chosen(o.output_cycles for o in producer.block.options))
    streams = () if len(net.edges) > 1 else (net.edges[0].shared_memory.negated(),)
    times.keep(stream_waits(out), streams)
    if source:
        times.keep(output_waits(source, out), streams)
    for number, (reader, edge) in enumerate(zip(net.net.readers, net.edges, strict=True)):
        consumer, target = v.blocks[reader.block], stages[reader.block]
        into = Stream(f"{net.net.activation}.{number}", _read_cycles(consumer, reader.port))
        if net.shardings:
            times.keep((*stream_waits(into), *buffer_waits(out, into)), (edge.memory_tile,))
        if target:
            times.keep(input_waits(out, target), (edge.dma,))
            if net.shardings:
                times.keep(input_waits(into, target), (edge.memory_tile,))
            if source and len(net.edges) == 1:
                times.keep(shared_waits(source, target), (edge.shared_memory,))


def _read_cycles(b: BlockVariables, port: int) -> Expression:
    return b.chosen(o.input_cycles[port] for o in b.block.options)
