"""How many relays pay: the fewest with which the relaxation without places reaches the best interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from placer.errors import InfeasibleError
from placer.model.build import build_relaxation
from placer.problem.problem import Level, MappingProblem
from placer.problem.solution import Evaluation, Solution
from placer.solvers.construct import construct
from placer.solvers.cpsat_level import Budget
from placer.solvers.cpsat_relaxation import descend, leading_levels

# Deterministic time for each number, and the part of the interval that one more relay has to save.
RELAY_WORK, WORTHWHILE = 0.35, 0.03


@dataclass(frozen=True)
class Relaying:
    """How many relays pay, and what the relaxation reaches with the fewest: the levels up to the interval; None where it finds none."""

    count: int
    fewest: tuple[int, ...] | None


def best_relays(problems: Callable[[int], MappingProblem], counts: tuple[int, ...]) -> Relaying:
    """The one of `counts`, which rise, after which more hardly shorten the interval. problems: the problem with so many relays.

    All of them are looked at: a relaxation that is not searched to its end may be worse with one relay than without, and good with two.
    Where the search finds nothing better than what is constructed, it is not made again for more relays, which make the problem larger.
    """
    best, reached, fewest, searched = counts[0], None, None, True
    for count in counts if len(counts) > 1 else ():
        problem = _with_interval(problems, count)
        if problem is None:
            continue
        start = construct(problem)
        found = _searched(problem, start) if searched or start is None else start
        searched = found is not start
        values = tuple(Evaluation(problem, found).value(level) for level in problem.objective) if found else None
        fewest = values if count == counts[0] else fewest
        if values is not None and (reached is None or _pays(values, reached)):
            best, reached = count, values
    return Relaying(best, fewest)


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
    return descend(v, Budget(RELAY_WORK, None, 1, 0), RELAY_WORK, start, start)
