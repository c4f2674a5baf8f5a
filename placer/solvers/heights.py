"""How high the rungs of a ladder are: problems whose first level, and with it the interval, may be so bad and no worse."""

from __future__ import annotations

from dataclasses import dataclass, replace

from placer.problem import Level, Limit, MappingProblem
from placer.solution import Evaluation, Solution
from placer.solvers.cpsat_relaxation import Relaxed, leading_levels
from placer.solvers.few_options import pace

# By how much more the interval may exceed its best where it is not the first level.
LATER_LEVEL = 2.0


@dataclass(frozen=True, eq=False)
class Heights:
    """Of the first level: the least that is possible, as far as is known, and what options alone reach. interval: theirs, or None."""

    problem: MappingProblem
    least: int
    reached: int
    interval: int | None

    @property
    def first(self) -> Level:
        """What rungs limit."""
        return self.problem.objective[0]

    def of(self, solution: Solution) -> int:
        """Where a solution is."""
        return Evaluation(self.problem, solution).value(self.first)

    def rung(self, height: float) -> MappingProblem:
        """The problem with its first level limited, and its interval by as much more again."""
        limits = [Limit(self.first, int(height))]
        if self.first is not Level.INTERVAL and self.interval is not None:
            limits.append(Limit(Level.INTERVAL, int(LATER_LEVEL * height / self.reached * self.interval)))
        return replace(self.problem, limits=(*self.problem.limits, *limits))


def heights_of(problem: MappingProblem, relaxed: Relaxed | None) -> Heights | None:
    """What is known before a climb; None where nothing is."""
    leading = leading_levels(problem.objective)
    reached, bounds = (relaxed.reached, relaxed.bounds) if relaxed else ((), ())
    if leading[:1] == (Level.INTERVAL,):
        slowest = max(min(map(pace, b.options)) for b in problem.blocks)
        reached, bounds = reached or (slowest,), (max((slowest, *bounds[:1])),)
    if not reached:
        return None
    return Heights(problem, bounds[0] if bounds else 0, reached[0], dict(zip(leading, reached, strict=False)).get(Level.INTERVAL))
