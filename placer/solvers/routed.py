"""Solve, route, and where lanes run out, solve again with lanes in mind.

The exact engine does not know lanes. Many of its mappings route; where one does not, its options are chosen again so that the layers, side
by side in the order of the data flow, have few enough streams between them, and are placed so. What was proven of each level without
lanes stays its bound.
"""

from __future__ import annotations

from placer.model.build import build_model, build_relaxation
from placer.model.objectives import level_expression
from placer.model.streams import add_memory_lanes, add_order_lanes, stream_count, stream_length
from placer.problem import Level, MappingProblem
from placer.routing.streams import lay_streams
from placer.solution import BlockChoice, Evaluation, Solution
from placer.solvers.base import Limits, ProgressSink, SolveResult
from placer.solvers.cpsat import Acceptance, CpSatSolver, narrowed, outside, restated
from placer.solvers.cpsat_level import Budget, minimise, silent
from placer.solvers.cpsat_relaxation import leading_levels
from placer.solvers.strips import strips

# Attempts: the part of the lanes across the array that streams between neighbours may take (windows inside the footprints take the rest),
# and the part of the core tiles that the options may use.
ATTEMPTS = ((0.9, 1.0), (0.7, 0.95), (0.6, 0.9), (0.45, 0.85), (0.35, 0.8), (0.25, 0.7), (0.15, 0.5), (0.1, 0.25), (0.05, 0.1))
# Further parts of those tiles, where options for all of them do not pack side by side.
PACKING_PARTS = (1.0, 0.9, 0.8, 0.65)
OPTIONS_WORK, BUFFERS_WORK = 1.5, 0.3


def solve_routed(
    problem: MappingProblem, seed: Solution | None, limits: Limits, progress: ProgressSink, routable: Acceptance | None = None
) -> SolveResult:
    """A result whose solution routes; UNKNOWN when none was found. routable: whether one does, where more than `problem` decides it."""

    def alone(solution: Solution) -> bool:
        return not lay_streams(problem, solution).congested

    routes = routable or alone
    result = CpSatSolver().solve(problem, seed, limits, progress, routes)
    if result.solution or not result.levels:
        return result
    device = problem.device
    across = min(device.streams.east, device.streams.west) * (device.rows + 1)
    for lane_part, tile_part in ATTEMPTS:
        solution = _in_order(problem, max(1, int(lane_part * across)), int(tile_part * device.core_tiles), limits)
        if solution and routes(solution):
            return restated(problem, solution, result)
    return result


def _in_order(problem: MappingProblem, lanes: int, tiles: int, limits: Limits) -> Solution | None:
    """The best options with at most `lanes` streams between neighbours, side by side; fewer tiles where they do not fit so."""
    for part in PACKING_PARTS:
        options = _options(problem, lanes, int(part * tiles), limits)
        blocks = strips(problem, options) if options else None
        if blocks:
            return _with_buffers(problem, blocks, True, limits) or _with_buffers(problem, blocks, False, limits)
    return None


def _options(problem: MappingProblem, lanes: int, tiles: int, limits: Limits) -> tuple[int, ...]:
    """Options that minimise the leading levels, then streams; empty when there are none."""
    budget = Budget(OPTIONS_WORK, None, limits.workers, limits.seed)
    v = build_relaxation(problem, tiles)
    add_order_lanes(v, lanes)
    found: Solution | None = None
    for level in leading_levels(problem.objective):
        expression = level_expression(v, level)
        search = minimise(v, level, expression, budget, budget.work, silent)
        if search.solution is None:
            break
        found = search.solution
        v.model.add(expression <= Evaluation(problem, found).value(level))
    fewest = minimise(v, Level.TRANSPORT, stream_count(v), budget, max(budget.work, 0.2), silent)
    found = fewest.solution or found
    return tuple(b.option for b in found.blocks) if found else ()


def _with_buffers(problem: MappingProblem, blocks: tuple[BlockChoice, ...], laned: bool, limits: Limits) -> Solution | None:
    """Memory tiles for blocks that have their places, so that all streams together are shortest."""
    kept = tuple((b.option,) for b in blocks)
    v = build_model(narrowed(problem, kept))
    if laned:
        add_memory_lanes(v)
    for b, choice in zip(v.blocks, blocks, strict=True):
        v.model.add(b.column == choice.column)
        v.model.add(b.row == choice.row)
        for pick in b.picks:
            v.model.add(pick.literal == (pick.shape == choice.shape))
    budget = Budget(BUFFERS_WORK, None, limits.workers, limits.seed)
    return outside(minimise(v, Level.TRANSPORT, stream_length(v), budget, BUFFERS_WORK, silent).solution, kept)
