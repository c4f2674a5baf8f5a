"""What options alone can reach: bounds of the leading levels, options that reach them, and every option that some optimum uses."""

from __future__ import annotations

from dataclasses import dataclass

from placer.model.build import build_relaxation
from placer.model.likeness import add_likeness, has_likes
from placer.model.linear import total
from placer.model.objectives import level_expression
from placer.model.variables import Variables
from placer.problem.problem import Level, MappingProblem
from placer.problem.solution import Evaluation, Solution
from placer.solvers.base import ProgressSink
from placer.solvers.cpsat_level import Budget, Search, hint, minimise, silent
from placer.solvers.promise import promise

# The part of a relaxation's work that goes into its smaller form.
ALIKE_PART = 0.5
# The levels whose value the options and edge kinds alone decide.
PLACELESS = (Level.INTERVAL, Level.LATENCY, Level.TILES)


@dataclass(frozen=True)
class Relaxed:
    """What the relaxation of a problem gave.

    bounds: of the leading levels, each given that the ones before it meet theirs; shorter than `leading` when the limit came first.
    reached: values of the leading levels at the best solution, or where there is none the bounds.
    options: one option number a block that meets the bounds, or empty. supported: for each block, every option that a mapping which meets
    all bounds can use.
    """

    leading: tuple[Level, ...]
    infeasible: bool
    bounds: tuple[int, ...]
    reached: tuple[int, ...]
    options: tuple[int, ...]
    supported: tuple[tuple[int, ...], ...]


def leading_levels(objective: tuple[Level, ...]) -> tuple[Level, ...]:
    """The placeless levels before the first one that needs places."""
    end = next((i for i, level in enumerate(objective) if level not in PLACELESS), len(objective))
    return objective[:end]


def relax(
    problem: MappingProblem,
    tiles: int,
    budget: Budget,
    work: float,
    progress: ProgressSink,
    seed: Solution | None = None,
    support: bool = True,
) -> Relaxed:
    """Minimise the leading levels over options and edge kinds on at most `tiles` core tiles, with at most `work` of deterministic time.

    seed: a mapping to start from; its places do not matter. support: whether to find out which options optima use, or to count all.
    """
    leading = leading_levels(problem.objective)
    every = tuple(tuple(range(len(b.options))) for b in problem.blocks)
    floor = budget.work - work
    if has_likes(problem):
        seed = _alike(problem, tiles, budget, work * ALIKE_PART, seed)
    v = build_relaxation(problem, tiles)
    if seed:
        hint(v, seed)
    bounds: list[int] = []
    found: Solution | None = None
    for level in leading:
        expression = level_expression(v, level)
        if level is leading[0] and (known := _within(problem, tiles, seed)):
            # Presolve leaves out what is slower than a known solution.
            v.model.add(expression <= Evaluation(problem, known).value(level))
        search = minimise(v, level, expression, budget, budget.work - floor, progress)
        if search.solution is None:
            bounds += [least] if (least := _least(problem, level, search)) else []
            return Relaxed(leading, search.infeasible, tuple(bounds), _reached(problem, found, bounds), _options(found), every)
        found = search.solution
        value = Evaluation(problem, found).value(level)
        bounds.append(min(_least(problem, level, search), value))
        if bounds[-1] < value:
            # A bound of the next level would hold only given this level's value, which is not proven.
            return Relaxed(leading, False, tuple(bounds), _reached(problem, found, bounds), _options(found), every)
        v.model.add(expression <= value)
        hint(v, found)
    supported = _supported(v, leading[-1], found, budget, floor) if found and support else None
    return Relaxed(leading, False, tuple(bounds), _reached(problem, found, bounds), _options(found), supported or every)


def _least(problem: MappingProblem, level: Level, search: Search) -> int:
    """A lower bound of a level: what its search proved, or what options promise where that did not come so far."""
    promised = promise(problem).interval(problem.device) if level is Level.INTERVAL else None
    return max(search.bound, promised or 0)


def _alike(problem: MappingProblem, tiles: int, budget: Budget, work: float, seed: Solution | None) -> Solution | None:
    """The best solution in which layers alike choose alike, as far as it is found, or `seed`."""
    v = build_relaxation(problem, tiles)
    add_likeness(v)
    return descend(v, budget, work, seed, _within(problem, tiles, seed)) or seed


def _within(problem: MappingProblem, tiles: int, solution: Solution | None) -> Solution | None:
    """A solution, if it takes no more than so many tiles."""
    return solution if solution and Evaluation(problem, solution).tiles() <= tiles else None


def descend(v: Variables, budget: Budget, work: float, start: Solution | None, best: Solution | None = None) -> Solution | None:
    """The best solution of a relaxation that is found when its leading levels are minimised in order; never worse than `best`, if given.

    start: where the search starts; need not be a solution.
    """
    floor = budget.work - work
    for level in leading_levels(v.problem.objective):
        expression = level_expression(v, level)
        if best:
            v.model.add(expression <= Evaluation(v.problem, best).value(level))
        if known := best or start:
            hint(v, known)
        search = minimise(v, level, expression, budget, budget.work - floor, silent)
        if search.solution is None:
            continue
        best = search.solution
        v.model.add(expression <= Evaluation(v.problem, best).value(level))
    return best


def _options(solution: Solution | None) -> tuple[int, ...]:
    return tuple(b.option for b in solution.blocks) if solution else ()


def _reached(problem: MappingProblem, solution: Solution | None, bounds: list[int]) -> tuple[int, ...]:
    if solution is None:
        return tuple(bounds)
    return tuple(Evaluation(problem, solution).value(level) for level in leading_levels(problem.objective))


def _supported(v: Variables, level: Level, found: Solution, budget: Budget, floor: float) -> tuple[tuple[int, ...], ...] | None:
    """Every option of every block that some optimum takes, found by asking for as many new ones as possible; None at the limit."""
    seen = [{choice.option} for choice in found.blocks]
    while True:
        unseen = [lit for b, known in zip(v.blocks, seen, strict=True) for i, lit in enumerate(b.options) if i not in known]
        search = minimise(v, level, -total(unseen), budget, budget.work - floor, silent)
        if search.solution is None:
            return None
        fresh = [c.option not in known for c, known in zip(search.solution.blocks, seen, strict=True)]
        if not any(fresh):
            return tuple(tuple(sorted(known)) for known in seen) if search.proven else None
        for choice, known in zip(search.solution.blocks, seen, strict=True):
            known.add(choice.option)
