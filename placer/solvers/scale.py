"""Batch, replicas and relays: how many samples a run takes, which cells of the array to repeat, and how many layers only copy.

A search of best first. Each batch in each cell with each number of relays is a candidate; what its options promise is a bound that costs
nothing, and questions to its relaxation bring the bound closer (closer.py). The most promising candidate is asked about, and when nothing
is left to ask, solved; from then on others are asked whether they can be better, and most of them prove that they cannot.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from placer.device import Device
from placer.errors import InfeasibleError
from placer.layers import LayerGraph
from placer.problem.fixed_split import FixedLayer
from placer.problem.formulate import LaidOutGraph, formulate, lay_out
from placer.problem.goals import Scale
from placer.problem.problem import BlockKind, Level, Limit, MappingProblem
from placer.problem.solution import Solution
from placer.relays import with_relays
from placer.routing.streams import lay_streams
from placer.solvers.base import Limits, ProgressSink, SolveResult
from placer.solvers.closer import Range, closer
from placer.solvers.construct import construct
from placer.solvers.promise import Promise, promise
from placer.solvers.replicas import Cell, cells, is_replicable, replicated, restated_for_all, roomiest_cells, separable
from placer.solvers.routed import solve_routed

# Candidates that are solved at most, and how many of them in a row without a better mapping.
TRIES, PATIENCE = 16, 4
# More samples a run are looked at until twice so many, and again, promise less than this part more.
WORTHWHILE = 0.01
# What a candidate has to save of the interval where it leads to the same latency.
SHORTER = 0.03

# What is demanded of so many samples a run, of all replicas together.
Demands = Callable[[int], tuple[Limit, ...]]
# What one mapping costs: at the measure, a sample or altogether, and its interval, a sample.
Cost = tuple[Fraction, Fraction]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Question:
    """One replica of `graph` on the whole of `device`, as `problem` states it for some batch. fixed: splits that are not to be chosen."""

    graph: LayerGraph
    problem: MappingProblem
    demands: Demands
    fixed: tuple[FixedLayer, ...] = ()

    @property
    def device(self) -> Device:
        """The whole array."""
        return self.problem.device

    @property
    def measure(self) -> Level:
        """What candidates are compared by: tiles or latency where one of these leads the objective, else the cycles of a sample."""
        first = self.problem.objective[0]
        return first if first in {Level.TILES, Level.LATENCY} else Level.INTERVAL

    def at(self, batch: int, device: Device, demands: tuple[Limit, ...], relays: int) -> MappingProblem:
        """The problem of one replica of `batch` samples on a part of the array."""
        return formulate(self.laid_out(batch, relays), device, self.problem.objective, self.problem.row_weight, demands, self.fixed)

    def laid_out(self, samples: int, relays: int) -> LaidOutGraph:
        """The layers with so many relays, for so many samples."""
        return lay_out(with_relays(self.graph, relays), samples, self.device)

    def cost(self, measured: int, interval: int, samples: int) -> Cost:
        """Of a mapping of all replicas."""
        rate = Fraction(interval, samples)
        return (rate if self.measure is Level.INTERVAL else Fraction(measured)), rate


@dataclass(frozen=True, eq=False)
class Candidate:
    """So many samples in each of so many cells, with relays.

    measured: what is known of one replica at the measure, within the limits `kept`. problem: of one replica; None before it is stated.
    """

    measure: Level
    batch: int
    cell: Cell
    relays: int
    measured: Range
    kept: tuple[Limit, ...] = ()
    problem: MappingProblem | None = None

    @property
    def samples(self) -> int:
        """Of all replicas."""
        return self.batch * self.cell.count

    @property
    def parts(self) -> Fraction:
        """Of all replicas' cost, for each unit of one replica's."""
        return {Level.INTERVAL: Fraction(1, self.samples), Level.TILES: Fraction(self.cell.count)}.get(self.measure, Fraction(1))

    @property
    def least(self) -> Fraction:
        """A lower bound of what all replicas cost at the measure."""
        return self.measured.least * self.parts

    @property
    def rank(self) -> tuple[Fraction, int, int, int, int]:
        """The order in which candidates are taken; of equal ones the smallest."""
        return self.least, self.batch, self.relays, self.cell.count, self.cell.device.columns

    def better_than(self, cost: Cost | None) -> tuple[Limit, ...]:
        """What one replica has to keep for all of them to cost less."""
        if cost is None:
            return ()
        if self.measure is Level.LATENCY:
            shorter = (1 - Fraction(SHORTER)) * cost[1] * self.samples
            return Limit(Level.LATENCY, int(cost[0])), Limit(Level.INTERVAL, int(shorter))
        below = cost[0] / self.parts
        return (Limit(self.measure, int(below) - (below.denominator == 1)),)

    def promises(self, wanted: tuple[Limit, ...]) -> bool:
        """Whether nothing more is to be asked: its relaxation keeps what is wanted, and is known closely."""
        reached = self.measured.reached
        met = reached is not None and all(limit.level is self.measure and reached <= limit.at_most for limit in wanted)
        return self.measured.settled and (met or self.kept == wanted)


# A mapping of all replicas of a candidate, whose one replica keeps these limits if the solver can do something with them, and its cost.
Solve = Callable[[Candidate, tuple[Limit, ...]], tuple[Cost, T] | None]


def best_of(question: Question, scale: Scale, solve: Solve[T]) -> T | None:
    """What `solve` gives of all batches, replicas and relays that costs least; None when it gives nothing."""
    queue = [(c.rank, number, c) for number, c in enumerate(_candidates(question, scale))]
    heapq.heapify(queue)
    best: T | None = None
    cost: Cost | None = None
    tried, vain, relayed_in_vain = 0, 0, set[tuple[int, Cell]]()
    while queue and tried < TRIES and vain < PATIENCE:
        _, number, candidate = heapq.heappop(queue)
        if cost and candidate.least > cost[0]:
            break
        if (candidate.batch, candidate.cell) in relayed_in_vain:
            continue
        wanted = candidate.better_than(cost)
        if not candidate.promises(wanted):
            asked = _asked(question, candidate, wanted)
            if asked:
                heapq.heappush(queue, (asked.rank, number, asked))
            continue
        tried += 1
        found = solve(candidate, wanted)
        if found and (cost is None or found[0] < cost):
            (cost, best), vain = found, 0
            continue
        vain += cost is not None
        if question.measure is Level.LATENCY and candidate.relays:
            # A relay shortens no sample's way, only the interval beside: where one gave nothing better, more are not tried.
            relayed_in_vain.add((candidate.batch, candidate.cell))
    return best


def _asked(question: Question, candidate: Candidate, wanted: tuple[Limit, ...]) -> Candidate | None:
    """A candidate of which one question more is answered; None where it cannot keep what is wanted."""
    problem = candidate.problem or _stated(question, candidate)
    known = closer(problem, candidate.measure, candidate.measured, wanted) if problem else None
    return replace(candidate, problem=problem, measured=known, kept=wanted) if known else None


def _candidates(question: Question, scale: Scale) -> Iterator[Candidate]:
    """Every batch in every cell, at the cost that the options promise, up to the batch from which more samples promise no more."""
    least: Fraction | None = None
    idle = 0
    for batch in scale.batches:
        found = _of_batch(question, scale, batch)
        if found is None:
            return
        yield from found
        lowest = min((c.least for c in found), default=None)
        better = lowest is not None and (least is None or lowest < (1 - Fraction(WORTHWHILE)) * least)
        idle = 0 if better else idle + 1
        least = min(filter(None, (least, lowest)), default=None)
        if least is not None and idle == 2:
            return


def _of_batch(question: Question, scale: Scale, batch: int) -> list[Candidate] | None:
    """Every cell with every number of relays that fits; None where no options do."""
    found: list[Candidate] = []
    for relays in scale.relays:
        try:
            promised = promise(question.at(batch, question.device, question.demands(batch), relays))
        except InfeasibleError:
            return found if relays > scale.relays[0] else None
        for cell in _cells(question, scale.replicas, promised):
            least = _promised(question, promised, batch, cell)
            if least is not None and _cuts_apart(question, batch, cell.count):
                found.append(Candidate(question.measure, batch, cell, relays, Range(max(1, least))))
    return found


def _cuts_apart(question: Question, batch: int, count: int) -> bool:
    """Whether the samples of so many replicas do not share a block of rows."""
    return is_replicable(question.laid_out(batch, 0), question.laid_out(count * batch, 0), count)


def _cells(question: Question, replicas: int | None, promised: Promise) -> Iterator[Cell]:
    """Cells that may be best: of any size where the pace counts, the roomiest for each number of replicas where tiles do."""
    if replicas is not None or question.measure is not Level.TILES:
        yield from cells(question.device, replicas)
        return
    most = question.device.core_tiles // max(1, promised.fewest)
    for count in range(1, most + 1):
        yield from roomiest_cells(question.device, count)


def _promised(question: Question, promised: Promise, batch: int, cell: Cell) -> int | None:
    """What the options say that one replica in its cell takes at the least, at the measure; None where they do not fit."""
    interval = promised.interval(cell.device)
    if question.measure is not Level.TILES:
        return interval if question.measure is Level.INTERVAL or interval is None else 1
    paces = [d.at_most for d in question.demands(batch * cell.count) if d.level is Level.INTERVAL]
    tiles = promised.taken(BlockKind.LAYER, min(paces)) if paces else promised.fewest
    return None if tiles is None or tiles > cell.device.core_tiles else tiles


def _stated(question: Question, candidate: Candidate) -> MappingProblem | None:
    """The problem of one replica in its cell, or None where it has no options."""
    count = candidate.cell.count
    demands = tuple(replace(d, at_most=d.at_most // count) if d.level is Level.TILES else d for d in question.demands(candidate.samples))
    try:
        whole = question.at(candidate.batch, candidate.cell.device, demands, candidate.relays)
    except InfeasibleError:
        return None
    return separable(whole) if count > 1 else whole


@dataclass(frozen=True, eq=False)
class Scaled:
    """A mapping of all replicas on the whole device, and the layers as laid out for them."""

    laid_out: LaidOutGraph
    problem: MappingProblem
    result: SolveResult


def solve_replicas(
    question: Question, candidate: Candidate, wanted: tuple[Limit, ...], limits: Limits, progress: ProgressSink
) -> Scaled | None:
    """One replica of a candidate, which is stated, in its cell so that it is as wanted at the measure and all of them route, or None."""
    assert candidate.problem is not None, "only what was asked about is solved"
    problem, cell, every = candidate.problem, candidate.cell, question.laid_out(candidate.samples, candidate.relays)

    def for_all(solution: Solution) -> tuple[MappingProblem, Solution]:
        return replicated(problem, solution, every, question.device, cell)

    def routes(solution: Solution) -> bool:
        try:
            return not lay_streams(*for_all(solution)).congested
        except InfeasibleError:  # the columns with PL run out of ports
            return False

    # A limit of the measure leaves its bound what it is; others would not.
    better = replace(problem, limits=(*problem.limits, *(limit for limit in wanted if limit.level is candidate.measure)))
    result = solve_routed(better, construct(better), limits, progress, routes)
    if result.solution is None:
        return None
    whole, solution = for_all(result.solution)
    return Scaled(every, whole, restated_for_all(whole, solution, result.levels))
