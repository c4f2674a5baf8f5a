"""One objective level of one CP-SAT model: search, read the solution, hint the next search."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import isfinite

from ortools.sat.python import cp_model

from placer.model.linear import Expression
from placer.model.variables import BlockVariables, NetVariables, Variables
from placer.problem.problem import Level
from placer.problem.solution import BlockChoice, EdgeKind, NetChoice, Solution
from placer.solvers.base import Limits, Progress, ProgressSink
from placer.solvers.interruptible import run_interruptibly


@dataclass
class Budget:
    """What is left of a solve's limits. deadline: on the monotonic clock, or None."""

    work: float
    deadline: float | None
    workers: int
    seed: int

    @classmethod
    def of(cls, limits: Limits) -> Budget:
        """A budget that starts now."""
        deadline = None if limits.seconds is None else time.monotonic() + limits.seconds
        return cls(limits.work, deadline, limits.workers, limits.seed)


@dataclass(frozen=True)
class Search:
    """What one search gave: a solution or None, whether it is proven best, whether there is provably none, and a proven lower bound."""

    solution: Solution | None
    proven: bool
    infeasible: bool
    bound: int


def silent(progress: Progress) -> None:
    """A sink for searches whose objective is no level."""


def minimise(v: Variables, level: Level, expression: Expression, budget: Budget, share: float, progress: ProgressSink) -> Search:
    """Minimise `expression` with at most `share` of deterministic time, which is taken off the budget.

    Raises KeyboardInterrupt at Ctrl-C, which the library would take for the end of this one search.
    """
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = budget.workers
    solver.parameters.interleave_search = budget.workers > 1
    if budget.workers > 1:
        # With it, interleaved searches were seen to differ between runs.
        solver.parameters.symmetry_level = 0
    solver.parameters.random_seed = budget.seed
    solver.parameters.max_deterministic_time = share
    if v.placed:
        # Packing is what is hard: measured, these prove in a second what the defaults leave open, and the linear relaxation adds nothing.
        solver.parameters.use_timetabling_in_no_overlap_2d = True
        solver.parameters.use_energetic_reasoning_in_no_overlap_2d = True
        solver.parameters.linearization_level = 0
    else:
        # Without places the linear relaxation is nearly exact; probing costs more than the whole search.
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.linearization_level = 2
    if budget.deadline is not None:
        solver.parameters.max_time_in_seconds = max(0.01, budget.deadline - time.monotonic())
    v.model.minimize(expression)
    solver.parameters.catch_sigint_signal = False
    reporter, ended = _Reporter(level, progress), list[cp_model.CpSolverStatus]()
    run_interruptibly(lambda: ended.append(solver.solve(v.model, reporter)), solver.stop_search)
    (status,) = ended
    budget.work = max(0.0, budget.work - solver.deterministic_time)
    if status == cp_model.INFEASIBLE:
        return Search(None, False, True, 0)
    found = _read(v, solver) if status in {cp_model.OPTIMAL, cp_model.FEASIBLE} else None
    return Search(found, status == cp_model.OPTIMAL, False, _bound(solver))


def _bound(solver: cp_model.CpSolver) -> int:
    """What the search proved; all levels are at least 0."""
    bound = solver.best_objective_bound
    return max(0, round(bound)) if isfinite(bound) else 0


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
    option = next(i for i, literal in enumerate(b.options) if solver.value(literal))
    shape = next((p.shape for p in b.picks if solver.value(p.literal)), 0)
    return BlockChoice(option, shape, solver.value(b.column), solver.value(b.row))


def _read_net(n: NetVariables, solver: cp_model.CpSolver) -> NetChoice:
    kinds = tuple(next(kind for kind in EdgeKind if solver.value(edge.literal(kind))) for edge in n.edges)
    shards = next((s.partition for s in n.shardings if solver.value(s.literal)), None)
    return NetChoice(kinds, shards, solver.value(n.column), solver.value(n.row))


def hint(v: Variables, solution: Solution) -> None:
    """Tell CP-SAT a solution to start from."""
    v.model.clear_hints()  # type: ignore[no-untyped-call]
    for b, choice in zip(v.blocks, solution.blocks, strict=True):
        for i, literal in enumerate(b.options):
            v.model.add_hint(literal, i == choice.option)
        for p in b.picks:
            v.model.add_hint(p.literal, (p.option, p.shape) == (choice.option, choice.shape))
        if v.placed:
            v.model.add_hint(b.column, choice.column)
            v.model.add_hint(b.row, choice.row)
    for n, net in zip(v.nets, solution.nets, strict=True):
        _hint_net(v, n, net, solution)


def pin(v: Variables, blocks: tuple[BlockChoice, ...]) -> None:
    """Hold every block where it stands; options must be those of the model, one a block."""
    for b, choice in zip(v.blocks, blocks, strict=True):
        v.model.add(b.column == choice.column)
        v.model.add(b.row == choice.row)
        for pick in b.picks:
            v.model.add(pick.literal == (pick.shape == choice.shape))


def _hint_net(v: Variables, n: NetVariables, net: NetChoice, solution: Solution) -> None:
    for s in n.shardings:
        v.model.add_hint(s.literal, s.partition == net.shards)
    if v.placed:
        v.model.add_hint(n.column, net.column)
        v.model.add_hint(n.row, net.row)
    written = v.blocks[n.net.producer].block.options[solution.blocks[n.net.producer].option].output
    for edge, chosen, reader in zip(n.edges, net.kinds, n.net.readers, strict=True):
        read = v.blocks[reader.block].block.options[solution.blocks[reader.block].option].inputs[reader.port]
        for kind in EdgeKind:
            v.model.add_hint(edge.literal(kind), kind is chosen)
        for flow in edge.direct:
            v.model.add_hint(flow.shared_memory, chosen is EdgeKind.SHARED_MEMORY and flow.partition == written)
            v.model.add_hint(flow.dma, chosen is EdgeKind.DMA and flow.partition == written)
        for flows, partition in ((edge.writes, written), (edge.reads, read)):
            for through in flows:
                own = n.shardings[through.sharding].partition == net.shards
                v.model.add_hint(through.literal, chosen is EdgeKind.MEMORY_TILE and own and through.partition == partition)
