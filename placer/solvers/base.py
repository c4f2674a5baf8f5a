"""What every engine takes and gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from placer.problem.problem import Level, MappingProblem
from placer.problem.solution import Solution


class Status(Enum):
    """OPTIMAL: every level proven. FEASIBLE: legal, with bounds. INFEASIBLE: proven. UNKNOWN: the limit came first."""

    OPTIMAL = "OPTIMAL"
    FEASIBLE = "FEASIBLE"
    INFEASIBLE = "INFEASIBLE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class LevelResult:
    """Value and proven lower bound of one objective level, given the values of the levels before it."""

    level: Level
    value: int
    bound: int


@dataclass(frozen=True)
class SolveResult:
    """The answer of an engine; no solution unless OPTIMAL or FEASIBLE."""

    status: Status
    solution: Solution | None
    levels: tuple[LevelResult, ...]


@dataclass(frozen=True)
class Limits:
    """How long a solve may take.

    work: deterministic time units for all levels together (CP-SAT's measure, about a second of one core); what a level leaves, the
    later ones get. seconds: wall clock for all levels, or None; with it the result may differ between runs. workers: search strategies,
    interleaved in a fixed order whatever the number of cores.
    """

    work: float
    seconds: float | None
    workers: int
    seed: int


@dataclass(frozen=True)
class Progress:
    """News from a running solve: the level being minimised, its incumbent (None before the first) and bound."""

    level: Level
    incumbent: int | None
    bound: int


ProgressSink = Callable[[Progress], None]


class Solver(Protocol):
    """An engine."""

    name: str
    version: str

    def solve(self, problem: MappingProblem, seed: Solution | None, limits: Limits, progress: ProgressSink) -> SolveResult:
        """Minimise the objective levels of `problem` in order, starting from the legal solution `seed` if there is one."""
        ...
