"""How far blocks still to be placed can lie from one that stands, by what their edges may cost."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from placer.placement.elimination import Elimination
from placer.placement.offsets import NEVER

Excess = NDArray[np.int64]


class Reaches:
    """pair: for ranks j < i, what the edges between them cost at least above their least, by column offset of i from j, + reach."""

    def __init__(self, elimination: Elimination) -> None:
        self.elimination = elimination
        self.least: dict[tuple[int, int], int] = {}
        self.excess: dict[tuple[int, int], Excess] = {}
        self.linked: list[list[int]] = [[] for _ in elimination.plan.order]
        for j, i in combinations(range(len(elimination.plan.order)), 2):
            if elimination.pairs.linked(j, i):
                by_column = elimination.pairs.between(j, i).cost.min(axis=(0, 1)).astype(np.int64)
                self.least[j, i] = int(by_column.min())
                self.excess[j, i] = by_column - self.least[j, i]
                self.excess[i, j] = self.excess[j, i][::-1]
                self.linked[i].append(j)
                self.linked[j].append(i)

    def yet_to_pay(self, rank: int) -> int:
        """Units that the edges of blocks at `rank` and after cost at least, each pair by itself."""
        return sum(units for (_, i), units in self.least.items() if i >= rank)

    def columns(self, rank: int, member: int, slack: int) -> tuple[int, int]:
        """First and last column, from that of the block at rank `member`, that the extents of blocks at `rank` and after can take.

        slack: what their edges may cost together above the least of each, in units. First is beyond last where none can be.
        """
        order, blocks = self.elimination.plan.order, self.elimination.instance.blocks
        first, last = 1, 0
        for i, columns in self._offsets(rank, member, slack).items():
            block = blocks[order[i]]
            low, high = int(columns[0]) - block.keepout_left, int(columns[-1]) + block.width - 1
            first, last = (low, high) if first > last else (min(first, low), max(last, high))
        return first, last

    def _offsets(self, rank: int, member: int, slack: int) -> dict[int, NDArray[np.intp]]:
        """Column offsets from `member` that each block yet to come can have: least excess along paths of such blocks."""
        width = self.elimination.instance.width
        start = np.full(2 * width + 1, np.int64(NEVER))
        start[width] = 0
        found = {member: start}
        count = len(self.elimination.plan.order)
        changed = True
        while changed:
            changed = False
            for i in (*range(rank, count), *reversed(range(rank, count))):
                known = found.get(i)
                moved = [_moved(found[j], self.excess[j, i], slack) for j in self.linked[i] if j in found]
                if moved:
                    best = np.min([*moved, *([] if known is None else [known])], axis=0)
                    changed |= known is None or bool((best < known).any())
                    found[i] = best
        offsets = {i: np.flatnonzero(e <= slack) - width for i, e in found.items() if i != member}
        return {i: at for i, at in offsets.items() if len(at)}


def _moved(start: Excess, excess: Excess, slack: int) -> Excess:
    """Least sums over both offsets, as far as they are at most `slack`."""
    reach = len(excess) // 2
    out = np.full(len(start), np.int64(NEVER))
    for at in np.flatnonzero(excess <= slack):
        shift = int(at) - reach
        low, high = max(0, shift), min(len(start), len(start) + shift)
        out[low:high] = np.minimum(out[low:high], start[low - shift : high - shift] + excess[at])
    return np.where(out <= slack, out, np.int64(NEVER))
