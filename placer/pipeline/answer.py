"""The best mapping of a network as the settings ask for it: of one pipeline, or over batches, replicas and relays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from placer.config import Settings
from placer.errors import InfeasibleError, InputError, UndecidedError
from placer.mapping import Mapping
from placer.pipeline.assemble import assemble
from placer.pipeline.excess import NONE, Excess, excess, sooner, too_slow
from placer.pipeline.fewer_tiles import on_fewer_tiles
from placer.pipeline.imported import Imported
from placer.pipeline.one_pipeline import PLACELESS, provenance, search_limits, solve_pipeline
from placer.problem.formulate import formulate, lay_out
from placer.problem.goals import Scale
from placer.problem.problem import Level, Limit, MappingProblem
from placer.relays import most_relays, with_relays
from placer.solvers.base import ProgressSink

if TYPE_CHECKING:
    from placer.solvers.scale import Candidate, Cost, Question
    from placer.solvers.shortest import Shortest


@dataclass(frozen=True, eq=False)
class Solved:
    """A mapping, of the layers as laid out for all its replicas, and the problem that it solves."""

    imported: Imported
    problem: MappingProblem
    mapping: Mapping


def solve_mapping(imported: Imported, problem: MappingProblem, settings: Settings, progress: ProgressSink) -> Solved:
    """Solve `problem`, or one of another batch, of replicas or with relays where the settings leave these open.

    Raises InfeasibleError, with demand against supply, when no mapping exists or none was found.
    """
    try:
        solved = _as_asked(imported, problem, settings, progress)
    except UndecidedError:
        # What is required of the latency may be found on fewer tiles, from a mapping that does not meet it.
        required = tuple(limit for limit in problem.limits if limit.level is Level.LATENCY)
        if problem.objective[0] is not Level.LATENCY or not required:
            raise
        solved = solve_mapping(imported, _anyhow(problem), _at_any_latency(settings), progress)
        if solved.mapping.latency_cycles > min(limit.at_most for limit in required):
            raise
        return replace(solved, problem=replace(solved.problem, limits=problem.limits))
    if problem.objective[0] is not Level.LATENCY or solved.mapping.replicas > 1:
        return solved
    mapping = on_fewer_tiles(solved.problem, solved.mapping, lambda less: solve_pipeline(solved.imported, less, settings, progress))
    return replace(solved, mapping=mapping)


def _anyhow(problem: MappingProblem) -> MappingProblem:
    """The problem without limits of the latency."""
    return replace(problem, limits=tuple(limit for limit in problem.limits if limit.level is not Level.LATENCY))


def _at_any_latency(settings: Settings) -> Settings:
    """The settings without demands on the latency."""
    return settings.model_copy(update={"required": replace(settings.required, latency=None, latency_ns=None)})


def _as_asked(imported: Imported, problem: MappingProblem, settings: Settings, progress: ProgressSink) -> Solved:
    """The mapping over all that the settings leave open."""
    scale = settings.scale(imported.laid_out.batch, most_relays(imported.laid_out.graph))
    alone = scale.batches == (imported.laid_out.batch,) and scale.replicas == 1
    if alone and (len(scale.relays) == 1 or problem.objective[0] not in PLACELESS):
        return _pipeline(imported, problem, settings, scale.relays[0], progress)
    if alone and problem.objective[0] is not Level.LATENCY:
        return _relayed(imported, problem, settings, scale.relays, progress)
    if Level.PUBLISHED in problem.objective:
        raise InputError("the objective 'published' places one pipeline: set replicas to 1, or leave it out")
    solved = _searched(imported, problem, settings, scale, NONE, progress)
    if solved and (missed := _excess(solved, settings)):
        again = _searched(imported, problem, settings, scale, missed, progress)
        if again is None or (missed := _excess(again, settings)):
            raise UndecidedError(too_slow((again or solved).mapping, missed))
        return again
    if solved is None and scale.replicas not in {None, 1}:
        raise UndecidedError(_no_replicas(imported, scale.replicas or 1))
    # Where nothing was found, one pipeline says why.
    return solved or _pipeline(imported, problem, settings, scale.relays[0], progress)


def _pipeline(imported: Imported, problem: MappingProblem, settings: Settings, relays: int, progress: ProgressSink) -> Solved:
    """One pipeline with so many relays; problem: without."""
    return _solved(_with_relays(imported, problem, settings, relays), settings, progress)


def _solved(stated: tuple[Imported, MappingProblem], settings: Settings, progress: ProgressSink, known: Shortest | None = None) -> Solved:
    return Solved(*stated, solve_pipeline(*stated, settings, progress, known))


def _with_relays(imported: Imported, problem: MappingProblem, settings: Settings, relays: int) -> tuple[Imported, MappingProblem]:
    """The problem with so many relays."""
    if not relays:
        return imported, problem
    laid_out = lay_out(with_relays(imported.laid_out.graph, relays), imported.laid_out.batch, imported.device)
    stated = formulate(laid_out, imported.device, problem.objective, problem.row_weight, problem.limits, settings.fixed_layers)
    return replace(imported, laid_out=laid_out), stated


def _relayed(imported: Imported, problem: MappingProblem, settings: Settings, counts: tuple[int, ...], progress: ProgressSink) -> Solved:
    """One pipeline with as many relays as its relaxation says that pay, or with the fewest where these do not keep that promise: a whole
    array takes too long to solve it with each number.
    """
    from placer.solvers.relaying import best_relays, promises_more  # noqa: PLC0415 - OR-Tools takes half a second to load

    stated = cache(lambda count: _with_relays(imported, problem, settings, count))
    relaying = best_relays(lambda count: stated(count)[1], counts)
    fewest = stated(counts[0])
    if relaying.count == counts[0]:
        return _solved(fewest, settings, progress, relaying.known)
    try:
        solved = _solved(stated(relaying.count), settings, progress, relaying.known)
    except InfeasibleError:
        return _solved(fewest, settings, progress)
    if not promises_more(fewest[1], relaying, _levels(solved)):
        return solved
    # What promised more without places is worse with them: so may fewer relays be, or better.
    try:
        return min(solved, _solved(fewest, settings, progress), key=_levels)
    except InfeasibleError:
        return solved


def _levels(solved: Solved) -> tuple[int, ...]:
    """The values of a mapping's objective, as the solver counts them."""
    return tuple(round(level.value) for level in solved.mapping.objective)


