"""Solve, route, and where lanes run out, solve again with lanes in mind.

The exact engine does not know lanes. Many of its mappings route; where one does not, its buffers are placed again so that what goes into
and out of the memory tiles of a column has lanes straight to it, then its layers too, side by side in the order of the data flow. Where
that does not route either, options are chosen again so that layers in this order have few enough streams between them. What was proven of
each level without lanes stays its bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from placer.model.build import build_model, build_relaxation
from placer.model.likeness import add_likeness, has_likes
from placer.model.objectives import level_expression
from placer.model.streams import add_memory_lanes, add_order_lanes, stream_count, stream_length
from placer.problem import Level, MappingProblem
from placer.routing.streams import lay_streams
from placer.solution import BlockChoice, Evaluation, Solution
from placer.solvers.base import Limits, ProgressSink, SolveResult
from placer.solvers.cpsat import Acceptance, CpSatSolver, narrowed, outside, restated
from placer.solvers.cpsat_level import Budget, hint, minimise, pin, silent
from placer.solvers.cpsat_relaxation import descend, leading_levels
from placer.solvers.strips import strips

# Attempts: the part of the lanes across the array that streams between neighbours may take (windows inside the footprints take the rest),
# and the part of the core tiles that the options may use.
ATTEMPTS = ((0.9, 1.0), (0.7, 0.95), (0.6, 0.9), (0.45, 0.85), (0.35, 0.8), (0.25, 0.7), (0.15, 0.5), (0.1, 0.25), (0.05, 0.1))
# Further parts of those tiles, where options for all of them do not pack side by side.
PACKING_PARTS = (1.0, 0.9, 0.8, 0.65)
# Deterministic time: of the first attempt and, halved each time, of the last; of the fewest streams; of buffers.
OPTIONS_WORK, LEAST_WORK, STREAMS_WORK, BUFFERS_WORK = 1.5, 0.3, 0.2, 0.3


def solve_routed(
    problem: MappingProblem, seed: Solution | None, limits: Limits, progress: ProgressSink, routable: Acceptance | None = None
) -> SolveResult:
    """A result whose solution routes; UNKNOWN when none was found. routable: whether one does, where more than `problem` decides it."""
    refused: list[Solution] = []

    def routes(solution: Solution) -> bool:
        fine = routable(solution) if routable else not lay_streams(problem, solution).congested
        if not fine:
            refused.append(solution)
        return fine

    result = CpSatSolver().solve(problem, seed, limits, progress, routes)
    if result.solution or not result.levels:
        return result
    for solution in chain(_again(problem, refused[0], limits), _others(problem, refused[0], limits)):
        if solution and routes(solution):
            return restated(problem, solution, result)
    return result


def _again(problem: MappingProblem, refused: Solution, limits: Limits) -> Iterator[Solution | None]:
    """The options of a mapping that does not route: other buffers, then other places too."""
    yield _with_buffers(problem, refused.blocks, True, refused, limits)
    blocks = strips(problem, tuple(b.option for b in refused.blocks))
    if blocks:
        yield _with_buffers(problem, blocks, True, refused, limits)


def _others(problem: MappingProblem, start: Solution, limits: Limits) -> Iterator[Solution | None]:
    """Mappings of other options, with fewer and fewer streams; `start` is where their search starts."""
    device = problem.device
    across = min(device.streams.east, device.streams.west) * (device.rows + 1)
    work = OPTIONS_WORK
    for lane_part, tile_part in ATTEMPTS:
        yield _in_order(problem, max(1, int(lane_part * across)), int(tile_part * device.core_tiles), start, work, limits)
        work = max(work / 2, LEAST_WORK)


def _in_order(problem: MappingProblem, lanes: int, tiles: int, start: Solution, work: float, limits: Limits) -> Solution | None:
    """The best options with at most `lanes` streams between neighbours, side by side; fewer tiles where they do not fit so."""
    for part in PACKING_PARTS:
        chosen = _choices(problem, lanes, int(part * tiles), start, work, limits)
        blocks = strips(problem, tuple(b.option for b in chosen.blocks)) if chosen else None
        if blocks:
            tries = ((True, chosen), (False, chosen), (False, None))
            return next(filter(None, (_with_buffers(problem, blocks, laned, standard, limits) for laned, standard in tries)), None)
    return None


def _choices(problem: MappingProblem, lanes: int, tiles: int, start: Solution, work: float, limits: Limits) -> Solution | None:
    """Options and kinds that minimise the leading levels, then streams, from `start` on."""
    budget, best = Budget(work, None, limits.workers, limits.seed), None
    for alike in (True, False) if has_likes(problem) else (False,):
        v = build_relaxation(problem, tiles)
        add_order_lanes(v, lanes)
        if alike:
            add_likeness(v)
        best = descend(v, budget, budget.work / 2, best or start, best)
    if best:
        hint(v, best)
    fewest = minimise(v, Level.TRANSPORT, stream_count(v), budget, max(budget.work, STREAMS_WORK), silent).solution
    return fewest or best


def _with_buffers(
    problem: MappingProblem, blocks: tuple[BlockChoice, ...], laned: bool, standard: Solution | None, limits: Limits
) -> Solution | None:
    """Memory tiles for blocks that have their places, so that all streams together are shortest; in the levels that places do not enter no
    worse than `standard`, if that is given.
    """
    kept = tuple((b.option,) for b in blocks)
    v = build_model(narrowed(problem, kept))
    if laned:
        add_memory_lanes(v)
    if standard:
        for level in leading_levels(problem.objective):
            v.model.add(level_expression(v, level) <= Evaluation(problem, standard).value(level))
    pin(v, blocks)
    budget = Budget(BUFFERS_WORK, None, limits.workers, limits.seed)
    return outside(minimise(v, Level.TRANSPORT, stream_length(v), budget, BUFFERS_WORK, silent).solution, kept)
