"""run.json as far as others read it: the machine, the times, and how the solver came to its answer. Written by output.py."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from placer.errors import InputError

_lenient = with_config(ConfigDict(extra="ignore", allow_inf_nan=False))


@dataclass(frozen=True)
class TimedProgress:
    """News of a solve: wall-clock seconds since it began, the level, its incumbent (None before the first) and proven bound.

    Values have the units of mapping.json's objective.
    """

    seconds: float
    level: str
    incumbent: float | None
    bound: float


@_lenient
@dataclass(frozen=True)
class RunRecord:
    """One run. seconds: wall clock, a stage each. cores: of the machine, if known."""

    placer: str
    python: str
    platform: str
    cores: int | None
    seconds: dict[str, float]
    progress: tuple[TimedProgress, ...] = ()


def read_run_record(text: str, where: str) -> RunRecord:
    """Parse run.json.

    Raises InputError naming `where`, the field and what is wrong.
    """
    try:
        return TypeAdapter(RunRecord).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(f"{where}: {field}: {first['msg'][0].lower() + first['msg'][1:]}") from error
