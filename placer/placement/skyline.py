"""A first legal placement in milliseconds: best-fit along a skyline, cost ignored.

Burke, Kendall, Whitwell, "A new placement heuristic for the orthogonal stock-cutting problem" (Operations Research 52, 2004), on an array
that fills from the west: the skyline is the first free column of each row. The lowest niche takes the block that fits it best; a niche
that no block fits is raised. Several orders of preference are tried, and then random ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from random import Random

from placer.placement.cost import cost_units, violations
from placer.placement.instance import Block, Instance, Place, Places

Preference = Callable[[Block], tuple[float, ...]]

# Orders tried for the cheapest; and for any placement at all where these find none.
RANDOM_ORDERS, MORE_ORDERS = 40, 8000


def place_along_skyline(instance: Instance, seed: int) -> Places | None:
    """The cheapest legal placement that an order of preference gives, or None (which proves nothing)."""
    preferences = _preferences(seed)

    def legal(orders: int) -> Iterator[Places]:
        for preference in islice(preferences, orders):
            places = _Skyline(instance, preference).fill()
            if places and not violations(instance, places):
                yield places

    found = min(legal(RANDOM_ORDERS), key=lambda places: cost_units(instance, places), default=None)
    return found or next(legal(MORE_ORDERS), None)


def _preferences(seed: int) -> Iterator[Preference]:
    """Larger is placed first among the blocks that fit a niche."""
    yield lambda b: (b.height, b.width)
    yield lambda b: (b.width, b.height)
    yield lambda b: (b.width * b.height, b.height)
    random = Random(seed)
    while True:
        yield _mixed(random, random.random())


def _mixed(random: Random, weight: float) -> Preference:
    return lambda b: (b.height * weight + b.width * (1 - weight) + random.random(),)


class _Skyline:
    """One filling. `front` is the first column of each row that no extent takes."""

    def __init__(self, instance: Instance, preference: Preference) -> None:
        self.instance = instance
        self.preference = preference
        self.front = [-max((b.keepout_left for b in instance.blocks), default=0)] * instance.height
        self.places: list[Place | None] = [b.anchor for b in instance.blocks]

    def fill(self) -> Places | None:
        """Every block placed, or None when one finds no room."""
        waiting = [i for i, b in enumerate(self.instance.blocks) if b.anchor is None]
        while waiting:
            low, high = self._niche()
            if self.front[low] >= self.instance.width:
                return None
            fitting = [i for i in waiting if self.instance.blocks[i].height <= high - low]
            exact = [i for i in fitting if self.instance.blocks[i].height == high - low]
            if not fitting:
                self._raise(low, high)
                continue
            number = max(exact or fitting, key=lambda i: (self.preference(self.instance.blocks[i]), -i))
            if not self._put(number, low, high):
                return None
            waiting.remove(number)
        return tuple(place for place in self.places if place is not None)

    def _niche(self) -> tuple[int, int]:
        """The rows, end excluded, of the westmost part of the front."""
        low = self.front.index(min(self.front))
        high = low
        while high < len(self.front) and self.front[high] == self.front[low]:
            high += 1
        return low, high

    def _raise(self, low: int, high: int) -> None:
        """Give up a niche up to its lower neighbour."""
        neighbours = [self.front[row] for row in (low - 1, high) if 0 <= row < len(self.front)]
        self.front[low:high] = [min(neighbours, default=self.instance.width)] * (high - low)

    def _put(self, number: int, low: int, high: int) -> bool:
        """Place a block in the niche, beside the neighbour that stands out further."""
        block = self.instance.blocks[number]
        below = self.front[low - 1] if low else self.instance.width
        above = self.front[high] if high < len(self.front) else self.instance.width
        row = low if below >= above else high - block.height
        column = max(self.front[low], -block.keepout_left) + block.keepout_left
        while column + block.width <= self.instance.width and self._blocked(block, (column, row)):
            column += 1
        self.places[number] = (column, row)
        self.front[row : row + block.height] = [column + block.width] * block.height
        return column + block.width <= self.instance.width

    def _blocked(self, block: Block, place: Place) -> bool:
        """Whether a forbidden region or the extent of an anchored block is in the way."""
        (x, y), right, upper = place, place[0] + block.width, place[1] + block.height
        west = x - block.keepout_left
        for region in self.instance.forbidden:
            if x < region.x + region.width and region.x < right and y < region.y + region.height and region.y < upper:
                return True
        for other in self.instance.blocks:
            if other.anchor is None:
                continue
            (ox, oy) = other.anchor
            if west < ox + other.width and ox - other.keepout_left < right and y < oy + other.height and oy < upper:
                return True
        return False
