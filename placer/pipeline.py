"""import -> options -> solve -> verify -> emit -> check: one function a stage, from frozen data to frozen data."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache
from pathlib import Path

from placer.assemble import Provenance, assemble
from placer.codegen.emit import File, emit
from placer.codegen.plan import make_plan
from placer.codegen.project import write_project
from placer.codegen.stimulus import data_files, random_samples
from placer.config import Settings
from placer.device import Device, find_device
from placer.errors import InfeasibleError, InputError, PlacerError, UndecidedError, UnsupportedModelError
from placer.formulate import LaidOutGraph, formulate, lay_out
from placer.frontend import read_model, self_contained
from placer.goals import Scale
from placer.layers import Relay
from placer.lowering import lower
from placer.mapping import Mapping, SolverRecord
from placer.network import Network
from placer.problem import Level, Limit, MappingProblem
from placer.relays import most_relays, relayed, with_relays
from placer.run_record import TimedProgress
from placer.solution import level_scale
from placer.solvers.base import Limits, Progress, ProgressSink, SolveResult, Status
from placer.solvers.construct import construct
from placer.unmet import unmet_limits
from placer.verify import Violation, verify


class Stage(Enum):
    """The stages, in order."""

    IMPORT = "import"
    OPTIONS = "options"
    SOLVE = "solve"
    VERIFY = "verify"
    EMIT = "emit"
    CHECK = "check"


# By what part an interval with its distances may be longer than the solver's before other places are tried, and how many.
LONGER, PLACES = 0.05, 2
# Levels that places do not enter.
PLACELESS = (Level.INTERVAL, Level.LATENCY, Level.TILES)


class InternalError(PlacerError):
    """A result of ours breaks our own rules; a defect to report, never a result to use."""

    exit_code = 3


@dataclass(frozen=True)
class StageTime:
    """Wall-clock seconds of one stage."""

    stage: Stage
    seconds: float


@dataclass
class Clock:
    """Times stages as they run."""

    times: list[StageTime] = field(default_factory=list)

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Time the body as `stage`."""
        started = time.perf_counter()
        yield
        self.times.append(StageTime(stage, time.perf_counter() - started))


@dataclass
class Recorder:
    """Keeps the news of a solve with the time they came, and passes them on."""

    sink: ProgressSink
    started: float = field(default_factory=time.perf_counter)
    news: list[TimedProgress] = field(default_factory=list)

    def __call__(self, news: Progress) -> None:
        """Take one piece of news."""
        scale = level_scale(news.level)
        incumbent = None if news.incumbent is None else news.incumbent / scale
        seconds = round(time.perf_counter() - self.started, 4)
        self.news.append(TimedProgress(seconds, news.level.value, incumbent, news.bound / scale))
        self.sink(news)


@dataclass(frozen=True, eq=False)
class Imported:
    """A model, its layers laid out for a batch on a device. model: the ONNX file, with all its data."""

    network: Network
    laid_out: LaidOutGraph
    device: Device
    model: bytes

    @property
    def sha256(self) -> str:
        """Hash of the model with all its data."""
        return hashlib.sha256(self.model).hexdigest()


def import_network(model: Path, device: Device, batch: int | None, relays: tuple[Relay, ...] = ()) -> Imported:
    """Read, check and lower a model for `batch` samples a run (None: the model's own batch), with the relays of a mapping.

    Raises InputError or UnsupportedModelError, also when neither states the batch.
    """
    network = read_model(model)
    samples = network.batch if batch is None else batch
    if samples is None:
        raise InputError(f"{model}: the model leaves its batch open; state the samples a run with --batch or the key 'batch', or 'auto'")
    return Imported(network, lay_out(relayed(lower(network), relays), samples, device), device, self_contained(model))


def target_device(settings: Settings) -> Device:
    """The device of `settings`, cut to its columns and rows, at its clock.

    Raises InputError.
    """
    device = find_device(settings.device).resized(settings.columns, settings.rows)
    return device if settings.clock_mhz is None else replace(device, clock_mhz=settings.clock_mhz)


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
            raise UndecidedError(_too_slow((again or solved).mapping, missed))
        return again
    if solved is None and scale.replicas is not None:
        raise UndecidedError(_no_replicas(imported, scale.replicas))
    return solved or _solve_relayed(imported, problem, settings, scale, progress)


