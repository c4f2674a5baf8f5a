"""Lines that too many nets must cross: exact counts, and never a line where a routing exists."""

from __future__ import annotations

from hypothesis import given, settings

from placer.routing.cuts import Cut, overfull_cuts
from placer.routing.grid import Direction
from placer.routing.router import Terminals, route
from tests.routing.test_router import GRID, NETS, SMALL


def eastward(count: int) -> tuple[Terminals, ...]:
    """Nets from core row 0 of column 0 to that of column 3, by way of nothing."""
    row = 1 + SMALL.memory_rows
    return (Terminals(GRID.node(0, row), (GRID.node(3, row), GRID.node(1, row))),) * count


def test_as_many_as_there_are_lanes() -> None:
    """The shim and three core rows have four lanes eastward each; memory tiles have none."""
    assert overfull_cuts(GRID, eastward(16)) == ()


def test_one_too_many() -> None:
    """Every line on the way is overfull then, in that direction alone."""
    over = overfull_cuts(GRID, eastward(17))
    assert [(o.cut, o.nets, o.lanes) for o in over] == [(Cut(Direction.EAST, column), 17, 16) for column in range(3)]


def test_other_directions() -> None:
    """West of column 3 to 0, and down from core row 0 to the shim: six lanes north a column, four south."""
    row = 1 + SMALL.memory_rows
    west = (Terminals(GRID.node(3, row), (GRID.node(0, row),)),) * 17
    assert {o.cut for o in overfull_cuts(GRID, west)} == {Cut(Direction.WEST, column) for column in (1, 2, 3)}
    for direction, lanes, net in (
        (Direction.SOUTH, 16, Terminals(GRID.node(0, row), (GRID.node(0, 0),))),
        (Direction.NORTH, 24, Terminals(GRID.node(0, 0), (GRID.node(0, row),))),
    ):
        assert overfull_cuts(GRID, (net,) * lanes) == ()
        over = overfull_cuts(GRID, (net,) * (lanes + 1))
        assert {o.cut.direction for o in over} == {direction}
        assert {(o.nets, o.lanes) for o in over} == {(lanes + 1, lanes)}


@settings(max_examples=60)
@given(NETS)
def test_what_routes_has_no_overfull_line(nets: tuple[Terminals, ...]) -> None:
    """A line is a proof: where the router succeeds there is none."""
    if not route(GRID, nets).overfull:
        assert overfull_cuts(GRID, nets) == ()
