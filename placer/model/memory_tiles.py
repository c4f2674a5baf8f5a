"""Memory tiles hold both copies of each buffer and serve its ports: bytes, channels in, channels out.

A memory tile's number (row * columns + column) plays the part of time in three cumulative constraints; a buffer cut over several tiles
is one interval of that many tiles. Without places, the three sums over all tiles are bounded.
"""

from __future__ import annotations

from ortools.sat.python import cp_model

from placer.model.linear import Expression, total, weighted
from placer.model.variables import NetVariables, Variables


def add_memory_tiles(v: Variables) -> None:
    """Capacity and channels of every memory tile."""
    tile = v.problem.device.memory_tile
    intervals, sizes, writers, readers = [], [], [], []
    for net in (n for n in v.nets if n.shardings):
        intervals.append(_interval(v, net))
        sizes.append(_variable(v, _bytes(net), tile.memory_bytes))
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


def _bytes(net: NetVariables) -> Expression:
    """Bytes of one shard, both copies."""
    return weighted((2 * s.partition.window_bytes(net.net.layout) for s in net.shardings), (s.literal for s in net.shardings))


def _channels_in(v: Variables, net: NetVariables, factors: list[int], limit: int) -> cp_model.IntVar:
    """Channels that write one shard times the sharding's factor: one a window of the producer, however many edges read it."""
    demand = v.model.new_int_var(0, limit, "channels_in")
    for edge in net.edges:
        v.model.add(demand >= weighted((f.ports * factors[f.sharding] for f in edge.writes), (f.literal for f in edge.writes)))
    return demand


def _channels_out(net: NetVariables, factors: list[int]) -> Expression:
    """Channels that read one shard times the sharding's factor: one a window of each buffered edge; tiles that read the same share it."""
    return total(weighted((f.ports * factors[f.sharding] for f in e.reads), (f.literal for f in e.reads)) for e in net.edges)
