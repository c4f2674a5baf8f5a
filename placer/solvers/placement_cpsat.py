"""The placement problem solved by CP-SAT, with bounds from windows of the graph first."""

from __future__ import annotations

import time
from dataclasses import replace
from importlib.metadata import version

from ortools.sat.python import cp_model

from placer.model.placement import PlacementVariables, build_placement
from placer.placement.answer import Effort, Found, Report
from placer.placement.candidates import candidates
from placer.placement.instance import Block, Face, Instance, Places
from placer.placement.windows import WindowBound, implied_units, pair_bounds, part, windows
from placer.solvers.interruptible import run_interruptibly

# Search strategies; without a deadline they are interleaved in a fixed order.
WORKERS = 8
# Blocks of the largest windows, the part of the effort that all windows may take, and deterministic time for each.
WINDOW_BLOCKS, WINDOWS_PART, WINDOW_WORK = 4, 0.3, 0.5

Likeness = tuple[tuple[tuple[int, int, int, Face, Face], ...], tuple[tuple[int, int, bool], ...]]


class CpSatPlacement:
    """OR-Tools CP-SAT."""

    name = "cp-sat"
    version = version("ortools")

    def solve(self, instance: Instance, start: Places | None, effort: Effort, report: Report) -> Found:
        """The cheapest placement (ExactEngine.solve)."""
        deadline = None if effort.deadline is None else time.monotonic() + WINDOWS_PART * effort.seconds
        bounds, used = window_bounds(instance, Effort(WINDOWS_PART * effort.work, deadline, effort.seed))
        variables = build_placement(instance, candidates(instance), bounds)
        if variables is None:
            return Found(None, 0, infeasible=True)
        if start:
            variables.hint(start)
        solver = _solver(replace(effort, work=effort.work - used), WORKERS)
        status = _solve(solver, variables, report)
        bound = max(0, round(solver.best_objective_bound))
        if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            return Found(_places(variables, solver), bound, infeasible=False)
        return Found(None, bound, infeasible=status == cp_model.INFEASIBLE)


def window_bounds(instance: Instance, effort: Effort) -> tuple[tuple[WindowBound, ...], float]:
    """Bounds from pairs, and from the larger windows that add to those of smaller ones; and the deterministic time that they took."""
    bounds = list(pair_bounds(instance))
    known: dict[Likeness, int] = {}
    used = 0.0
    for size in range(3, min(WINDOW_BLOCKS, len(instance.blocks)) + 1):
        for window in windows(instance, size):
            if used >= effort.work or effort.spent:
                return tuple(bounds), used
            within = tuple(b for b in bounds if set(b.blocks) <= set(window))
            alone = part(instance, window)
            ratio = instance.scale // alone.scale
            likeness = _likeness(alone)
            if likeness not in known:
                local = tuple(WindowBound(tuple(window.index(n) for n in b.blocks), b.units // ratio) for b in within)
                known[likeness], took = _window_units(alone, local, effort.seed)
                used += took
            if known[likeness] * ratio > implied_units(within):
                bounds.append(WindowBound(window, known[likeness] * ratio))
    return tuple(bounds), used


def _likeness(alone: Instance) -> Likeness:
    """What windows of equal bounds have in common."""

    def sizes(b: Block) -> tuple[int, int, int, Face, Face]:
        return b.width, b.height, b.keepout_left, b.input_face, b.output_face

    return tuple(sizes(b) for b in alone.blocks), tuple((link.producer, link.consumer, link.may_share) for link in alone.links)


def _window_units(alone: Instance, bounds: tuple[WindowBound, ...], seed: int) -> tuple[int, float]:
    """A lower bound on the cost of a window, and the deterministic time that it took.

    The first block stands in one column of a grid wide enough for every order of the blocks: a cheapest placement leaves no column
    empty, so that none spreads further, and places that differ by a shift are one.
    """
    spread = sum(b.width + b.keepout_left for b in alone.blocks)
    wide = replace(alone, width=2 * spread + alone.blocks[0].width)
    ways = candidates(wide)
    first = tuple(way for way in ways[0] if way.place[0] == spread)
    variables = build_placement(wide, (first, *ways[1:]), bounds)
    if variables is None:
        return 0, 0.0
    solver = _solver(Effort(WINDOW_WORK, None, seed), 1)
    solver.solve(variables.model)
    return max(0, round(solver.best_objective_bound)), solver.deterministic_time


def _solver(effort: Effort, workers: int) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = effort.seed
    solver.parameters.catch_sigint_signal = False
    if effort.deadline is None:
        solver.parameters.interleave_search = workers > 1
        solver.parameters.max_deterministic_time = max(0.0, effort.work)
    else:
        solver.parameters.max_time_in_seconds = max(0.01, effort.seconds)
    return solver


def _solve(solver: cp_model.CpSolver, variables: PlacementVariables, report: Report) -> cp_model.CpSolverStatus:
    """Minimise the objective, passing on incumbents and bounds; KeyboardInterrupt ends the search."""
    variables.model.minimize(variables.objective)
    reporter = _Reporter(variables, report)
    solver.best_bound_callback = lambda bound: report(None, max(0, round(bound)))
    result: list[cp_model.CpSolverStatus] = []
    run_interruptibly(lambda: result.append(solver.solve(variables.model, reporter)), solver.stop_search)
    return result[0]


class _Reporter(cp_model.CpSolverSolutionCallback):
    """Passes each incumbent on."""

    def __init__(self, variables: PlacementVariables, report: Report) -> None:
        super().__init__()
        self.variables = variables
        self.report = report

    def on_solution_callback(self) -> None:
        places = tuple((self.value(x), self.value(y)) for x, y in zip(self.variables.columns, self.variables.rows, strict=True))
        self.report(places, max(0, round(self.best_objective_bound)))


def _places(variables: PlacementVariables, solver: cp_model.CpSolver) -> Places:
    return tuple((solver.value(x), solver.value(y)) for x, y in zip(variables.columns, variables.rows, strict=True))
