"""Short ways from a graph to a solved and assembled mapping."""

from __future__ import annotations

from placer.device import Device
from placer.layers import LayerGraph
from placer.mapping import Mapping, SolverRecord
from placer.pipeline.assemble import Provenance, assemble
from placer.problem.formulate import LaidOutGraph, formulate, lay_out
from placer.problem.goals import Scale
from placer.problem.problem import Level, Limit, MappingProblem
from placer.problem.solution import Evaluation, Solution
from placer.solvers.base import LevelResult, Limits, Progress, SolveResult, Status
from placer.solvers.cpsat import CpSatSolver
from placer.solvers.scale import Candidate, Cost, Question, Scaled, best_of, solve_replicas

ALL_LEVELS = (Level.INTERVAL, Level.LATENCY, Level.TILES, Level.TRANSPORT, Level.COMPACTNESS)
PROVENANCE = Provenance("0" * 64, SolverRecord("cp-sat", "0", 0, 1, 1.0))


def limits(work: float = 2.0, seed: int = 0) -> Limits:
    """Deterministic limits without a wall clock, one search strategy."""
    return Limits(work, None, 1, seed)


def ignore(_: Progress) -> None:
    """A progress sink that drops the news."""


def stated(
    graph: LayerGraph, device: Device, batch: int = 1, levels: tuple[Level, ...] = ALL_LEVELS, row_weight: float = 1.0
) -> tuple[LaidOutGraph, MappingProblem]:
    """A graph laid out on a device, and its mapping problem."""
    laid_out = lay_out(graph, batch, device)
    return laid_out, formulate(laid_out, device, levels, row_weight)


def solve(problem: MappingProblem, seed: Solution | None = None, work: float = 2.0) -> SolveResult:
    """What CP-SAT answers within `work` units of deterministic time."""
    return CpSatSolver().solve(problem, seed, limits(work), ignore)


def scaled(question: Question, scale: Scale, work: float = 2.0) -> Scaled | None:
    """The mapping of all batches, replicas and relays that costs least in the solver's terms."""

    def solved(candidate: Candidate, wanted: tuple[Limit, ...]) -> tuple[Cost, Scaled] | None:
        found = solve_replicas(question, candidate, wanted, limits(work), ignore)
        return (cost_of(question, found), found) if found else None

    return best_of(question, scale, solved)


def cost_of(question: Question, found: Scaled) -> Cost:
    """What a mapping of all replicas costs."""
    assert found.result.solution is not None
    evaluation = Evaluation(found.problem, found.result.solution)
    return question.cost(evaluation.value(question.measure), evaluation.interval(), found.laid_out.batch)


def as_result(problem: MappingProblem, solution: Solution) -> SolveResult:
    """A solution that comes without any proof, as a result with bounds of 0 (1 below a value of 0 would be no bound)."""
    values = [(level, Evaluation(problem, solution).value(level)) for level in problem.objective]
    levels = tuple(LevelResult(level, value, 0) for level, value in values)
    proven = all(value == 0 for _, value in values)
    return SolveResult(Status.OPTIMAL if proven else Status.FEASIBLE, solution, levels)


def assembled(laid_out: LaidOutGraph, problem: MappingProblem, result: SolveResult) -> Mapping:
    """The mapping of a result."""
    return assemble(problem, laid_out, result, PROVENANCE)
