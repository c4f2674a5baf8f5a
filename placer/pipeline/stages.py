"""import -> options -> solve -> verify -> emit -> check: one function a stage, from frozen data to frozen data."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from placer.codegen.emit import File, emit
from placer.codegen.plan import make_plan
from placer.codegen.project import write_project
from placer.codegen.stimulus import data_files, random_samples
from placer.config import Settings
from placer.errors import PlacerError, UnsupportedModelError
from placer.mapping import Mapping
from placer.pipeline.answer import solve_mapping
from placer.pipeline.imported import Imported, import_network, target_device
from placer.problem.formulate import formulate
from placer.problem.problem import MappingProblem
from placer.problem.solution import level_scale
from placer.run_record import TimedProgress
from placer.solvers.base import Progress, ProgressSink
from placer.verify import Violation, verify


class Stage(Enum):
    """The stages, in order."""

    IMPORT = "import"
    OPTIONS = "options"
    SOLVE = "solve"
    VERIFY = "verify"
    EMIT = "emit"
    CHECK = "check"


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
