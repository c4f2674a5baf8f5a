"""Streams between places: how many there are, and how far they run. Not an objective level; what is minimised when lanes ran out."""

from __future__ import annotations

from collections.abc import Sequence

from ortools.sat.python import cp_model

from placer.model.linear import Expression, total, weighted
from placer.model.variables import BlockVariables, BufferedFlow, EdgeVariables, NetVariables, Variables
from placer.problem.problem import BlockKind, Reader
from placer.problem.solution import bounding_box


def stream_count(v: Variables) -> Expression:
    """Windows that move on streams, edge by edge: once directly, twice through memory tiles."""
    terms = []
    for net in v.nets:
        for edge in net.edges:
            terms.append(weighted((f.partition.pieces for f in edge.direct), (f.dma for f in edge.direct)))
            for flows in (edge.writes, edge.reads):
                terms.append(weighted((f.partition.pieces for f in flows), (f.literal for f in flows)))
    return total(terms)


def add_order_lanes(v: Variables, lanes: int) -> None:
    """With blocks side by side in their order, at most `lanes` streams between any two neighbours.

    An edge crosses as its own windows, once for all that take them directly, or where it goes through memory tiles as those that are read.
    What enters the array does so at its first reader. Shared memory counts as streams, because side by side it seldom comes about.
    """
    layers = [i for i, b in enumerate(v.blocks) if b.block.kind is BlockKind.LAYER]
    for cut in layers[:-1]:
        terms: list[Expression] = []
        for net in v.nets:
            start = min(net.net.producer, *(r.block for r in net.net.readers))
            beyond = [e for r, e in zip(net.net.readers, net.edges, strict=True) if start <= cut < r.block and r.block in layers]
            terms += [weighted((f.partition.pieces for f in edge.reads), (f.literal for f in edge.reads)) for edge in beyond]
            terms.append(_direct_windows(v, beyond))
        v.model.add(total(terms) <= lanes)


def _direct_windows(v: Variables, edges: Sequence[EdgeVariables]) -> Expression:
    """Windows that cross to any of these readers of one net: as many as to the one with most, since all that are direct have the same."""
    counts = [
        total(
            weighted((f.partition.pieces for f in e.direct), literals)
            for literals in ((f.dma for f in e.direct), (f.shared_memory for f in e.direct))
        )
        for e in edges
    ]
    if len(counts) < 2:
        return total(counts)
    most = v.model.new_int_var(0, v.problem.device.core_tiles, "direct windows")
    for count in counts:
        v.model.add(most >= count)
    return most


def add_shard_lanes(v: Variables) -> None:
    """No more windows from layers into one memory tile than the lanes of its column carry straight down."""
    lanes = v.problem.device.streams.south
    for net in v.nets:
        if v.blocks[net.net.producer].block.kind is BlockKind.LAYER:
            for flow in (f for e in net.edges for f in e.writes if f.ports > lanes):
                v.model.add(flow.literal == 0)


def stream_length(v: Variables) -> Expression:
    """Twice the steps that all streams take between the centres of what they join; the model must have one option a block."""
    terms: list[Expression] = []
    for net in v.nets:
        for reader, edge in zip(net.net.readers, net.edges, strict=True):
            terms += _edge_length(v, net, reader, edge)
    return total(terms)


def add_memory_lanes(v: Variables) -> None:
    """No more windows into or out of the memory tiles of one column than its lanes carry straight: cores write from the north."""
    streams = v.problem.device.streams
    for lanes, from_layers in ((streams.north, False), (streams.south, True)):
        nets = [n for n in v.nets if n.shardings and (v.blocks[n.net.producer].block.kind is BlockKind.LAYER) is from_layers]
        demands = [_demand(v, list(n.edges[0].writes), lanes) for n in nets]
        v.model.add_cumulative([_columns(v, n) for n in nets], demands, lanes)
    nets = [n for n in v.nets if n.shardings]
    demands = [_demand(v, [f for e in n.edges for f in e.reads], streams.north) for n in nets]
    v.model.add_cumulative([_columns(v, n) for n in nets], demands, streams.north)


def _columns(v: Variables, net: NetVariables) -> cp_model.IntervalVar:
    """The columns of a net's buffer, when it has one."""
    size, end = (v.model.new_int_var(0, v.problem.device.columns, name) for name in ("columns", "past_last_column"))
    v.model.add(size == net.size)
    return v.model.new_optional_interval_var(net.column, size, end, net.buffered, f"{net.net.activation}.columns")


def _demand(v: Variables, flows: list[BufferedFlow], limit: int) -> cp_model.IntVar:
    demand = v.model.new_int_var(0, limit, "lanes")
    v.model.add(demand == weighted((f.ports for f in flows), (f.literal for f in flows)))
    return demand


def _edge_length(v: Variables, net: NetVariables, reader: Reader, edge: EdgeVariables) -> list[Expression]:
    """Of one edge. What enters the array does so below its first reader, so later ones are that far from it."""
    producer, consumer = v.blocks[net.net.producer], v.blocks[reader.block]
    source = _centre(producer, True) if producer.picks else None
    first = v.blocks[net.net.readers[0].block]
    if producer.block.kind is BlockKind.INPUT and first is not consumer and first.picks:
        source = _centre(first, False)
    sink = _centre(consumer, False) if consumer.picks else None
    terms: list[Expression] = []
    if source and sink:
        for flow in edge.direct:
            terms += [flow.partition.pieces * _distance(v, a, b, flow.dma) for a, b in zip(source, sink, strict=True)]
    memory = (2 * net.column + net.size - 1, cp_model.LinearExpr.sum([-2]))
    for end, flows in ((source, edge.writes), (sink, edge.reads)):
        if end is None:
            continue
        for buffered in flows:
            terms += [buffered.partition.pieces * _distance(v, a, b, buffered.literal) for a, b in zip(end, memory, strict=True)]
    return terms


def _centre(b: BlockVariables, tails: bool) -> tuple[Expression, Expression]:
    """Twice the column and row of the middle of a block's last tiles, or of all of them."""
    boxes = [bounding_box(b.shape_of(p).tails() if tails else b.shape_of(p).tiles()) for p in b.picks]
    literals = [p.literal for p in b.picks]
    return (
        2 * b.column + weighted((x.west + x.east for x in boxes), literals),
        2 * b.row + weighted((x.south + x.north for x in boxes), literals),
    )


def _distance(v: Variables, a: Expression, b: Expression, when: cp_model.IntVar) -> cp_model.IntVar:
    """At least |a - b| when the literal holds."""
    device = v.problem.device
    distance = v.model.new_int_var(0, 2 * (device.columns + device.rows), "length")
    v.model.add(distance >= a - b).only_enforce_if(when)
    v.model.add(distance >= b - a).only_enforce_if(when)
    return distance
