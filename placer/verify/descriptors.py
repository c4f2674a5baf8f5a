"""Family descriptors: every channel has buffer descriptors that can walk its windows, and a tile has as many as its channels take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from placer.layout import BLOCK_COLUMNS, Box, Layout, Partition
from placer.mapping import MappedEdge
from placer.verify.subject import Subject, cuts
from placer.verify.violation import Family, Violation

WORD_BYTES = 4
# Nested loops of one descriptor of a memory tile (aie-rt: four dimensions, and an iteration that is not used here).
LOOPS = 4
# Ping and pong.
COPIES = 2


@dataclass(frozen=True)
class Loop:
    """Steps of so many words; `parts` are the loops that it was joined from, inner first."""

    parts: tuple[int, ...]
    step: int

    @property
    def count(self) -> int:
        product = 1
        for part in self.parts:
            product *= part
        return product


def check_descriptors(s: Subject) -> Iterator[Violation]:
    """Core tiles, then the windows of every buffer in memory tiles, then the two pools of each memory tile."""
    yield from _check_cores(s)
    for edge in s.mapping.edges:
        layout = s.layout(edge.tensor)
        if edge.shards is not None and layout is not None:
            yield from _check_edge(s, edge, edge.shards, layout)
    yield from _check_pools(s)


def _check_cores(s: Subject) -> Iterator[Violation]:
    """A block of a core's buffer is one run of words; every copy that a stream fills or empties takes a descriptor."""
    core = s.device.core
    used: Counter[tuple[int, int]] = Counter()
    for mapped in s.mapping.layers:
        for tile in mapped.tiles:
            for buffer in (b for b in tile.buffers if b.channel is not None):
                used.update((a.col, a.row) for a in buffer.at)
                if buffer.bytes // WORD_BYTES > core.descriptor_length:
                    where = f"layer {mapped.name}, tile ({tile.col}, {tile.row}), {buffer.kind}"
                    yield Violation(Family.DESCRIPTORS, f"{where}: a descriptor moves at most {core.descriptor_length} words")
    for place, count in sorted(used.items()):
        if count > core.buffer_descriptors:
            yield Violation(Family.DESCRIPTORS, f"core tile {place} needs {count} descriptors and has {core.buffer_descriptors}")


def _check_edge(s: Subject, edge: MappedEdge, shards: Partition, layout: Layout) -> Iterator[Violation]:
    """One descriptor a channel and copy, and windows that it can walk, where these lie in one shard each (family memory_tiles)."""
    buffered = [e for e in s.mapping.edges if e.tensor == edge.tensor and e.shards is not None]
    windows = {p for e in buffered for p in (e.written, e.read)}
    if not cuts(shards, layout, 1) or not all(p.cuts(layout) and p.refines(shards, layout) for p in windows):
        return
    whole = shards.shard(tuple(windows), layout)
    for end, partition in (("written", edge.written), ("read", edge.read)):
        if problem := _unwalkable(s, partition.window(layout), whole, layout):
            yield Violation(Family.DESCRIPTORS, f"{edge.tensor} to {edge.consumer}: a window {end} {problem}")
    channels = (edge.written.pieces + edge.read.pieces) // shards.pieces
    for tile in edge.memory_tiles:
        if tile.descriptors != COPIES * channels:
            at = f"{edge.tensor} to {edge.consumer}, memory tile ({tile.col}, {tile.row})"
            yield Violation(Family.DESCRIPTORS, f"{at}: its channels take {COPIES * channels} descriptors, not {tile.descriptors}")


def _unwalkable(s: Subject, window: Box, whole: Box, layout: Layout) -> str:
    """Why one descriptor cannot walk a window of a shard, in words; "" where it can."""
    limits = s.device.memory_tile
    loops = _loops(window, whole, layout)
    words = window.bytes(layout.element_bytes) // WORD_BYTES
    if words > limits.descriptor_length:
        return f"has {words} words, and a descriptor moves at most {limits.descriptor_length}"
    longest = max(loop.step for loop in loops)
    if longest > limits.descriptor_step:
        return f"takes steps of {longest} words, and a descriptor at most {limits.descriptor_step}"
    counts = [count for loop in loops[:-1] for count in _within(loop, limits.descriptor_wrap)] + [loops[-1].count]
    if len(counts) > LOOPS or any(count > limits.descriptor_wrap for count in counts[:-1]):
        return f"takes loops of {counts}: a descriptor has {LOOPS}, of which all but the last count at most {limits.descriptor_wrap}"
    return ""


def _loops(window: Box, whole: Box, layout: Layout) -> list[Loop]:
    """The loops over a window in [column blocks][samples][rows]: words of a block, row blocks, samples, column blocks; joined where one
    goes on where the other ends.
    """
    block = layout.block_rows * BLOCK_COLUMNS * layout.element_bytes // WORD_BYTES
    rows = whole.rows // layout.block_rows * block
    steps = (
        (block, 1),
        (window.rows // layout.block_rows, block),
        (window.samples, rows),
        (window.columns // BLOCK_COLUMNS, rows * whole.samples),
    )
    loops = [Loop((block,), 1)]
    for count, step in steps[1:]:
        last = loops[-1]
        if count > 1 and step == last.step * last.count:
            loops[-1] = Loop((*last.parts, count), last.step)
        elif count > 1:
            loops.append(Loop((count,), step))
    return loops


def _within(loop: Loop, limit: int) -> list[int]:
    """The counts of the fewest loops that a loop is walked as, each of neighbouring parts and, where its parts allow, within the limit."""
    counts = [loop.parts[0]]
    for part in loop.parts[1:]:
        if counts[-1] * part <= limit:
            counts[-1] *= part
        else:
            counts.append(part)
    return counts


def _check_pools(s: Subject) -> Iterator[Violation]:
    """Channels of one parity share one half of a memory tile's descriptors."""
    channels: set[tuple[int, int, str, int]] = set()
    for edge in s.mapping.edges:
        for tile in edge.memory_tiles:
            channels |= {(tile.col, tile.row, "in", c) for c in tile.in_channels} | {
                (tile.col, tile.row, "out", c) for c in tile.out_channels
            }
    pools = Counter((col, row, channel % 2) for col, row, _, channel in channels)
    for (col, row, parity), count in sorted(pools.items()):
        if COPIES * count > s.device.memory_tile.buffer_descriptors // 2:
            yield Violation(Family.DESCRIPTORS, f"memory tile {(col, row)}: channels of parity {parity} need {COPIES * count} descriptors")
