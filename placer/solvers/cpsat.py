"""The CP-SAT engine: relax, place, close.

1. The relaxation without places bounds the levels that places do not enter, and finds options that meet the bounds.
2. The joint model of those options alone finds places: a legal mapping that often meets the bounds.
3. The joint model of every option that can still matter, started from the best mapping so far, improves or proves the other levels.

Each step minimises level by level, fixing a level before the next. One search thread under a deterministic limit gives the same answer on
every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version

from placer.model.build import build_model
from placer.model.objectives import level_expression
from placer.model.variables import Variables
from placer.problem.problem import BlockKind, Level, Limit, MappingProblem
from placer.problem.solution import Evaluation, Solution
from placer.solvers.base import LevelResult, Limits, Progress, ProgressSink, SolveResult, Status
from placer.solvers.cpsat_level import Budget, Search, hint, minimise, pin, silent
from placer.solvers.cpsat_relaxation import Relaxed, Supported, leading_levels, relax, supported
from placer.solvers.places import engine_places
from placer.solvers.shortest import Shortest, limited

# Parts of the work left that the relaxation, then the placing, and then finding what optima use may take.
RELAXATION_PART, PLACING_PART, SUPPORT_PART = 0.5, 0.7, 0.4
# Work for the buffers of layers whose places are given.
BUFFERS_WORK = 0.3
# Core tiles that successive relaxations may use, as parts of all: where the best options do not pack, a little room often lets them.
TILE_PARTS = (1.0, 0.95, 0.85, 0.7)
# With more layers than this, places are sought in so much work alone, and a rescuer is asked besides unless they meet the first bound:
# where they are found at all they are found at once, as in a small array; else they take long, and streams that run far find no lanes.
MANY_LAYERS, MANY_PLACING = 8, 0.3

Acceptance = Callable[[Solution], bool]
# Another mapping, of a problem whose relaxation gave this (None without one), in place of one that was not accepted or not found (None).
Rescue = Callable[[Relaxed | None, Solution | None], Solution | None]


def anything(solution: Solution) -> bool:
    """Accepts every mapping."""
    return True


def nothing(relaxed: Relaxed | None, refused: Solution | None) -> Solution | None:
    """Has no other mapping."""
    return None


class CpSatSolver:
    """OR-Tools CP-SAT."""

    name = "cp-sat"
    version = version("ortools")

    def solve(
        self,
        problem: MappingProblem,
        seed: Solution | None,
        limits: Limits,
        progress: ProgressSink,
        accepts: Acceptance = anything,
        rescue: Rescue = nothing,
        known: Shortest | None = None,
    ) -> SolveResult:
        """Minimise all levels of `problem` in order (Solver.solve).

        accepts: a check that the model does not state. Where the second step finds no mapping that passes it, `rescue` is asked for one
        that does, and ends the search. Without one, a mapping that was not accepted leaves its levels in a result that is UNKNOWN. A
        mapping from the third step that fails gives way to that of the second. known: of the interval that options alone reach, if
        something is.
        """
        budget = Budget.of(limits)
        if not leading_levels(problem.objective):
            return _checked(problem, solve_jointly(problem, seed, limits, progress), (), accepts, rescue)
        many = many_layers(problem)
        work = budget.work * RELAXATION_PART
        relaxed = relax(problem, problem.device.core_tiles, budget, work, progress, seed, many and forks(problem), known)
        if relaxed.infeasible:
            return SolveResult(Status.INFEASIBLE, None, ())
        if many and (found := _quick_or_rescued(problem, relaxed, budget, progress, accepts, rescue)):
            return restated(problem, found, relaxed.bounds)
        placed = _place(problem, relaxed, budget, progress, accepts)
        if placed.solution is None or not accepts(placed.solution):
            saved = None if many else rescue(relaxed, placed.solution)
            if saved:
                return restated(problem, saved, relaxed.bounds)
            if placed.solution:
                return _refused(problem, placed.solution, relaxed.bounds)
        best = better(problem, seed, placed.solution)
        meets = best is not None and _met(problem, best, relaxed)
        wide = supported(problem, relaxed, budget, budget.work * SUPPORT_PART) if meets else _every(problem)
        if placed.solution and best is placed.solution and wide == tuple((i,) for i in relaxed.options):
            return placed
        result = _Levels(narrowed(problem, wide), budget, progress, relaxed.bounds).run(inside(best, wide), budget.work)
        result = replace(result, solution=outside(result.solution, wide))
        if placed.solution and result.solution and not accepts(result.solution):
            return restated(problem, placed.solution, tuple(r.bound for r in result.levels))
        return _checked(problem, result, relaxed.bounds, accepts, nothing)


def many_layers(problem: MappingProblem) -> bool:
    """Whether places take so long to find that one look must do."""
    return sum(b.kind is BlockKind.LAYER for b in problem.blocks) > MANY_LAYERS


def forks(problem: MappingProblem) -> bool:
    """Whether several layers read one activation: in a chain no layer waits for a longer way."""
    return any(len(net.readers) > 1 for net in problem.nets)


def _checked(problem: MappingProblem, result: SolveResult, bounds: tuple[int, ...], accepts: Acceptance, rescue: Rescue) -> SolveResult:
    """A result whose solution is accepted, or saved, or without one."""
    if result.solution is None or accepts(result.solution):
        return result
    saved = rescue(None, result.solution)
    return restated(problem, saved, bounds) if saved else _refused(problem, result.solution, bounds)


def _refused(problem: MappingProblem, solution: Solution, bounds: tuple[int, ...]) -> SolveResult:
    """No solution, but the levels of one that was not accepted, with the bounds that hold for all options."""
    return replace(restated(problem, solution, bounds), status=Status.UNKNOWN, solution=None)


def restated(problem: MappingProblem, solution: Solution, bounds: tuple[int, ...]) -> SolveResult:
    """A solution beside proven bounds of the first levels: each counts while the levels before it meet theirs."""
    levels = []
    holds = True
    for number, level in enumerate(problem.objective):
        value = Evaluation(problem, solution).value(level)
        bound = min(bounds[number], value) if holds and number < len(bounds) else 0
        holds = holds and value == bound
        levels.append(LevelResult(level, value, bound))
    status = Status.OPTIMAL if all(r.value == r.bound for r in levels) else Status.FEASIBLE
    return SolveResult(status, solution, tuple(levels))


def solve_jointly(problem: MappingProblem, seed: Solution | None, limits: Limits, progress: ProgressSink) -> SolveResult:
    """Minimise all levels with the joint model alone: for objectives that start with places, and to compare."""
    budget = Budget.of(limits)
    return _Levels(problem, budget, progress, ()).run(seed, budget.work)


def _quick_or_rescued(
    problem: MappingProblem, relaxed: Relaxed, budget: Budget, progress: ProgressSink, accepts: Acceptance, rescue: Rescue
) -> Solution | None:
    """Quick places for the relaxation's options if these meet its first bound; else the better of them and what a rescuer has, if any."""
    quick = _quick(problem, relaxed, budget, progress)
    if quick and relaxed.meets_first(problem, quick) and accepts(quick):
        return quick
    return rescue(relaxed, quick)


