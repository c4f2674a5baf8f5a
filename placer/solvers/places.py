"""Places of layers whose options are chosen, by the placement engine (placer/placement).

The mapping problem becomes a placement instance: a block a layer, an edge for every activation between two layers, the faces where cascades
begin and end, at the published objective. Layers have more than one footprint; a few policies of choosing one are tried.
"""

from __future__ import annotations

from collections.abc import Callable

from placer.placement.answer import Answer, Effort
from placer.placement.engine import exact_engine, place
from placer.placement.instance import Block, Edge, Face, Instance, Side
from placer.problem.problem import MappingProblem, Shape
from placer.problem.solution import PUBLISHED_HEIGHT, BlockChoice, bounding_box

# One of the footprints of a layer: as high, as square, or as flat as there is.
POLICIES: tuple[Callable[[Shape], tuple[int, ...]], ...] = (
    lambda s: (-s.height, s.width),
    lambda s: (abs(s.width - s.height), s.width),
    lambda s: (-s.width, s.height),
)
# Work for each policy (placement.answer.Effort).
WORK = 1.0


def engine_places(problem: MappingProblem, options: tuple[int, ...], seed: int) -> tuple[BlockChoice, ...] | None:
    """The cheapest places found for option number `options[i]` of each block; None when none were found. Routes are not looked at."""
    best: tuple[Answer, tuple[int, ...]] | None = None
    for shapes in dict.fromkeys(_shapes(problem, options, policy) for policy in POLICIES):
        answer = place(placement_instance(problem, options, shapes), exact_engine("cpsat"), Effort(WORK, None, seed), False, lambda _: None)
        if answer.cost is not None and (best is None or best[0].cost is None or answer.cost < best[0].cost):
            best = answer, shapes
    if best is None or best[0].places is None:
        return None
    places = iter(best[0].places)
    corners = [next(places) if problem.blocks[i].options[o].tiles else (0, 0) for i, o in enumerate(options)]
    return tuple(BlockChoice(o, s, x, y) for o, s, (x, y) in zip(options, best[1], corners, strict=True))


def placement_instance(problem: MappingProblem, options: tuple[int, ...], shapes: tuple[int, ...]) -> Instance:
    """The placement problem of the layers with the given options and shapes."""
    chosen = {
        i: problem.blocks[i].options[o].shapes[s]
        for i, (o, s) in enumerate(zip(options, shapes, strict=True))
        if problem.blocks[i].options[o].tiles
    }
    blocks = tuple(_block(str(i), shape) for i, shape in chosen.items())
    pairs = [(net.producer, reader.block) for net in problem.nets for reader in net.readers]
    edges = tuple(Edge(str(a), str(b), direct=False, producer_exclusive=False) for a, b in pairs if a in chosen and b in chosen)
    device, row_weight = problem.device, round(problem.row_weight, 6)
    return Instance(problem.network, device.columns, device.rows, row_weight, PUBLISHED_HEIGHT, blocks, edges)


def _shapes(problem: MappingProblem, options: tuple[int, ...], policy: Callable[[Shape], tuple[int, ...]]) -> tuple[int, ...]:
    every = [block.options[o].shapes for block, o in zip(problem.blocks, options, strict=True)]
    return tuple(shapes.index(min(shapes, key=policy)) if shapes else 0 for shapes in every)


def _block(name: str, shape: Shape) -> Block:
    return Block(name, shape.width, shape.height, 0, _face(shape, shape.heads(), Side.LEFT), _face(shape, shape.tails(), Side.RIGHT))


def _face(shape: Shape, tiles: tuple[tuple[int, int], ...], usual: Side) -> Face:
    """The side on which the tiles lie, and how much of it they take; all of the usual side where they lie on none."""
    box = bounding_box(tiles)
    if box.west == box.east and box.west in {0, shape.width - 1}:
        return Face(Side.LEFT if box.west == 0 else Side.RIGHT, box.south, box.north)
    if box.south == box.north and box.south in {0, shape.height - 1}:
        return Face(Side.TOP if box.south == 0 else Side.BOTTOM, box.west, box.east)
    return Face(usual, 0, shape.height - 1)
