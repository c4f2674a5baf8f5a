"""How many relays pay: the fewest with which the relaxation without places reaches the best interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from placer.errors import InfeasibleError
from placer.model.build import build_relaxation
from placer.problem import Level, MappingProblem
from placer.solution import Evaluation
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
    """
    best, reached, fewest = counts[0], None, None
    for count in counts if len(counts) > 1 else ():
        found = _reached(problems, count)
        fewest = found if count == counts[0] else fewest
        if found is not None and (reached is None or _pays(found, reached)):
            best, reached = count, found
    return Relaying(best, fewest)


def _pays(more: tuple[int, ...], fewer: tuple[int, ...]) -> bool:
    """Whether more relays shorten the interval, which comes last, and cost nothing at the levels before it."""
    return more[:-1] <= fewer[:-1] and more[-1] <= (1 - WORTHWHILE) * fewer[-1]


def _reached(problems: Callable[[int], MappingProblem], count: int) -> tuple[int, ...] | None:
    """The levels up to the interval of the best solution of the relaxation, or None when none was found."""
    try:
        problem = problems(count)
    except InfeasibleError:
        return None
    levels = leading_levels(problem.objective)
    if Level.INTERVAL in levels:
        levels = levels[: levels.index(Level.INTERVAL) + 1]
    elif not any(limit.level is Level.INTERVAL for limit in problem.limits):
        return None
    tiles = problem.device.core_tiles
    seed = construct(problem)
    found = descend(build_relaxation(problem, tiles), Budget(RELAY_WORK, None, 1, 0), RELAY_WORK, seed, seed)
    return tuple(Evaluation(problem, found).value(level) for level in levels) if found else None
