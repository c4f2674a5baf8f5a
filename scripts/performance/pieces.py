"""A piece of code of a kernel that is not ours: instructions and loops, and the cycles that it takes.

Loops are modulo-scheduled, as ours are. Everything is placed in the order of the program, where units are first free once what it needs is
there: so what fills a loop's pipeline overlaps the code before it, and what drains it the code behind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from placer.cycles.operations import Dependence, Operation, OperationList, Unit
from placer.solvers.modulo import Schedule, schedule_loop
from scripts.performance.itineraries import SCALAR, Itinerary, distance


@dataclass(frozen=True)
class Made:
    """What an instruction makes: its number (-1: there before the code starts), and its itinerary."""

    at: int
    by: Itinerary


GIVEN = Made(-1, SCALAR)


@dataclass(frozen=True)
class _Loop:
    """Instructions `first` to before `end`, `count` times."""

    first: int
    end: int
    count: int


@dataclass
class Piece:
    """Instructions in the order of the program; those of a loop once."""

    operations: list[Operation] = field(default_factory=list)
    dependences: list[Dependence] = field(default_factory=list)
    loops: list[_Loop] = field(default_factory=list)

    def issue(self, by: Itinerary, *operands: Made, start: tuple[Made, ...] = (), bank: Unit | None = None) -> Made:
        """One instruction. start: the accumulators that it reads; bank: of its access to memory."""
        number = len(self.operations)
        self.operations.append(Operation(by.name, (*by.units, bank) if bank else by.units))
        for made, accumulator in (*((m, False) for m in operands), *((m, True) for m in start)):
            if made.at >= 0:
                self.dependences.append(Dependence(made.at, number, distance(made.by, by, accumulator)))
        return Made(number, by)

    def scalars(self, count: int, *operands: Made) -> Made:
        """A chain of so many scalar instructions."""
        last = self.issue(SCALAR, *operands)
        for _ in range(count - 1):
            last = self.issue(SCALAR, last)
        return last

    def apart(self, first: Made, second: Made, cycles: int) -> None:
        """Two instructions are at least so far apart."""
        self.dependences.append(Dependence(first.at, second.at, cycles))

    @contextmanager
    def loop(self, count: int) -> Iterator[None]:
        """The instructions issued inside are the body of a loop."""
        first = len(self.operations)
        yield
        self.loops.append(_Loop(first, len(self.operations), count))

    def carried(self, made: Made, accumulator: bool = False) -> None:
        """An instruction of a loop reads its own result of the iteration before."""
        self.dependences.append(Dependence(made.at, made.at, distance(made.by, made.by, accumulator), 1))

    def cycles(self) -> int:
        """From the first issue to the last."""
        loops, taken, number = {loop.first: loop for loop in self.loops}, _Taken(), 0
        last: list[int] = []  # the cycle of each instruction, in the last iteration of its loop
        while number < len(self.operations):
            loop = loops.get(number, _Loop(number, number + 1, 1))
            body = self._body(loop)
            schedule = _scheduled(body) if number in loops else Schedule(1, (0,))
            ready = max((last[d.source] + d.cycles - schedule.cycles[d.target - number] for d in self._entering(loop)), default=0)
            begin = taken.first_free(body, schedule, loop.count, max(0, ready))
            last += [begin + cycle + (loop.count - 1) * schedule.interval for cycle in schedule.cycles]
            number = loop.end
        return max(last) + 1

    def _entering(self, loop: _Loop) -> list[Dependence]:
        return [d for d in self.dependences if d.source < loop.first <= d.target < loop.end]

    def _body(self, loop: _Loop) -> OperationList:
        inside = [d for d in self.dependences if loop.first <= d.source and loop.first <= d.target < loop.end]
        moved = (Dependence(d.source - loop.first, d.target - loop.first, d.cycles, d.distance) for d in inside)
        return OperationList(tuple(self.operations[loop.first : loop.end]), tuple(moved))


@dataclass
class _Taken:
    """Which units are taken, by cycle."""

    uses: Counter[tuple[int, Unit]] = field(default_factory=Counter)

    def first_free(self, body: OperationList, schedule: Schedule, count: int, begin: int) -> int:
        """The first cycle from `begin` on in which a loop may start; its units are taken from then on."""
        pattern = Counter(
            (cycle + turn * schedule.interval, unit)
            for operation, cycle in zip(body.operations, schedule.cycles, strict=True)
            for turn in range(count)
            for unit in operation.units
        )
        while any(self.uses[begin + cycle, unit] + uses > unit.capacity for (cycle, unit), uses in pattern.items()):
            begin += 1
        self.uses.update({(begin + cycle, unit): uses for (cycle, unit), uses in pattern.items()})
        return begin


@cache
def _scheduled(body: OperationList) -> Schedule:
    return schedule_loop(body)
