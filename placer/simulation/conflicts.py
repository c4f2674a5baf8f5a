"""Bank conflicts of a core with others: streams that fill or empty its buffers, and neighbours that share them. An upper bound.

A core uses one copy of each buffer while the DMA, or the core beside it, uses the other. Where both copies lie in one bank, or the other
copy in one with something else that the core uses, an access may find the bank taken; against the DMA it is the core that waits, a cycle.
How often depends on phases that nothing here models. So these cycles are in no interval; a profile states the one with all of them.
"""

from __future__ import annotations

from dataclasses import replace

from placer.device import Device
from placer.mapping import BufferAt, MappedLayer, MappedTile, Mapping, TileBuffer

# A DMA channel takes a bank once every four words of 32 bits, for 128 bits (AM020 chapter 2); assumed of AIE-MLv2 too.
DMA_ACCESS_BYTES = 16
# What a kernel uses throughout; it loads a bias once a column of register blocks, and its stack outside the loops.
THROUGHOUT = ("input", "second_input", "weights", "second_weights", "output")

Bank = tuple[int, int, int]


def with_every_conflict(mapping: Mapping, device: Device) -> Mapping:
    """The mapping with kernels that stall for every access of others that can conflict with theirs."""
    layers = (replace(layer, cycles=layer.cycles + layer_conflicts(layer, device)) for layer in mapping.layers)
    return replace(mapping, layers=tuple(layers))


def layer_conflicts(layer: MappedLayer, device: Device) -> int:
    """Those of a layer's slowest tile: the tiles of a cascade run in step."""
    return max(most_conflicts(tile, device) for tile in layer.tiles)


def most_conflicts(tile: MappedTile, device: Device) -> int:
    """The most cycles a call in which a core stalls for a bank that a stream or a neighbour uses."""
    return max(sum(_conflicts(tile, b, copy, device) for b in tile.buffers if b.copies == 2) for copy in (0, 1))


def _conflicts(tile: MappedTile, buffer: TileBuffer, copy: int, device: Device) -> int:
    """Accesses of others to a copy of `buffer` that can conflict with this core's, which uses the other copy of each."""
    banks = _banks(buffer, buffer.at[copy], device)
    own = _banks(buffer, buffer.at[1 - copy], device)
    others = [b for b in tile.buffers if b is not buffer and b.kind in THROUGHOUT]
    rest = {bank for b in others for bank in _banks(b, b.at[1 - copy] if b.copies == 2 else b.at[0], device)}
    vectors = -(-buffer.bytes // device.core.vector_alignment)
    # Without a channel a neighbour has the other copy: each element of it is stored once, whoever stores.
    theirs = vectors if buffer.channel is None else -(-buffer.bytes // DMA_ACCESS_BYTES)
    if banks & rest:
        return theirs
    if not banks & own:
        return 0
    return min(theirs, vectors) if buffer.kind == "output" else theirs


def _banks(buffer: TileBuffer, at: BufferAt, device: Device) -> set[Bank]:
    """The logical banks in which a copy lies."""
    size = device.core.bank_bytes
    return {(at.col, at.row, bank) for bank in range(at.offset // size, (at.offset + buffer.bytes - 1) // size + 1)}
