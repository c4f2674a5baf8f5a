"""The objective levels as expressions: interval, latency, tiles, transport, compactness, published.

Evaluation in solution.py gives the same numbers.
"""

from __future__ import annotations

from ortools.sat.python import cp_model

from placer.model.linear import Expression, total, weighted
from placer.model.pace import add_pace
from placer.model.variables import BlockVariables, EdgeVariables, NetVariables, Variables
from placer.problem.problem import BlockKind, Level, MappingProblem, Reader
from placer.problem.solution import DISTANCE_SCALE, PUBLISHED_HEIGHT, Box, bounding_box


def level_expression(v: Variables, level: Level) -> Expression:
    """The integer expression that `level` minimises; adds the variables it needs."""
    match level:
        case Level.INTERVAL:
            return _interval(v)
        case Level.LATENCY:
            return _latency(v)
        case Level.TILES:
            return total(b.chosen(o.tiles for o in b.block.options) for b in v.blocks)
        case Level.TRANSPORT:
            return _transport(v)
        case Level.COMPACTNESS:
            return _compactness(v)
        case Level.PUBLISHED:
            return _published(v)


def _interval(v: Variables) -> Expression:
    """At least every kernel and stream, and what their waiting for each other takes. The plain bounds help the linear relaxation."""
    horizon = longest_run(v.problem)
    interval = v.model.new_int_var(0, horizon, "interval")
    for b in v.blocks:
        v.model.add(interval >= b.chosen(o.cycles for o in b.block.options))
    for net in v.nets:
        for reader, edge in zip(net.net.readers, net.edges, strict=True):
            streams = _Streams(v, net, reader, edge)
            v.model.add(interval >= streams.dma_written + streams.buffer_written)
            v.model.add(interval >= streams.dma_read + streams.buffer_read)
    add_pace(v, interval, horizon)
    return interval


def longest_run(problem: MappingProblem) -> int:
    """No run takes longer: every layer and every stream at its slowest, one after the other."""
    streams = sum(max(max(o.output_cycles, *o.input_cycles, 0) for o in b.options) for b in problem.blocks)
    travel = sum(max(problem.travel(net, reader).longest for reader in net.readers) for net in problem.nets)
    return sum(max(o.latency for o in b.options) for b in problem.blocks) + 2 * streams + travel


class _Streams:
    """Cycles that an edge's windows take on a stream: 0 unless the edge is of that kind.

    dma_written and dma_read: into and out of a direct stream; buffer_written and buffer_read: into and out of memory tiles.
    """

    def __init__(self, v: Variables, net: NetVariables, reader: Reader, edge: EdgeVariables) -> None:
        written = {o.output: o.output_cycles for o in v.blocks[net.net.producer].block.options if o.output}
        read = {o.inputs[reader.port]: o.input_cycles[reader.port] for o in v.blocks[reader.block].block.options}
        self.dma_written = weighted((written[f.partition] for f in edge.direct), (f.dma for f in edge.direct))
        self.dma_read = weighted((read[f.partition] for f in edge.direct), (f.dma for f in edge.direct))
        self.buffer_written = weighted((written[f.partition] for f in edge.writes), (f.literal for f in edge.writes))
        self.buffer_read = weighted((read[f.partition] for f in edge.reads), (f.literal for f in edge.reads))


def _latency(v: Variables) -> Expression:
    limit = longest_run(v.problem)
    done = [v.model.new_int_var(0, limit, f"{b.block.name}.done") for b in v.blocks]
    latency = v.model.new_int_var(0, limit, "latency")
    for b, end in zip(v.blocks, done, strict=True):
        if b.block.kind is BlockKind.OUTPUT:
            v.model.add(latency >= end)
    for net in v.nets:
        for reader, edge in zip(net.net.readers, net.edges, strict=True):
            streams = _Streams(v, net, reader, edge)
            consumer = v.blocks[reader.block]
            transfer = streams.dma_read + streams.buffer_written + streams.buffer_read
            travel = v.problem.travel(net.net, reader)
            transfer += travel.direct * edge.dma + travel.buffered * edge.memory_tile
            run = consumer.chosen(o.latency for o in consumer.block.options)
            v.model.add(done[reader.block] >= done[net.net.producer] + transfer + run)
    return latency


