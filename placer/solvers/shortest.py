"""The shortest interval that options alone reach, by questions: can it be so short?

With an interval that is given, slow options are out and all waits are linear, so that a question is answered, mostly by a proof, in a tenth
of the time that minimising takes; where layers alike choose alike, in a tenth of that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

from placer.model.build import build_relaxation
from placer.model.likeness import add_likeness
from placer.model.linear import total
from placer.model.objectives import level_expression, longest_run
from placer.problem.problem import Level, Limit, MappingProblem
from placer.problem.solution import Evaluation, Solution
from placer.solvers.cpsat_level import Budget, Search, minimise, silent
from placer.solvers.promise import promise

# Deterministic time of a question: nearly all take a tenth of it.
QUESTION_WORK = 0.2
# Ends of a range that are this near are not worth a question; without any upper end, so many times the lower one is asked for.
CLOSE, GROWTH = 0.03, 1.5
# The part of the work in which a shorter interval than the best one known is sought, or refuted, at once.
REFUTING_PART = 0.9


@dataclass(frozen=True)
class Shortest:
    """least: no solution that was asked for has a shorter interval. solution: the best one known."""

    least: int
    solution: Solution | None


class Questions:
    """The relaxation of a problem on so many tiles, built once. alike: only solutions in which layers alike choose alike count."""

    def __init__(self, problem: MappingProblem, tiles: int, alike: bool) -> None:
        self.problem = problem
        # A question's interval is no longer than a limit's, and every limit of it adds waits.
        others = replace(problem, limits=tuple(limit for limit in problem.limits if limit.level is not Level.INTERVAL))
        self._v = build_relaxation(others, tiles)
        if alike:
            add_likeness(self._v)
        self._interval = level_expression(self._v, Level.INTERVAL)
        self.longest = longest_allowed(problem)

    def ask(self, at_most: int, budget: Budget, work: float) -> Search:
        """A solution whose interval is at most so long, or whether there is none. at_most: not above the longest that is allowed."""
        model = self._v.model.clone()
        # What is kept at some interval is kept at any longer one, and one that is fixed leaves no products.
        model.add(self._interval == at_most)
        return minimise(replace(self._v, model=model), Level.INTERVAL, total(()), budget, work, silent)

    def of(self, solution: Solution) -> int:
        """The interval of a solution."""
        return Evaluation(self.problem, solution).interval()


def shortest(questions: Questions, known: Shortest, budget: Budget, work: float) -> Shortest:
    """What is known brought closer by halving, in proportion. What is not decided counts as out of reach."""
    floor, best, least = budget.work - work, known.solution, max(1, known.least)
    high = questions.of(best) if best else None
    while least <= questions.longest and budget.work > floor and (high is None or high > (1 + CLOSE) * least):
        asked = int(sqrt(least * high)) if high else min(questions.longest, int(GROWTH * least))
        search = questions.ask(asked, budget, min(QUESTION_WORK, budget.work - floor))
        if search.solution:
            best = search.solution
            high = questions.of(best)
        elif search.infeasible:
            least = asked + 1
        elif high:
            high = asked
        else:
            break
    return Shortest(least, best)


def refuted(questions: Questions, known: Shortest, budget: Budget, work: float) -> Shortest:
    """Whether anything is shorter than a known solution, asked at once; where that stays open, how far a proof comes."""
    floor = budget.work - work
    while known.solution and known.least < (value := questions.of(known.solution)) and budget.work > floor:
        search = questions.ask(value - 1, budget, REFUTING_PART * (budget.work - floor))
        if search.infeasible:
            return replace(known, least=value)
        known = replace(known, solution=search.solution or known.solution)
        known = shortest(questions, known, budget, max(0.0, budget.work - floor))
        if search.solution is None:
            break
    return known


def promised(problem: MappingProblem, solution: Solution | None) -> Shortest:
    """What options promise by themselves, and a solution."""
    return Shortest(promise(problem).interval(problem.device) or longest_allowed(problem) + 1, solution)


def limited(problem: MappingProblem, more: tuple[Limit, ...]) -> MappingProblem:
    """The problem with more limits, of each level the strictest alone: every one of an interval adds waits to the model."""
    strictest = {limit.level: limit for limit in sorted((*problem.limits, *more), key=lambda limit: -limit.at_most)}
    return replace(problem, limits=tuple(strictest.values()))


def longest_allowed(problem: MappingProblem) -> int:
    """No interval of a solution is longer."""
    return min((limit.at_most for limit in problem.limits if limit.level is Level.INTERVAL), default=longest_run(problem))
