"""A lower latency on fewer tiles: what options promise on many often has no places and lanes, and what they promise on fewer has.

A mapping whose latency is above what options alone may reach, or that takes far longer with the distances of its streams, is solved again
on a part of the tiles that it takes, and again as long as that is better, as placed and routed. Any mapping on fewer tiles is one of the
problem without that limit, whose bounds it keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from placer.errors import InfeasibleError
from placer.mapping import Mapping, ObjectiveValue
from placer.problem.problem import Level, Limit, MappingProblem

# Of the tiles that a mapping takes, what the next one may.
PART = 0.85
# By what part a latency with its distances may be above a bound that the solver's meets.
LONGER = 0.05

Solve = Callable[[MappingProblem], Mapping]


def on_fewer_tiles(problem: MappingProblem, mapping: Mapping, solve: Solve) -> Mapping:
    """The best of a mapping of `problem`, whose first level is the latency, and what `solve` finds on fewer and fewer tiles."""
    best, bound = mapping, mapping.objective[0].bound
    while best.objective[0].value > bound or best.latency_cycles > (1 + LONGER) * bound:
        limit = Limit(Level.TILES, int(PART * best.tiles_used))
        try:
            other = solve(replace(problem, limits=(*problem.limits, limit)))
        except InfeasibleError:
            break
        if _values(other) >= _values(best):
            break
        best = _restated(other, bound)
    return best


def _values(mapping: Mapping) -> tuple[float, ...]:
    """The latency with its distances, and the levels behind it."""
    return mapping.latency_cycles, *(level.value for level in mapping.objective[1:])


def _restated(mapping: Mapping, bound: float) -> Mapping:
    """A mapping on fewer tiles with the bound of its latency that holds on any number; nothing is proven of what follows."""
    first, *later = mapping.objective
    levels: tuple[ObjectiveValue, ...] = (replace(first, bound=bound), *(replace(level, bound=0.0) for level in later))
    proven = all(level.value == level.bound for level in levels)
    return replace(mapping, status="OPTIMAL" if proven else "FEASIBLE", objective=levels)
