"""Edges as flows: the producer's windows go to the reader as they are, or through a buffer whose shards both ends refine.

Every edge is one unit of flow from the partition that its producer writes to the one that its reader takes. Written so, all costs of an
edge are linear, and the linear relaxation of a chain of layers is tight.
"""

from __future__ import annotations

from functools import lru_cache

from ortools.sat.python import cp_model

from placer.layout import Partition
from placer.model.linear import Expression, total
from placer.model.variables import BlockVariables, BufferedFlow, EdgeVariables, NetVariables, Pick, Variables
from placer.problem.problem import BlockKind, Option, Reader, Shape
from placer.split import Split


def add_edges(v: Variables) -> None:
    """Tie edge kinds to the options, and for shared memory to the positions, of both ends."""
    for net in v.nets:
        producer = v.blocks[net.net.producer]
        for reader, edge in zip(net.net.readers, net.edges, strict=True):
            consumer = v.blocks[reader.block]
            _kinds_carry_flow(v, edge)
            _ends_match_flow(v, producer, consumer, reader, edge)
            _buffers_match_flow(v, net, edge)
            supports: list[cp_model.IntVar] = []
            # One output port feeds one input port; a border has no memory.
            if len(net.edges) == 1 and producer.block.kind is consumer.block.kind is BlockKind.LAYER:
                supports = _adjacencies(v, producer, consumer, reader)
            v.model.add(total(supports) == edge.shared_memory)


def _kinds_carry_flow(v: Variables, edge: EdgeVariables) -> None:
    v.model.add(total(f.shared_memory for f in edge.direct) == edge.shared_memory)
    v.model.add(total(f.dma for f in edge.direct) == edge.dma)
    v.model.add(total(f.literal for f in edge.writes) == edge.memory_tile)
    v.model.add(total(f.literal for f in edge.reads) == edge.memory_tile)


def _ends_match_flow(v: Variables, producer: BlockVariables, consumer: BlockVariables, reader: Reader, edge: EdgeVariables) -> None:
    """The flow leaves in the windows that the producer writes and arrives in those that the consumer reads."""
    for partition in sorted({o.output for o in producer.block.options if o.output}):
        taken = (lit for o, lit in zip(producer.block.options, producer.options, strict=True) if o.output == partition)
        v.model.add(total(taken) == _flow(edge, edge.writes, partition))
    for partition in sorted({o.inputs[reader.port] for o in consumer.block.options}):
        taken = (lit for o, lit in zip(consumer.block.options, consumer.options, strict=True) if o.inputs[reader.port] == partition)
        v.model.add(total(taken) == _flow(edge, edge.reads, partition))


def _flow(edge: EdgeVariables, buffered: tuple[BufferedFlow, ...], partition: Partition) -> Expression:
    """All that an edge carries in windows of one partition, seen from one end."""
    direct = [lit for f in edge.direct if f.partition == partition for lit in (f.shared_memory, f.dma)]
    return total([*direct, *(f.literal for f in buffered if f.partition == partition)])


def _buffers_match_flow(v: Variables, net: NetVariables, edge: EdgeVariables) -> None:
    """What enters a buffer under one sharding leaves it under the same, and only the net's own sharding carries anything."""
    for number, sharding in enumerate(net.shardings):
        entering = total(f.literal for f in edge.writes if f.sharding == number)
        v.model.add(entering == total(f.literal for f in edge.reads if f.sharding == number))
        v.model.add(entering <= sharding.literal)


def _adjacencies(v: Variables, producer: BlockVariables, consumer: BlockVariables, reader: Reader) -> list[cp_model.IntVar]:
    """Literals of the ways in which every written window can lie in a memory that its one reader reaches.

    Without places, a way is a pair of options that could be adjacent in some shapes.
    """
    if v.placed:
        return [
            _adjacency(v, producer, consumer, p, c, offset)
            for p in producer.picks
            for c in consumer.picks
            if _may_share(producer.option_of(p), consumer.option_of(c), reader)
            for offset in sharing_offsets(producer.option_of(p), producer.shape_of(p), consumer.option_of(c), consumer.shape_of(c))
        ]
    ways = []
    for po, p_literal in zip(producer.block.options, producer.options, strict=True):
        for co, c_literal in zip(consumer.block.options, consumer.options, strict=True):
            if _may_share(po, co, reader) and any(sharing_offsets(po, ps, co, cs) for ps in po.shapes for cs in co.shapes):
                way = v.model.new_bool_var(f"{producer.block.name}.may_share.{consumer.block.name}")
                v.model.add_implication(way, p_literal)
                v.model.add_implication(way, c_literal)
                ways.append(way)
    return ways


def _may_share(po: Option, co: Option, reader: Reader) -> bool:
    # What a neighbour lends, the producer does not reach.
    return co.readers == 1 and not co.lent and po.output == co.inputs[reader.port]


def _adjacency(
    v: Variables, producer: BlockVariables, consumer: BlockVariables, p: Pick, c: Pick, offset: tuple[int, int]
) -> cp_model.IntVar:
    literal = v.model.new_bool_var(f"{producer.block.name}.shares.{consumer.block.name}")
    v.model.add_implication(literal, p.literal)
    v.model.add_implication(literal, c.literal)
    v.model.add(consumer.column == producer.column + offset[0]).only_enforce_if(literal)
    v.model.add(consumer.row == producer.row + offset[1]).only_enforce_if(literal)
    return literal


def sharing_offsets(po: Option, ps: Shape, co: Option, cs: Shape) -> tuple[tuple[int, int], ...]:
    """Offsets of consumer from producer at which every pair of writing and reading tile shares a memory.

    Two neighbouring tiles always do: the producer's own memory, or the consumer's where that lies to the west (Device.shared_memory).
    """
    return _sharing_offsets(po.split, ps, co.split, cs) if po.split and co.split else ()


@lru_cache(maxsize=1 << 16)  # layers repeat, and models are built again
def _sharing_offsets(writing: Split, ps: Shape, reading: Split, cs: Shape) -> tuple[tuple[int, int], ...]:
    writers = {writing.output_piece(chain): ps.tile(chain, ps.length - 1) for chain in range(writing.chains)}
    readers = {
        reading.input_piece(chain, position): cs.tile(chain, position)
        for chain in range(reading.chains)
        for position in range(reading.contraction)
    }
    ax, ay = writers[0]
    bx, by = readers[0]
    offsets = []
    for ex, ey in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        dx, dy = ax + ex - bx, ay + ey - by
        neighbours = all(abs(readers[i][0] + dx - x) + abs(readers[i][1] + dy - y) == 1 for i, (x, y) in writers.items())
        if neighbours and not _overlap(ps, cs, dx, dy):
            offsets.append((dx, dy))
    return tuple(offsets)


def _overlap(a: Shape, b: Shape, dx: int, dy: int) -> bool:
    """Whether the footprints `a` at the origin and `b` at (dx, dy) share a tile."""
    return dx < a.width and -dx < b.width and dy < a.height and -dy < b.height
