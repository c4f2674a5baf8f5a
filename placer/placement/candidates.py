"""Where blocks may stand: the ways to place each, beside blocks that stay, and the tiles that each way takes.

Sets of tiles are integers: tile (x, y) is bit x * height + y.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_

from placer.placement.instance import Block, Instance, Place, Places


@dataclass(frozen=True)
class Way:
    """One way to place a block. shares: the producer whose keep-out it shares, or None; takes: tiles of its extent that it alone takes."""

    place: Place
    shares: int | None
    takes: int


Candidates = tuple[tuple[Way, ...], ...]


def candidates(instance: Instance, places: Places | None = None, free: frozenset[int] | None = None) -> Candidates:
    """For every block the ways to place it: at its place if it is not in `free`, else wherever the blocks that stay leave room.

    A block may be left without any. Without `places`, every block is free.
    """
    everyone = frozenset(range(len(instance.blocks)))
    free = everyone if free is None or places is None else free
    stay = {} if places is None else {n: _staying(instance, n, places, free) for n in sorted(everyone - free)}
    taken = reduce(or_, (reduce(lambda a, b: a & b, (w.takes for w in ways)) for ways in stay.values()), 0)
    return tuple(stay[n] if n in stay else _free_ways(instance, n, places, free, taken) for n in sorted(everyone))


def tiles(takes: int) -> Iterator[int]:
    """The numbers of the tiles in a set."""
    while takes:
        lowest = takes & -takes
        yield lowest.bit_length() - 1
        takes ^= lowest


def beside(instance: Instance, producer: int, consumer: int, place: Place) -> Place:
    """Where `producer` must stand for the consumer at `place` to share its keep-out."""
    link = next(link for link in instance.links if link.may_share and (link.producer, link.consumer) == (producer, consumer))
    x, y = instance.shared_at(link)
    return place[0] - x, place[1] - y


def extent(instance: Instance, block: Block, place: Place) -> int:
    """The tiles of a block at `place` and of its keep-out."""
    x, y = place
    west = max(0, x - block.keepout_left)
    return _rectangle(instance, west, y, x + block.width - west, block.height)


def _rectangle(instance: Instance, x: int, y: int, width: int, height: int) -> int:
    columns = ((1 << instance.height * width) - 1) // ((1 << instance.height) - 1)
    return (((1 << height) - 1) * columns) << (x * instance.height + y)


def _staying(instance: Instance, number: int, places: Places, free: frozenset[int]) -> tuple[Way, ...]:
    """The ways of a block that stays where it is, given where the others stay."""
    return tuple(
        way
        for way in _ways(instance, number, places[number])
        if way.shares is None or way.shares in free or places[way.shares] == beside(instance, way.shares, number, places[number])
    )


def _free_ways(instance: Instance, number: int, places: Places | None, free: frozenset[int], taken: int) -> tuple[Way, ...]:
    block = instance.blocks[number]
    forbidden = reduce(or_, (_clipped(instance, r.x, r.y, r.width, r.height) for r in instance.forbidden), 0)
    found = []
    for place in [block.anchor] if block.anchor else _spots(instance, block):
        x, y = place
        inside = x + block.width <= instance.width and y + block.height <= instance.height
        if not inside or _rectangle(instance, x, y, block.width, block.height) & forbidden:
            continue
        for way in _ways(instance, number, place):
            stays = way.shares is not None and way.shares not in free
            if stays and (places is None or places[way.shares or 0] != beside(instance, way.shares or 0, number, place)):
                continue
            if not way.takes & taken:
                found.append(way)
    return tuple(found)


def _clipped(instance: Instance, x: int, y: int, width: int, height: int) -> int:
    x_end, y_end = min(instance.width, x + width), min(instance.height, y + height)
    return _rectangle(instance, x, y, x_end - x, y_end - y) if x < x_end and y < y_end else 0


def _spots(instance: Instance, block: Block) -> list[Place]:
    return [(x, y) for x in range(instance.width - block.width + 1) for y in range(instance.height - block.height + 1)]


def _ways(instance: Instance, number: int, place: Place) -> list[Way]:
    """Alone, and sharing its keep-out with each producer that it may share it with."""
    own = extent(instance, instance.blocks[number], place)
    ways = [Way(place, None, own)]
    for producer in sorted({link.producer for link in instance.links if link.may_share and link.consumer == number}):
        block, (x, y) = instance.blocks[producer], beside(instance, producer, number, place)
        if x >= 0 and 0 <= y <= instance.height - block.height and own & extent(instance, block, (x, y)):
            ways.append(Way(place, producer, own & ~extent(instance, block, (x, y))))
    return ways
