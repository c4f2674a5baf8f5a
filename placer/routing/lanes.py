"""Lane numbers for routed trees: any free one between crossbars, one and the same through a column of memory tiles."""

from __future__ import annotations

from placer.device import Device
from placer.routing.grid import Direction, Grid


def number_lanes(device: Device, grid: Grid, trees: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    """For each tree, the lane of each of its boundaries; the trees together must keep to all capacities.

    Through memory tiles a tree's boundaries in one column and direction follow each other, so the trees there are intervals. Taken by
    their first boundary in the direction of flow, each finds a lane that no earlier one still holds: an interval graph needs no more
    colours than intervals meet in one point.
    """
    numbers = {boundary: i for i, boundary in enumerate(grid.boundaries)}
    lanes: list[dict[int, int]] = [{} for _ in trees]
    taken: list[set[int]] = [set() for _ in grid.boundaries]
    runs = []
    for tree_number, tree in enumerate(trees):
        members = set(tree)
        for run in _runs(device, grid, tree):
            first = run[0]
            assert members.issuperset(run), "a run is part of its tree"
            order = grid.boundaries[first].row if grid.boundaries[first].direction is Direction.NORTH else -grid.boundaries[first].row
            runs.append((order, numbers[grid.boundaries[first]], tree_number, run))
    for _, _, tree_number, run in sorted(runs):
        lane = next(i for i in range(grid.capacity[run[0]]) if all(i not in taken[b] for b in run))
        for boundary in run:
            taken[boundary].add(lane)
            lanes[tree_number][boundary] = lane
    return tuple(tuple(chosen[b] for b in tree) for chosen, tree in zip(lanes, trees, strict=True))


def _runs(device: Device, grid: Grid, tree: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The boundaries of a tree that must have one lane: those that join in a memory tile, alone all others. In the direction of flow."""
    runs: list[list[int]] = []
    vertical: dict[tuple[int, Direction], list[int]] = {}
    for number in tree:
        boundary = grid.boundaries[number]
        if _touches_memory(device, boundary.row, boundary.direction):
            vertical.setdefault((boundary.col, boundary.direction), []).append(number)
        else:
            runs.append([number])
    for (_, direction), numbers in sorted(vertical.items(), key=lambda item: (item[0][0], item[0][1].value)):
        numbers.sort(key=lambda n: grid.boundaries[n].row, reverse=direction is Direction.SOUTH)
        step = 1 if direction is Direction.NORTH else -1
        run = [numbers[0]]
        for number in numbers[1:]:
            if grid.boundaries[number].row == grid.boundaries[run[-1]].row + step:
                run.append(number)
            else:
                runs.append(run)
                run = [number]
        runs.append(run)
    return [tuple(run) for run in runs]


def _touches_memory(device: Device, row: int, direction: Direction) -> bool:
    """Whether a boundary starts or ends in a memory tile."""
    if direction is Direction.NORTH:
        return 0 <= row <= device.memory_rows and device.memory_rows > 0
    return direction is Direction.SOUTH and 1 <= row <= device.memory_rows + 1 and device.memory_rows > 0