def _excess(solved: Solved, settings: Settings) -> Excess:
    """How far a mapping is above what the settings require of as many samples."""
    return excess(settings.required.limits(solved.mapping.batch, solved.imported.device), solved.mapping)


def _searched(
    imported: Imported, problem: MappingProblem, settings: Settings, scale: Scale, missed: Excess, progress: ProgressSink
) -> Solved | None:
    """The best mapping over batches, replicas and relays, or None. missed: by how many cycles it is to be below what is required."""
    from placer.solvers.scale import Question, best_of  # noqa: PLC0415 - OR-Tools takes half a second to load

    def demands(samples: int) -> tuple[Limit, ...]:
        return sooner(settings.required.limits(samples, imported.device), missed)

    question = Question(imported.laid_out.graph, problem, demands, settings.fixed_layers)

    def solve(candidate: Candidate, wanted: tuple[Limit, ...]) -> tuple[Cost, Solved] | None:
        found = _of_candidate(imported, question, candidate, wanted, settings, progress)
        return (_cost(question, found.mapping), found) if found else None

    return best_of(question, scale, solve)


def _of_candidate(
    imported: Imported, question: Question, candidate: Candidate, wanted: tuple[Limit, ...], settings: Settings, progress: ProgressSink
) -> Solved | None:
    """The mapping of a candidate, which is stated, or None: of one pipeline whether it is as wanted or not."""
    from placer.solvers.scale import solve_replicas  # noqa: PLC0415 - OR-Tools takes half a second to load

    if candidate.cell.count == 1:
        assert candidate.problem is not None, "only what was asked about is solved"
        own = replace(imported, laid_out=question.laid_out(candidate.batch, candidate.relays))
        try:
            return _solved((own, candidate.problem), settings, progress)
        except InfeasibleError:
            return None
    found = solve_replicas(question, candidate, wanted, search_limits(settings), progress)
    if found is None:
        return None
    mapping = assemble(found.problem, found.laid_out, found.result, provenance(imported, settings))
    return Solved(replace(imported, laid_out=found.laid_out), found.problem, mapping)


def _cost(question: Question, mapping: Mapping) -> Cost:
    """With the interval as placed and routed."""
    measured = mapping.tiles_used if question.measure is Level.TILES else mapping.latency_cycles
    return question.cost(measured, mapping.interval_cycles, mapping.batch)


def _no_replicas(imported: Imported, count: int) -> str:
    one, device = imported.laid_out, imported.device
    cells = f"equal cells of {device.name} ({device.columns} x {device.rows})"
    rows = device.mmul[0]
    return f"no mapping of {count} replicas of {one.batch} samples was found in {cells}; fewer replicas may fit" + (
        "" if one.batch % rows == 0 else f", or a batch that fills whole blocks of {rows} rows"
    )
