"""Which kinds an edge may take: equal windows for direct edges, adjacent tiles for shared memory, refined shards for memory tiles."""

from __future__ import annotations

from ortools.sat.python import cp_model

from placer.layout import Partition
from placer.model.linear import total
from placer.model.variables import BlockVariables, EdgeVariables, NetVariables, Pick, Variables
from placer.problem import Option, Reader, Shape


def add_edges(v: Variables) -> None:
    """Tie edge kinds to the options and positions of both ends."""
    for net in v.nets:
        producer = v.blocks[net.net.producer]
        for reader, edge in zip(net.net.readers, net.edges, strict=True):
            consumer = v.blocks[reader.block]
            _equal_windows_when_direct(v, producer, consumer, reader, edge)
            if len(net.edges) == 1 and producer.picks and consumer.picks:
                _adjacent_when_shared(v, producer, consumer, reader, edge)
            else:
                # One output port feeds one input port; a border has no memory.
                v.model.add(edge.shared_memory == 0)
            _refined_when_buffered(v, net, consumer, edge, reader)
        _written_shards_refined(v, net, producer)


def _equal_windows_when_direct(
    v: Variables, producer: BlockVariables, consumer: BlockVariables, reader: Reader, edge: EdgeVariables
) -> None:
    """Shared memory and DMA carry a window as it is: what the producer writes is what the consumer reads."""
    written = {o.output for o in producer.block.options}
    read = {o.inputs[reader.port] for o in consumer.block.options}
    for window in sorted(p for p in written | read if p):
        writes = [lit for o, lit in zip(producer.block.options, producer.options, strict=True) if o.output == window]
        reads = [lit for o, lit in zip(consumer.block.options, consumer.options, strict=True) if o.inputs[reader.port] == window]
        v.model.add(total(writes) == total(reads)).only_enforce_if(edge.memory_tile.negated())


def _adjacent_when_shared(v: Variables, producer: BlockVariables, consumer: BlockVariables, reader: Reader, edge: EdgeVariables) -> None:
    """A shared-memory edge needs an offset at which every written window lies in a memory that its one reader reaches."""
    supports = []
    for p in producer.picks:
        for c in consumer.picks:
            po, co = producer.option_of(p), consumer.option_of(c)
            if co.readers != 1 or po.output != co.inputs[reader.port]:
                continue
            for dx, dy in sharing_offsets(po, producer.shape_of(p), co, consumer.shape_of(c)):
                supports.append(_adjacency(v, producer, consumer, p, c, dx, dy))
    v.model.add(total(supports) == edge.shared_memory)


def _adjacency(v: Variables, producer: BlockVariables, consumer: BlockVariables, p: Pick, c: Pick, dx: int, dy: int) -> cp_model.IntVar:
    literal = v.model.new_bool_var(f"{producer.block.name}.shares.{consumer.block.name}")
    v.model.add_implication(literal, p.literal)
    v.model.add_implication(literal, c.literal)
    v.model.add(consumer.column == producer.column + dx).only_enforce_if(literal)
    v.model.add(consumer.row == producer.row + dy).only_enforce_if(literal)
    return literal


def sharing_offsets(po: Option, ps: Shape, co: Option, cs: Shape) -> tuple[tuple[int, int], ...]:
    """Offsets of consumer from producer at which every pair of writing and reading tile shares a memory.

    Two neighbouring tiles always do: the producer's own memory, or the consumer's where that lies to the west (Device.shared_memory).
    """
    if po.split is None or co.split is None:
        return ()
    writers = {po.split.output_piece(chain): ps.tile(chain, ps.length - 1) for chain in range(po.split.chains)}
    readers = {
        co.split.input_piece(chain, position): cs.tile(chain, position)
        for chain in range(co.split.chains)
        for position in range(co.split.contraction)
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


def _refined_when_buffered(v: Variables, net: NetVariables, consumer: BlockVariables, edge: EdgeVariables, reader: Reader) -> None:
    """Each window that a consumer reads from memory tiles lies in one shard."""
    for sharding in net.shardings:
        for option, literal in zip(consumer.block.options, consumer.options, strict=True):
            if not option.inputs[reader.port].refines(sharding.partition):
                v.model.add_bool_or(sharding.literal.negated(), literal.negated(), edge.memory_tile.negated())


def _written_shards_refined(v: Variables, net: NetVariables, producer: BlockVariables) -> None:
    """Each window that the producer writes lies in one shard."""
    for sharding in net.shardings:
        for option, literal in zip(producer.block.options, producer.options, strict=True):
            if not (option.output or Partition(1, 1, 1)).refines(sharding.partition):
                v.model.add_bool_or(sharding.literal.negated(), literal.negated())
