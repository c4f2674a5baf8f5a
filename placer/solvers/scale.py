"""Batch and replicas: how many samples a run takes, which cells of the array to repeat, a mapping in one of them, and streams for all.

Bounds order the candidates: first what the options promise, which costs nothing, then the relaxation without places. The best one is
solved; candidates are taken until none can beat what was reached.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from placer.device import Device
from placer.errors import InfeasibleError
from placer.layers import LayerGraph
from placer.problem.fixed_split import FixedLayer
from placer.problem.formulate import LaidOutGraph, formulate, lay_out
from placer.problem.goals import Scale
from placer.problem.problem import BlockKind, Level, Limit, MappingProblem
from placer.problem.solution import Evaluation, Solution
from placer.relays import with_relays
from placer.routing.streams import lay_streams
from placer.solvers.base import Limits, ProgressSink, SolveResult
from placer.solvers.construct import construct
from placer.solvers.cpsat_level import Budget, silent
from placer.solvers.cpsat_relaxation import relax
from placer.solvers.promise import Promise, promise
from placer.solvers.replicas import Cell, cells, is_replicable, replicated, restated_for_all, roomiest_cells, separable
from placer.solvers.routed import solve_routed

# Deterministic time for the bound of one candidate, how many are bounded, and how many are tried to the end.
BOUND_WORK, BOUNDS, TRIES = 0.5, 40, 8
# More samples a run are looked at until twice so many, and again, promise less than this part more.
WORTHWHILE = 0.01

_Rank = tuple[float, int, int, int, int]
# What is demanded of so many samples a run, of all replicas together.
Demands = Callable[[int], tuple[Limit, ...]]


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
        """What candidates are compared by: their tiles where these lead the objective, else the cycles of a sample."""
        return Level.TILES if self.problem.objective[0] is Level.TILES else Level.INTERVAL

    def at(self, batch: int, device: Device, demands: tuple[Limit, ...], relays: int) -> MappingProblem:
        """The problem of one replica of `batch` samples on a part of the array."""
        laid_out = lay_out(with_relays(self.graph, relays), batch, self.device)
        return formulate(laid_out, device, self.problem.objective, self.problem.row_weight, demands, self.fixed)


@dataclass(frozen=True, eq=False)
class Scaled:
    """The best mapping found, on the whole device, and the layers as laid out for all its replicas."""

    laid_out: LaidOutGraph
    problem: MappingProblem
    result: SolveResult


@dataclass(frozen=True)
class _Candidate:
    """So many samples in each of so many cells, with relays, and a lower bound of what they cost: tiles, or cycles a sample."""

    cost: float
    batch: int
    cell: Cell
    relays: int

    @property
    def rank(self) -> _Rank:
        """The order in which candidates are taken; of equal ones the smallest."""
        return self.cost, self.batch, self.relays, self.cell.count, self.cell.device.columns

    @property
    def samples(self) -> int:
        """Of all replicas."""
        return self.batch * self.cell.count


def solve_scaled(question: Question, scale: Scale, limits: Limits, progress: ProgressSink) -> Scaled | None:
    """The mapping of all batches, replicas and relays that costs least, in tiles or cycles a sample; None when none was found."""
    # Candidates without a problem are not bounded yet; one that is keeps its problem until it is solved.
    queue: list[tuple[_Rank, int, _Candidate, MappingProblem | None]] = []
    queue += [(c.rank, number, c, None) for number, c in enumerate(_candidates(question, scale))]
    heapq.heapify(queue)
    best, cost, bounded, tried = None, float("inf"), 0, 0
    while queue and tried < TRIES:
        _, number, candidate, problem = heapq.heappop(queue)
        if candidate.cost >= cost:
            break
        if problem is None:
            problem = _stated(question, candidate)
            if problem is None:
                continue
            if bounded < BOUNDS:
                bounded += 1
                closer = _bound(question.measure, candidate, problem)
                if closer:
                    heapq.heappush(queue, (closer.rank, number, closer, problem))
                continue
        tried += 1
        found = _solve(question, candidate, problem, limits, progress)
        if found and (reached := _cost(question.measure, found)) < cost:
            best, cost = found, reached
    return best


def _candidates(question: Question, scale: Scale) -> Iterator[_Candidate]:
    """Every batch in every cell, at the cost that the options promise, up to the batch from which more samples promise no more."""
    least, idle = float("inf"), 0
    for batch in scale.batches:
        found = _of_batch(question, scale, batch)
        if found is None:
            return
        yield from found
        lowest = min((c.cost for c in found), default=float("inf"))
        idle = 0 if lowest < (1 - WORTHWHILE) * least else idle + 1
        least = min(least, lowest)
        if least < float("inf") and idle == 2:
            return


def _of_batch(question: Question, scale: Scale, batch: int) -> list[_Candidate] | None:
    """Every cell with every number of relays that fits; None where no options do."""
    found: list[_Candidate] = []
    for relays in scale.relays:
        try:
            promised = promise(question.at(batch, question.device, question.demands(batch), relays))
        except InfeasibleError:
            return found if relays > scale.relays[0] else None
        for cell in _cells(question, scale.replicas, promised):
            cost = _promised(question, promised, batch, cell)
            if cost is not None and _cuts_apart(question, batch, cell.count):
                found.append(_Candidate(cost, batch, cell, relays))
    return found


def _cuts_apart(question: Question, batch: int, count: int) -> bool:
    """Whether the samples of so many replicas do not share a block of rows."""
    return is_replicable(lay_out(question.graph, batch, question.device), lay_out(question.graph, count * batch, question.device), count)


def _cells(question: Question, replicas: int | None, promised: Promise) -> Iterator[Cell]:
    """Cells that may be best: of any size where the pace counts, the roomiest for each number of replicas where tiles do."""
    if replicas is not None or question.measure is not Level.TILES:
        yield from cells(question.device, replicas)
        return
    most = question.device.core_tiles // max(1, promised.fewest)
    for count in range(1, most + 1):
        yield from roomiest_cells(question.device, count)


def _promised(question: Question, promised: Promise, batch: int, cell: Cell) -> float | None:
    """What the options say that so many cells cost at the least; None where they do not fit."""
    if question.measure is Level.INTERVAL:
        interval = promised.interval(cell.device)
        return None if interval is None else interval / (batch * cell.count)
    paces = [d.at_most for d in question.demands(batch * cell.count) if d.level is Level.INTERVAL]
    tiles = promised.taken(BlockKind.LAYER, min(paces)) if paces else promised.fewest
    return None if tiles is None or tiles > cell.device.core_tiles else float(tiles * cell.count)


def _stated(question: Question, candidate: _Candidate) -> MappingProblem | None:
    """The problem of one replica in its cell, or None where it has no options."""
    count = candidate.cell.count
    demands = tuple(replace(d, at_most=d.at_most // count) if d.level is Level.TILES else d for d in question.demands(candidate.samples))
    try:
        whole = question.at(candidate.batch, candidate.cell.device, demands, candidate.relays)
    except InfeasibleError:
        return None
    return separable(whole) if count > 1 else whole


def _bound(measure: Level, candidate: _Candidate, problem: MappingProblem) -> _Candidate | None:
    """The candidate at the cost that the relaxation proves, or None where that has no solution."""
    alone = replace(problem, objective=(measure,))
    relaxed = relax(alone, candidate.cell.device.core_tiles, Budget(BOUND_WORK, None, 1, 0), BOUND_WORK, silent)
    if relaxed.infeasible:
        return None
    each = relaxed.bounds[0] if relaxed.bounds else 0
    cost = each * candidate.cell.count if measure is Level.TILES else each / candidate.samples
    return replace(candidate, cost=max(float(cost), candidate.cost))


def _cost(measure: Level, found: Scaled) -> float:
    """What a mapping of all replicas costs."""
    assert found.result.solution is not None, "only mappings are kept"
    value = Evaluation(found.problem, found.result.solution).value(measure)
    return float(value) if measure is Level.TILES else value / found.laid_out.batch


def _solve(question: Question, candidate: _Candidate, problem: MappingProblem, limits: Limits, progress: ProgressSink) -> Scaled | None:
    """One replica in its cell so that all of them route, or None."""
    cell, every = candidate.cell, lay_out(with_relays(question.graph, candidate.relays), candidate.samples, question.device)

    def for_all(solution: Solution) -> tuple[MappingProblem, Solution]:
        return replicated(problem, solution, every, question.device, cell)

    def routes(solution: Solution) -> bool:
        try:
            return not lay_streams(*for_all(solution)).congested
        except InfeasibleError:  # the columns with PL run out of ports
            return False

    result = solve_routed(problem, construct(problem), limits, progress, routes)
    if result.solution is None:
        return None
    whole, solution = for_all(result.solution)
    return Scaled(every, whole, restated_for_all(whole, solution, result.levels))
