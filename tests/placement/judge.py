"""The rules of the placement problem, written once more and in another way: on sets of tiles, from the format's definition alone."""

from __future__ import annotations

from placer.placement.instance import Block, Edge, Face, Instance, Place, Places, Side

Tiles = frozenset[tuple[int, int]]


def cost(instance: Instance, places: Places) -> float:
    """The published objective."""
    at = {b.name: (b, p) for b, p in zip(instance.blocks, places, strict=True)}
    total = instance.mu * sum(y for _, y in places)
    for edge in instance.edges:
        output, taken = face_tiles(*at[edge.src], at[edge.src][0].output_face), face_tiles(*at[edge.dst], at[edge.dst][0].input_face)
        across = min(abs(a[0] - b[0]) for a in output for b in taken)
        along = min(abs(a[1] - b[1]) for a in output for b in taken)
        total += across + instance.lam * along
    return total


def violations(instance: Instance, places: Places) -> list[str]:
    """What is wrong with a placement."""
    grid = frozenset((x, y) for x in range(instance.width) for y in range(instance.height))
    found = []
    for region in instance.forbidden:
        grid -= _rectangle(region.x, region.y, region.width, region.height)
    standing = list(zip(instance.blocks, places, strict=True))
    for block, place in standing:
        if not body(block, place) <= grid:
            found.append(f"{block.name} leaves the grid")
        if block.anchor and block.anchor != place:
            found.append(f"{block.name} leaves its anchor")
    for number, (a, at_a) in enumerate(standing):
        for b, at_b in standing[:number]:
            if body(a, at_a) & body(b, at_b):
                found.append(f"{a.name} overlaps {b.name}")
            elif (body(a, at_a) & keepout(b, at_b) or body(b, at_b) & keepout(a, at_a)) and not (
                _share(instance, (a, at_a), (b, at_b)) or _share(instance, (b, at_b), (a, at_a))
            ):
                found.append(f"{a.name} and {b.name} break a keep-out")
    return found


def body(block: Block, place: Place) -> Tiles:
    """The tiles of a block."""
    return _rectangle(*place, block.width, block.height)


def keepout(block: Block, place: Place) -> Tiles:
    """The tiles west of a block that are kept free."""
    west = max(0, place[0] - block.keepout_left)
    return _rectangle(west, place[1], place[0] - west, block.height)


def face_tiles(block: Block, place: Place, face: Face) -> Tiles:
    """The tiles of a face."""
    (x, y), steps = place, range(face.start, face.end + 1)
    match face.side:
        case Side.LEFT:
            return frozenset((x, y + i) for i in steps)
        case Side.RIGHT:
            return frozenset((x + block.width - 1, y + i) for i in steps)
        case Side.TOP:
            return frozenset((x + i, y) for i in steps)
        case Side.BOTTOM:
            return frozenset((x + i, y + block.height - 1) for i in steps)


def _share(instance: Instance, producer: tuple[Block, Place], consumer: tuple[Block, Place]) -> bool:
    """Whether the consumer's west column may lie in its producer: direct, exclusive, face to face, row for row."""
    if not any(_exclusive(e, producer[0], consumer[0]) for e in instance.edges):
        return False
    output, taken = producer[0].output_face, consumer[0].input_face
    if output.side is not Side.RIGHT or taken.side is not Side.LEFT:
        return False
    return face_tiles(*consumer, taken) == {(x + 1, y) for x, y in face_tiles(*producer, output)}


def _exclusive(edge: Edge, producer: Block, consumer: Block) -> bool:
    return (edge.src, edge.dst) == (producer.name, consumer.name) and edge.direct and edge.producer_exclusive


def _rectangle(x: int, y: int, width: int, height: int) -> Tiles:
    return frozenset((i, j) for i in range(x, x + width) for j in range(y, y + height))
