"""The router: trees within capacity, the same ones every time, and lanes that memory tiles keep."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from placer.device import find_device
from placer.routing.grid import Direction, Grid, make_grid
from placer.routing.lanes import number_lanes
from placer.routing.router import Terminals, route

SMALL = replace(find_device("VEK280"), columns=4, rows=3)
GRID = make_grid(SMALL)
NODES = st.integers(0, GRID.columns * GRID.rows - 1)
NETS = st.lists(st.builds(Terminals, NODES, st.lists(NODES, min_size=1, max_size=4).map(tuple)), max_size=25).map(tuple)


def reached(grid: Grid, net: Terminals, tree: tuple[int, ...]) -> set[int]:
    """The switches that a tree comes to, hop by hop; every hop starts where the tree has come, and ends where it has not."""
    nodes = {net.source}
    for boundary in tree:
        b = grid.boundaries[boundary]
        assert grid.node(b.col, b.row) in nodes
        assert grid.target[boundary] not in nodes
        nodes.add(grid.target[boundary])
    return nodes


@settings(max_examples=60)
@given(NETS)
def test_trees_and_lanes(nets: tuple[Terminals, ...]) -> None:
    """Every sink is reached, capacities hold where nothing is reported overfull, and lanes are proper there."""
    routing = route(GRID, nets)
    assert routing == route(GRID, nets)
    for net, tree in zip(nets, routing.trees, strict=True):
        assert set(net.sinks) <= reached(GRID, net, tree)
    use = Counter(b for tree in routing.trees for b in tree)
    assert routing.overfull == tuple(sorted(b for b, n in use.items() if n > GRID.capacity[b]))
    if routing.overfull:
        return
    lanes = number_lanes(SMALL, GRID, routing.trees)
    taken = [(b, lane) for tree, own in zip(routing.trees, lanes, strict=True) for b, lane in zip(tree, own, strict=True)]
    assert len(set(taken)) == len(taken)
    assert all(0 <= lane < GRID.capacity[b] for b, lane in taken)
    for tree, own in zip(routing.trees, lanes, strict=True):
        lane_of = {
            (GRID.boundaries[b].col, GRID.boundaries[b].row, GRID.boundaries[b].direction): n for b, n in zip(tree, own, strict=True)
        }
        for (col, row, direction), lane in lane_of.items():
            step = {Direction.NORTH: 1, Direction.SOUTH: -1}.get(direction)
            if step and 1 <= row + step <= SMALL.memory_rows:
                assert lane_of.get((col, row + step, direction), lane) == lane


def test_no_sideways_lanes_on_memory_rows() -> None:
    """East and west exist in the shim and between cores only."""
    sideways = {b.row for b in GRID.boundaries if b.direction in {Direction.EAST, Direction.WEST}}
    assert sideways == {0, *range(1 + SMALL.memory_rows, GRID.rows)}


def test_detours_when_lanes_run_out() -> None:
    """Five streams between neighbours in one row of cores: four go straight, one goes round. Fifteen are too many."""
    first = GRID.node(0, 4)
    five = route(GRID, (Terminals(first, (first + 1,)),) * 5)
    assert not five.overfull
    assert sorted(map(len, five.trees)) == [1, 1, 1, 1, 3]
    # A corner core has lanes north to one and east to one, and south to one neighbour: at most 4 + 6 + 4 leave it.
    assert route(GRID, (Terminals(first, (first + 1,)),) * 15).overfull


def test_multicast_is_one_stream_a_boundary() -> None:
    """Ten sinks in one column: as many hops as rows, not as many as all distances together."""
    column = tuple(GRID.node(0, row) for row in range(1, GRID.rows))
    assert len(route(GRID, (Terminals(GRID.node(0, 0), column),)).trees[0]) == GRID.rows - 1
