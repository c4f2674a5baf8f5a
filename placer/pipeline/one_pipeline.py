"""The best mapping of one problem, whose interval and latency hold as placed and routed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from placer.config import Settings
from placer.errors import InfeasibleError, UndecidedError
from placer.mapping import Mapping, SolverRecord
from placer.pipeline.assemble import Provenance, assemble
from placer.pipeline.excess import excess, sooner, too_slow
from placer.pipeline.imported import Imported
from placer.pipeline.unmet import unmet_limits
from placer.problem.problem import Level, MappingProblem
from placer.solvers.base import Limits, ProgressSink, SolveResult, Status
from placer.solvers.construct import construct

if TYPE_CHECKING:
    from placer.solvers.shortest import Shortest

# By what part an interval or latency with its distances may be longer than the solver's before other places are tried, and how many.
LONGER, PLACES = 0.05, 2
# Levels that places do not enter.
PLACELESS = (Level.INTERVAL, Level.LATENCY, Level.TILES)


def solve_pipeline(
    imported: Imported, problem: MappingProblem, settings: Settings, progress: ProgressSink, known: Shortest | None = None
) -> Mapping:
    """A mapping whose interval and latency, as placed and routed, are what is required: where distances make them longer, less is asked of
    the solver.

    known: of the interval that options alone reach, if something is.
    """
    mapping = _mapped(imported, problem, settings, progress, known)
    missed = excess(problem.limits, mapping)
    if not missed:
        return mapping
    try:
        again = _mapped(imported, replace(problem, limits=sooner(problem.limits, missed)), settings, progress)
    except InfeasibleError:
        raise UndecidedError(too_slow(mapping, missed)) from None
    if excess(problem.limits, again):
        raise UndecidedError(too_slow(again, excess(problem.limits, again)))
    return again


def _mapped(
    imported: Imported, problem: MappingProblem, settings: Settings, progress: ProgressSink, known: Shortest | None = None
) -> Mapping:
    from placer.solvers.routed import solve_routed  # noqa: PLC0415 - OR-Tools takes half a second to load

    limits = search_limits(settings)
    result = solve_routed(problem, construct(problem), limits, progress, known=known)
    if result.solution is None:
        if problem.limits and (missed := unmet_limits(problem, limits)):
            unmet = InfeasibleError if any(u.proven for u in missed) else UndecidedError
            raise unmet("; ".join(u.sentence(problem.device) for u in missed))
        kind = InfeasibleError if result.status is Status.INFEASIBLE else UndecidedError
        raise kind(_no_mapping(problem, result))
    return _at_its_pace(imported, problem, settings, result)


def _at_its_pace(imported: Imported, problem: MappingProblem, settings: Settings, result: SolveResult) -> Mapping:
    """The mapping of a result; of the same options elsewhere where distances make the interval or latency that leads the objective far
    longer.
    """
    from placer.solvers.elsewhere import elsewhere  # noqa: PLC0415 - OR-Tools takes half a second to load

    best = assemble(problem, imported.laid_out, result, provenance(imported, settings))
    enough = (1 + LONGER) * result.levels[0].value
    if problem.objective[0] not in {Level.INTERVAL, Level.LATENCY} or _leading(best) <= enough:
        return best
    for other in elsewhere(problem, result, search_limits(settings), PLACES):
        # Levels before the places stay what they were.
        if any(o.value > r.value for o, r in zip(other.levels, result.levels, strict=True) if o.level in PLACELESS):
            continue
        mapping = assemble(problem, imported.laid_out, other, provenance(imported, settings))
        best = mapping if _leading(mapping) < _leading(best) else best
        if _leading(best) <= enough:
            break
    return best


def _leading(mapping: Mapping) -> int:
    """The interval or latency that leads the objective, as placed and routed."""
    return mapping.interval_cycles if mapping.objective[0].level == Level.INTERVAL.value else mapping.latency_cycles


def _no_mapping(problem: MappingProblem, result: SolveResult) -> str:
    device = problem.device
    tiles = sum(min(o.footprint for o in b.options) for b in problem.blocks)
    supply = f"{device.name} has {device.core_tiles} core tiles ({device.columns} x {device.rows}) and {device.memory_tiles} memory tiles"
    if result.status is Status.INFEASIBLE:
        return (
            f"no legal mapping exists: the layers need at least {tiles} core tiles, {supply}, and no packing of them with their "
            "memory-tile channels and PLIO ports fits; a larger array or a smaller batch may"
        )
    return (
        f"no mapping was found within the limit (the layers need at least {tiles} core tiles, {supply}); allow more with --work or "
        "--time-limit"
    )


def search_limits(settings: Settings) -> Limits:
    """How long one solve of `settings` may take."""
    return Limits(settings.work, settings.seconds, settings.workers, settings.seed)


def provenance(imported: Imported, settings: Settings) -> Provenance:
    """What a mapping records of its making."""
    from placer.solvers.cpsat import CpSatSolver  # noqa: PLC0415 - OR-Tools takes half a second to load

    record = SolverRecord(CpSatSolver.name, CpSatSolver.version, settings.seed, settings.workers, settings.work)
    return Provenance(imported.sha256, record)
