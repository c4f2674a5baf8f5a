"""A lower bound by eliminating blocks one by one, and what each costs at least from where its neighbours stand.

Bucket elimination (Dechter, "Bucket elimination: a unifying framework for reasoning", 1999) over the places of the blocks: the last
block of an order is replaced by a table of the least that it can cost, for every place of those of its neighbours that come before it;
and so on to the first. Blocks in one table stay apart; others may overlap; columns are offsets, so the grid has no sides. What is left
at the end is a bound on the cost of every placement, and the tables bound what any partial placement has yet to pay (frontier.py).
Where a block has too many neighbours for one table they are split (mini-buckets: Dechter and Rish, 2003); where it has few, blocks near
by join them, so that more blocks stay apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from placer.placement.elimination_plan import Group, Plan, make_plan
from placer.placement.instance import Instance
from placer.placement.offsets import NEVER, PairTables, Units

# Costs beyond this do not fit the tables.
LARGEST_COST = 1 << 24


@dataclass(frozen=True, eq=False)
class Term:
    """What the blocks that went into it cost at least, in units. scope: ranks in the order, ascending.

    table: [row of each rank of the scope, then column of each but the first, from that of the first, + reach].
    """

    scope: tuple[int, ...]
    table: Units


@dataclass(frozen=True, eq=False)
class Bucket:
    """The elimination of the block at one rank: the terms that it entered, and those that it left."""

    entered: tuple[Term, ...]
    left: tuple[Term, ...]


@dataclass(frozen=True, eq=False)
class Elimination:
    """All blocks of `instance`, eliminated. buckets: one a rank; pairs: by ranks.

    bound: units that every placement costs, or the cost below which the tables hold, if that is less.
    """

    instance: Instance
    plan: Plan
    buckets: tuple[Bucket, ...]
    pairs: PairTables
    bound: int


def eliminate(instance: Instance, below: int | None, steps: float) -> Elimination | None:
    """Eliminate all blocks with tables as large as `steps` allows (sums of two entries; about a second for 500 million).

    below: only placements cheaper than this many units count, which keeps offsets short; None for all. None where even the smallest
    tables are too large.
    """
    most = instance.scale * instance.width + instance.row_units * instance.height
    if most * len(instance.links) + instance.height_units * instance.height * len(instance.blocks) > LARGEST_COST:
        return None
    plan = make_plan(instance, below, steps)
    return _Eliminator(instance, plan).run(below) if plan else None


def own_units(instance: Instance, number: int) -> Units:
    """What the row of a block costs, [row]; NEVER in rows where it is not anchored."""
    block = instance.blocks[number]
    rows = np.arange(instance.height - block.height + 1, dtype=np.int32)
    units: Units = rows * np.int32(instance.height_units)
    return units if block.anchor is None else np.where(rows == block.anchor[1], units, NEVER)


class _Eliminator:
    """The run from the last block to the first. Eliminations that look the same are done once."""

    def __init__(self, instance: Instance, plan: Plan) -> None:
        self.instance, self.plan, self.reach = instance, plan, plan.reach
        self.rows = [instance.height - instance.blocks[b].height + 1 for b in plan.order]
        self.pairs = PairTables(instance, plan.order, plan.reach)
        self.known: dict[tuple[object, ...], Units] = {}

    def run(self, below: int | None) -> Elimination:
        """Eliminate every block in its turn."""
        terms: dict[Group, Term] = {}
        buckets = []
        bound = 0
        for rank in reversed(range(len(self.plan.order))):
            left = []
            for group in self.plan.groups[rank]:
                table = self._eliminated(rank, group, [terms[g] for g in group.sources])
                if group.members:
                    terms[group] = Term(group.members, table)
                    left.append(terms[group])
                else:
                    bound += int(table)
            entered = tuple(terms[source] for group in self.plan.groups[rank] for source in group.sources)
            buckets.append(Bucket(entered, tuple(left)))
        bound = bound if below is None else min(bound, below)
        return Elimination(self.instance, self.plan, tuple(reversed(buckets)), self.pairs, bound)

    def _eliminated(self, rank: int, group: Group, terms: list[Term]) -> Units:
        """The table of one group, which may be known from one that looks the same."""
        members = group.members
        sizes = tuple(self.rows[m] for m in (*members, rank))
        among = tuple(id(self.pairs.between(a, b)) for b in (*members, rank) for a in members if a < b)
        said = tuple(sorted((tuple((*members, rank).index(r) for r in t.scope), id(t.table)) for t in terms))
        anchor = self.instance.blocks[self.plan.order[rank]].anchor
        key = (sizes, among, said, tuple(members.index(j) for j in group.links), group.first, anchor and anchor[1])
        if key not in self.known:
            self.known[key] = self._least(rank, group, terms)
        return self.known[key]

    def _least(self, rank: int, group: Group, terms: list[Term]) -> Units:
        own = own_units(self.instance, self.plan.order[rank]) if group.first else np.zeros(self.rows[rank], dtype=np.int32)
        own = own + sum(t.table for t in terms if t.scope == (rank,))
        members = group.members
        tables = [self._with_terms(rank, m, m in group.links, terms) for m in members]
        wide = [t for t in terms if len(t.scope) > 2]
        match tables:
            case []:
                return np.asarray(own.min(), dtype=np.int32)
            case [one]:
                least: Units = np.minimum((one + own[None, :, None]).min(axis=(1, 2)), NEVER)
                return least
            case [one, two]:
                return self._two((*members, rank), np.minimum(one + own[None, :, None], NEVER), two, wide)
            case _:
                return self._three((*members, rank), [np.minimum(tables[0] + own[None, :, None], NEVER), *tables[1:]], wide)

    def _with_terms(self, rank: int, member: int, linked: bool, terms: list[Term]) -> Units:
        """[row of the member, row of the block, offset]: its edge, if there is one, and the terms of these two."""
        pair = self.pairs.between(member, rank)
        table = pair.cost if linked else np.where(pair.apart, np.int32(0), NEVER)
        for term in terms:
            if term.scope == (member, rank):
                table = np.minimum(table + term.table, NEVER)
        return table

    def _two(self, ranks: tuple[int, ...], a: Units, b: Units, wide: list[Term]) -> Units:
        """The least over the places of the last of three ranks, from its tables with the other two."""
        reach, apart = self.reach, self.pairs.between(*ranks[:2]).apart
        least = np.full(apart.shape, NEVER, dtype=np.int32)
        for x in range(-reach, reach + 1):
            low, high = max(-reach, x - reach), min(reach, x + reach)
            sums = a[:, None, :, low + reach : high + reach + 1] + b[None, :, :, low - x + reach : high - x + reach + 1]
            for term in wide:
                sums = sums + term.table[:, :, :, x + reach, low + reach : high + reach + 1]
            least[:, :, x + reach] = sums.min(axis=(2, 3))
        return np.where(apart, np.minimum(least, NEVER), NEVER)

    def _three(self, ranks: tuple[int, ...], tables: list[Units], wide: list[Term]) -> Units:
        """The least over the places of the last of four ranks, from its tables with the other three."""
        (a, b, c), reach, span = tables, self.reach, 2 * self.reach + 1
        one, two, three, last = ranks
        ab, ac, bc = (self.pairs.between(*pair).apart for pair in ((one, two), (one, three), (two, three)))
        least = np.full((*(self.rows[m] for m in ranks[:3]), span, span), NEVER, dtype=np.int32)
        for x in range(-reach, reach + 1):
            low, high = max(-reach, x - reach), min(reach, x + reach)
            first = a[:, None, :, low + reach : high + reach + 1] + b[None, :, :, low - x + reach : high - x + reach + 1]
            for term in wide:
                if term.scope == (one, two, last):
                    first = first + term.table[:, :, :, x + reach, low + reach : high + reach + 1]
            first = np.minimum(first, NEVER)
            for z in range(low, high + 1):
                west, east = max(low, z - reach), min(high, z + reach)
                sums = first[:, :, None, :, west - low : east - low + 1] + c[None, None, :, :, west - z + reach : east - z + reach + 1]
                for term in wide:
                    if term.scope == (one, three, last):
                        sums += term.table[:, :, :, z + reach, west + reach : east + reach + 1][:, None]
                    elif term.scope == (two, three, last):
                        sums += term.table[:, :, :, z - x + reach, west - x + reach : east - x + reach + 1][None]
                    elif term.scope == ranks:
                        sums += term.table[:, :, :, :, x + reach, z + reach, west + reach : east + reach + 1]
                stay = ab[:, :, None, x + reach] & ac[:, None, :, z + reach] & bc[None, :, :, z - x + reach]
                least[:, :, :, x + reach, z + reach] = np.where(stay, np.minimum(sums.min(axis=(3, 4)), NEVER), NEVER)
        return least
