"""Family locks: semaphores for every copy of a buffer, in the tile whose memory holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from placer.verify.subject import INPUT_KINDS, Subject
from placer.verify.violation import Family, Violation

# ASSUMPTION: one that says full and one that says empty; a parameter is one copy, a stack needs none.
LOCKS_A_COPY = 2


def check_locks(s: Subject) -> Iterator[Violation]:
    """Core tiles by the buffers in their memories, memory tiles by their channels, each of which reaches two copies."""
    for place, count in sorted(_core_locks(s).items()):
        if count > s.device.core.locks:
            yield Violation(Family.LOCKS, f"core tile {place} needs {count} locks and has {s.device.core.locks}")
    for place, channels in sorted(_memory_tile_channels(s).items()):
        count = LOCKS_A_COPY * 2 * channels
        if count > s.device.memory_tile.locks:
            yield Violation(Family.LOCKS, f"memory tile {place} needs {count} locks and has {s.device.memory_tile.locks}")


def _core_locks(s: Subject) -> Counter[tuple[int, int]]:
    """Locks of each core tile. The two ends of a shared-memory edge are one buffer."""
    shared = {(e.consumer, INPUT_KINDS[e.port]) for e in s.mapping.edges if e.kind == "shared_memory" and e.port < len(INPUT_KINDS)}
    return Counter(
        place
        for mapped in s.mapping.layers
        for tile in mapped.tiles
        for buffer in tile.buffers
        if buffer.kind != "stack" and (mapped.name, buffer.kind) not in shared
        for at in buffer.at
        for place in [(at.col, at.row)] * LOCKS_A_COPY
    )


def _memory_tile_channels(s: Subject) -> Counter[tuple[int, int]]:
    """Channels of each memory tile; the edges of one activation share those that write it."""
    channels: Counter[tuple[int, int]] = Counter()
    writers: set[tuple[str, int, int, tuple[int, ...]]] = set()
    for edge in s.mapping.edges:
        for tile in edge.memory_tiles:
            channels[tile.col, tile.row] += len(tile.out_channels)
            writers.add((edge.tensor, tile.col, tile.row, tile.in_channels))
    for _, col, row, written in writers:
        channels[col, row] += len(written)
    return channels
