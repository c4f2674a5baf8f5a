"""The stream switches as a graph: one node a tile, one edge a direction in which lanes leave it.

Switch rows count from the shim: row 0 is the shim, then the memory tiles, then the core tiles. Between compute tiles, and along the shim,
a crossbar joins any lane to any lane, so only their number limits a boundary. Memory tiles have no lanes east or west, and a stream that
passes one north or south keeps its lane; the streams that share a column there form intervals of it, which lanes can always be given to
when no boundary carries more than it has. So a routing within the capacities of all boundaries is a routing (AM020 chapter 2, mlir-aie
target model).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from placer.device import Device


class Direction(Enum):
    """Where a lane leads; the value is its name in mapping.json."""

    NORTH = "north"
    SOUTH = "south"
    EAST = "east"
    WEST = "west"


STEPS = {Direction.NORTH: (0, 1), Direction.SOUTH: (0, -1), Direction.EAST: (1, 0), Direction.WEST: (-1, 0)}


@dataclass(frozen=True)
class Boundary:
    """The lanes that leave the switch at (col, row) in one direction; row counts from the shim."""

    col: int
    row: int
    direction: Direction


@dataclass(frozen=True)
class Grid:
    """The switches of a device. Nodes are numbered row by row from the south-west; boundaries are the edges.

    leaving: for each node, the numbers of the boundaries that leave it. target: the node behind each boundary.
    """

    columns: int
    rows: int
    boundaries: tuple[Boundary, ...]
    capacity: tuple[int, ...]
    target: tuple[int, ...]
    leaving: tuple[tuple[int, ...], ...]

    def node(self, col: int, row: int) -> int:
        """The number of the switch at (col, row), rows from the shim."""
        return row * self.columns + col


def make_grid(device: Device) -> Grid:
    """The switches of `device`: the shim row, its memory rows, its core rows."""
    columns, rows = device.columns, 1 + device.memory_rows + device.rows
    capacity_of = {
        Direction.NORTH: device.streams.north,
        Direction.SOUTH: device.streams.south,
        Direction.EAST: device.streams.east,
        Direction.WEST: device.streams.west,
    }
    boundaries: list[Boundary] = []
    capacity: list[int] = []
    target: list[int] = []
    leaving: list[list[int]] = [[] for _ in range(columns * rows)]
    for row in range(rows):
        for col in range(columns):
            for direction, (dx, dy) in STEPS.items():
                inside = 0 <= col + dx < columns and 0 <= row + dy < rows
                if not inside or (dx and 1 <= row <= device.memory_rows):
                    continue
                leaving[row * columns + col].append(len(boundaries))
                boundaries.append(Boundary(col, row, direction))
                capacity.append(capacity_of[direction])
                target.append((row + dy) * columns + col + dx)
    return Grid(columns, rows, tuple(boundaries), tuple(capacity), tuple(target), tuple(map(tuple, leaving)))
