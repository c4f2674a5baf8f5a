"""Modulo scheduling of a loop body with CP-SAT: the smallest initiation interval, then the shortest schedule.

Slots repeat every `interval` cycles, so operations whose issue cycles are equal modulo the interval compete for the same units.
"""

from __future__ import annotations

from dataclasses import dataclass

from ortools.sat.python import cp_model

from placer.cycles.operations import OperationList, Unit


@dataclass(frozen=True)
class Schedule:
    """Issue cycle of each operation of an iteration; a new iteration starts every `interval` cycles."""

    interval: int
    cycles: tuple[int, ...]

    @property
    def length(self) -> int:
        """Cycles from the first to the last issue of one iteration, both included."""
        return max(self.cycles) + 1

    @property
    def ramp(self) -> int:
        """Prologue and epilogue together: what a loop takes beyond interval x iterations."""
        return self.length - self.interval


def schedule_loop(body: OperationList, limit: float = 20.0, shortest: bool = True) -> Schedule:
    """The shortest schedule with the smallest interval, both proven within `limit` of deterministic time an interval; where not `shortest`,
    of that interval the shortest found within the limit.

    Raises ValueError when the limit comes first.
    """
    interval = body.resource_bound()
    while True:
        schedule = _schedule(body, interval, limit, shortest)
        if schedule:
            return schedule
        interval += 1


def schedule_once(code: OperationList, limit: float = 20.0, shortest: bool = True) -> Schedule:
    """The shortest schedule of code that does not repeat, or where not `shortest` the shortest found; ValueError as for schedule_loop."""
    horizon = _horizon(code)
    schedule = _schedule(code, horizon, limit, shortest)
    assert schedule is not None, "one operation a cycle always fits"
    return Schedule(schedule.length, schedule.cycles)


def _horizon(code: OperationList) -> int:
    return len(code.operations) + sum(
        max((d.cycles for d in code.dependences if d.target == i), default=0) for i in range(len(code.operations))
    )


def _schedule(body: OperationList, interval: int, limit: float, shortest: bool = True) -> Schedule | None:
    model, horizon = cp_model.CpModel(), _horizon(body)
    at = [model.new_int_var(0, horizon, f"at{i}") for i in range(len(body.operations))]
    slots = []
    for cycle in at:
        slot, turn = model.new_int_var(0, interval - 1, "slot"), model.new_int_var(0, horizon // interval, "turn")
        model.add(cycle == slot + interval * turn)
        slots.append(slot)
    for d in body.dependences:
        model.add(at[d.target] + interval * d.distance >= at[d.source] + d.cycles)
    for unit in Unit:
        mine = [slot for slot, o in zip(slots, body.operations, strict=True) if unit in o.units]
        if unit.capacity == 1:
            model.add_all_different(mine)
        else:
            model.add_cumulative([model.new_fixed_size_interval_var(s, 1, "use") for s in mine], [1] * len(mine), unit.capacity)
    last = model.new_int_var(0, horizon, "last")
    model.add_max_equality(last, at)
    model.minimize(last)
    solver = cp_model.CpSolver()
    # The library would take Ctrl-C for the end of the search, and leave the process without a handler.
    solver.parameters.catch_sigint_signal = False
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = limit
    status = solver.solve(model)
    if status == cp_model.OPTIMAL or (status == cp_model.FEASIBLE and not shortest):
        return Schedule(interval, tuple(solver.value(a) for a in at))
    if status == cp_model.INFEASIBLE:
        return None
    raise ValueError(f"no proven schedule at interval {interval} within {limit:g} of deterministic time")
