"""Memory tiles hold both copies of each buffer and serve its ports: bytes, channels in, channels out, each summed a tile.

A memory tile's number (row * columns + column) plays the part of time in three cumulative constraints; a buffer cut over several tiles
is one interval of that many tiles.
"""

from __future__ import annotations

from ortools.sat.python import cp_model

from placer.model.linear import total, weighted
from placer.model.variables import NetVariables, Variables


def add_memory_tiles(v: Variables) -> None:
    """Capacity and channels of every memory tile."""
    tile = v.problem.device.memory_tile
    intervals, sizes, writers, readers = [], [], [], []
    for net in v.nets:
        if not net.shardings:
            v.model.add(net.buffered == 0)
            continue
        intervals.append(_interval(v, net))
        sizes.append(_bytes(v, net))
        writers.append(_channels_in(v, net, tile.dma_in))
        readers.append(_channels_out(v, net, tile.dma_out))
    v.model.add_cumulative(intervals, sizes, tile.memory_bytes)
    v.model.add_cumulative(intervals, writers, tile.dma_in)
    v.model.add_cumulative(intervals, readers, tile.dma_out)


def _interval(v: Variables, net: NetVariables) -> cp_model.IntervalVar:
    columns, tiles = v.problem.device.columns, v.problem.device.memory_tiles
    size = v.model.new_int_var(0, columns, "shards")
    v.model.add(size == net.size)
    start = v.model.new_int_var(0, tiles, "first_shard")
    v.model.add(start == net.row * columns + net.column)
    end = v.model.new_int_var(0, tiles, "past_last_shard")
    return v.model.new_optional_interval_var(start, size, end, net.buffered, f"{net.net.activation}.memory")


def _bytes(v: Variables, net: NetVariables) -> cp_model.IntVar:
    """Bytes of one shard, both copies."""
    demand = v.model.new_int_var(0, v.problem.device.memory_tile.memory_bytes, "bytes")
    v.model.add(
        demand == weighted((2 * s.partition.window_bytes(net.net.layout) for s in net.shardings), (s.literal for s in net.shardings))
    )
    return demand


def _channels_in(v: Variables, net: NetVariables, limit: int) -> cp_model.IntVar:
    """Channels that write one shard: the producer's windows inside it."""
    demand = v.model.new_int_var(0, limit, "channels_in")
    producer = v.blocks[net.net.producer]
    for sharding in net.shardings:
        for option, literal in zip(producer.block.options, producer.options, strict=True):
            if option.output and option.output.refines(sharding.partition):
                ports = option.output.pieces // sharding.partition.pieces
                if ports > limit:
                    v.model.add_bool_or(sharding.literal.negated(), literal.negated())
                else:
                    v.model.add(demand >= ports).only_enforce_if(sharding.literal, literal)
    return demand


def _channels_out(v: Variables, net: NetVariables, limit: int) -> cp_model.IntVar:
    """Channels that read one shard: for each buffered edge the consumer's windows inside it; tiles that read the same window share one."""
    demand = v.model.new_int_var(0, limit, "channels_out")
    shares = []
    for reader, edge in zip(net.net.readers, net.edges, strict=True):
        share = v.model.new_int_var(0, limit, "channels_out_to_reader")
        consumer = v.blocks[reader.block]
        for sharding in net.shardings:
            for option, literal in zip(consumer.block.options, consumer.options, strict=True):
                if option.inputs[reader.port].refines(sharding.partition):
                    ports = option.inputs[reader.port].pieces // sharding.partition.pieces
                    if ports > limit:
                        v.model.add_bool_or(sharding.literal.negated(), literal.negated(), edge.memory_tile.negated())
                    else:
                        v.model.add(share >= ports).only_enforce_if(sharding.literal, literal, edge.memory_tile)
        shares.append(share)
    v.model.add(demand == total(shares))
    return demand
