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
    standing = list(zip(instance.blocks, places, strict=True))
    found = [f"{b.name} may not stand at {p}" for b, p in standing if not stands(instance, b, p)]
    for number, one in enumerate(standing):
        found += [f"{one[0].name} and {other[0].name} meet" for other in standing[:number] if not beside(instance, one, other)]
    return found


def stands(instance: Instance, block: Block, place: Place) -> bool:
    """Whether a block alone may stand at a place: inside the grid, off forbidden regions, at its anchor."""
    grid = _rectangle(0, 0, instance.width, instance.height)
    for region in instance.forbidden:
        grid -= _rectangle(region.x, region.y, region.width, region.height)
    return body(block, place) <= grid and block.anchor in {None, place}


def beside(instance: Instance, one: tuple[Block, Place], other: tuple[Block, Place]) -> bool:
    """Whether two blocks may stand where they do: no overlap, and no block in the other's keep-out unless they share it."""
    if body(*one) & body(*other):
        return False
    kept = body(*one) & keepout(*other) or body(*other) & keepout(*one)
    return not kept or _share(instance, one, other) or _share(instance, other, one)


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
