"""Small placement instances: random ones, and a chain to start from."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

from placer.placement.instance import Block, Edge, Face, Instance, Place, Places, Region, Side
from tests.placement.judge import beside, cost, stands


def face(side: str, start: int, end: int) -> Face:
    """A face in one line."""
    return Face(side=Side(side), start=start, end=end)


def block(name: str, width: int, height: int, keepout: int = 1, anchor: Place | None = None) -> Block:
    """A block that reads on all of its left side and writes on all of its right side."""
    sides = face("left", 0, height - 1), face("right", 0, height - 1)
    return Block(name=name, width=width, height=height, keepout_left=keepout, input_face=sides[0], output_face=sides[1], anchor=anchor)


def chain(sizes: list[tuple[int, int]], width: int, height: int, direct: bool = False, mu: float = 0.05) -> Instance:
    """Blocks of the given sizes, each feeding the next."""
    blocks = tuple(block(f"n{i}", w, h) for i, (w, h) in enumerate(sizes))
    edges = tuple(Edge(src=f"n{i}", dst=f"n{i + 1}", direct=direct, producer_exclusive=direct) for i in range(len(sizes) - 1))
    return Instance(name="chain", width=width, height=height, lam=1.0, mu=mu, blocks=blocks, edges=edges)


def random_instance(seed: int, fewest: int, most: int) -> Instance:
    """Anything that the format allows, on a grid with some room: faces on all sides, shared keep-outs, anchors, forbidden regions."""
    random = Random(seed)
    count = random.randint(fewest, most)
    width, height = random.randint(3, 4 + count), random.randint(2, 4)
    blocks = tuple(_random_block(random, f"n{i}", width, height) for i in range(count))
    edges = tuple(
        Edge(src=f"n{a}", dst=f"n{b}", direct=random.random() < 0.6, producer_exclusive=random.random() < 0.6)
        for a, b in product(range(count), repeat=2)
        if a < b and random.random() < min(0.6, 2.4 / count)
    )
    spot = Region(x=random.randrange(width), y=random.randrange(height), width=1, height=random.randint(1, 2))
    forbidden = (spot,) if random.random() < 0.2 else ()
    lam, mu = random.choice([0.0, 0.5, 1.0, 2.0]), random.choice([0.0, 0.05, 0.25])
    return Instance(name=f"random{seed}", width=width, height=height, lam=lam, mu=mu, blocks=blocks, edges=edges, forbidden=forbidden)


def _random_block(random: Random, name: str, width: int, height: int) -> Block:
    w, h = random.randint(1, min(3, width)), random.randint(1, min(3, height))
    anchor = (random.randint(0, width - w), random.randint(0, height - h)) if random.random() < 0.08 else None
    faces = [_random_face(random, side, w, h) for side in ("left", "right")]
    return Block(
        name=name, width=w, height=h, keepout_left=random.choice([0, 1, 1, 2]), input_face=faces[0], output_face=faces[1], anchor=anchor
    )


def _random_face(random: Random, usual: str, width: int, height: int) -> Face:
    side = random.choice(["left", "right", "top", "bottom"]) if random.random() < 0.3 else usual
    length = height if side in {"left", "right"} else width
    start = random.randrange(length) if random.random() < 0.5 else 0
    return face(side, start, random.randrange(start, length) if start else length - 1)


def optimum(instance: Instance) -> int | None:
    """The least cost of a legal placement in units, or None: every placement is tried but those that already cost more than the best."""
    everywhere = list(product(range(instance.width), range(instance.height)))
    spots = [[p for p in everywhere if stands(instance, b, p)] for b in instance.blocks]
    return _least(instance, spots, (), None)


def _least(instance: Instance, spots: list[list[Place]], places: Places, best: int | None) -> int | None:
    """The least cost of a completion of `places` that is below `best`, or `best`."""
    number = len(places)
    if number == len(spots):
        return _units(instance, places)
    for spot in spots[number]:
        one = instance.blocks[number], spot
        fits = all(beside(instance, one, other) for other in zip(instance.blocks, places, strict=False))
        if fits and (best is None or _units(instance, (*places, spot)) < best):
            best = _least(instance, spots, (*places, spot), best)
    return best


def _units(instance: Instance, places: Places) -> int:
    """Cost of the first blocks, and of the edges among them."""
    placed = instance.blocks[: len(places)]
    names = {b.name for b in placed}
    edges = tuple(e for e in instance.edges if {e.src, e.dst} <= names)
    return round(cost(replace(instance, blocks=placed, edges=edges), places) * instance.scale)
