"""Other places for the options of a mapping: the solver's interval knows no distances, and with some places a pipeline waits longer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from placer.problem.problem import MappingProblem
from placer.routing.streams import lay_streams
from placer.solvers.base import Limits, SolveResult
from placer.solvers.cpsat import narrowed, outside, places_of, restated
from placer.solvers.cpsat_level import Budget
from placer.solvers.routed import in_order

# Deterministic time for each.
ELSEWHERE_WORK = 0.3


def elsewhere(problem: MappingProblem, result: SolveResult, limits: Limits, tries: int) -> Iterator[SolveResult]:
    """Results with the options of `result`, which has a solution, that route: side by side, and then from other seeds; at the bounds proven
    for it.
    """
    assert result.solution is not None, "there are places to leave"
    kept = tuple((b.option,) for b in result.solution.blocks)
    bounds = tuple(level.bound for level in result.levels)
    alone = narrowed(problem, kept)
    for number in range(tries):
        budget = Budget.of(replace(limits, work=min(limits.work, ELSEWHERE_WORK), seed=limits.seed + number))
        # Side by side in the order of the data flow first: the exact engine seldom puts them so, and streams between neighbours are short.
        found = outside(places_of(alone, budget) if number else in_order(alone, budget), kept)
        if found and not lay_streams(problem, found).missing:
            yield restated(problem, found, bounds)
