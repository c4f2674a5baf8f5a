"""Mappings that route, a little worse than what options alone reach: rung by rung more, until lanes suffice.

A rung fixes how bad the first level may be. Under it, options and edge kinds are chosen for the fewest streams, with no more of them
between blocks side by side than there are lanes; then blocks stand in the order of the data flow, and buffers where streams are shortest.
With an interval that is given, waits are linear and slow options are out: each rung is a small problem with a tight relaxation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from placer.model.build import build_model, build_relaxation
from placer.model.likeness import add_likeness, has_likes
from placer.model.objectives import level_expression
from placer.model.streams import add_memory_lanes, add_order_lanes, add_shard_lanes, stream_count, stream_length
from placer.model.variables import Variables
from placer.problem.problem import Level, MappingProblem
from placer.problem.solution import BlockChoice, Evaluation, Solution
from placer.solvers.cpsat import narrowed, outside, renumbered
from placer.solvers.cpsat_level import Budget, Search, minimise, pin, silent
from placer.solvers.cpsat_relaxation import Relaxed, leading_levels
from placer.solvers.few_options import cheapest, pace
from placer.solvers.heights import Heights, heights_of
from placer.solvers.strips import strips

# What the first level may be on each rung, as a multiple of the best that options alone reach.
RUNGS = (1.0, 1.1, 1.25, 1.5, 1.8, 2.2, 2.7, 3.5, 5.0, 8.0, 15.0, 40.0)
# Where the quick way finds nothing on any rung, the other ways are tried on one of so many.
FEWER_RUNGS = 4
# The part of a height that is not worth another rung: so many times the part of the work that is spent, and at least so much.
SPENT, CLOSE = 3.5, 0.01
# For each later level, how often less is asked for, the part of it that is not worth that, and the part of the work that has to be left.
LATER_TRIES, LATER_CLOSE, UNSPENT = 2, 0.05, 0.5
# The part of the lanes across the array that streams between neighbours may take; windows inside the footprints take the rest.
LANES_PART = 0.9
# Lanes lacking that fewer streams between neighbours may make up for, and how often that is tried.
FEW_LANES, AGAIN = 12, 1
# Lanes lacking that no other buffers will make up for.
MANY_LANES = 100
# Parts of the core tiles, where options for all of them do not pack side by side.
PACKING_PARTS = (1.0, 0.85, 0.7)
# Deterministic time: of the options of a rung the quick way and another way, of each level of given places, of the shortest streams with
# given places, and with any.
QUICK_WORK, OTHERS_WORK, LEVEL_WORK, BUFFERS_WORK, SPREAD_WORK = 0.5, 0.2, 0.1, 0.12, 0.15

# How many lanes a mapping lacks for all of its streams; 0 when it routes.
Missing = Callable[[Solution], int]


@dataclass(frozen=True)
class _Way:
    """How options are chosen: the same for layers alike; all edges on streams, because side by side few share memory; memory tiles written
    only through lanes of their column; among the cheapest of each kind; in so much deterministic time.
    """

    alike: bool
    streamed: bool
    straight: bool
    few: bool
    work: float


OTHER_WAYS = (
    _Way(alike=False, streamed=True, straight=False, few=False, work=OTHERS_WORK),
    _Way(alike=False, streamed=False, straight=False, few=False, work=OTHERS_WORK),
)


def climb(
    problem: MappingProblem, relaxed: Relaxed | None, budget: Budget, missing: Missing, held: Solution | None = None
) -> Solution | None:
    """The mapping of a low rung that routes; None when there is none on any.

    Rungs are climbed in the quick ways of choosing options, from what options alone were found to reach. The other ways are for the rung
    below the first one that holds, and the rungs below that as long as they hold. What then lies between the lowest that holds and one that
    does not, or what is proven, is halved, the less often the more work was spent; then the later levels. The work of `budget` ends it all.

    relaxed: what options alone reach, as far as it is known. held: a mapping that routes, if there is one: only rungs below it are climbed.
    """
    heights = heights_of(problem, relaxed)
    steps = heights.steps(RUNGS, held) if heights else [0.0]
    # All options have shorter latencies; the cheapest of them are enough where all are too many to search.
    quick = tuple(_Way(has_likes(problem), streamed=True, straight=True, few=few, work=QUICK_WORK) for few in (False, True))
    tried: set[tuple[BlockChoice, ...]] = set()

    def routed(rung: MappingProblem, ways: Sequence[_Way]) -> Solution | None:
        return next(filter(None, (_routed(rung, way, budget, missing, tried) for way in ways)), None)

    def on(height: float, ways: Sequence[_Way]) -> Solution | None:
        return routed(heights.rung(height) if heights else problem, ways)

    work = budget.work
    found = next(((i, s) for i, height in enumerate(steps) if (s := on(height, quick))), (len(steps), held))
    level, best = found
    if best is None:
        return next(filter(None, (on(height, OTHER_WAYS) for height in steps[::FEWER_RUNGS])), None)
    while best is not held and level and (better := on(steps[level - 1], OTHER_WAYS)):
        level, best = level - 1, better
    if heights is None:
        return best
    low, high = int(steps[level - 1]) + 1 if level else heights.least, heights.of(best)
    while low and high > (1 + max(CLOSE, SPENT * (1 - budget.work / work))) * low:
        middle = int(sqrt(low * high))
        better = on(middle, quick[::-1])
        best, low, high = (better, low, heights.of(better)) if better else (best, middle + 1, high)
    return _later(heights, best, lambda rung: routed(rung, quick[1:]) if budget.work > UNSPENT * work else None)


def _later(heights: Heights, best: Solution, found: Callable[[MappingProblem], Solution | None]) -> Solution:
    """`best`, or one that is no worse in the first level and better in a later one, each halved towards what options alone may reach."""
    for number in range(1, len(leading_levels(heights.problem.objective))):
        low = heights.hoped(number, best)
        for _ in range(LATER_TRIES):
            high = heights.of(best, number)
            if not low or high <= (1 + LATER_CLOSE) * low:
                break
            middle = int(sqrt(low * high))
            better = found(heights.below(best, number, middle))
            if better is None:
                break
            best = better
    return best


def _routed(rung: MappingProblem, way: _Way, budget: Budget, missing: Missing, tried: set[tuple[BlockChoice, ...]]) -> Solution | None:
    """A mapping of a rung that routes. Where a few lanes are missing, options are chosen again for that many streams less.

    tried: places that do not route, to which this adds.
    """
    interval = min((limit.at_most for limit in rung.limits if limit.level is Level.INTERVAL), default=None)
    kept = tuple(tuple(i for i, o in enumerate(b.options) if interval is None or pace(o) <= interval) for b in rung.blocks)
    if way.few:
        kept = tuple(cheapest(b, k) for b, k in zip(rung.blocks, kept, strict=True))
    if not all(kept):
        return None
    problem, device = narrowed(rung, kept), rung.device
    lanes = int(LANES_PART * min(device.streams.east, device.streams.west) * (device.rows + 1))
    for _ in range(1 + AGAIN if budget.work else 0):
        blocks = _side_by_side(problem, way, max(1, lanes), budget)
        if blocks is None:
            break
        places = tuple(replace(b, option=k[b.option]) for b, k in zip(blocks, kept, strict=True))
        if places in tried:
            break
        tried.add(places)
        least = FEW_LANES + 1
        for placed in buffered(problem, blocks, budget):
            solution = renumbered(placed, kept)
            lacking = missing(solution)
            if not lacking:
                return solution
            least = min(least, lacking)
            if lacking > MANY_LANES:
                break
        if least > FEW_LANES:
            break
        lanes -= least
    return None


def _side_by_side(problem: MappingProblem, way: _Way, lanes: int, budget: Budget) -> tuple[BlockChoice, ...] | None:
    """Options with the fewest streams, side by side; with fewer tiles where they do not fit so."""
    for part in PACKING_PARTS:
        options = _choices(problem, way, lanes, int(part * problem.device.core_tiles), budget)
        blocks = strips(problem, options) if options else None
        if blocks or not options:
            return blocks
    return None


def _choices(problem: MappingProblem, way: _Way, lanes: int, tiles: int, budget: Budget) -> tuple[int, ...] | None:
    """The option of each block that makes the fewest streams, as far as they are found, with so many at most between neighbours."""
    v = build_relaxation(_without_footprints(problem) if way.streamed else problem, tiles)
    add_order_lanes(v, lanes)
    if way.alike:
        add_likeness(v)
    if way.straight:
        add_shard_lanes(v)
    found = minimise(v, Level.TRANSPORT, stream_count(v), budget, min(way.work, budget.work), silent).solution
    return tuple(b.option for b in found.blocks) if found else None


def _without_footprints(problem: MappingProblem) -> MappingProblem:
    """The problem in which no edge shares memory, because nothing lies beside anything."""
    blocks = tuple(replace(b, options=tuple(replace(o, shapes=()) for o in b.options)) for b in problem.blocks)
    return replace(problem, blocks=blocks)


def buffered(problem: MappingProblem, blocks: tuple[BlockChoice, ...], budget: Budget) -> Iterator[Solution]:
    """Mappings with these places: with the leading levels at their least and lanes straight to memory tiles; within the limits alone; and
    with the shortest streams of all.
    """
    solution, impossible = with_buffers(problem, blocks, True, True, budget)
    if solution:
        yield solution
    for laned in (False,) if impossible else (True, False):
        solution, _ = with_buffers(problem, blocks, laned, False, budget)
        if solution:
            yield solution


def with_buffers(
    problem: MappingProblem, blocks: tuple[BlockChoice, ...], laned: bool, least: bool, budget: Budget
) -> tuple[Solution | None, bool]:
    """Memory tiles for blocks that have their places, so that all streams together are shortest, and whether there provably are none.

    laned: what goes into and out of the memory tiles of a column has lanes straight to it. least: the leading levels come first.
    """
    kept = tuple((b.option,) for b in blocks)
    v = build_model(narrowed(problem, kept))
    if laned:
        add_memory_lanes(v)
    pin(v, blocks)
    found = _shortest(v, leading_levels(problem.objective) if least else (), budget)
    return outside(found.solution, kept), found.infeasible


def spread(problem: MappingProblem, refused: Solution, budget: Budget) -> Solution | None:
    """Other places for the options of a mapping that does not route, no worse in the leading levels, so that all streams together are
    shortest; None when none are found.
    """
    kept = tuple((b.option,) for b in refused.blocks)
    v = build_model(narrowed(problem, kept))
    for level in leading_levels(problem.objective):
        v.model.add(level_expression(v, level) <= Evaluation(problem, refused).value(level))
    # No hint: from where lanes run out, the search hardly comes away.
    return outside(minimise(v, Level.TRANSPORT, stream_length(v), budget, min(SPREAD_WORK, budget.work), silent).solution, kept)


def _shortest(v: Variables, levels: tuple[Level, ...], budget: Budget) -> Search:
    """The shortest streams with `levels` at their least, one after the other; the search that failed where one does."""
    for level in levels:
        expression = level_expression(v, level)
        search = minimise(v, level, expression, budget, min(LEVEL_WORK, budget.work), silent)
        if search.solution is None:
            return search
        v.model.add(expression <= Evaluation(v.problem, search.solution).value(level))
    return minimise(v, Level.TRANSPORT, stream_length(v), budget, min(BUFFERS_WORK, budget.work), silent)
