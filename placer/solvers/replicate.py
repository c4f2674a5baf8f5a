"""Replicas: which cells of the array to repeat, a mapping in one of them, and streams for all.

The relaxation without places bounds the interval in each cell. Cells are taken in the order of the throughput that their bound promises,
until none can beat what was reached.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from placer.errors import InfeasibleError
from placer.fixed_split import FixedLayer
from placer.formulate import LaidOutGraph, formulate, lay_out
from placer.problem import Level, Limit, MappingProblem
from placer.replicas import Cell, cells, is_replicable, replicated, restated_for_all, separable
from placer.routing.streams import lay_streams
from placer.solution import Solution
from placer.solvers.base import Limits, ProgressSink, SolveResult
from placer.solvers.construct import construct
from placer.solvers.cpsat_level import Budget, silent
from placer.solvers.cpsat_relaxation import relax
from placer.solvers.routed import solve_routed

# Deterministic time for the bound of one cell, and how many cells are tried to the end.
BOUND_WORK, TRIES = 0.5, 8

# What is demanded of so many replicas together.
Demands = Callable[[int], tuple[Limit, ...]]


@dataclass(frozen=True, eq=False)
class Replicated:
    """The best mapping found, on the whole device."""

    laid_out: LaidOutGraph
    problem: MappingProblem
    result: SolveResult


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A cell, the problem of one replica in it, and a proven bound of its interval."""

    cell: Cell
    laid_out: LaidOutGraph
    problem: MappingProblem
    interval: int

    @property
    def promise(self) -> float:
        """Replicas a cycle at the bound."""
        return self.cell.count / self.interval


def solve_replicated(
    one: LaidOutGraph,
    wanted: MappingProblem,
    replicas: int | None,
    demands: Demands,
    limits: Limits,
    progress: ProgressSink,
    fixed: tuple[FixedLayer, ...] = (),
) -> Replicated | None:
    """Map so many replicas of `wanted`, which states one of them on the whole device; or as many as give the most throughput (None).

    fixed: splits of one replica that are not to be chosen. None when no number of replicas was found to map.
    """
    best, rate = None, 0.0
    for candidate in _candidates(one, wanted, replicas, demands, fixed)[:TRIES]:
        if candidate.promise <= rate:
            break
        found = _solve(candidate, wanted, limits, progress)
        if found:
            reached = candidate.cell.count / next(r.value for r in found.result.levels if r.level is Level.INTERVAL)
            best, rate = (found, reached) if reached > rate else (best, rate)
    return best


def _candidates(
    one: LaidOutGraph, wanted: MappingProblem, replicas: int | None, demands: Demands, fixed: tuple[FixedLayer, ...]
) -> list[_Candidate]:
    """Cells in which one replica has options, the most promising first."""
    found = []
    for cell in cells(wanted.device, replicas):
        every = lay_out(one.graph, cell.count * one.batch, wanted.device)
        if not is_replicable(one, every, cell.count):
            continue
        shares = tuple(replace(d, at_most=d.at_most // cell.count) if d.level is Level.TILES else d for d in demands(cell.count))
        try:
            whole = formulate(one, cell.device, wanted.objective, wanted.row_weight, shares, fixed)
        except InfeasibleError:
            continue
        problem = separable(whole) if cell.count > 1 else whole
        if problem is None:
            continue
        alone = replace(problem, objective=(Level.INTERVAL,))
        relaxed = relax(alone, cell.device.core_tiles, Budget(BOUND_WORK, None, 1, 0), BOUND_WORK, silent)
        if relaxed.bounds and relaxed.bounds[0]:
            found.append(_Candidate(cell, every, problem, relaxed.bounds[0]))
    return sorted(found, key=lambda c: (-c.promise, c.cell.count, c.cell.device.columns))


def _solve(candidate: _Candidate, wanted: MappingProblem, limits: Limits, progress: ProgressSink) -> Replicated | None:
    """One replica in its cell so that all of them route, or None."""
    problem, cell, every = candidate.problem, candidate.cell, candidate.laid_out

    def for_all(solution: Solution) -> tuple[MappingProblem, Solution]:
        return replicated(problem, solution, every, wanted.device, cell)

    def routes(solution: Solution) -> bool:
        try:
            return not lay_streams(*for_all(solution)).congested
        except InfeasibleError:  # the columns with PL run out of ports
            return False

    result = solve_routed(problem, construct(problem), limits, progress, routes)
    if result.solution is None:
        return None
    whole, solution = for_all(result.solution)
    return Replicated(every, whole, restated_for_all(whole, solution, result.levels))
