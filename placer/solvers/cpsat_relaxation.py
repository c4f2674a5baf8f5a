"""What options alone can reach: bounds of the leading levels, options that reach them, and every option that some optimum uses."""

from __future__ import annotations

from dataclasses import dataclass, replace

from placer.model.build import build_relaxation
from placer.model.likeness import add_likeness, has_likes
from placer.model.linear import total
from placer.model.objectives import level_expression
from placer.model.variables import Variables
from placer.problem.problem import Level, Limit, MappingProblem
from placer.problem.solution import Evaluation, Solution
from placer.solvers.base import Progress, ProgressSink
from placer.solvers.cpsat_level import Budget, Search, hint, minimise, silent
from placer.solvers.promise import promise
from placer.solvers.shortest import Questions, Shortest, limited, promised, refuted, shortest

# Parts of the work left that go into the smaller form of a relaxation, into how short the interval can be, and into proving that.
ALIKE_PART, SHORTEST_PART, REFUTING_PART = 0.5, 0.3, 0.7
# Deterministic time for the later levels, in the smaller form and in the whole one, where no more than a look is taken.
LATER_WORK = 0.3
# The levels whose value the options and edge kinds alone decide.
PLACELESS = (Level.INTERVAL, Level.LATENCY, Level.TILES)


Supported = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Relaxed:
    """What the relaxation of a problem gave.

    bounds: of the leading levels, each given that the ones before it meet theirs; shorter than `leading` when the limit came first.
    reached: values of the leading levels at the best solution, or where there is none the bounds.
    options: one option number a block that meets the bounds, or empty. alike: the interval, where it leads, is no shorter in solutions in
    which layers alike choose alike.
    """

    leading: tuple[Level, ...]
    infeasible: bool
    bounds: tuple[int, ...]
    reached: tuple[int, ...]
    options: tuple[int, ...]
    alike: int = 0

    def meets_first(self, problem: MappingProblem, solution: Solution) -> bool:
        """Whether a solution is proven best in the first level."""
        return self.bounds[:1] == (Evaluation(problem, solution).value(self.leading[0]),)


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
    quick: bool = False,
    known: Shortest | None = None,
) -> Relaxed:
    """Minimise the leading levels over options and edge kinds on at most `tiles` core tiles, with at most `work` of deterministic time.

    seed: a mapping to start from; its places do not matter. quick: whether an interval that leads is asked for, and no more than a look is
    taken at the levels after it: where layers are few, minimising finds it as soon.
    known: the shortest interval of layers that choose alike, if that was asked for already.
    """
    leading = leading_levels(problem.objective)
    floor = budget.work - work
    if quick and leading[0] is Level.INTERVAL:
        return _shortest_first(problem, tiles, budget, floor, progress, known or promised(problem, _within(problem, tiles, seed)))
    seed = known.solution if known and known.solution else seed
    if has_likes(problem):
        seed = _alike(problem, tiles, leading, budget, work * ALIKE_PART, seed)
    return _minimised(problem, tiles, (), budget, floor, progress, seed)


def _shortest_first(problem: MappingProblem, tiles: int, budget: Budget, floor: float, progress: ProgressSink, known: Shortest) -> Relaxed:
    """As relax, where the interval leads: how short it can be is asked for, and the other levels are minimised with it given."""
    leading, alike = leading_levels(problem.objective), has_likes(problem)
    short = known
    if alike:
        short = shortest(Questions(problem, tiles, True), known, budget, SHORTEST_PART * (budget.work - floor))
    of_alike = short.least
    every_choice = Questions(problem, tiles, False)
    if not alike or short.solution is None:
        known = promised(problem, None) if alike else known
        short = shortest(every_choice, known, budget, SHORTEST_PART * (budget.work - floor))
    else:
        short = replace(short, least=promised(problem, None).least)
    short = refuted(every_choice, short, budget, REFUTING_PART * (budget.work - floor))
    if short.solution is None:
        return Relaxed(leading, short.least > every_choice.longest, (short.least,), (short.least,), ())
    interval = Evaluation(problem, short.solution).interval()
    given = limited(problem, (Limit(Level.INTERVAL, interval),))
    progress(Progress(Level.INTERVAL, interval, short.least))
    floor = max(floor, budget.work - 2 * LATER_WORK)
    proven, best = interval == short.least, short.solution
    if alike or not proven:
        best = _alike(given, tiles, leading[1:], budget, ALIKE_PART * (budget.work - floor), best) or best
    if not proven:
        # A bound of the next level would hold only given this level's value, which is not proven.
        return Relaxed(leading, False, (short.least,), _reached(problem, best, []), _options(best), of_alike)
    return _minimised(given, tiles, (interval,), budget, floor, progress, best)


