"""Where the buffers of one core lie in the 64 KB of a tile, and what their banks cost it.

Two loads and a store can be issued in one cycle; a bank serves one of them. So buffers that the kernel touches in the same cycle - each
input, the weights, the output - own disjoint sets of logical banks where these suffice. Where they do not, some share: what that stalls is
counted, and the cheapest sharing that fits is taken. Stack and bias, touched outside the inner loop, fill what is left. Banks to spare keep
the two copies of a buffer apart, so that no stream meets the core in one.
A buffer larger than a bank spans consecutive ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from itertools import combinations

from placer.device import CoreTile
from placer.layout import round_up


class BufferKind(Enum):
    """What a buffer holds; the value is its name in mapping.json."""

    INPUT = "input"
    SECOND_INPUT = "second_input"
    OUTPUT = "output"
    WEIGHTS = "weights"
    SECOND_WEIGHTS = "second_weights"
    BIAS = "bias"
    STACK = "stack"


INPUTS = (BufferKind.INPUT, BufferKind.SECOND_INPUT)
# Kinds that the inner loop of a kernel touches in the same cycle.
CONCURRENT = (BufferKind.INPUT, BufferKind.SECOND_INPUT, BufferKind.WEIGHTS, BufferKind.SECOND_WEIGHTS, BufferKind.OUTPUT)
# A DMA channel takes a memory's bank once every four words, for 128 bits (AM020 chapter 2).
DMA_ACCESS_BYTES = 16


@dataclass(frozen=True)
class BufferNeed:
    """One buffer of a core: `copies` regions of `bytes` each (two for ping/pong), which the inner loop of a call accesses so often."""

    kind: BufferKind
    bytes: int
    copies: int
    accesses: int = 0


@dataclass(frozen=True)
class BufferPlace:
    """A need with the byte offset of each copy in the tile's data memory, or in that of the tile to its west where that is `lent`."""

    need: BufferNeed
    offsets: tuple[int, ...]
    lent: bool = False


@dataclass(frozen=True)
class TileMemory:
    """All buffers of a core at their places, and the most cycles a call that it waits for banks they share."""

    places: tuple[BufferPlace, ...]
    stalls: int


Group = tuple[BufferNeed, ...]


def stall_cycles(accesses: Iterable[int]) -> int:
    """The most that accesses to one bank delay each other: of n in a cycle n - 1 wait, and every cycle has at most one of each buffer."""
    counts = tuple(accesses)
    return sum(counts) - max(counts, default=0)


def place_buffers(needs: tuple[BufferNeed, ...], core: CoreTile) -> TileMemory | None:
    """Place all buffers of one core in its own tile, with the fewest stalls; None when they do not fit.

    Offsets are multiples of the vector alignment.
    """
    if sum(_total((n,), core) for n in needs) > core.memory_bytes:
        return None
    concurrent = tuple(n for n in needs if n.kind in CONCURRENT)
    others = tuple(n for n in needs if n.kind not in CONCURRENT)
    ranked = sorted(
        (sum(stall_cycles(concurrent[i].accesses for i in part) for part in parts), -len(parts), parts)
        for parts in _groupings(len(concurrent))
    )
    for stalls, _, parts in ranked:
        groups = tuple(tuple(concurrent[i] for i in part) for part in parts)
        places = _pack(groups, others, core)
        if places:
            return TileMemory(tuple(sorted(places, key=lambda p: needs.index(p.need))), stalls)
    return None


def place_with_lender(needs: tuple[BufferNeed, ...], core: CoreTile) -> TileMemory | None:
    """Place the inputs of a core in the memory of the tile to its west, and all else in its own; None when they do not fit so.

    Inputs are what streams fill: a lender's DMA channels serve them, and its banks are apart from those of the weights and the output.
    """
    inputs = tuple(n for n in needs if n.kind in INPUTS)
    own, lent = place_buffers(tuple(n for n in needs if n not in inputs), core), place_buffers(inputs, core)
    if own is None or lent is None:
        return None
    places = (*own.places, *(replace(p, lent=True) for p in lent.places))
    return TileMemory(tuple(sorted(places, key=lambda p: needs.index(p.need))), own.stalls + lent.stalls)


@cache
def _groupings(count: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Every way to divide the numbers 0 to count - 1 into groups."""
    if not count:
        return ((),)
    found = []
    for rest in _groupings(count - 1):
        found.append((*rest, (count - 1,)))
        found += [tuple((*g, count - 1) if g is group else g for g in rest) for group in rest]
    return tuple(found)


def _pack(groups: tuple[Group, ...], others: Group, core: CoreTile) -> list[BufferPlace] | None:
    """Each group in banks of its own from the low end upward, the one that is the output alone from the high end; the others in the gaps.

    Where banks are to spare, both copies of a buffer get their own: a stream fills or empties one while the core uses the other.
    """
    for apart in _apart(groups):
        widths = [_width(group, i in apart, core) for i, group in enumerate(groups)]
        places = _laid(groups, widths, apart, others, core) if sum(widths) <= core.logical_banks else None
        if places:
            return places
    return None


def _apart(groups: tuple[Group, ...]) -> list[tuple[int, ...]]:
    """Which groups may keep the copies of their only buffer in different banks, what spares the core the most waiting first."""
    doubled = [i for i, group in enumerate(groups) if len(group) == 1 and group[0].copies == 2]
    choices = [choice for count in range(len(doubled) + 1) for choice in combinations(doubled, count)]
    return sorted(choices, key=lambda choice: (-sum(_met(groups[i][0]) for i in choice), choice))


def _met(need: BufferNeed) -> int:
    """The most accesses of a stream to one copy that the core's to the other in the same bank can meet."""
    return min(need.accesses, -(-need.bytes // DMA_ACCESS_BYTES))


def _width(group: Group, apart: bool, core: CoreTile) -> int:
    """Banks of a group."""
    return 2 * -(-_aligned(group[0], core) // core.bank_bytes) if apart else -(-_total(group, core) // core.bank_bytes)


def _laid(groups: tuple[Group, ...], widths: list[int], apart: tuple[int, ...], others: Group, core: CoreTile) -> list[BufferPlace] | None:
    """Groups of these widths side by side, and what is left in the gaps."""
    taken = [0] * core.logical_banks
    places: list[BufferPlace] = []
    low, high = 0, core.logical_banks
    for number, (group, width) in enumerate(zip(groups, widths, strict=True)):
        lone_output = len(group) == 1 and group[0].kind is BufferKind.OUTPUT
        first = high - width if lone_output else low
        low, high = (low, high - width) if lone_output else (low + width, high)
        for place in _consecutive(group, first * core.bank_bytes, width // 2 * core.bank_bytes if number in apart else 0, core):
            places.append(place)
            for offset in place.offsets:
                _occupy(taken, offset, _aligned(place.need, core), core)
    for need in others:
        gap = _first_gap(taken, _aligned(need, core), core)
        if gap is None:
            return None
        places.append(BufferPlace(need, (gap,)))
    return places


def _consecutive(group: Group, start: int, stride: int, core: CoreTile) -> Iterator[BufferPlace]:
    """The buffers of a group one after the other, their copies `stride` apart or, at 0, one after the other too."""
    for need in group:
        step = stride or _aligned(need, core)
        yield BufferPlace(need, tuple(start + i * step for i in range(need.copies)))
        start += need.copies * step


def _aligned(need: BufferNeed, core: CoreTile) -> int:
    return round_up(need.bytes, core.vector_alignment)


def _total(group: Group, core: CoreTile) -> int:
    return sum(n.copies * _aligned(n, core) for n in group)


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
