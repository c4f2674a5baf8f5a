"""SWEEP.yaml -> points: each the complete settings of one solve, with a key that says when a stored result still holds."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from placer.config import Settings, load_settings
from placer.errors import InputError, nearest_name
from placer.sweeps.task import Task, make_task, read_model_file
from placer.yaml_file import read_yaml

# Keys of a point that are no settings of their own: another config to start from, and the customary name of `network`.
CONFIG, MODEL = "config", "model"
# Settings that a sweep decides for itself.
OWN = ("output", "iterations")
# More points are a slip of the pen: they would take days.
MAX_POINTS = 20_000


class Range(BaseModel):
    """Whole numbers `from` one `to` another, both included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: Annotated[int, Field(alias="from")]
    stop: Annotated[int, Field(alias="to")]
    step: Annotated[int, Field(ge=1)] = 1


class SweepFile(BaseModel):
    """A sweep as written. base: the config that points start from. set: settings of every point. grid: every combination of the values of
    its keys. list: points one by one. x: the key that plots have along their axis. Paths are relative to the file, output to the working
    directory.
    """

    # The keys `set` and `list` would hide the built-in types inside this class.
    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Path | None = None
    common: Annotated[dict[str, Any], Field(alias="set")] = {}
    grid: dict[str, Range | list[Any]] = {}
    points: Annotated[list[dict[str, Any]], Field(alias="list")] = []
    x: str | None = None
    output: Path | None = None


@dataclass(frozen=True)
class Axis:
    """One varied setting of a point and its value, as text."""

    name: str
    value: str


@dataclass(frozen=True, eq=False)
class Point:
    """One solve. axes: what distinguishes it from the others, in the order of the file."""

    axes: tuple[Axis, ...]
    task: Task


@dataclass(frozen=True, eq=False)
class SweepPlan:
    """All points of a sweep, in the order of the file: grid first, its last key fastest. axes: the names of what varies."""

    name: str
    axes: tuple[str, ...]
    x: str | None
    points: tuple[Point, ...]
    output: Path


def load_sweep(path: Path) -> SweepPlan:
    """Read a sweep file and every config and model that it names.

    Raises InputError naming the file, the key or point, and what is allowed.
    """
    file = _read(path)
    names = _axis_names(file, path)
    choices = [dict(zip(file.grid, values, strict=True)) for values in itertools.product(*map(_values, file.grid.values()))]
    points = [*(choices if file.grid else []), *file.points]
    if not points:
        raise InputError(f"sweep {path}: give at least one point, as 'grid' or as 'list'")
    if len(points) > MAX_POINTS:
        raise InputError(f"sweep {path}: {len(points)} points are more than the {MAX_POINTS} allowed")
    # Files may have changed since the last sweep of this process.
    _base.cache_clear()
    read_model_file.cache_clear()
    made = tuple(_point(file, path, number, names, {**file.common, **changes}) for number, changes in enumerate(points))
    return SweepPlan(path.stem, names, file.x, made, file.output or Path("out") / "sweeps" / path.stem)


def _read(path: Path) -> SweepFile:
    values = read_yaml(path, "sweep")
    if values is None:
        raise InputError(f"sweep {path} must be a mapping with 'base' and 'grid' or 'list'")
    try:
        return SweepFile.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        if first["type"] == "extra_forbidden" and len(first["loc"]) == 1:
            known = [f.alias or name for name, f in SweepFile.model_fields.items()]
            raise InputError(f"sweep {path}: unknown key {key!r}{nearest_name(key, known)}; known keys: {', '.join(known)}") from error
        if key == "grid":
            axis = first["loc"][1] if len(first["loc"]) > 1 else "its value"
            raise InputError(f"sweep {path}: grid: {axis} must be a list of values or {{from, to, step}} of whole numbers") from error
        raise InputError(f"sweep {path}: {key}: {first['msg'][0].lower()}{first['msg'][1:]}") from error


def _axis_names(file: SweepFile, path: Path) -> tuple[str, ...]:
    names = tuple(dict.fromkeys([*file.grid, *(key for point in file.points for key in point)]))
    known = [*(k for k in Settings.model_fields if k not in OWN), CONFIG, MODEL]
    for name in (*file.common, *names):
        if name not in known:
            raise InputError(f"sweep {path}: {name!r} cannot vary{nearest_name(name, known)}; known: {', '.join(known)}")
    if file.x is not None and file.x not in names:
        raise InputError(f"sweep {path}: x is {file.x!r}, which does not vary{nearest_name(file.x, names)}")
    return names


def _values(values: Range | list[Any]) -> list[Any]:
    if not isinstance(values, Range):
        return values
    return list(range(values.start, values.stop + 1, values.step))


def _point(file: SweepFile, path: Path, number: int, names: tuple[str, ...], changes: dict[str, Any]) -> Point:
    where = f"sweep {path}, point {number + 1}"
    axes = tuple(Axis(name, _text(changes[name])) for name in names if name in changes)
    base = changes.get(CONFIG, file.base)
    network = changes.get(MODEL, changes.get("network"))
    if base is None and network is None:
        raise InputError(f"{where}: name a config ('base' or 'config') or a network")
    settings = _base(path.parent / str(base if base is not None else network))
    given = {k: v for k, v in changes.items() if k not in {CONFIG, MODEL, "network"}}
    if network is not None:
        given["network"] = path.parent / str(network)
    if str(given.get("device", "")).endswith((".yaml", ".yml")):
        given["device"] = str(path.parent / given["device"])
    return Point(axes, make_task(settings.replaced(given, where)))


@lru_cache(maxsize=256)
def _base(path: Path) -> Settings:
    """The settings of a file, read once a sweep."""
    return load_settings(path)


def _text(value: object) -> str:
    """A value as tables show it: a path by its stem, a list joined."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, str) and value.endswith((".yaml", ".yml", ".onnx")):
        return Path(value).stem
    return value if isinstance(value, str) else json.dumps(value)
