"""Blocks in the order of the data flow, from the west: each as far west as it goes, but not west of those it reads from.

Tall footprints side by side let every stream run eastward, past few others, so this order needs the fewest lanes. No search library.
"""

from __future__ import annotations

from dataclasses import replace

from placer.problem.problem import BlockKind, MappingProblem, Shape
from placer.problem.solution import BlockChoice


def strips(problem: MappingProblem, options: tuple[int, ...]) -> tuple[BlockChoice, ...] | None:
    """A place for the given option of every block, or None when they do not fit in this order."""
    device = problem.device
    free = [(1 << device.columns) - 1] * device.rows
    places = [BlockChoice(option, 0, 0, 0) for option in options]
    feeds = [(net.producer, r.block) for net in problem.nets for r in net.readers]
    for number, block in enumerate(problem.blocks):
        if block.kind is not BlockKind.LAYER:
            continue
        limit = max((places[p].column for p, reader in feeds if reader == number and p < number), default=0)
        shapes = block.options[options[number]].shapes
        spots = [(spot, i) for i, s in enumerate(shapes) if (spot := _westmost(free, s, device.columns, limit))]
        if not spots:
            return None
        (column, row), shape = min(spots, key=lambda s: (s[0][0] + shapes[s[1]].width, shapes[s[1]].width, s))
        _take(free, shapes[shape], column, row)
        places[number] = BlockChoice(options[number], shape, column, row)
    return _towards_plio(problem, places)


def _towards_plio(problem: MappingProblem, places: list[BlockChoice]) -> tuple[BlockChoice, ...]:
    """All places moved east, as far as there is room, until the first column has PL below it."""
    device = problem.device
    layers = [(p, b.options[p.option].shapes[p.shape]) for p, b in zip(places, problem.blocks, strict=True) if b.kind is BlockKind.LAYER]
    room = device.columns - max(p.column + shape.width for p, shape in layers)
    by = min(room, *device.plio.columns)
    moved = iter([replace(p, column=p.column + by) for p, _ in layers])
    return tuple(next(moved) if b.kind is BlockKind.LAYER else p for p, b in zip(places, problem.blocks, strict=True))


def _westmost(free: list[int], shape: Shape, columns: int, limit: int) -> tuple[int, int] | None:
    """The free position of least column from `limit` on, then least row."""
    mask = (1 << shape.width) - 1
    for column in range(limit, columns - shape.width + 1):
        for row in range(len(free) - shape.height + 1):
            if all(free[row + i] >> column & mask == mask for i in range(shape.height)):
                return column, row
    return None


def _take(free: list[int], shape: Shape, column: int, row: int) -> None:
    for i in range(shape.height):
        free[row + i] &= ~(((1 << shape.width) - 1) << column)