def _solve_relayed(imported: Imported, problem: MappingProblem, settings: Settings, scale: Scale, progress: ProgressSink) -> Solved:
    """One pipeline, with as many relays as pay; without any where these do not map."""
    from placer.solvers.relaying import best_relays  # noqa: PLC0415 - OR-Tools takes half a second to load

    limits = search_limits(settings)

    @cache
    def relayed_by(count: int) -> tuple[Imported, MappingProblem]:
        if count == 0:
            return imported, problem
        laid_out = lay_out(with_relays(imported.laid_out.graph, count), imported.laid_out.batch, imported.device)
        stated = formulate(laid_out, imported.device, problem.objective, problem.row_weight, problem.limits, settings.fixed_layers)
        return replace(imported, laid_out=laid_out), stated

    count = best_relays(lambda n: relayed_by(n)[1], scale.relays)
    own, stated = relayed_by(count)
    try:
        return Solved(own, stated, _solve_one(own, stated, settings, limits, progress))
    except InfeasibleError:
        if count == scale.relays[0]:
            raise
    return Solved(imported, problem, _solve_one(imported, problem, settings, limits, progress))


def _excess(solved: Solved, settings: Settings) -> int:
    """Cycles above what the settings require of as many samples."""
    return excess(settings.required.limits(solved.mapping.batch, solved.imported.device), solved.mapping)


def _solve_scaled(
    imported: Imported, problem: MappingProblem, settings: Settings, scale: Scale, sooner: int, progress: ProgressSink
) -> Solved | None:
    """The best mapping over batches and replicas, or None. sooner: by how many cycles it is to be below a required interval."""
    from placer.solvers.scale import Question, solve_scaled  # noqa: PLC0415 - OR-Tools takes half a second to load

    def demands(samples: int) -> tuple[Limit, ...]:
        return _sooner(settings.required.limits(samples, imported.device), sooner)

    question = Question(imported.laid_out.graph, problem, demands, settings.fixed_layers)
    found = solve_scaled(question, scale, search_limits(settings), progress)
    if found is None:
        return None
    mapping = assemble(found.problem, found.laid_out, found.result, _provenance(imported, settings))
    return Solved(replace(imported, laid_out=found.laid_out), found.problem, mapping)


def search_limits(settings: Settings) -> Limits:
    """How long one solve of `settings` may take."""
    return Limits(settings.work, settings.seconds, settings.workers, settings.seed)


def _sooner(limits: tuple[Limit, ...], cycles: int) -> tuple[Limit, ...]:
    """Demands with an interval that is so much shorter."""
    return tuple(replace(d, at_most=max(0, d.at_most - cycles)) if d.level is Level.INTERVAL else d for d in limits)


def _no_replicas(imported: Imported, count: int) -> str:
    one, device = imported.laid_out, imported.device
    cells = f"equal cells of {device.name} ({device.columns} x {device.rows})"
    rows = device.mmul[0]
    return f"no mapping of {count} replicas of {one.batch} samples was found in {cells}; fewer replicas may fit" + (
        "" if one.batch % rows == 0 else f", or a batch that fills whole blocks of {rows} rows"
    )


def _provenance(imported: Imported, settings: Settings) -> Provenance:
    from placer.solvers.cpsat import CpSatSolver  # noqa: PLC0415 - OR-Tools takes half a second to load

    record = SolverRecord(CpSatSolver.name, CpSatSolver.version, settings.seed, settings.workers, settings.work)
    return Provenance(imported.sha256, record)


def excess(limits: tuple[Limit, ...], mapping: Mapping) -> int:
    """Cycles by which a mapping's interval, with its places and routes, is above what is required; 0 where it is not."""
    required = min((limit.at_most for limit in limits if limit.level is Level.INTERVAL), default=mapping.interval_cycles)
    return max(0, mapping.interval_cycles - required)


def _too_slow(mapping: Mapping, missed: int) -> str:
    """In words."""
    return (
        f"an interval of at most {mapping.interval_cycles - missed} cycles is required; the mappings found take {mapping.interval_cycles} "
        "with the distances of their streams, and which take less is not known; allow more with --work, or a longer interval"
    )


def _solve_one(imported: Imported, problem: MappingProblem, settings: Settings, limits: Limits, progress: ProgressSink) -> Mapping:
    """A mapping whose interval, as placed and routed, is what is required: where distances make it longer, less is asked of the solver."""
    mapping = _mapped(imported, problem, settings, limits, progress)
    missed = excess(problem.limits, mapping)
    if not missed:
        return mapping
    try:
        again = _mapped(imported, replace(problem, limits=_sooner(problem.limits, missed)), settings, limits, progress)
    except InfeasibleError:
        raise UndecidedError(_too_slow(mapping, missed)) from None
    if excess(problem.limits, again):
        raise UndecidedError(_too_slow(again, excess(problem.limits, again)))
    return again


