"""Family memory_tiles: buffers in tiles that exist, apart from each other, within capacity and channels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from placer.layout import Partition
from placer.mapping import MappedEdge, MappedMemoryTile
from placer.verify.subject import Subject, cuts
from placer.verify.violation import Family, Violation

# A memory tile's DMA addresses 32-bit words (aie-rt, xaie_dma_aieml.c).
WORD_BYTES = 4


@dataclass(frozen=True)
class Held:
    """One shard of one activation in one memory tile, as all edges of the activation state it."""

    tensor: str
    shards: Partition
    shard: int
    tile: MappedMemoryTile


def check_memory_tiles(s: Subject) -> Iterator[Violation]:
    """Every shard by itself, then every memory tile as a whole."""
    held: list[Held] = []
    for edge in s.mapping.edges:
        if edge.shards is not None:
            yield from _check_edge(s, edge, edge.shards)
            held += [Held(edge.tensor, edge.shards, number, tile) for number, tile in enumerate(edge.memory_tiles)]
    yield from _check_agreement(held)
    for place in sorted({(h.tile.col, h.tile.row) for h in held}):
        yield from _check_tile(s, place, [h for h in held if (h.tile.col, h.tile.row) == place])


def _check_edge(s: Subject, edge: MappedEdge, shards: Partition) -> Iterator[Violation]:
    layout, where = s.layout(edge.tensor), f"{edge.tensor} to {edge.consumer}"
    if layout is None:
        return
    if not cuts(shards, layout, 1) or not edge.written.refines(shards, layout) or not edge.read.refines(shards, layout):
        yield Violation(Family.MEMORY_TILES, f"{where}: windows {edge.written} and {edge.read} do not each lie in one shard of {shards}")
        return
    if len(edge.memory_tiles) != shards.pieces:
        yield Violation(Family.MEMORY_TILES, f"{where}: {len(edge.memory_tiles)} memory tiles hold {shards.pieces} shards")
    writers, readers = edge.written.pieces // shards.pieces, edge.read.pieces // shards.pieces
    size = 2 * shards.shard(tuple(_windows(s, edge.tensor)), layout).bytes(layout.element_bytes)
    for tile in edge.memory_tiles:
        at = f"{where}, memory tile ({tile.col}, {tile.row})"
        if not s.device.has_memory_tile(tile.col, tile.row):
            yield Violation(Family.MEMORY_TILES, f"{at} does not exist on {s.device.name}")
        if tile.bytes != size:
            yield Violation(Family.MEMORY_TILES, f"{at}: both copies take {size} bytes, not {tile.bytes}")
        if tile.offset % WORD_BYTES:
            yield Violation(Family.MEMORY_TILES, f"{at}: offset {tile.offset} is not aligned to {WORD_BYTES} bytes")
        if (len(tile.in_channels), len(tile.out_channels)) != (writers, readers):
            yield Violation(Family.MEMORY_TILES, f"{at}: {writers} windows come in and {readers} go out, a channel each")


def _windows(s: Subject, tensor: str) -> Iterator[Partition]:
    """The windows that go into an activation's buffer, and those that come out."""
    for edge in s.mapping.edges:
        if edge.tensor == tensor and edge.shards is not None:
            yield from (edge.written, edge.read)


def _check_agreement(held: list[Held]) -> Iterator[Violation]:
    """Edges of one activation that go through memory tiles read one buffer."""
    for tensor in sorted({h.tensor for h in held}):
        if len({h.shards for h in held if h.tensor == tensor}) > 1:
            yield Violation(Family.MEMORY_TILES, f"{tensor}: its readers disagree on how it is cut over memory tiles")
        for shard in sorted({h.shard for h in held if h.tensor == tensor}):
            places = {
                (h.tile.col, h.tile.row, h.tile.offset, h.tile.bytes, h.tile.in_channels)
                for h in held
                if (h.tensor, h.shard) == (tensor, shard)
            }
            if len(places) > 1:
                yield Violation(Family.MEMORY_TILES, f"{tensor}: its readers disagree on where shard {shard} lies")


def _check_tile(s: Subject, place: tuple[int, int], held: list[Held]) -> Iterator[Violation]:
    limits, where = s.device.memory_tile, f"memory tile {place}"
    buffers = sorted({(h.tile.offset, h.tile.offset + h.tile.bytes, h.tensor, h.shard) for h in held})
    if buffers and (buffers[0][0] < 0 or max(b[1] for b in buffers) > limits.memory_bytes):
        yield Violation(Family.MEMORY_TILES, f"{where} holds bytes beyond its {limits.memory_bytes}")
    for a, b in pairwise(buffers):
        if b[0] < a[1]:
            yield Violation(Family.MEMORY_TILES, f"{where}: {a[2]} and {b[2]} overlap at offset {b[0]}")
    writers = {(h.tensor, h.shard): h.tile.in_channels for h in held}
    incoming = [c for channels in writers.values() for c in channels]
    outgoing = [c for h in held for c in h.tile.out_channels]
    for direction, channels, limit in (("in", incoming, limits.dma_in), ("out", outgoing, limits.dma_out)):
        if len(set(channels)) < len(channels):
            yield Violation(Family.MEMORY_TILES, f"{where}: a channel {direction} serves two windows")
        if any(not 0 <= c < limit for c in channels):
            yield Violation(Family.MEMORY_TILES, f"{where}: channels {direction} go from 0 to {limit - 1}")
