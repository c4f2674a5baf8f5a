"""Pin every variable of a model to a solution, and ask CP-SAT whether its constraints accept it."""

from __future__ import annotations

from collections.abc import Callable

from ortools.sat.python import cp_model

from placer.model.build import build_model
from placer.model.objectives import level_expression
from placer.model.variables import Variables, make_variables
from placer.problem.problem import Level, MappingProblem
from placer.problem.solution import EdgeKind, Solution


def pin(v: Variables, solution: Solution) -> None:
    """Fix options, shapes, corners, kinds, shardings and memory tiles."""
    for b, choice in zip(v.blocks, solution.blocks, strict=True):
        for i, literal in enumerate(b.options):
            v.model.add(literal == (i == choice.option))
        for p in b.picks:
            v.model.add(p.literal == ((p.option, p.shape) == (choice.option, choice.shape)))
        v.model.add(b.column == choice.column)
        v.model.add(b.row == choice.row)
    for n, net in zip(v.nets, solution.nets, strict=True):
        for edge, kind in zip(n.edges, net.kinds, strict=True):
            for k in EdgeKind:
                v.model.add(edge.literal(k) == (k is kind))
        for s in n.shardings:
            v.model.add(s.literal == (s.partition == net.shards))
        v.model.add(n.column == net.column)
        v.model.add(n.row == net.row)


def accepts(problem: MappingProblem, solution: Solution, *families: Callable[[Variables], None]) -> bool:
    """Whether the variables' own rules and those of `families` allow exactly this solution."""
    v = make_variables(problem, placed=True)
    for add in families:
        add(v)
    pin(v, solution)
    solver = cp_model.CpSolver()
    status = solver.solve(v.model)
    assert status in {cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.INFEASIBLE}
    return status != cp_model.INFEASIBLE


def minimum(problem: MappingProblem, solution: Solution, level: Level) -> int:
    """The least value of `level` in the joint model with every decision pinned."""
    v = build_model(problem)
    v.model.minimize(level_expression(v, level))
    pin(v, solution)
    solver = cp_model.CpSolver()
    assert solver.solve(v.model) == cp_model.OPTIMAL
    return round(solver.objective_value)