def _mapped(imported: Imported, problem: MappingProblem, settings: Settings, limits: Limits, progress: ProgressSink) -> Mapping:
    from placer.solvers.routed import solve_routed  # noqa: PLC0415 - OR-Tools takes half a second to load

    result = solve_routed(problem, construct(problem), limits, progress)
    if result.solution is None:
        if problem.limits and (missed := unmet_limits(problem, limits)):
            raise InfeasibleError("; ".join(u.sentence(problem.device) for u in missed))
        kind = InfeasibleError if result.status is Status.INFEASIBLE else UndecidedError
        raise kind(_no_mapping(problem, result))
    return _at_its_pace(imported, problem, settings, limits, result)


def _at_its_pace(imported: Imported, problem: MappingProblem, settings: Settings, limits: Limits, result: SolveResult) -> Mapping:
    """The mapping of a result; of the same options elsewhere where its distances make the interval that leads the objective far longer."""
    from placer.solvers.elsewhere import elsewhere  # noqa: PLC0415 - OR-Tools takes half a second to load

    best = assemble(problem, imported.laid_out, result, _provenance(imported, settings))
    enough = (1 + LONGER) * result.levels[0].value
    if problem.objective[0] is not Level.INTERVAL or best.interval_cycles <= enough:
        return best
    for other in elsewhere(problem, result, limits, PLACES):
        # Levels before the places stay what they were.
        if any(o.value > r.value for o, r in zip(other.levels, result.levels, strict=True) if o.level in PLACELESS):
            continue
        mapping = assemble(problem, imported.laid_out, other, _provenance(imported, settings))
        best = mapping if mapping.interval_cycles < best.interval_cycles else best
        if best.interval_cycles <= enough:
            break
    return best


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


def check_mapping(mapping: Mapping, imported: Imported) -> None:
    """Verify a mapping of our own.

    Raises InternalError when it breaks a rule.
    """
    violations = verify(mapping, imported.device, imported.laid_out.graph)
    if violations:
        raise InternalError(f"the mapping found breaks a rule; please report this ({violations[0]})")


def verify_mapping(mapping: Mapping, imported: Imported) -> tuple[Violation, ...]:
    """Every rule that a mapping from a file breaks.

    Raises UnsupportedModelError when it is of another model.
    """
    if mapping.model_sha256 != imported.sha256:
        raise UnsupportedModelError(
            f"the mapping is of another model: its hash is {mapping.model_sha256[:12]}, the file's {imported.sha256[:12]}"
        )
    # A network is named after its file, and the copy beside a mapping has another name: the hash says that it is the same.
    return verify(mapping, imported.device, replace(imported.laid_out.graph, name=mapping.network))


def emit_project(mapping: Mapping, imported: Imported, settings: Settings) -> tuple[File, ...]:
    """The files of the ADF project of a legal mapping."""
    plan = make_plan(mapping, imported.laid_out, imported.device)
    samples = random_samples(imported.network, mapping.batch, settings.iterations, settings.seed)
    return (*emit(plan, settings.iterations), *data_files(plan, imported.laid_out, samples))


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run produced, as far as it went."""

    imported: Imported
    problem: MappingProblem | None
    mapping: Mapping | None
    files: tuple[File, ...]
    times: tuple[StageTime, ...]
    progress: tuple[TimedProgress, ...]


def run(settings: Settings, stop_after: Stage, progress: ProgressSink) -> Outcome:
    """Run the stages of `settings` up to `stop_after`, CHECK excepted, which needs files (run.py); nothing is written.

    Raises PlacerError.
    """
    clock = Clock()
    problem = mapping = None
    files: tuple[File, ...] = ()
    news: tuple[TimedProgress, ...] = ()
    with clock.stage(Stage.IMPORT):
        imported = import_network(settings.network, target_device(settings), settings.first_batch)
    if stop_after is not Stage.IMPORT:
        with clock.stage(Stage.OPTIONS):
            limits = settings.required.limits(imported.laid_out.batch, imported.device)
            problem = formulate(imported.laid_out, imported.device, settings.objective, settings.row_weight, limits, settings.fixed_layers)
    if problem and stop_after is not Stage.OPTIONS:
        recorder = Recorder(progress)
        with clock.stage(Stage.SOLVE):
            solved = solve_mapping(imported, problem, settings, recorder)
        imported, problem, mapping = solved.imported, solved.problem, solved.mapping
        news = tuple(recorder.news)
    if mapping and stop_after is not Stage.SOLVE:
        with clock.stage(Stage.VERIFY):
            check_mapping(mapping, imported)
    if mapping and stop_after in {Stage.EMIT, Stage.CHECK}:
        with clock.stage(Stage.EMIT):
            files = emit_project(mapping, imported, settings)
    return Outcome(imported, problem, mapping, files, tuple(clock.times), news)


def save_project(outcome: Outcome, folder: Path) -> None:
    """Replace `folder` by the ADF project of an outcome, all or nothing.

    Raises InputError when it cannot be written.
    """
    write_project(folder, outcome.files)
