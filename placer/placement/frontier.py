"""Every placement cheaper than a limit, block by block, as far as it still matters: a proof, or a better bound.

Blocks are placed in the order of an elimination (elimination.py), whose tables bound what a partial placement has yet to pay; one whose
bound passes the limit is left out. Partial placements that look the same to the blocks to come - the same places of the blocks with
neighbours to come, the same tiles taken as far as blocks to come can reach - are one, and the cheapest stands for all. Columns are
offsets: a placement and its shifts are one. When none is left below the limit, the least of the bounds that passed it bounds every
placement, and the limit rises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from placer.placement.cost import violations
from placer.placement.elimination import Elimination, Term, own_units
from placer.placement.instance import Block, Place, Places
from placer.placement.offsets import NEVER
from placer.placement.partial import Integers, Partials, joined, merged, most_promising, rebased, within
from placer.placement.reaches import Reaches

# Entries of arrays worked on at once; the tallest grid whose columns fit a word; times the most kept, before a beam drops the rest.
AT_ONCE, TALLEST, SURPLUS = 4_000_000, 64, 4
# The limit rises by this part of what is left to the goal, and after a search of few placements by GROWTH times as much.
FIRST_PART, GROWTH, FEW = 0.1, 3, 30_000


@dataclass(frozen=True)
class Enumerated:
    """bound: units that every placement costs; places: one of that cost, if it was found; looked_at: partial placements made."""

    bound: int
    places: Places | None
    looked_at: int


@dataclass(frozen=True)
class Allowance:
    """Partial placements that a search may keep at once, and that all may look at; None for any number."""

    at_once: int
    in_all: int | None


def enumerate_placements(elimination: Elimination, goal: int, allowance: Allowance, go_on: Callable[[int], bool]) -> Enumerated:
    """Raise the bound of `elimination` to `goal` units, the cost of a known placement, or find the cheapest.

    go_on: gets the bound so far, and says whether to go on. The instance must be `enumerable`.
    """
    bound, looked_at = elimination.bound, 0
    step = max(1, int((goal - bound) * FIRST_PART))
    while bound < goal and go_on(bound):
        left = allowance.at_once if allowance.in_all is None else min(allowance.at_once, allowance.in_all - looked_at)
        search = _Search(elimination, min(goal - 1, bound + step - 1), left, partial(go_on, bound))
        found = search.run()
        looked_at += search.looked_at
        if found is None and (step == 1 or not go_on(bound) or search.looked_at >= left):
            break
        if found is None:
            step = max(1, step // GROWTH)
            continue
        if found.places is not None or found.bound <= search.limit:
            return Enumerated(max(bound, found.bound), found.places, looked_at)
        bound = min(goal, max(bound, found.bound))
        step *= GROWTH if search.looked_at < FEW else 1
    return Enumerated(bound, None, looked_at)


def beam(elimination: Elimination, below: int, width: int, go_on: Callable[[], bool]) -> Places | None:
    """A placement cheaper than `below` units, from the `width` most promising partial placements at each block; None if that finds none."""
    found = _Search(elimination, below - 1, width, go_on, truncates=True).run()
    return found.places if found else None


def enumerable(elimination: Elimination) -> bool:
    """Whether the blocks hang together, may stand anywhere, and their columns fit a word."""
    instance = elimination.instance
    free = not instance.forbidden and all(b.anchor is None for b in instance.blocks)
    together = all(any(elimination.pairs.linked(j, i) for j in range(i)) for i in range(1, len(elimination.plan.order)))
    return free and together and instance.height <= TALLEST


class _Search:
    """One limit. looked_at: partial placements so far; least_left_out: the least bound that passed the limit.

    truncates: beyond the most that it may keep, a search drops the less promising ones, and its bound is none; else it ends.
    """

    def __init__(self, elimination: Elimination, limit: int, most: int, go_on: Callable[[], bool], truncates: bool = False) -> None:
        self.elimination, self.limit, self.most, self.go_on, self.truncates = elimination, limit, most, go_on, truncates
        self.instance, self.order, self.reach = elimination.instance, elimination.plan.order, elimination.plan.reach
        self.reaches = Reaches(elimination)
        self.looked_at = 0
        self.least_left_out = int(NEVER)
        self.last_rank = [max((i for i in range(len(self.order)) if self._asks(i, j)), default=-1) for j in range(len(self.order))]

    def _linked(self, i: int, j: int) -> bool:
        return j < i and self.elimination.pairs.linked(j, i)

    def _asks(self, i: int, j: int) -> bool:
        """Whether the costs of the block at rank i need the place of that at rank j."""
        bucket = self.elimination.buckets[i]
        return self._linked(i, j) or any(j in term.scope and j < i for term in (*bucket.entered, *bucket.left))

    def run(self) -> Enumerated | None:
        """What the search finds; None if it keeps too many placements or is told to end."""
        layers: list[Partials] = []
        last = self._first()
        for rank in range(1, len(self.order)):
            layers.append(self._merged(last, rank))
            following = self._following(layers[-1], rank)
            if following is None:
                return None
            last = following
            if not len(last):
                return Enumerated(self.least_left_out, None, self.looked_at)
        layers.append(last)
        places = self._places(layers)
        legal = not violations(self.instance, places)
        return Enumerated(min(self.least_left_out, int(last.spent.min())), places if legal else None, self.looked_at)

    @cached_property
    def middle(self) -> int:
        """Columns of tiles kept on each side of an origin."""
        return self.instance.width + max(b.width + b.keepout_left for b in self.instance.blocks)

    @cached_property
    def word(self) -> type[np.unsignedinteger]:
        """What holds a column of tiles."""
        return next(w for w in (np.uint8, np.uint16, np.uint32, np.uint64) if np.iinfo(w).bits >= self.instance.height)

    def _block(self, rank: int) -> Block:
        return self.instance.blocks[self.order[rank]]

    def _own(self, rank: int) -> Term:
        return Term((rank,), own_units(self.instance, self.order[rank]))

    def _first(self) -> Partials:
        """The first block in every row, in column 0."""
        entered = [self._own(0), *self.elimination.buckets[0].entered]
        bound = np.minimum(sum(t.table.astype(np.int64) for t in entered), NEVER).astype(np.int32)
        self._leave_out(bound)
        rows = np.flatnonzero(bound <= self.limit).astype(np.int32)
        nothing, count, block = np.zeros(len(rows), dtype=np.int32), len(rows), self._block(0)
        partials = Partials(
            columns=nothing[:, None],
            rows=rows[:, None],
            taken=np.zeros((count, 2 * self.middle + 1), dtype=self.word),
            spent=self._own(0).table[rows],
            bound=bound[rows],
            west=nothing,
            east=nothing + block.width - 1,
            before=nothing,
            place=np.stack([nothing, rows], axis=1),
            moved=nothing,
        )
        self._take(partials.taken, block, nothing, rows)
        return partials

    def _leave_out(self, bound: Integers) -> None:
        beyond = bound[bound > self.limit]
        if len(beyond):
            self.least_left_out = min(self.least_left_out, int(beyond.min()))

    def _open(self, rank: int) -> list[int]:
        """Ranks up to `rank` whose places still matter after it, apart from the tiles that they take."""
        return [j for j in range(rank + 1) if self.last_rank[j] > rank]

    def _merged(self, layer: Partials, rank: int) -> Partials:
        """Those that differ for the blocks at `rank` and after, counted from a neighbour of the block at `rank`."""
        members = self._open(rank - 1)
        layer = rebased(layer, self._host(rank, members))
        slack = self.limit - int(layer.spent.min()) - self.reaches.yet_to_pay(rank)
        reach = [self.reaches.columns(rank, m, slack) for m in members]
        return merged(replace(layer, taken=within(layer, reach)))

    def _host(self, rank: int, members: list[int]) -> int:
        """The number of the last open block with an edge to the block at `rank`."""
        return next(n for n in reversed(range(len(members))) if self._linked(rank, members[n]))

    def _following(self, layer: Partials, rank: int) -> Partials | None:
        """All ways to add the block at `rank`; None for more than may be kept, or when told to end."""
        members = self._open(rank - 1)
        parts: list[Partials] = []
        count = 0
        for part in self._chunks(layer, rank, members, self._host(rank, members)):
            parts.append(part)
            self.looked_at += len(part)
            count += len(part)
            if not self.go_on() or (count > self.most and not self.truncates):
                return None
            if count > SURPLUS * self.most:
                parts = [most_promising(joined(parts), self.most)]
                count = self.most
        return most_promising(joined(parts), self.most)

    def _chunks(self, layer: Partials, rank: int, members: list[int], host: int) -> Iterator[Partials]:
        """The extensions, part by part. Those of equal open blocks cost the same, and are costed once."""
        configurations = np.concatenate([layer.columns, layer.rows], axis=1)
        unique, which = np.unique(configurations, axis=0, return_inverse=True)
        which = which.reshape(-1)
        by_configuration = np.argsort(which, kind="stable")
        starts = np.searchsorted(which[by_configuration], np.arange(len(unique) + 1))
        rows = self.instance.height - self._block(rank).height + 1
        size = rows * (2 * self.reach + 1)
        first = 0
        while first < len(unique):
            last = first + 1
            while last < len(unique) and (starts[last + 1] - starts[first]) * size <= AT_ONCE:
                last += 1
            columns, rows_of = unique[first:last, : len(members)], unique[first:last, len(members) :]
            more = self._more(rank, members, host, columns, rows_of)
            mine = by_configuration[starts[first] : starts[last]]
            for numbers in np.array_split(mine, max(1, -(-len(mine) * size // AT_ONCE))):
                bounds = layer.bound[numbers][:, None] + more[which[numbers] - first]
                self._leave_out(bounds)
                at, place = np.nonzero(bounds <= self.limit)
                yield self._extended(layer, numbers[at], rank, members, place, bounds[at, place])
            first = last

    def _more(self, rank: int, members: list[int], host: int, columns: Integers, rows: Integers) -> Integers:
        """By how much each place of the block at `rank` raises the bound, [configuration, row and column offset from the host]."""
        bucket = self.elimination.buckets[rank]
        edges = [Term((m, rank), self.elimination.pairs.between(m, rank).cost) for m in members if self._linked(rank, m)]
        more = np.zeros((len(columns), self.instance.height - self._block(rank).height + 1, 2 * self.reach + 1), dtype=np.int64)
        for term in (self._own(rank), *edges, *bucket.entered):
            more += self._entries(term, rank, members, host, columns, rows)
        for term in bucket.left:
            numbers = [members.index(m) for m in term.scope]
            offsets = columns[:, numbers[1:]] - columns[:, numbers[:1]] + self.reach
            inside = ((offsets >= 0) & (offsets <= 2 * self.reach)).all(axis=1)
            offsets = np.clip(offsets, 0, 2 * self.reach)
            paid = term.table[(*rows[:, numbers].T, *offsets.T)]
            more -= np.where(inside, paid, 0)[:, None, None]
        return np.minimum(more, NEVER).astype(np.int32).reshape(len(columns), -1)

    def _entries(self, term: Term, rank: int, members: list[int], host: int, columns: Integers, rows: Integers) -> NDArray[np.int64]:
        """A term at every place of the block at `rank`, [configuration, row, column offset from the host]; NEVER beyond its reach."""
        numbers = [members.index(m) for m in term.scope if m != rank]
        own_row = np.arange(self.instance.height - self._block(rank).height + 1)[None, :, None]
        if not numbers:
            return term.table[own_row].astype(np.int64)
        span = np.arange(2 * self.reach + 1)[None, None, :]
        offsets = columns[:, numbers[1:]] - columns[:, numbers[:1]] + self.reach
        last = span + (columns[:, host] - columns[:, numbers[0]])[:, None, None]
        near = np.asarray(((offsets >= 0) & (offsets <= 2 * self.reach)).all(axis=1))
        inside = near[:, None, None] & (last >= 0) & (last <= 2 * self.reach)
        offsets, last = np.clip(offsets, 0, 2 * self.reach), np.clip(last, 0, 2 * self.reach)
        table = term.table[(*(rows[:, n, None, None] for n in numbers), own_row, *(o[:, None, None] for o in offsets.T), last)]
        return np.where(inside, table, NEVER).astype(np.int64)

    def _extended(
        self, layer: Partials, numbers: NDArray[np.intp], rank: int, members: list[int], places: NDArray[np.intp], bounds: Integers
    ) -> Partials:
        """The extensions that overlap nothing and fit the width of the grid."""
        row, column = _split(places, 2 * self.reach + 1)
        column -= self.reach
        block = self._block(rank)
        wide = np.maximum(layer.east[numbers], column + block.width - 1) - np.minimum(layer.west[numbers], column)
        fits = np.flatnonzero((wide < self.instance.width) & self._free(layer, numbers, rank, members, column, row))
        numbers, row, column, bounds = numbers[fits], row[fits], column[fits], bounds[fits]
        spent = layer.spent[numbers] + self._own(rank).table[row]
        for number, m in enumerate(members):
            if self._linked(rank, m):
                offset = column - layer.columns[numbers, number] + self.reach
                spent = spent + self.elimination.pairs.between(m, rank).cost[layer.rows[numbers, number], row, offset]
        taken = layer.taken[numbers]
        self._take(taken, block, column, row)
        stay = [n for n, m in enumerate(members) if self.last_rank[m] > rank]
        mine = [0] if self.last_rank[rank] > rank else []
        return Partials(
            columns=np.concatenate([layer.columns[numbers][:, stay], column[:, None][:, mine]], axis=1),
            rows=np.concatenate([layer.rows[numbers][:, stay], row[:, None][:, mine]], axis=1),
            taken=taken,
            spent=spent,
            bound=bounds,
            west=np.minimum(layer.west[numbers], column),
            east=np.maximum(layer.east[numbers], column + block.width - 1),
            before=numbers.astype(np.int32),
            place=np.stack([column, row], axis=1),
            moved=np.zeros(len(numbers), dtype=np.int32),
        )

    def _free(
        self, layer: Partials, numbers: NDArray[np.intp], rank: int, members: list[int], column: Integers, row: Integers
    ) -> NDArray[np.bool_]:
        """Whether the extent of the block meets no other but where a keep-out is shared."""
        block = self._block(rank)
        rows = self._rows(block, row)
        shared = [self._shared(layer, numbers, rank, n, m, column, row) for n, m in enumerate(members) if self._linked(rank, m)]
        free = np.ones(len(numbers), dtype=np.bool_)
        for step in range(-block.keepout_left, block.width):
            meets = layer.taken[numbers, column + step + self.middle] & rows
            for first, last, theirs in shared:
                meets = np.where((column + step >= first) & (column + step < last), meets & ~theirs, meets)
            free = np.logical_and(free, meets == 0)
        return np.asarray(free)

    def _shared(
        self, layer: Partials, numbers: NDArray[np.intp], rank: int, number: int, member: int, column: Integers, row: Integers
    ) -> tuple[Integers, Integers, NDArray[np.unsignedinteger]]:
        """Columns, first and end, and rows of the extent of an open block where it may be met."""
        block = self._block(member)
        theirs, their_row = layer.columns[numbers, number], layer.rows[numbers, number]
        may = self.elimination.pairs.between(member, rank).shared[their_row, row, column - theirs + self.reach]
        rows = np.where(may, self._rows(block, their_row), self.word(0))
        return theirs - block.keepout_left, theirs + block.width, rows

    def _rows(self, block: Block, row: Integers) -> NDArray[np.unsignedinteger]:
        """The rows of a block as bits."""
        return np.left_shift(self.word((1 << block.height) - 1), row.astype(self.word))

    def _take(self, taken: NDArray[np.unsignedinteger], block: Block, column: Integers, row: Integers) -> None:
        """Mark the extent of a block in the tiles taken."""
        everyone, rows = np.arange(len(taken)), self._rows(block, row)
        for step in range(-block.keepout_left, block.width):
            taken[everyone, column + step + self.middle] |= rows

    def _places(self, layers: list[Partials]) -> Places:
        """The cheapest of the last layer, moved to column 0."""
        number = int(layers[-1].spent.argmin())
        found: list[Place] = []
        origin = 0
        for layer in reversed(layers):
            origin -= int(layer.moved[number])
            found.append((int(layer.place[number, 0]) + origin, int(layer.place[number, 1])))
            number = int(layer.before[number])
        ranked = list(reversed(found))
        west = min(x for x, _ in ranked)
        places = {block: (x - west, y) for block, (x, y) in zip(self.order, ranked, strict=True)}
        return tuple(places[b] for b in range(len(self.order)))


def _split(places: NDArray[np.intp], span: int) -> tuple[Integers, Integers]:
    """Row and column of numbered places."""
    return (places // span).astype(np.int32), (places % span).astype(np.int32)
