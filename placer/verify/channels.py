"""Family channels: a DMA channel of its own for every buffer of a core that a stream fills or empties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from placer.mapping import TileBuffer
from placer.verify.subject import INPUT_KINDS, LayerPair, Subject
from placer.verify.violation import Family, Violation


@dataclass(frozen=True)
class Streamed:
    """A buffer that streams reach, or that claims a channel."""

    where: str
    buffer: TileBuffer
    streamed: bool

    @property
    def direction(self) -> str:
        return "out" if self.buffer.kind == "output" else "in"

    @property
    def memories(self) -> list[tuple[int, int]]:
        return sorted({(at.col, at.row) for at in self.buffer.at})


def check_channels(s: Subject) -> Iterator[Violation]:
    """Channels exist, one a streamed buffer, none for others.

    A buffer in a neighbour's memory takes a channel of that neighbour; ping and pong take turns on one channel, so they lie in one memory.
    """
    limits = {"in": s.device.core.dma_in, "out": s.device.core.dma_out}
    held = [h for pair in s.pairs() for h in _held(s, pair)]
    for h in held:
        channel = h.buffer.channel
        if h.streamed and len(h.memories) > 1:
            yield Violation(Family.CHANNELS, f"{h.where}: copies in tiles {h.memories[0]} and {h.memories[1]} cannot share a DMA channel")
        if h.streamed == (channel is None):
            yield Violation(Family.CHANNELS, f"{h.where} has {'no DMA channel and a' if h.streamed else 'a DMA channel and no'} stream")
        elif channel is not None and not 0 <= channel < limits[h.direction]:
            yield Violation(Family.CHANNELS, f"{h.where}: DMA channels {h.direction} go from 0 to {limits[h.direction] - 1}, not {channel}")
    streamed = [h for h in held if h.streamed and h.memories]
    for (place, direction), count in sorted(Counter((h.memories[0], h.direction) for h in streamed).items()):
        if count > limits[direction]:
            yield Violation(Family.CHANNELS, f"core tile {place} needs {count} DMA channels {direction} and has {limits[direction]}")
    for (place, direction, channel), count in sorted(
        Counter((h.memories[0], h.direction, h.buffer.channel or 0) for h in streamed).items()
    ):
        if count > 1:
            yield Violation(Family.CHANNELS, f"DMA channel {channel} {direction} of core tile {place} serves {count} buffers")


def _held(s: Subject, pair: LayerPair) -> Iterator[Streamed]:
    kinds = streamed_kinds(s, pair)
    for tile in pair.mapped.tiles:
        for buffer in tile.buffers:
            where = f"layer {pair.mapped.name}, tile ({tile.col}, {tile.row}), {buffer.kind}"
            if buffer.kind in kinds or buffer.channel is not None:
                yield Streamed(where, buffer, buffer.kind in kinds)


def streamed_kinds(s: Subject, pair: LayerPair) -> set[str]:
    """The kinds of a layer's buffers that the DMA fills or empties: those of its edges that do not share memory."""
    streams = [e for e in s.mapping.edges if e.kind != "shared_memory"]
    kinds = {INPUT_KINDS[e.port] for e in streams if e.consumer == pair.mapped.name}
    return kinds | {"output" for e in streams if e.producer == pair.mapped.name}
