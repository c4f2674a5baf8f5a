"""In which order blocks are eliminated, and over which others each table runs (elimination.py)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from placer.placement.instance import Instance
from placer.placement.pair_bounds import PairBound, pair_bounds

# Most blocks that a table runs over; and blocks from which an order is tried.
LARGEST_SCOPE, STARTS = 3, 24


@dataclass(frozen=True, eq=False)
class Group:
    """A table: the least that the block at a rank costs together with `sources`, over the places of `members`.

    links: members whose edges count in it; first: whether the block's own row does.
    """

    members: tuple[int, ...]
    sources: tuple[Group, ...]
    links: tuple[int, ...]
    first: bool


@dataclass(frozen=True)
class Plan:
    """order: block numbers; groups: of each rank; reach: the largest column offset between blocks of one table."""

    order: tuple[int, ...]
    groups: tuple[tuple[Group, ...], ...]
    reach: int


def make_plan(instance: Instance, below: int | None, steps: float) -> Plan | None:
    """The plan with the widest tables whose sums take at most `steps`; None if there is none.

    below: units that no placement of interest costs, or None.
    """
    order = narrow_order(instance)
    for size in range(LARGEST_SCOPE, 0, -1):
        groups = _groups(instance, order, size)
        plan = Plan(order, groups, _reach(instance, order, groups, below))
        if _steps(instance, plan) <= steps:
            return plan
    return None


def narrow_order(instance: Instance) -> tuple[int, ...]:
    """An order in which few blocks at a time have neighbours on both sides: greedy, from the blocks with fewest neighbours."""
    neighbours = instance.neighbours
    starts = sorted(range(len(neighbours)), key=lambda n: (len(neighbours[n]), n))[:STARTS]
    found = [_grown(neighbours, start) for start in starts]
    return min(found, key=lambda order: (_widths(neighbours, order), order), default=())


def _grown(neighbours: tuple[frozenset[int], ...], start: int) -> tuple[int, ...]:
    order, placed = [start], {start}
    while len(order) < len(neighbours):
        near = {n for p in placed for n in neighbours[p]} - placed or set(range(len(neighbours))) - placed
        best = min(near, key=lambda c: (_open(neighbours, placed | {c}), -len(neighbours[c] & placed), c))
        order.append(best)
        placed.add(best)
    return tuple(order)


def _open(neighbours: tuple[frozenset[int], ...], placed: set[int]) -> int:
    return sum(1 for p in placed if neighbours[p] - placed)


def _widths(neighbours: tuple[frozenset[int], ...], order: tuple[int, ...]) -> tuple[int, int]:
    widths = [_open(neighbours, set(order[: i + 1])) for i in range(len(order))]
    return max(widths), sum(widths)


def _groups(instance: Instance, order: tuple[int, ...], size: int) -> tuple[tuple[Group, ...], ...]:
    """The groups of every rank, with at most `size` members each."""
    ranks = {block: rank for rank, block in enumerate(order)}
    neighbours = [{ranks[n] for n in instance.neighbours[block]} for block in order]
    waiting: list[list[Group]] = [[] for _ in order]
    found: list[tuple[Group, ...]] = []
    for rank in reversed(range(len(order))):
        mine = _split(rank, waiting[rank], sorted(n for n in neighbours[rank] if n < rank), neighbours, size)
        for group in mine:
            if group.members:
                waiting[group.members[-1]].append(group)
        found.append(mine)
    return tuple(reversed(found))


def _split(rank: int, sources: list[Group], links: list[int], neighbours: list[set[int]], size: int) -> tuple[Group, ...]:
    """Sources and edges of the block at `rank`, in as few groups as first fit finds; at least one."""
    parts: list[tuple[set[int], list[Group], list[int]]] = []

    def part_for(scope: set[int]) -> tuple[set[int], list[Group], list[int]]:
        for part in parts:
            if len(part[0] | scope) <= size:
                part[0].update(scope)
                return part
        parts.append((set(scope), [], []))
        return parts[-1]

    for source in sorted(sources, key=lambda g: (-len(g.members), g.members)):
        part_for(set(source.members) - {rank})[1].append(source)
    for link in links:
        part_for({link})[2].append(link)
    for members, _, _ in parts:
        while members and len(members) < size:
            near = {n for m in (*members, rank) for n in neighbours[m] if n < rank} - members
            if not near:
                break
            members.add(max(near))
    parts = parts or [(set(), [], [])]
    return tuple(Group(tuple(sorted(m)), tuple(s), tuple(e), number == 0) for number, (m, s, e) in enumerate(parts))


def _reach(instance: Instance, order: tuple[int, ...], groups: tuple[tuple[Group, ...], ...], below: int | None) -> int:
    """The largest column offset that two blocks of one table have in a placement cheaper than `below`.

    What edges cost above the least of each pair is less than `below` less the sum of these; a path of edges is no longer than that and its
    blocks.
    """
    widest = instance.width - 1
    bounds = pair_bounds(instance)
    if below is None:
        return widest
    slack = (below - sum(b.units for b in bounds)) // instance.scale
    steps = _path_steps(instance, bounds)
    scopes = [(*group.members, rank) for rank, mine in enumerate(groups) for group in mine]
    pairs = {(order[a], order[b]) for scope in scopes for a, b in combinations(scope, 2)}
    return max(1, min(widest, max((slack + int(steps[a, b]) for a, b in pairs), default=1)))


def _path_steps(instance: Instance, bounds: tuple[PairBound, ...]) -> NDArray[np.int64]:
    """[block, block]: columns from one to the other along the shortest path whose edges cost what they must (Floyd and Warshall)."""
    steps = np.full((len(instance.blocks), len(instance.blocks)), instance.width, dtype=np.int64)
    np.fill_diagonal(steps, 0)
    for bound in bounds:
        a, b = bound.blocks
        steps[a, b] = steps[b, a] = bound.units // instance.scale + 1 + max(instance.blocks[a].width, instance.blocks[b].width)
    for via in range(len(steps)):
        steps = np.minimum(steps, steps[:, via, None] + steps[None, via, :])
    return steps


def _steps(instance: Instance, plan: Plan) -> float:
    """Sums of two entries that the tables take; those of groups that look the same are made once."""
    blocks = [instance.blocks[b] for b in plan.order]
    forms: dict[int, int] = {}
    known: dict[tuple[object, ...], int] = {}
    total = 0.0
    for rank in reversed(range(len(blocks))):
        for group in plan.groups[rank]:
            everyone = (*group.members, rank)
            shapes = tuple((b.width, b.height, b.keepout_left, b.input_face, b.output_face) for b in (blocks[r] for r in everyone))
            sources = tuple((forms[id(s)], tuple(everyone.index(m) for m in s.members)) for s in group.sources)
            form = (shapes, sources, tuple(everyone.index(j) for j in group.links), group.first)
            if form not in known:
                total += _steps_of([instance.height - b.height + 1 for b in (blocks[r] for r in everyone)], 2 * plan.reach + 1)
            forms[id(group)] = known.setdefault(form, len(known))
    return total


def _steps_of(rows: list[int], span: int) -> float:
    """Sums for one table; rows: of the members, then of the block that is eliminated."""
    members = len(rows) - 1
    return float(np.prod(rows)) * float(span) ** members * members
