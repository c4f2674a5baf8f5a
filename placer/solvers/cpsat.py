"""The CP-SAT engine: one joint model, minimised level by level.

Each level fixes the ones before it at their values and starts from the best solution so far. Interleaved search under a deterministic limit
gives the same answer on every machine.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.metadata import version

from ortools.sat.python import cp_model

from placer.model.build import build_model
from placer.model.objectives import level_expression
from placer.model.variables import BlockVariables, NetVariables, Variables
from placer.problem import Level, MappingProblem
from placer.solution import BlockChoice, EdgeKind, Evaluation, NetChoice, Solution
from placer.solvers.base import LevelResult, Limits, Progress, ProgressSink, SolveResult, Status


class CpSatSolver:
    """OR-Tools CP-SAT."""

    name = "cp-sat"
    version = version("ortools")

    def solve(self, problem: MappingProblem, seed: Solution | None, limits: Limits, progress: ProgressSink) -> SolveResult:
        """Minimise all levels of `problem` in order (Solver.solve)."""
        v = build_model(problem)
        deadline = None if limits.seconds is None else time.monotonic() + limits.seconds
        best, bounds, work = seed, list[int](), limits.work
        for number, level in enumerate(problem.objective):
            expression = level_expression(v, level)
            v.model.minimize(expression)
            if best:
                _hint(v, best)
            share = work / (len(problem.objective) - number)
            status, found, bound, spent = _run(v, level, _Share(share, deadline, limits.workers, limits.seed), progress)
            work = max(0.0, work - spent)
            if status == cp_model.INFEASIBLE and not best:
                return SolveResult(Status.INFEASIBLE, None, ())
            if found and (not best or Evaluation(problem, found).value(level) <= Evaluation(problem, best).value(level)):
                best = found
            if not best:
                return SolveResult(Status.UNKNOWN, None, ())
            value = Evaluation(problem, best).value(level)
            bounds.append(bound)
            v.model.add(expression <= value)
            progress(Progress(level, value, min(bound, value)))
        return _result(problem, best, tuple(bounds))


def _result(problem: MappingProblem, best: Solution | None, bounds: tuple[int, ...]) -> SolveResult:
    """The values of the last solution: at a level that was left unproven it may be better than when that level was left."""
    if best is None:
        return SolveResult(Status.UNKNOWN, None, ())
    evaluation, results = Evaluation(problem, best), []
    for level, bound in zip(problem.objective, bounds, strict=True):
        value = evaluation.value(level)
        results.append(LevelResult(level, value, min(bound, value)))
    proven = all(r.bound == r.value for r in results)
    return SolveResult(Status.OPTIMAL if proven else Status.FEASIBLE, best, tuple(results))


@dataclass(frozen=True)
class _Share:
    """One level's part of the limits; deadline: on the monotonic clock, or None."""

    work: float
    deadline: float | None
    workers: int
    seed: int


def _run(v: Variables, level: Level, share: _Share, progress: ProgressSink) -> tuple[int, Solution | None, int, float]:
    """One level: CP-SAT's status, its best solution, its lower bound, and the deterministic time it took."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = share.workers
    solver.parameters.interleave_search = True
    solver.parameters.random_seed = share.seed
    solver.parameters.max_deterministic_time = share.work
    if share.deadline is not None:
        solver.parameters.max_time_in_seconds = max(0.01, share.deadline - time.monotonic())
    status = solver.solve(v.model, _Reporter(level, progress))
    solution = _read(v, solver) if status in {cp_model.OPTIMAL, cp_model.FEASIBLE} else None
    bound = max(0, round(solver.best_objective_bound)) if solution else 0
    return int(status), solution, bound, solver.deterministic_time


class _Reporter(cp_model.CpSolverSolutionCallback):
    """Passes each incumbent on."""

    def __init__(self, level: Level, progress: ProgressSink) -> None:
        super().__init__()
        self.level = level
        self.progress = progress

    def on_solution_callback(self) -> None:
        self.progress(Progress(self.level, round(self.objective_value), max(0, round(self.best_objective_bound))))


def _read(v: Variables, solver: cp_model.CpSolver) -> Solution:
    return Solution(tuple(_read_block(b, solver) for b in v.blocks), tuple(_read_net(n, solver) for n in v.nets))


def _read_block(b: BlockVariables, solver: cp_model.CpSolver) -> BlockChoice:
    pick = next((p for p in b.picks if solver.value(p.literal)), None)
    if pick:
        return BlockChoice(pick.option, pick.shape, solver.value(b.column), solver.value(b.row))
    return BlockChoice(next(i for i, literal in enumerate(b.options) if solver.value(literal)), 0, 0, 0)


def _read_net(n: NetVariables, solver: cp_model.CpSolver) -> NetChoice:
    kinds = tuple(next(kind for kind in EdgeKind if solver.value(edge.literal(kind))) for edge in n.edges)
    shards = next((s.partition for s in n.shardings if solver.value(s.literal)), None)
    return NetChoice(kinds, shards, solver.value(n.column), solver.value(n.row))


def _hint(v: Variables, solution: Solution) -> None:
    """Tell CP-SAT a solution to start from."""
    v.model.clear_hints()  # type: ignore[no-untyped-call]
    for b, choice in zip(v.blocks, solution.blocks, strict=True):
        for i, literal in enumerate(b.options):
            v.model.add_hint(literal, i == choice.option)
        for p in b.picks:
            v.model.add_hint(p.literal, (p.option, p.shape) == (choice.option, choice.shape))
        v.model.add_hint(b.column, choice.column)
        v.model.add_hint(b.row, choice.row)
    for n, net in zip(v.nets, solution.nets, strict=True):
        for edge, chosen in zip(n.edges, net.kinds, strict=True):
            for kind in EdgeKind:
                v.model.add_hint(edge.literal(kind), kind is chosen)
        for s in n.shardings:
            v.model.add_hint(s.literal, s.partition == net.shards)
        v.model.add_hint(n.column, net.column)
        v.model.add_hint(n.row, net.row)