def _quick(problem: MappingProblem, relaxed: Relaxed, budget: Budget, progress: ProgressSink) -> Solution | None:
    """Places for the relaxation's options at its leading levels, or with a longer interval where there are none so quick."""
    leading, work = relaxed.leading, min(budget.work, MANY_PLACING)
    if leading[0] is Level.INTERVAL and len(leading) > 1:
        # With the interval given, waits are linear, and one level less is searched.
        given = replace(limited(problem, (Limit(Level.INTERVAL, relaxed.reached[0]),)), objective=leading[1:])
        bounds = relaxed.bounds[1:] if relaxed.bounds[:1] == relaxed.reached[:1] else ()
        found = _placed(given, relaxed.options, bounds, budget, work, progress, anything).solution
        if found:
            return found
    return _placed(replace(problem, objective=leading), relaxed.options, relaxed.bounds, budget, work, progress, anything).solution


def places_of(problem: MappingProblem, budget: Budget) -> Solution | None:
    """Places for a problem with one option a block, within the budget, whatever the lanes; None when none are found."""
    return _placed(problem, (0,) * len(problem.blocks), (), budget, budget.work, silent, anything).solution


def _place(problem: MappingProblem, relaxed: Relaxed, budget: Budget, progress: ProgressSink, accepts: Acceptance) -> SolveResult:
    """Places for the relaxation's options, or for those of a relaxation with fewer tiles where these do not pack."""
    result = SolveResult(Status.UNKNOWN, None, ())
    attempt = relaxed
    for part in TILE_PARTS:
        if part < 1.0:
            attempt = relax(problem, int(problem.device.core_tiles * part), budget, budget.work * RELAXATION_PART, progress)
        if not attempt.options:
            break
        result = _placed(problem, attempt.options, relaxed.bounds, budget, budget.work * PLACING_PART, progress, accepts)
        if result.solution:
            return result
    return result


