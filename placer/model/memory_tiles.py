"""Memory tiles hold both copies of each buffer and serve its ports: bytes, channels in, channels out.

A memory tile's number (row * columns + column) plays the part of time in three cumulative constraints; a buffer cut over several tiles
is one interval of that many tiles. Without places, the three sums over all tiles are bounded.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from itertools import combinations

from ortools.sat.python import cp_model

from placer.layout import Box, Partition
from placer.model.linear import Expression, total, weighted
from placer.model.variables import NetVariables, Variables


def add_memory_tiles(v: Variables) -> None:
    """Capacity and channels of every memory tile."""
    tile = v.problem.device.memory_tile
    intervals, sizes, writers, readers = [], [], [], []
    for net in (n for n in v.nets if n.shardings):
        intervals.append(_interval(v, net))
        sizes.append(_bytes(v, net, tile.memory_bytes))
        writers.append(_channels_in(v, net, [1] * len(net.shardings), tile.dma_in))
        readers.append(_variable(v, _channels_out(net, [1] * len(net.shardings)), tile.dma_out))
    v.model.add_cumulative(intervals, sizes, tile.memory_bytes)
    v.model.add_cumulative(intervals, writers, tile.dma_in)
    v.model.add_cumulative(intervals, readers, tile.dma_out)


def add_memory_totals(v: Variables) -> None:
    """Capacity and channels of all memory tiles together, and of each shard alone."""
    tile, tiles = v.problem.device.memory_tile, v.problem.device.memory_tiles
    nets = [n for n in v.nets if n.shardings]
    for net in nets:
        v.model.add(_channels_out(net, [1] * len(net.shardings)) <= tile.dma_out)
    pieces = [[s.partition.pieces for s in net.shardings] for net in nets]
    stored = (
        weighted((2 * s.partition.window_bytes(n.net.layout) * s.partition.pieces for s in n.shardings), (s.literal for s in n.shardings))
        for n in nets
    )
    v.model.add(total(stored) <= tile.memory_bytes * tiles)
    entering = [_channels_in(v, net, count, tile.dma_in * tiles) for net, count in zip(nets, pieces, strict=True)]
    v.model.add(total(entering) <= tile.dma_in * tiles)
    v.model.add(total(_channels_out(net, count) for net, count in zip(nets, pieces, strict=True)) <= tile.dma_out * tiles)


def _interval(v: Variables, net: NetVariables) -> cp_model.IntervalVar:
    columns, tiles = v.problem.device.columns, v.problem.device.memory_tiles
    size = _variable(v, net.size, columns)
    start = _variable(v, net.row * columns + net.column, tiles)
    end = v.model.new_int_var(0, tiles, "past_last_shard")
    return v.model.new_optional_interval_var(start, size, end, net.buffered, f"{net.net.activation}.memory")


def _variable(v: Variables, expression: Expression, limit: int) -> cp_model.IntVar:
    """A variable equal to an expression: cumulatives and intervals take affine expressions of one variable only."""
    variable = v.model.new_int_var(0, limit, "demand")
    v.model.add(variable == expression)
    return variable


def _bytes(v: Variables, net: NetVariables, limit: int) -> cp_model.IntVar:
    """Bytes of one shard, both copies: at least what the windows of every edge take with all that they hang over."""
    demand = v.model.new_int_var(0, limit, "bytes")
    room = [_room(net, number) for number in range(len(net.shardings))]
    for edge in net.edges:
        for flows in (edge.writes, edge.reads):
            v.model.add(demand >= weighted((2 * room[f.sharding][f.partition] for f in flows), (f.literal for f in flows)))
    return demand


def _room(net: NetVariables, number: int) -> dict[Partition, int]:
    """Bytes of a shard of sharding `number` with room for each partition that goes into it or comes out.

    The largest of two is that of both together when one box holds the other. Where some pair of boxes crosses, all get the most samples
    and rows of any.
    """
    layout, cut = net.net.layout, net.shardings[number].partition
    partitions = {f.partition for e in net.edges for f in (*e.writes, *e.reads) if f.sharding == number}
    boxes = {p: cut.shard((p,), layout) for p in partitions}
    if any(a.joined(b) not in {a, b} for a, b in combinations(set(boxes.values()), 2)):
        most = reduce(Box.joined, boxes.values())
        boxes = {p: replace(most, columns=box.columns) for p, box in boxes.items()}
    return {p: box.bytes(layout.element_bytes) for p, box in boxes.items()}


def _channels_in(v: Variables, net: NetVariables, factors: list[int], limit: int) -> cp_model.IntVar:
    """Channels that write one shard times the sharding's factor: one a window of the producer, however many edges read it."""
    demand = v.model.new_int_var(0, limit, "channels_in")
    for edge in net.edges:
        v.model.add(demand >= weighted((f.ports * factors[f.sharding] for f in edge.writes), (f.literal for f in edge.writes)))
    return demand


def _channels_out(net: NetVariables, factors: list[int]) -> Expression:
    """Channels that read one shard times the sharding's factor: one a window of each buffered edge; tiles that read the same share it."""
    return total(weighted((f.ports * factors[f.sharding] for f in e.reads), (f.literal for f in e.reads)) for e in net.edges)