def _transport(v: Variables) -> Expression:
    row_weight = round(DISTANCE_SCALE * v.problem.row_weight)
    terms: list[Expression] = []
    for net in v.nets:
        producer = v.blocks[net.net.producer]
        for reader, edge in zip(net.net.readers, net.edges, strict=True):
            consumer = v.blocks[reader.block]
            ends = [_face(b, heads) for b, heads in ((producer, False), (consumer, True)) if b.picks]
            if len(ends) == 2:
                terms += [*_direct_distance(v, ends[0], ends[1], edge, row_weight)]
            if net.shardings:
                terms += [*_buffered_distance(v, net, edge, ends, row_weight)]
    return total(terms)


class _Face:
    """The four sides of a face as linear expressions of its block's corner and picks."""

    def __init__(self, b: BlockVariables, boxes: list[Box]) -> None:
        def side(values: list[int]) -> Expression:
            return weighted(values, (p.literal for p in b.picks))

        self.west = b.column + side([x.west for x in boxes])
        self.east = b.column + side([x.east for x in boxes])
        self.south = b.row + side([x.south for x in boxes])
        self.north = b.row + side([x.north for x in boxes])


def _face(b: BlockVariables, heads: bool) -> _Face:
    shapes = [b.shape_of(p) for p in b.picks]
    return _Face(b, [bounding_box(s.heads() if heads else s.tails()) for s in shapes])


def _gap(
    v: Variables,
    low: Expression,
    high: Expression,
    other: tuple[Expression, Expression],
    limit: int,
    when: cp_model.LiteralT,
) -> cp_model.IntVar:
    """A variable at least the distance of two ranges when the literal `when` holds; minimising makes it equal."""
    distance = v.model.new_int_var(0, limit, "gap")
    v.model.add(distance >= other[0] - high).only_enforce_if(when)
    v.model.add(distance >= low - other[1]).only_enforce_if(when)
    return distance


def _direct_distance(v: Variables, a: _Face, b: _Face, edge: EdgeVariables, row_weight: int) -> tuple[Expression, ...]:
    return _distance(v, a, b, row_weight, edge.memory_tile.negated())


def _distance(v: Variables, a: _Face, b: _Face, row_weight: int, when: cp_model.LiteralT) -> tuple[Expression, ...]:
    across = _gap(v, a.west, a.east, (b.west, b.east), v.problem.device.columns, when)
    along = _gap(v, a.south, a.north, (b.south, b.north), v.problem.device.rows, when)
    return DISTANCE_SCALE * across, row_weight * along


def _buffered_distance(v: Variables, net: NetVariables, edge: EdgeVariables, ends: list[_Face], row_weight: int) -> tuple[Expression, ...]:
    device = v.problem.device
    terms: list[Expression] = []
    for face in ends:
        across = _gap(v, face.west, face.east, (net.column, net.column + net.size - 1), device.columns, edge.memory_tile)
        down = v.model.new_int_var(0, device.rows, "down")
        v.model.add(down >= face.south + 1).only_enforce_if(edge.memory_tile)
        terms += [DISTANCE_SCALE * across, row_weight * down]
    return tuple(terms)


def _compactness(v: Variables) -> Expression:
    device = v.problem.device
    west, east = v.model.new_int_var(0, device.columns, "west"), v.model.new_int_var(0, device.columns, "east")
    south, north = v.model.new_int_var(0, device.rows, "south"), v.model.new_int_var(0, device.rows, "north")
    for b in v.blocks:
        if b.picks:
            v.model.add(west <= b.column + b.lenders())
            v.model.add(south <= b.row)
            v.model.add(east >= b.column + b.width())
            v.model.add(north >= b.row + b.height())
    return east - west + north - south


def _published(v: Variables) -> Expression:
    row_weight = round(DISTANCE_SCALE * v.problem.row_weight)
    terms: list[Expression] = [round(DISTANCE_SCALE * PUBLISHED_HEIGHT) * b.row for b in v.blocks if b.picks]
    for net in v.nets:
        producer = v.blocks[net.net.producer]
        for consumer in (v.blocks[reader.block] for reader in net.net.readers):
            if producer.picks and consumer.picks:
                terms += _distance(v, _face(producer, False), _face(consumer, True), row_weight, True)
    return total(terms)
