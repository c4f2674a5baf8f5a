"""How many relays pay: the fewest with which the relaxation without places reaches nearly the interval that it reaches with the most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import sqrt

from placer.errors import InfeasibleError
from placer.model.build import build_relaxation
from placer.model.likeness import has_likes
from placer.problem.problem import Level, MappingProblem
from placer.problem.solution import Evaluation, Solution
from placer.solvers.construct import construct
from placer.solvers.cpsat_level import Budget
from placer.solvers.cpsat_relaxation import descend, leading_levels
from placer.solvers.shortest import QUESTION_WORK, Questions, Shortest, promised, shortest

# Deterministic time for each number, and the part of the interval that more relays have to save.
RELAY_WORK, WORTHWHILE = 0.5, 0.03


@dataclass(frozen=True)
class Relaying:
    """How many relays pay, and what is known of the interval with so many, of layers that choose alike; None where nothing is.

    refused: fewer relays were not found to keep an interval of so many cycles.
    """

    count: int
    known: Shortest | None = None
    refused: int = 0


def best_relays(problems: Callable[[int], MappingProblem], counts: tuple[int, ...]) -> Relaying:
    """The one of `counts`, which rise, after which more hardly shorten the interval. problems: the problem with so many relays."""
    stated = {count: problem for count in counts if len(counts) > 1 and (problem := _with_interval(problems, count))}
    if not stated:
        return Relaying(counts[0])
    if any(problem.objective[0] is not Level.INTERVAL for problem in stated.values()):
        return Relaying(_cheapest(stated, counts[0]))
    most, budget = max(stated), Budget(RELAY_WORK, None, 1, 0)
    questions = _questions(stated[most])
    known = shortest(questions, promised(stated[most], construct(stated[most])), budget, budget.work)
    if known.solution is None:
        return Relaying(most)
    enough = int((1 + WORTHWHILE) * questions.of(known.solution))
    for count in sorted(stated)[:-1]:
        found = _within(stated[count], enough, Budget(RELAY_WORK, None, 1, 0))
        if found:
            return Relaying(count, found, 0 if count == counts[0] else enough)
    return Relaying(most, known, enough)


def promises_more(problem: MappingProblem, relaying: Relaying, values: tuple[int, ...]) -> bool:
    """Whether `problem`, with the fewest relays, is worth a solve beside a mapping with more, whose levels have these values.

    Where the interval leads, that mapping is longer than what was promised, and one with fewer relays will be too: worth it is what
    promises half of that at the most, in proportion. Elsewhere the relaxation with fewest is to be better than the mapping.
    """
    stated = _with_interval(lambda _: problem, 0)
    if stated is None or values[0] <= relaying.refused:
        return False
    if stated.objective[0] is Level.INTERVAL:
        return _within(stated, int(sqrt(relaying.refused * values[0])), Budget(QUESTION_WORK, None, 1, 0)) is not None
    found = _searched(stated, construct(stated))
    return found is not None and tuple(Evaluation(stated, found).value(level) for level in stated.objective) < values


def _within(problem: MappingProblem, interval: int, budget: Budget) -> Shortest | None:
    """The shortest interval, if one that is at most so long is found."""
    known = promised(problem, None)
    if known.least > interval:
        return None
    questions = _questions(problem)
    search = questions.ask(min(interval, questions.longest), budget, min(QUESTION_WORK, budget.work))
    return shortest(questions, replace(known, solution=search.solution), budget, budget.work) if search.solution else None


def _questions(problem: MappingProblem) -> Questions:
    return Questions(problem, problem.device.core_tiles, has_likes(problem))


def _cheapest(stated: dict[int, MappingProblem], fewest: int) -> int:
    """The number of relays where levels come before the interval, or only a limit asks for it: all of them are minimised."""
    best, reached, searched = fewest, None, True
    for count, problem in stated.items():
        start = construct(problem)
        found = _searched(problem, start) if searched or start is None else start
        # Where the search finds nothing better than what is constructed, it is not made again for more relays: a larger problem.
        searched = found is not start
        values = tuple(Evaluation(problem, found).value(level) for level in problem.objective) if found else None
        if values is not None and (reached is None or _pays(values, reached)):
            best, reached = count, values
    return best


def _pays(more: tuple[int, ...], fewer: tuple[int, ...]) -> bool:
    """Whether more relays shorten the interval, which comes last, and cost nothing at the levels before it."""
    return more[:-1] <= fewer[:-1] and more[-1] <= (1 - WORTHWHILE) * fewer[-1]


def _with_interval(problems: Callable[[int], MappingProblem], count: int) -> MappingProblem | None:
    """The problem with so many relays and the levels up to its interval; None where there is none, or the interval does not matter."""
    try:
        problem = problems(count)
    except InfeasibleError:
        return None
    levels = leading_levels(problem.objective)
    if Level.INTERVAL in levels:
        levels = levels[: levels.index(Level.INTERVAL) + 1]
    elif not any(limit.level is Level.INTERVAL for limit in problem.limits):
        return None
    return replace(problem, objective=levels)


def _searched(problem: MappingProblem, start: Solution | None) -> Solution | None:
    """The best solution of the relaxation that is found; `start` where none is."""
    v = build_relaxation(problem, problem.device.core_tiles)
    return descend(v, leading_levels(problem.objective), Budget(RELAY_WORK, None, 1, 0), RELAY_WORK, start, start)
