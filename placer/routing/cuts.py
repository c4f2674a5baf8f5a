"""Lines across the array that more streams must cross than lanes do: a proof, before any routing, that these places do not route.

A net with terminals on both sides of a line between two columns or two rows crosses it at least once, from the side of its source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from placer.routing.grid import Direction, Grid
from placer.routing.router import Terminals


@dataclass(frozen=True)
class Cut:
    """The line behind column (east, west) or switch row (north, south) number `index`, crossed in one direction."""

    direction: Direction
    index: int


@dataclass(frozen=True)
class OverfullCut:
    """A line, how many nets must cross it, and all lanes that do."""

    cut: Cut
    nets: int
    lanes: int


def overfull_cuts(grid: Grid, nets: tuple[Terminals, ...]) -> tuple[OverfullCut, ...]:
    """Every line that too many nets must cross, the worst first."""
    lanes: Counter[Cut] = Counter()
    for boundary, capacity in zip(grid.boundaries, grid.capacity, strict=True):
        sideways = boundary.direction in {Direction.EAST, Direction.WEST}
        lanes[Cut(boundary.direction, boundary.col if sideways else boundary.row)] += capacity
    crossing = Counter(cut for net in nets for cut in _crossed(grid, net))
    over = [OverfullCut(cut, count, lanes[cut]) for cut, count in crossing.items() if count > lanes[cut]]
    return tuple(sorted(over, key=lambda o: (o.lanes - o.nets, o.cut.direction.value, o.cut.index)))


def _crossed(grid: Grid, net: Terminals) -> Iterator[Cut]:
    """The lines between a net's source and its farthest sinks."""
    row, col = divmod(net.source, grid.columns)
    rows, columns = [sink // grid.columns for sink in net.sinks], [sink % grid.columns for sink in net.sinks]
    yield from (Cut(Direction.EAST, c) for c in range(col, max(columns, default=col)))
    yield from (Cut(Direction.WEST, c) for c in range(min(columns, default=col) + 1, col + 1))
    yield from (Cut(Direction.NORTH, r) for r in range(row, max(rows, default=row)))
    yield from (Cut(Direction.SOUTH, r) for r in range(min(rows, default=row) + 1, row + 1))
