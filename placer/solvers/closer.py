"""How good the relaxation of a problem can be, asked step by step: what it surely does not reach, and what it is known to reach.

With an interval that is given, slow options are out and all waits are linear, so that a question of yes or no is answered in a tenth of the
time that proving the least interval takes; and of most problems no more is asked than whether they can beat what another one reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from placer.model.build import build_relaxation
from placer.model.linear import total
from placer.model.objectives import level_expression, longest_run
from placer.problem.problem import Level, Limit, MappingProblem
from placer.problem.solution import Evaluation
from placer.solvers.cpsat_level import Budget, Search, minimise, silent
from placer.solvers.shortest import limited

# Deterministic time of a question: nearly all take a tenth of it.
QUESTION_WORK = 0.5
# A range is settled when its ends are this near; without any upper end, so many times the lower one is asked for.
CLOSE, GROWTH = 0.03, 1.5


@dataclass(frozen=True)
class Range:
    """Of a level: no solution of the relaxation is below `least`; one is known, or hoped for where that was not decided, at `reached`."""

    least: int
    reached: int | None = None

    @property
    def settled(self) -> bool:
        """Whether its ends are close to each other."""
        return self.reached is not None and self.reached <= (1 + CLOSE) * self.least


def closer(problem: MappingProblem, level: Level, known: Range, within: tuple[Limit, ...]) -> Range | None:
    """What one question more says about `level`; None where no solution keeps the limits of `problem` and `within`."""
    at_most = min((limit.at_most for limit in within if limit.level is level), default=None)
    if at_most is not None and known.least > at_most:
        return None
    if level is not Level.INTERVAL:
        return _least(limited(problem, within), level, known)
    reached = known.reached if at_most is None or known.reached is None or known.reached <= at_most else None
    longest = longest_run(problem)
    asked = min(_asked(Range(known.least, reached), at_most), longest)
    search = _solved(limited(problem, (*within, Limit(level, asked))), None)
    if not search.infeasible:
        return Range(known.least, Evaluation(problem, search.solution).value(level) if search.solution else asked)
    return None if asked in {at_most, longest} else Range(asked + 1, reached)


def _asked(known: Range, at_most: int | None) -> int:
    """The interval to ask for: the middle of a range, in proportion; the upper end of one that is close but not known to be reached."""
    if known.reached is None and at_most is None:
        return int(GROWTH * known.least)
    if known.reached is None:
        assert at_most is not None, "the case without was above"
        return at_most if at_most <= (1 + CLOSE) ** 2 * known.least else int(sqrt(known.least * at_most))
    return int(sqrt(known.least * known.reached))


def _least(problem: MappingProblem, level: Level, known: Range) -> Range | None:
    """A level whose terms are linear is minimised at once."""
    search = _solved(problem, level)
    if search.infeasible:
        return None
    least = max(known.least, search.bound)
    # What was not proven is hoped for: solved as if the bound were reached.
    return Range(least, least)


def _solved(problem: MappingProblem, level: Level | None) -> Search:
    """The relaxation with its least `level`, or with anything."""
    v = build_relaxation(problem, problem.device.core_tiles)
    expression = level_expression(v, level) if level else total(())
    return minimise(v, level or Level.INTERVAL, expression, Budget(QUESTION_WORK, None, 1, 0), QUESTION_WORK, silent)
