"""Lower bounds on the cost of edges from small parts of the graph.

A window is a connected set of blocks. What its edges cost in the cheapest placement of its blocks alone bounds what they cost in any
placement of all blocks. Pairs are bounded here, by trying every offset; larger windows by an engine (solvers/placement_bounds.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from placer.placement.instance import Edge, Instance, Link


@dataclass(frozen=True)
class WindowBound:
    """The edges among `blocks` (ascending numbers) cost at least `units` together."""

    blocks: tuple[int, ...]
    units: int


def pair_bounds(instance: Instance) -> tuple[WindowBound, ...]:
    """The cheapest way to place the two ends of each edge, all edges between the same two together."""
    pairs = sorted({(min(link.producer, link.consumer), max(link.producer, link.consumer)) for link in instance.links})
    return tuple(WindowBound(pair, _pair_units(instance, pair)) for pair in pairs)


def _pair_units(instance: Instance, pair: tuple[int, int]) -> int:
    """Least cost over the offsets of the second block from the first at which both fit the grid and their extents do not meet."""
    a, b = (instance.blocks[n] for n in pair)
    links = [link for link in instance.links if {link.producer, link.consumer} == set(pair)]
    reach = a.width + b.width + a.keepout_left + b.keepout_left + 1
    columns = range(max(-reach, a.width - instance.width), min(reach, instance.width - b.width) + 1)
    rows = range(max(-b.height, a.height - instance.height), min(a.height, instance.height - b.height) + 1)
    costs = [
        sum(_units(instance, link, x if link.producer == pair[0] else -x, y if link.producer == pair[0] else -y) for link in links)
        for x in columns
        for y in rows
        if not (-b.height < y < a.height and -b.width - a.keepout_left < x < a.width + b.keepout_left)
        or any(link.may_share and (x, y) == _shared(instance, link, pair) for link in links)
    ]
    return min(costs, default=0)


def _shared(instance: Instance, link: Link, pair: tuple[int, int]) -> tuple[int, int]:
    x, y = instance.shared_at(link)
    return (x, y) if link.producer == pair[0] else (-x, -y)


def _units(instance: Instance, link: Link, x: int, y: int) -> int:
    """Cost of an edge whose consumer stands at the offset (x, y) from its producer."""
    across, along = instance.gaps(link, x, y)
    return instance.scale * across + instance.row_units * along


def windows(instance: Instance, size: int) -> tuple[tuple[int, ...], ...]:
    """Every connected set of `size` blocks, in order."""
    neighbours = instance.neighbours
    grown = {frozenset([n]) for n in range(len(instance.blocks))}
    for _ in range(size - 1):
        grown = {w | {n} for w in grown for member in w for n in neighbours[member] - w}
    return tuple(sorted(tuple(sorted(w)) for w in grown))


def part(instance: Instance, blocks: tuple[int, ...]) -> Instance:
    """The window alone on the same grid, edges only: rows cost nothing, and anchors and forbidden regions are dropped."""
    names = {instance.blocks[n].name for n in blocks}
    edges: tuple[Edge, ...] = tuple(e for e in instance.edges if e.src in names and e.dst in names)
    alone = tuple(replace(instance.blocks[n], anchor=None) for n in blocks)
    return replace(instance, name=f"{instance.name} {blocks}", mu=0.0, blocks=alone, edges=edges, forbidden=())


def implied_units(within: tuple[WindowBound, ...]) -> int:
    """What smaller bounds inside a window imply for it: the best of them, and the pairs outside that."""
    pairs = [b for b in within if len(b.blocks) == 2]
    return max(b.units + sum(p.units for p in pairs if not set(p.blocks) <= set(b.blocks)) for b in within)
