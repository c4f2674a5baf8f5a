"""YAML -> frozen, validated settings. An unknown key is an error that names the nearest known one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from placer.errors import InputError, nearest_name
from placer.problem.fixed_split import FixedLayer, FixedSplit
from placer.problem.goals import BATCHES, Goal, Required, Scale
from placer.problem.problem import Level
from placer.relays import MOST_RELAYS
from placer.yaml_file import read_yaml

MODEL_SUFFIX = ".onnx"
DEVICE_SUFFIXES = (".yaml", ".yml")
# What pydantic calls a key that a model, or a dataclass in it, does not have.
UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")


def _distinct(levels: tuple[Level, ...]) -> tuple[Level, ...]:
    for level in levels:
        if levels.count(level) > 1:
            raise ValueError(f"level {level.value!r} is listed twice")
    return levels


def _nameable(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("a path cannot hold the character NUL")
    return path


def _not_empty(value: object) -> object:
    if value == "":
        raise ValueError("a path cannot be empty; '.' is the working directory")
    return value


def _truths(value: object) -> Iterator[bool]:
    """The truth values in a value of a config."""
    if isinstance(value, bool):
        yield value
    elif isinstance(value, dict):
        yield from (truth for inside in value.values() for truth in _truths(inside))
    elif isinstance(value, list | tuple):
        yield from (truth for inside in value for truth in _truths(inside))


FilePath = Annotated[Path, BeforeValidator(_not_empty), AfterValidator(_nameable)]
Levels = Annotated[tuple[Level, ...], Field(min_length=1), AfterValidator(_distinct)]


class Settings(BaseModel):
    """Everything that one solve is told. Paths are resolved: `network` and a `device` file against the config's folder, `output` against
    the working directory.

    batch: samples a run; None takes the model's own, "auto" as many as serve the objective best. columns, rows: cut the array.
    clock_mhz: another array clock than the device's; it turns cycles into seconds and changes a mapping only through demands. goal: an
    objective by name (it replaces `objective`). required: demands that a mapping must meet. replicas: copies of the network, each with a
    batch of its own, or "auto" for as many as serve the objective best; None: auto when throughput is the goal, or area for a required
    rate, else 1. relays: copying layers on each short way where ways join again, or "auto" for as many as shorten the interval. splits: by
    layer, what of its cut is not to be chosen. row_weight: cost of a row in `transport`. work: deterministic time for all objective levels.
    seconds: a wall-clock limit, which gives up reproducibility. iterations: runs of the emitted simulation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    network: FilePath
    device: str = "VEK280"
    columns: Annotated[int, Field(ge=1, le=1000)] | None = None
    rows: Annotated[int, Field(ge=1, le=1000)] | None = None
    clock_mhz: Annotated[float, Field(gt=0, le=10_000)] | None = None
    batch: Annotated[int, Field(ge=1, le=1 << 20)] | Literal["auto"] | None = None
    objective: Levels = (Level.INTERVAL, Level.LATENCY, Level.TRANSPORT, Level.COMPACTNESS)
    goal: Goal | None = None
    required: Required = Required()
    replicas: Annotated[int, Field(ge=1, le=1000)] | Literal["auto"] | None = None
    relays: Annotated[int, Field(ge=0, le=MOST_RELAYS)] | Literal["auto"] = "auto"
    splits: dict[str, FixedSplit] = {}
    row_weight: Annotated[float, Field(ge=0, le=1000)] = 1.0
    work: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 5.0
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    seed: Annotated[int, Field(ge=0, lt=1 << 31)] = 0
    output: FilePath
    iterations: Annotated[int, Field(ge=1, le=10000)] = 4

    @model_validator(mode="before")
    @classmethod
    def _goal_is_an_objective(cls, values: dict[str, Any]) -> dict[str, Any]:
        goal = values.get("goal")
        known = [g for g in Goal if goal in {g, g.value}]
        return {**values, "objective": known[0].levels} if known else values

    @property
    def first_batch(self) -> int | None:
        """Samples a run before any are chosen: one where they are; None: the model's own."""
        return 1 if self.batch == "auto" else self.batch

    def scale(self, own: int, relays: int) -> Scale:
        """What of batch, replicas and relays is chosen, of a network laid out for a batch of `own` in which more than `relays` relays on a
        way change nothing. More samples a run never help the latency.
        """
        rated = self.required.inferences_per_second or self.required.rate_mhz
        many = self.goal is Goal.THROUGHPUT or (self.goal is Goal.AREA and rated is not None)
        replicas = self.replicas or ("auto" if many else 1)
        counts_samples = self.objective[0] in {Level.INTERVAL, Level.TILES}
        return Scale(
            BATCHES if self.batch == "auto" and counts_samples else (own,),
            None if replicas == "auto" else replicas,
            tuple(range(relays + 1)) if self.relays == "auto" else (min(self.relays, relays),),
        )

    @property
    def fixed_layers(self) -> tuple[FixedLayer, ...]:
        """The splits that are not to be chosen."""
        return tuple(FixedLayer(layer, split) for layer, split in self.splits.items())

    def overridden(self, **changes: Any) -> Settings:
        """These settings with every change that is not None, validated again.

        Raises InputError.
        """
        return self.replaced({k: v for k, v in changes.items() if v is not None}, "command line")

    def replaced(self, changes: dict[str, Any], where: str) -> Settings:
        """These settings with some changed, validated again; `where` names the place of the changes.

        Raises InputError.
        """
        told = {**self.model_dump(), **changes}
        if "objective" in changes and "goal" not in changes:
            told["goal"] = None
        return _validated(told, where)


