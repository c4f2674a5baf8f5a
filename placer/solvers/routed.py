"""Solve, route, and where lanes run out, solve again with lanes in mind.

The exact engine does not know lanes. Many of its mappings route; where one does not, its buffers are placed again so that what goes into
and out of the memory tiles of a column has lanes straight to it, then its layers too, side by side in the order of the data flow. Where
that does not route either, options are chosen again so that layers in this order have few enough streams between them (ladder.py). What was
proven of each level without lanes stays its bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from placer.problem.problem import Limit, MappingProblem
from placer.problem.solution import Evaluation, Solution
from placer.routing.streams import lay_streams
from placer.solvers.base import Limits, ProgressSink, SolveResult
from placer.solvers.cpsat import Acceptance, CpSatSolver, better, many_layers
from placer.solvers.cpsat_level import Budget
from placer.solvers.cpsat_relaxation import Relaxed, leading_levels
from placer.solvers.ladder import FEW_LANES, Missing, buffered, climb, spread, with_buffers
from placer.solvers.shortest import Shortest
from placer.solvers.strips import strips

# Deterministic time, at the least, for mappings in place of one that does not route.
LEAST_WORK = 2.0


def solve_routed(
    problem: MappingProblem,
    seed: Solution | None,
    limits: Limits,
    progress: ProgressSink,
    routable: Acceptance | None = None,
    known: Shortest | None = None,
) -> SolveResult:
    """A result whose solution routes; UNKNOWN when none was found. routable: whether one does, where more than `problem` decides it.

    known: of the interval that options alone reach, if something is.
    """

    @cache
    def missing(solution: Solution) -> int:
        if routable:
            return 0 if routable(solution) else FEW_LANES + 1
        return lay_streams(problem, solution).missing

    def routes(solution: Solution) -> bool:
        return not missing(solution)

    budget = Budget.of(replace(limits, work=max(limits.work, LEAST_WORK)))

    def rescue(relaxed: Relaxed | None, refused: Solution | None) -> Solution | None:
        held = next(filter(routes, _again(problem, refused, budget, missing)), None) if refused else None
        if held and (relaxed is None or relaxed.meets_first(problem, held)):
            return held
        found = better(problem, climb(problem, relaxed, budget, missing, held), held)
        return seed if seed and better(problem, seed, found) is seed and routes(seed) else found

    return CpSatSolver().solve(problem, seed, limits, progress, routes, rescue, known)


def in_order(problem: MappingProblem, budget: Budget) -> Solution | None:
    """A mapping that routes, of a problem with one option a block, with blocks side by side in the order of the data flow; None without."""
    blocks = strips(problem, (0,) * len(problem.blocks))
    found = buffered(problem, blocks, budget) if blocks else ()
    return next((s for s in found if not lay_streams(problem, s).missing), None)


def _again(problem: MappingProblem, refused: Solution, budget: Budget, missing: Missing) -> Iterator[Solution]:
    """A mapping that may not route, and its options elsewhere, with other buffers, and side by side, no worse in the first level.

    With many layers the last two take long: other buffers are not tried, and side by side where only a few lanes are missing.
    """
    yield refused
    elsewhere = spread(problem, refused, budget)
    if elsewhere:
        yield elsewhere
    many = many_layers(problem)
    if many and missing(elsewhere or refused) > FEW_LANES:
        return
    values = tuple(Limit(level, Evaluation(problem, refused).value(level)) for level in leading_levels(problem.objective))
    if not many:
        solution, _ = with_buffers(replace(problem, limits=(*problem.limits, *values)), refused.blocks, True, True, budget)
        if solution:
            yield solution
    blocks = strips(problem, tuple(b.option for b in refused.blocks))
    if blocks:
        yield from buffered(replace(problem, limits=(*problem.limits, *values[:1])), blocks, budget)
