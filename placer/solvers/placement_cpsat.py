"""The placement problem solved by CP-SAT."""

from __future__ import annotations

from importlib.metadata import version

from ortools.sat.python import cp_model

from placer.model.placement import PlacementVariables, build_placement
from placer.placement.answer import Effort, Found, Report
from placer.placement.candidates import candidates
from placer.placement.instance import Instance, Places
from placer.solvers.interruptible import run_interruptibly

# Search strategies; without a deadline they are interleaved in a fixed order.
WORKERS = 8


class CpSatPlacement:
    """OR-Tools CP-SAT."""

    name = "cp-sat"
    version = version("ortools")

    def solve(self, instance: Instance, start: Places | None, effort: Effort, report: Report) -> Found:
        """The cheapest placement (ExactEngine.solve)."""
        variables = build_placement(instance, candidates(instance))
        if variables is None:
            return Found(None, 0, infeasible=True)
        if start:
            variables.hint(start)
        solver = _solver(effort)
        status = _solve(solver, variables, report)
        bound = max(0, round(solver.best_objective_bound))
        if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            return Found(_places(variables, solver), bound, infeasible=False)
        return Found(None, bound, infeasible=status == cp_model.INFEASIBLE)


def _solver(effort: Effort) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = WORKERS
    solver.parameters.random_seed = effort.seed
    solver.parameters.catch_sigint_signal = False
    if effort.deadline is None:
        solver.parameters.interleave_search = True
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
