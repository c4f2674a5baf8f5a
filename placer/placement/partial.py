"""Partial placements, many at once: what is known of each, and which of them are one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int32]
Words = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Partials:
    """Placements of the first blocks of an order, [placement]; columns count from an origin of each.

    columns, rows: of the open blocks, those with neighbours to come, [placement, open]. taken: tiles, a word a column,
    [placement, column + middle]. spent: units paid; bound: with what has yet to be paid at least. west, east: first and last column of
    blocks. before: the number of the placement that this one extends; place: column and row of its last block, from the origin of that;
    moved: from that origin to its own.
    """

    columns: Integers
    rows: Integers
    taken: NDArray[np.unsignedinteger]
    spent: Integers
    bound: Integers
    west: Integers
    east: Integers
    before: Integers
    place: Integers
    moved: Integers

    def __len__(self) -> int:
        return len(self.spent)


def joined(parts: list[Partials]) -> Partials:
    """All of them, in order."""
    return Partials(*(np.concatenate([getattr(p, name) for p in parts]) for name in Partials.__dataclass_fields__))


def most_promising(partials: Partials, count: int) -> Partials:
    """Those of the least bounds, at most `count`."""
    if len(partials) <= count:
        return partials
    kept = np.argsort(partials.bound, kind="stable")[:count]
    return Partials(*(getattr(partials, name)[kept] for name in Partials.__dataclass_fields__))


def rebased(partials: Partials, number: int) -> Partials:
    """The same, counted from the column of open block `number`."""
    shift = partials.columns[:, number]
    size = partials.taken.shape[1]
    padded = np.concatenate([partials.taken, np.zeros((len(partials), 1), dtype=partials.taken.dtype)], axis=1)
    at = np.arange(size)[None, :] + shift[:, None]
    at[(at < 0) | (at >= size)] = size
    return Partials(
        columns=partials.columns - shift[:, None],
        rows=partials.rows,
        taken=np.take_along_axis(padded, at, axis=1),
        spent=partials.spent,
        bound=partials.bound,
        west=partials.west - shift,
        east=partials.east - shift,
        before=partials.before,
        place=partials.place,
        moved=partials.moved + shift,
    )


def within(partials: Partials, reach: list[tuple[int, int]]) -> NDArray[np.unsignedinteger]:
    """The tiles taken that blocks to come can reach. reach: first and last column from each open block."""
    middle = partials.taken.shape[1] // 2
    first, last = np.full(len(partials), middle + 1), np.full(len(partials), -middle - 1)
    for number, (low, high) in enumerate(reach):
        if low <= high:
            first = np.minimum(first, partials.columns[:, number] + low)
            last = np.maximum(last, partials.columns[:, number] + high)
    at = np.arange(partials.taken.shape[1])[None, :] - middle
    return np.where((at >= first[:, None]) & (at <= last[:, None]), partials.taken, partials.taken.dtype.type(0))


def merged(partials: Partials) -> Partials:
    """One for all that look the same to the blocks to come: the cheapest, and as narrow as the narrowest on either side."""
    words = _words(partials)
    odd = np.random.default_rng(0).integers(0, 1 << 63, words.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    order = np.lexsort((partials.spent, words @ odd))
    words = words[order]
    starts = np.flatnonzero(np.concatenate([[True], (words[1:] != words[:-1]).any(axis=1)]))
    kept = order[starts]
    west = np.maximum.reduceat(partials.west[order], starts)
    east = np.minimum.reduceat(partials.east[order], starts)
    chosen = {name: getattr(partials, name)[kept] for name in Partials.__dataclass_fields__}
    return Partials(**{**chosen, "west": west, "east": east})


def _words(partials: Partials) -> Words:
    """All that blocks to come see of each placement, as words."""
    seen = [np.ascontiguousarray(a).view(np.uint8).reshape(len(partials), -1) for a in (partials.columns, partials.rows, partials.taken)]
    size = sum(s.shape[1] for s in seen)
    padding = np.zeros((len(partials), -size % 8), dtype=np.uint8)
    return np.ascontiguousarray(np.concatenate([*seen, padding], axis=1)).view(np.uint64)
