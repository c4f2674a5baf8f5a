"""Where the buffers of one core lie in the 64 KB of a tile.

Two loads and a store can be issued in one cycle; a bank serves one of them. So buffers that the kernel touches in the same cycle - each
input, the weights, the output - own disjoint sets of logical banks. Stack and bias, touched outside the inner loop, fill what is left.
A buffer larger than a bank spans consecutive ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from placer.device import CoreTile
from placer.layout import round_up


class BufferKind(Enum):
    """What a buffer holds; the value is its name in mapping.json."""

    INPUT = "input"
    SECOND_INPUT = "second_input"
    OUTPUT = "output"
    WEIGHTS = "weights"
    BIAS = "bias"
    STACK = "stack"


# Kinds that the inner loop of a kernel touches in the same cycle.
CONCURRENT = (BufferKind.INPUT, BufferKind.SECOND_INPUT, BufferKind.WEIGHTS, BufferKind.OUTPUT)


@dataclass(frozen=True)
class BufferNeed:
    """One buffer of a core: `copies` regions of `bytes` each (two for ping/pong)."""

    kind: BufferKind
    bytes: int
    copies: int


@dataclass(frozen=True)
class BufferPlace:
    """A need with the byte offset of each copy in the tile's data memory."""

    need: BufferNeed
    offsets: tuple[int, ...]


def place_buffers(needs: tuple[BufferNeed, ...], core: CoreTile) -> tuple[BufferPlace, ...] | None:
    """Place all buffers of one core in its own tile, or return None when they do not fit.

    Concurrent kinds take whole banks from the low end upward, the output from the high end; where banks are to spare, the output's copies
    get one each. Offsets are multiples of the vector alignment.
    """
    free_low, free_high = 0, core.logical_banks
    taken = [0] * core.logical_banks
    places = []
    concurrent = [n for n in needs if n.kind in CONCURRENT]
    others = [n for n in needs if n.kind not in CONCURRENT]
    banks_needed = {n.kind: -(-_total(n, core) // core.bank_bytes) for n in concurrent}
    spare = core.logical_banks - sum(banks_needed.values())
    if spare < 0:
        return None
    for need in concurrent:
        size, banks = round_up(need.bytes, core.vector_alignment), banks_needed[need.kind]
        apart = need.kind is BufferKind.OUTPUT and need.copies == 2 and banks == 1 and spare >= 1
        banks += apart
        first = free_high - banks if need.kind is BufferKind.OUTPUT else free_low
        if need.kind is BufferKind.OUTPUT:
            free_high -= banks
        else:
            free_low += banks
        stride = core.bank_bytes if apart else size
        offsets = tuple(first * core.bank_bytes + i * stride for i in range(need.copies))
        for offset in offsets:
            _occupy(taken, offset, size, core)
        places.append(BufferPlace(need, offsets))
    for need in others:
        gap = _first_gap(taken, round_up(need.bytes, core.vector_alignment), core)
        if gap is None:
            return None
        places.append(BufferPlace(need, (gap,)))
    return tuple(places)


def _total(need: BufferNeed, core: CoreTile) -> int:
    return need.copies * round_up(need.bytes, core.vector_alignment)


def _occupy(taken: list[int], offset: int, size: int, core: CoreTile) -> None:
    """Mark bytes from the start of each bank as taken up to offset + size; regions grow upward within their banks."""
    for bank in range(core.logical_banks):
        start = bank * core.bank_bytes
        end = min(offset + size, start + core.bank_bytes)
        if end > max(offset, start):
            taken[bank] = max(taken[bank], end - start)


def _first_gap(taken: list[int], size: int, core: CoreTile) -> int | None:
    """The lowest offset of `size` free bytes inside the emptiest bank, which it then takes."""
    bank = min(range(core.logical_banks), key=lambda b: (taken[b], -b))
    if taken[bank] + size > core.bank_bytes:
        return None
    offset = bank * core.bank_bytes + taken[bank]
    taken[bank] += size
    return offset