def _minimised(
    problem: MappingProblem,
    tiles: int,
    proven: tuple[int, ...],
    budget: Budget,
    floor: float,
    progress: ProgressSink,
    seed: Solution | None,
) -> Relaxed:
    """As relax, level by level. proven: what the first levels are bounded by, which the limits of `problem` and `seed` keep."""
    leading = leading_levels(problem.objective)
    v = build_relaxation(problem, tiles)
    if seed:
        hint(v, seed)
    bounds, found = list(proven), seed if proven else None
    known = _within(problem, tiles, seed)
    for level in leading[len(proven) :]:
        expression = level_expression(v, level)
        if known:
            # Presolve leaves out what is slower than a known solution.
            v.model.add(expression <= Evaluation(problem, known).value(level))
        search = minimise(v, level, expression, budget, budget.work - floor, progress)
        if search.solution is None:
            bounds += [least] if (least := _least(problem, level, search)) else []
            return Relaxed(leading, search.infeasible, tuple(bounds), _reached(problem, found, bounds), _options(found))
        known = None
        found = search.solution
        value = Evaluation(problem, found).value(level)
        bounds.append(min(_least(problem, level, search), value))
        if bounds[-1] < value:
            # A bound of the next level would hold only given this level's value, which is not proven.
            return Relaxed(leading, False, tuple(bounds), _reached(problem, found, bounds), _options(found))
        v.model.add(expression <= value)
        hint(v, found)
    return Relaxed(leading, False, tuple(bounds), _reached(problem, found, bounds), _options(found))


def _least(problem: MappingProblem, level: Level, search: Search) -> int:
    """A lower bound of a level: what its search proved, or what options promise where that did not come so far."""
    promised = promise(problem).interval(problem.device) if level is Level.INTERVAL else None
    return max(search.bound, promised or 0)


def _alike(
    problem: MappingProblem, tiles: int, levels: tuple[Level, ...], budget: Budget, work: float, seed: Solution | None
) -> Solution | None:
    """The best solution in which layers alike choose alike, level by level, as far as it is found, or `seed`."""
    v = build_relaxation(problem, tiles)
    add_likeness(v)
    return descend(v, levels, budget, work, seed, _within(problem, tiles, seed)) or seed


def _within(problem: MappingProblem, tiles: int, solution: Solution | None) -> Solution | None:
    """A solution, if it takes no more than so many tiles."""
    return solution if solution and Evaluation(problem, solution).tiles() <= tiles else None


def descend(
    v: Variables, levels: tuple[Level, ...], budget: Budget, work: float, start: Solution | None, best: Solution | None = None
) -> Solution | None:
    """The best solution of a relaxation that is found when `levels` are minimised in order; never worse than `best`, if given.

    start: where the search starts; need not be a solution.
    """
    floor = budget.work - work
    for level in levels:
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


def supported(problem: MappingProblem, relaxed: Relaxed, budget: Budget, work: float) -> Supported:
    """For each block, every option that a mapping which meets all bounds of the leading levels can use; all options at the limit.

    Found by asking for as many new ones as possible.
    """
    every = tuple(tuple(range(len(b.options))) for b in problem.blocks)
    floor = budget.work - work
    met = tuple(Limit(level, bound) for level, bound in zip(relaxed.leading, relaxed.bounds, strict=True))
    v = build_relaxation(limited(problem, met), problem.device.core_tiles)
    seen = [{option} for option in relaxed.options]
    while True:
        unseen = [lit for b, known in zip(v.blocks, seen, strict=True) for i, lit in enumerate(b.options) if i not in known]
        search = minimise(v, relaxed.leading[-1], -total(unseen), budget, budget.work - floor, silent)
        if search.solution is None:
            return every
        fresh = [c.option not in known for c, known in zip(search.solution.blocks, seen, strict=True)]
        if not any(fresh):
            return tuple(tuple(sorted(known)) for known in seen) if search.proven else every
        for choice, known in zip(search.solution.blocks, seen, strict=True):
            known.add(choice.option)