def _placed(
    problem: MappingProblem,
    options: tuple[int, ...],
    bounds: tuple[int, ...],
    budget: Budget,
    work: float,
    progress: ProgressSink,
    accepts: Acceptance,
) -> SolveResult:
    """Places for one option a block, if there are options, at bounds that hold for all."""
    if not options:
        return SolveResult(Status.UNKNOWN, None, ())
    chosen = tuple((i,) for i in options)
    levels = _Levels(narrowed(problem, chosen), budget, progress, bounds, _numbered(accepts, chosen))
    start = with_engine_places(problem, options, budget) if Level.PUBLISHED in problem.objective else None
    result = levels.run(inside(start, chosen), work)
    return replace(result, solution=outside(result.solution, chosen))


def _numbered(accepts: Acceptance, kept: Supported) -> Acceptance:
    """A check of the whole problem's solutions as one of the narrowed problem's."""
    return lambda solution: accepts(renumbered(solution, kept))


def with_engine_places(problem: MappingProblem, options: tuple[int, ...], budget: Budget) -> Solution | None:
    """A mapping whose layers stand where the placement engine puts them; None when that finds no places, or its buffers none."""
    blocks = engine_places(problem, options, budget.seed)
    if blocks is None:
        return None
    kept = tuple((i,) for i in options)
    v = build_model(narrowed(problem, kept))
    pin(v, blocks)
    first = problem.objective[0]
    found = minimise(v, first, level_expression(v, first), budget, BUFFERS_WORK, silent)
    return outside(found.solution, kept)


def _met(problem: MappingProblem, solution: Solution, relaxed: Relaxed) -> bool:
    """Whether a mapping is optimal in every leading level."""
    values = tuple(Evaluation(problem, solution).value(level) for level in relaxed.leading)
    return values == relaxed.bounds


def better(problem: MappingProblem, one: Solution | None, other: Solution | None) -> Solution | None:
    """The lexicographically better of two mappings, the second on a tie."""
    if one is None or other is None:
        return one or other
    costs = [[Evaluation(problem, s).value(level) for level in problem.objective] for s in (one, other)]
    return one if costs[0] < costs[1] else other


def _every(problem: MappingProblem) -> Supported:
    return tuple(tuple(range(len(b.options))) for b in problem.blocks)


def narrowed(problem: MappingProblem, kept: Supported) -> MappingProblem:
    """The problem with only the kept options of each block."""
    blocks = tuple(replace(b, options=tuple(b.options[i] for i in k)) for b, k in zip(problem.blocks, kept, strict=True))
    return replace(problem, blocks=blocks)


def inside(solution: Solution | None, kept: Supported) -> Solution | None:
    """A solution of the whole problem, numbered as in the narrowed one."""
    if solution is None or any(c.option not in k for c, k in zip(solution.blocks, kept, strict=True)):
        return None
    blocks = tuple(replace(c, option=k.index(c.option)) for c, k in zip(solution.blocks, kept, strict=True))
    return Solution(blocks, solution.nets)


