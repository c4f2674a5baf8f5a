"""The best mapping of a network as the settings ask for it: of one pipeline, or over batches, replicas and relays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from placer.config import Settings
from placer.errors import InfeasibleError, InputError, UndecidedError
from placer.mapping import Mapping
from placer.pipeline.assemble import assemble
from placer.pipeline.imported import Imported
from placer.pipeline.one_pipeline import excess, provenance, search_limits, solve_pipeline, sooner, too_slow
from placer.problem.formulate import formulate, lay_out
from placer.problem.goals import Scale
from placer.problem.problem import Level, Limit, MappingProblem
from placer.relays import most_relays, with_relays
from placer.solvers.base import ProgressSink


@dataclass(frozen=True, eq=False)
class Solved:
    """A mapping, of the layers as laid out for all its replicas, and the problem that it solves."""

    imported: Imported
    problem: MappingProblem
    mapping: Mapping


def solve_mapping(imported: Imported, problem: MappingProblem, settings: Settings, progress: ProgressSink) -> Solved:
    """Solve `problem`, or one of another batch or of replicas where the settings leave these open.

    Raises InfeasibleError, with demand against supply, when no mapping exists or none was found.
    """
    scale = settings.scale(imported.laid_out.batch, most_relays(imported.laid_out.graph))
    if scale.batches == (imported.laid_out.batch,) and scale.replicas == 1:
        return _solve_relayed(imported, problem, settings, scale, progress)
    if Level.PUBLISHED in problem.objective:
        raise InputError("the objective 'published' places one pipeline: set replicas to 1, or leave it out")
    solved = _solve_scaled(imported, problem, settings, scale, 0, progress)
    if solved and (missed := _excess(solved, settings)):
        again = _solve_scaled(imported, problem, settings, scale, missed, progress)
        if again is None or (missed := _excess(again, settings)):
            raise UndecidedError(too_slow((again or solved).mapping, missed))
        return again
    if solved is None and scale.replicas is not None:
        raise UndecidedError(_no_replicas(imported, scale.replicas))
    return solved or _solve_relayed(imported, problem, settings, scale, progress)


def _solve_relayed(imported: Imported, problem: MappingProblem, settings: Settings, scale: Scale, progress: ProgressSink) -> Solved:
    """One pipeline, with as many relays as pay; without any where these do not map."""
    from placer.solvers.relaying import best_relays  # noqa: PLC0415 - OR-Tools takes half a second to load

    @cache
    def relayed_by(count: int) -> tuple[Imported, MappingProblem]:
        if count == 0:
            return imported, problem
        laid_out = lay_out(with_relays(imported.laid_out.graph, count), imported.laid_out.batch, imported.device)
        stated = formulate(laid_out, imported.device, problem.objective, problem.row_weight, problem.limits, settings.fixed_layers)
        return replace(imported, laid_out=laid_out), stated

    def solved_with(count: int) -> Solved:
        own, stated = relayed_by(count)
        return Solved(own, stated, solve_pipeline(own, stated, settings, progress))

    relaying = best_relays(lambda n: relayed_by(n)[1], scale.relays)
    if relaying.count == scale.relays[0]:
        return solved_with(relaying.count)
    try:
        solved = solved_with(relaying.count)
    except InfeasibleError:
        return solved_with(0)
    if relaying.fewest is None or _levels(solved, len(relaying.fewest)) <= relaying.fewest:
        return solved
    # What promised more without places is worse with them: so may fewer relays be, or better.
    try:
        fewer = solved_with(scale.relays[0])
    except InfeasibleError:
        return solved
    return min(solved, fewer, key=lambda s: _levels(s, len(s.mapping.objective)))


def _levels(solved: Solved, count: int) -> tuple[float, ...]:
    """The first values of a mapping's objective."""
    return tuple(level.value for level in solved.mapping.objective[:count])


def _excess(solved: Solved, settings: Settings) -> int:
    """Cycles above what the settings require of as many samples."""
    return excess(settings.required.limits(solved.mapping.batch, solved.imported.device), solved.mapping)


def _solve_scaled(
    imported: Imported, problem: MappingProblem, settings: Settings, scale: Scale, sooner_by: int, progress: ProgressSink
) -> Solved | None:
    """The best mapping over batches and replicas, or None. sooner_by: by how many cycles it is to be below a required interval."""
    from placer.solvers.scale import Question, solve_scaled  # noqa: PLC0415 - OR-Tools takes half a second to load

    def demands(samples: int) -> tuple[Limit, ...]:
        return sooner(settings.required.limits(samples, imported.device), sooner_by)

    question = Question(imported.laid_out.graph, problem, demands, settings.fixed_layers)
    found = solve_scaled(question, scale, search_limits(settings), progress)
    if found is None:
        return None
    mapping = assemble(found.problem, found.laid_out, found.result, provenance(imported, settings))
    return Solved(replace(imported, laid_out=found.laid_out), found.problem, mapping)


def _no_replicas(imported: Imported, count: int) -> str:
    one, device = imported.laid_out, imported.device
    cells = f"equal cells of {device.name} ({device.columns} x {device.rows})"
    rows = device.mmul[0]
    return f"no mapping of {count} replicas of {one.batch} samples was found in {cells}; fewer replicas may fit" + (
        "" if one.batch % rows == 0 else f", or a batch that fills whole blocks of {rows} rows"
    )