def load_settings(path: Path) -> Settings:
    """Settings of a config file, or of an ONNX file with everything else at its default.

    Raises InputError naming the file, the key, and what is allowed.
    """
    if path.suffix.lower() == MODEL_SUFFIX:
        return _validated({"network": path, "output": Path("out") / path.stem}, str(path))
    values: dict[str, Any] | None = read_yaml(path, "config")
    if values is None:
        raise InputError(f"config {path} must be a mapping of keys to values, such as 'network: model.onnx'")
    if "goal" in values and "objective" in values:
        raise InputError(f"config {path}: a goal is an objective; state one of the keys 'goal' and 'objective'")
    values.setdefault("output", Path("out") / path.stem)
    settings = _validated(values, f"config {path}")
    device = str(path.parent / settings.device) if settings.device.endswith(DEVICE_SUFFIXES) else settings.device
    return settings.overridden(network=path.parent / settings.network, device=device)


def _validated(values: dict[str, Any], where: str) -> Settings:
    # No key is a choice of yes or no, and YAML's yes, on and true would count as the number 1.
    for key, value in values.items():
        for truth in _truths(value):
            raise InputError(f"{where}: {key}: {str(truth).lower()!r} is not allowed: no key takes a truth value")
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0]) if first["loc"] else ""
        if first["type"] in UNKNOWN_KEY:
            nested = fields(FixedSplit if key == "splits" else Required)
            known = tuple(Settings.model_fields) if len(first["loc"]) == 1 else tuple(f.name for f in nested)
            inside, wrong = "" if len(first["loc"]) == 1 else f"{key}: ", str(first["loc"][-1])
            raise InputError(
                f"{where}: {inside}unknown key {wrong!r}{nearest_name(wrong, known)}; known keys: {', '.join(known)}"
            ) from error
        if first["type"] == "missing":
            raise InputError(f"{where}: key {key!r} is missing") from error
        if first["type"] == "enum":
            wrong, what = str(first["input"]), "a goal" if key == "goal" else "an objective"
            names = [value.value for value in (Goal if key == "goal" else Level)]
            raise InputError(f"{where}: {key}: {wrong!r} is not {what}{nearest_name(wrong, names)}; known: {', '.join(names)}") from error
        inside = ".".join(map(str, first["loc"])) if key in {"required", "splits"} else key
        raise InputError(f"{where}: {inside}: {_reason(first)}") from error


def _reason(error: ErrorDetails) -> str:
    """What is wrong with a value, in the words of a config file."""
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, ")
    message = "a path is expected" if error["type"] == "path_type" else error["msg"].replace("Tuple", "list").replace("tuple", "list")
    return f"{error['input']!r} is not allowed: {message[0].lower()}{message[1:]}"
