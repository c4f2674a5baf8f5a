"""The least that the edges between two blocks cost: every offset of one from the other is tried."""

from __future__ import annotations

from dataclasses import dataclass

from placer.placement.instance import Instance, Link


@dataclass(frozen=True)
class PairBound:
    """The edges between `blocks` (two ascending numbers) cost at least `units` together."""

    blocks: tuple[int, int]
    units: int


def pair_bounds(instance: Instance) -> tuple[PairBound, ...]:
    """The cheapest way to place the two ends of each edge, all edges between the same two together."""
    pairs = sorted({(min(link.producer, link.consumer), max(link.producer, link.consumer)) for link in instance.links})
    return tuple(PairBound(pair, _pair_units(instance, pair)) for pair in pairs)


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
