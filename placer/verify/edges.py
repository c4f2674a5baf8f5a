"""Family edges: every activation reaches each of its readers, by a way that exists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from placer.mapping import MappedEdge, MappedTile
from placer.verify.subject import INPUT_KINDS, LayerPair, Subject
from placer.verify.violation import Family, Violation


@dataclass(frozen=True)
class Expected:
    """An edge that the network demands."""

    tensor: str
    producer: str
    consumer: str
    port: int


def expected_edges(s: Subject) -> list[Expected]:
    """One for each reader of each activation; borders are named after their activation."""
    edges = []
    outputs = {view.activation for view in s.graph.outputs}
    for activation in s.graph.activations:
        writer = s.graph.producer(activation.name)
        producer = writer.name if writer else f"{activation.name}.plio_in"
        for layer in s.graph.layers:
            edges += [Expected(activation.name, producer, layer.name, port) for port, n in enumerate(layer.sources) if n == activation.name]
        if activation.name in outputs:
            edges.append(Expected(activation.name, producer, f"{activation.name}.plio_out", 0))
    return edges


def check_edges(s: Subject) -> Iterator[Violation]:
    """The network's edges, each once, with the windows of their ends."""
    wanted = Counter(expected_edges(s))
    found = Counter(Expected(e.tensor, e.producer, e.consumer, e.port) for e in s.mapping.edges)
    for edge in wanted - found:
        yield Violation(Family.EDGES, f"{edge.tensor} from {edge.producer} to input {edge.port} of {edge.consumer} is missing")
    for edge in found - wanted:
        yield Violation(Family.EDGES, f"{edge.tensor} from {edge.producer} to input {edge.port} of {edge.consumer} is not in the network")
    pairs = {pair.mapped.name: pair for pair in s.pairs()}
    for mapped in s.mapping.edges:
        yield from _check_windows(s, mapped, pairs)
    for tensor in sorted({e.tensor for e in s.mapping.edges}):
        if len({e.written for e in s.mapping.edges if e.tensor == tensor}) > 1:
            yield Violation(Family.EDGES, f"{tensor} is written in different windows for different readers")


def _check_windows(s: Subject, edge: MappedEdge, pairs: dict[str, LayerPair]) -> Iterator[Violation]:
    """A layer's windows follow from its split; those of a border hold the activation and nothing else."""
    ends = [
        (edge.producer, edge.written, edge.written_bytes, pairs[edge.producer].written_partition if edge.producer in pairs else None),
        (edge.consumer, edge.read, edge.read_bytes, pairs[edge.consumer].read_partition(edge.port) if edge.consumer in pairs else None),
    ]
    layout = s.layout(edge.tensor)
    for name, stated, size, actual in ends:
        if actual and stated != actual:
            yield Violation(Family.EDGES, f"{edge.tensor}: {name} has windows {actual}, the edge states {stated}")
        if layout and not actual and not stated.divides(layout):
            yield Violation(Family.EDGES, f"{edge.tensor}: the windows {stated} of {name} do not divide what it holds into whole blocks")
        elif layout and stated.cuts(layout) and size != stated.window_bytes(layout):
            yield Violation(Family.EDGES, f"{edge.tensor}: a window of {name} takes {stated.window_bytes(layout)} bytes, not {size}")


def check_kinds(s: Subject) -> Iterator[Violation]:
    """Each edge has a kind that can carry its windows."""
    pairs = {pair.mapped.name: pair for pair in s.pairs()}
    for edge in s.mapping.edges:
        buffered = edge.kind == "memory_tile"
        if buffered != bool(edge.memory_tiles) or buffered != (edge.shards is not None):
            yield Violation(
                Family.EDGES, f"{edge.tensor} to {edge.consumer}: memory tiles belong to edges of kind memory_tile, and to all of them"
            )
        yield from _check_kind(s, edge, pairs)


def _check_kind(s: Subject, edge: MappedEdge, pairs: dict[str, LayerPair]) -> Iterator[Violation]:
    where = f"{edge.tensor} to {edge.consumer}"
    at_border = edge.producer not in pairs or edge.consumer not in pairs
    if edge.kind not in {"shared_memory", "dma", "memory_tile", "plio"}:
        yield Violation(Family.EDGES, f"{where}: kind {edge.kind!r} does not exist")
        return
    if edge.kind == "memory_tile":
        return
    if edge.written != edge.read:
        yield Violation(Family.EDGES, f"{where}: a {edge.kind} edge carries windows as they are, and {edge.written} is not {edge.read}")
        return
    if (edge.kind == "plio") != at_border:
        yield Violation(Family.EDGES, f"{where}: kind plio is for edges that enter or leave the array, and for all direct ones of them")
    elif edge.kind == "shared_memory":
        yield from _check_shared(s, edge, pairs[edge.producer], pairs[edge.consumer])


def _check_shared(s: Subject, edge: MappedEdge, producer: LayerPair, consumer: LayerPair) -> Iterator[Violation]:
    where = f"{edge.tensor} to {edge.consumer}"
    readers = [e for e in s.mapping.edges if e.tensor == edge.tensor]
    pieces = [consumer.read_piece(t, edge.port) for t in consumer.mapped.tiles]
    if len(readers) > 1 or len(set(pieces)) < len(pieces):
        yield Violation(Family.EDGES, f"{where}: shared memory feeds one reader from one writer, and this activation has more")
        return
    writers = {producer.written_piece(t): t for t in producer.mapped.tiles if t.k_index == producer.mapped.split.k - 1}
    for tile in consumer.mapped.tiles:
        writer = writers.get(consumer.read_piece(tile, edge.port))
        if writer is None or _places(writer, "output") != _places(tile, INPUT_KINDS[edge.port]):
            yield Violation(Family.EDGES, f"{where}: tile ({tile.col}, {tile.row}) does not read the buffer that its producer writes")


def _places(tile: MappedTile, kind: str) -> tuple[object, ...] | None:
    return next((b.at for b in tile.buffers if b.kind == kind), None)
