"""Code without a loop: schedules that hold, and the longest path where units are free."""

from __future__ import annotations

from placer.cycles.operations import Dependence, Operation, OperationList, Unit
from placer.cycles.row_operations import row_stage
from placer.cycles.stages import RowStage, Stage
from placer.solvers.straight import schedule_straight
from tests.solvers.test_modulo import assert_legal


def test_a_chain_takes_its_latencies() -> None:
    """Three operations, each after the one before."""
    chain = OperationList(tuple(Operation("o", (Unit.MOVE,)) for _ in range(3)), (Dependence(0, 1, 5), Dependence(1, 2, 7)))
    assert schedule_straight(chain).cycles == (0, 5, 12)


def test_what_others_hang_on_goes_first() -> None:
    """Of two operations that want one unit, the one with the longer path behind it."""
    code = OperationList(tuple(Operation("o", (Unit.MOVE,)) for _ in range(3)), (Dependence(1, 2, 9),))
    assert schedule_straight(code).cycles == (1, 0, 9)


def test_schedules_hold() -> None:
    """No unit twice in a cycle, every dependence kept; never below the bound of the busiest unit."""
    for size in (1, 2):
        code = row_stage(RowStage(Stage.SPREADS, size), "aie-ml")
        schedule = schedule_straight(code)
        assert_legal(code, schedule)
        assert schedule.length >= code.resource_bound()