def outside(solution: Solution | None, kept: Supported) -> Solution | None:
    """A solution of the narrowed problem, if there is one, numbered as in the whole one."""
    return renumbered(solution, kept) if solution else None


def renumbered(solution: Solution, kept: Supported) -> Solution:
    """A solution of the narrowed problem, numbered as in the whole one."""
    return Solution(tuple(replace(c, option=k[c.option]) for c, k in zip(solution.blocks, kept, strict=True)), solution.nets)


class _Levels:
    """Lexicographic minimisation of one joint model. `bounds` of the first levels hold while the levels before each meet theirs.

    accepts: where a mapping with short transport is not accepted, the levels after that are not worth their time.
    """

    def __init__(
        self, problem: MappingProblem, budget: Budget, progress: ProgressSink, bounds: tuple[int, ...], accepts: Acceptance = anything
    ) -> None:
        self.accepts = accepts
        self.problem = problem
        self.budget = budget
        self.progress = progress
        self.bounds = bounds

    def run(self, best: Solution | None, work: float) -> SolveResult:
        """Improve `best`, or start from nothing, with at most `work` of deterministic time."""
        floor = self.budget.work - work
        v: Variables | None = None
        bounds: list[int] = []
        for number, level in enumerate(self.problem.objective):
            if best and number and self.problem.objective[number - 1] is Level.TRANSPORT and not self.accepts(best):
                break
            known = self._known(best, number)
            if best is None or self._value(best, number) > known:
                v = v or self._model(best, number)
                share = (self.budget.work - floor) / (len(self.problem.objective) - number)
                search = self._search(v, best, number, known, share)
                if search.solution is None and best is None:
                    return SolveResult(Status.INFEASIBLE if search.infeasible else Status.UNKNOWN, None, ())
                best = better(self.problem, best, search.solution)
                known = max(known, search.bound)
            assert best is not None, "found, or returned above"
            value = self._value(best, number)
            bounds.append(known)
            self.progress(Progress(level, value, min(known, value)))
            if v:
                v.model.add(level_expression(v, level) <= value)
        assert best is not None, "there is at least one level"
        return self._result(best, bounds)

    def _result(self, best: Solution, bounds: list[int]) -> SolveResult:
        """The values of the last solution: where a level was left unproven, a later one may have improved it."""
        bounds = bounds + [0] * (len(self.problem.objective) - len(bounds))
        values = [self._value(best, number) for number in range(len(bounds))]
        results = tuple(
            LevelResult(level, value, min(bound, value)) for level, value, bound in zip(self.problem.objective, values, bounds, strict=True)
        )
        proven = all(r.value == r.bound for r in results)
        return SolveResult(Status.OPTIMAL if proven else Status.FEASIBLE, best, results)

    def _known(self, best: Solution | None, number: int) -> int:
        """The bound of a level that holds before any search."""
        if number >= len(self.bounds) or any(best is None or self._value(best, i) != self.bounds[i] for i in range(number)):
            return 0
        return self.bounds[number]

    def _value(self, solution: Solution, number: int) -> int:
        return Evaluation(self.problem, solution).value(self.problem.objective[number])

    def _model(self, best: Solution | None, settled: int) -> Variables:
        """The joint model, held to what `best` reaches at the first `settled` levels."""
        v = build_model(self.problem)
        if best is not None:
            for number, level in enumerate(self.problem.objective[:settled]):
                v.model.add(level_expression(v, level) <= self._value(best, number))
        return v

    def _search(self, v: Variables, best: Solution | None, number: int, known: int, share: float) -> Search:
        level = self.problem.objective[number]
        expression = level_expression(v, level)
        v.model.add(expression >= known)
        if best:
            hint(v, best)
        return minimise(v, level, expression, self.budget, share, self.progress)
