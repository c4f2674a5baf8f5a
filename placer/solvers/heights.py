"""How high the rungs of a ladder are: problems whose first level, and with it the interval, may be so bad and no worse."""

from __future__ import annotations

from dataclasses import dataclass, replace

from placer.model.likeness import has_likes
from placer.problem.problem import BlockKind, Level, Limit, MappingProblem
from placer.problem.solution import Evaluation, Solution
from placer.solvers.cpsat_relaxation import Relaxed, leading_levels
from placer.solvers.few_options import pace
from placer.solvers.promise import promise

# By how much more the interval may exceed its best where it is not the first level.
LATER_LEVEL = 2.0


@dataclass(frozen=True, eq=False)
class Heights:
    """Of the first level: the least that is possible where layers alike choose alike, as far as is known. levels: what options alone
    reach of the leading levels, of fewer where the search was short.
    """

    problem: MappingProblem
    least: int
    levels: tuple[int, ...]

    @property
    def first(self) -> Level:
        """What rungs limit."""
        return self.problem.objective[0]

    @property
    def reached(self) -> int:
        """What options alone reach of the first level."""
        return self.levels[0]

    @property
    def interval(self) -> int | None:
        """The interval of what options alone reach, if it leads the objective with others."""
        return dict(zip(leading_levels(self.problem.objective), self.levels, strict=False)).get(Level.INTERVAL)

    def steps(self, multiples: tuple[float, ...], held: Solution | None = None) -> list[float]:
        """The heights that are such multiples of what options alone reach, up to what the problem allows; below a mapping that is held."""
        most = min((float(limit.at_most) for limit in self.problem.limits if limit.level is self.first), default=float("inf"))
        heights = [self.reached * m for m in multiples]
        if held:
            return [h for h in heights if int(h) < self.of(held)]
        return [h for h in heights if h < most] + ([most] if heights[-1] >= most else [])

    def of(self, solution: Solution, number: int = 0) -> int:
        """Where a solution is, in the level of that number."""
        return Evaluation(self.problem, solution).value(self.problem.objective[number])

    def hoped(self, number: int, solution: Solution) -> int:
        """What a later level may come to, no worse than `solution` before it: a guess, 0 without one."""
        if self.problem.objective[number] is Level.TILES:
            return promise(self.problem).taken(BlockKind.LAYER, Evaluation(self.problem, solution).interval()) or 0
        return self.levels[number] if number < len(self.levels) else 0

    def below(self, solution: Solution, number: int, height: int) -> MappingProblem:
        """The problem with a later level limited, and those before it to what they are in `solution`."""
        limits = [Limit(self.problem.objective[i], self.of(solution, i)) for i in range(number)]
        return replace(self.problem, limits=(*self.problem.limits, *limits, Limit(self.problem.objective[number], height)))

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
    # Rungs are climbed by layers that choose alike first.
    least = max(relaxed.alike if relaxed and has_likes(problem) else 0, *bounds[:1], 0)
    return Heights(problem, least, reached)
