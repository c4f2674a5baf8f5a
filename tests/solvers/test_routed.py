"""Solving with lanes: what is returned routes, and where lanes are scarce the bounds of the unrouted search stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.problem.problem import MappingProblem
from placer.problem.solution import Evaluation
from placer.routing.streams import lay_streams
from placer.solvers.base import Status
from placer.solvers.cpsat import CpSatSolver
from placer.solvers.routed import solve_routed
from placer.solvers.strips import strips
from tests.graphs import chain, residual, small_device
from tests.solving import ignore, limits, stated


def with_lanes(lanes: int) -> MappingProblem:
    """A residual network on 8 x 4 tiles with so many lanes in each direction."""
    device = small_device(8, 4)
    streams = replace(device.streams, north=lanes, south=lanes, east=lanes, west=lanes)
    return stated(residual(), replace(device, streams=streams))[1]


@pytest.mark.parametrize("lanes", [2, 3, 6])
def test_solutions_route(lanes: int) -> None:
    """Few lanes or many: the solution has a lane for every stream, and no value is below its bound."""
    problem = with_lanes(lanes)
    result = solve_routed(problem, None, limits(), ignore)
    assert result.solution is not None
    assert lay_streams(problem, result.solution).congested == ()
    for level in result.levels:
        assert level.bound <= level.value == Evaluation(problem, result.solution).value(level.level)
    assert (result.status is Status.OPTIMAL) == all(level.bound == level.value for level in result.levels)


def test_enough_lanes_change_nothing() -> None:
    """With lanes to spare the answer is that of the exact engine."""
    problem = with_lanes(12)
    assert solve_routed(problem, None, limits(), ignore) == CpSatSolver().solve(problem, None, limits(), ignore)


def test_scarce_lanes() -> None:
    """Two lanes a direction are enough for the optimum, once places respect them; one is enough for a worse mapping."""
    one, two, many = (solve_routed(with_lanes(lanes), None, limits(), ignore) for lanes in (1, 2, 12))
    assert two.levels == many.levels
    assert one.status is Status.FEASIBLE
    assert one.levels[0].bound == many.levels[0].bound < one.levels[0].value


def test_nothing_routes() -> None:
    """Where no mapping is accepted there is no answer, but the bounds hold."""
    _, problem = stated(chain((32, 32), tokens=8), small_device(4, 2))
    nothing = solve_routed(problem, None, limits(work=0.5), ignore, lambda _: False)
    assert nothing.status is Status.UNKNOWN
    assert nothing.solution is None
    assert nothing.levels[0].bound == CpSatSolver().solve(problem, None, limits(), ignore).levels[0].bound


def test_strips_follow_the_data() -> None:
    """No block stands west of what it reads from, and none on another."""
    _, problem = stated(chain((32, 64, 64, 32), tokens=16), small_device(12, 4))
    smallest = tuple(min(range(len(b.options)), key=lambda i, b=b: b.options[i].tiles) for b in problem.blocks)  # type: ignore[misc]
    placed = strips(problem, smallest)
    assert placed is not None
    columns = [p.column for p, b in zip(placed, problem.blocks, strict=True) if b.options[p.option].shapes]
    assert columns == sorted(columns)
    taken = [
        (p.column + x, p.row + y)
        for p, b in zip(placed, problem.blocks, strict=True)
        if b.options[p.option].shapes
        for x, y in b.options[p.option].shapes[p.shape].tiles()
    ]
    assert len(set(taken)) == len(taken)


def test_strips_that_do_not_fit() -> None:
    """Blocks that together are larger than the array."""
    _, problem = stated(chain((64, 64, 64), tokens=16), small_device(2, 2))
    largest = tuple(max(range(len(b.options)), key=lambda i, b=b: b.options[i].tiles) for b in problem.blocks)  # type: ignore[misc]
    assert strips(problem, largest) is None
