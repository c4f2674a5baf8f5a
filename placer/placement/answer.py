"""What engines are told, and what they answer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from placer.placement.instance import Instance, Places


class Status(Enum):
    """OPTIMAL: proven. FEASIBLE: legal, with a bound. INFEASIBLE: proven. UNKNOWN: none found, none excluded."""

    OPTIMAL = "OPTIMAL"
    FEASIBLE = "FEASIBLE"
    INFEASIBLE = "INFEASIBLE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Effort:
    """How long a search may take. work: deterministic units, about seconds of one core; without end where there is a deadline.

    deadline: on the monotonic clock, or None. With one the answer may differ between runs; without, the same input gives the same bytes.
    """

    work: float
    deadline: float | None
    seed: int

    @classmethod
    def within(cls, seconds: float, seed: int) -> Effort:
        """Until so many seconds from now."""
        return cls(math.inf, time.monotonic() + seconds, seed)

    @property
    def seconds(self) -> float:
        """What is left until the deadline; infinite without one."""
        return math.inf if self.deadline is None else self.deadline - time.monotonic()

    @property
    def spent(self) -> bool:
        """Whether the deadline has passed."""
        return self.seconds <= 0


@dataclass(frozen=True)
class Found:
    """The result of an exact search: the best places, or None; a proven lower bound in units; whether there are provably no places."""

    places: Places | None
    bound: int
    infeasible: bool


Report = Callable[[Places | None, int], None]


class ExactEngine(Protocol):
    """A complete search. `report` gets every better placement, or None, with the bound so far."""

    name: str
    version: str

    def solve(self, instance: Instance, start: Places | None, effort: Effort, report: Report) -> Found:
        """The cheapest placement of `instance`, from the legal placement `start` if there is one."""
        ...


@dataclass(frozen=True)
class Incumbent:
    """A point of the search's history: wall-clock seconds from its start, cost (None before the first placement) and bound."""

    seconds: float
    cost: float | None
    bound: float


@dataclass(frozen=True)
class Answer:
    """A placement of one instance. cost, bound: of the published objective; places: in the order of the blocks."""

    name: str
    status: Status
    cost: float | None
    bound: float | None
    seconds: float
    places: Places | None
    engine: str
    reason: str
    history: tuple[Incumbent, ...]

    @property
    def gap(self) -> float | None:
        """(cost - bound) / cost; None without both."""
        if self.cost is None or self.bound is None:
            return None
        return (self.cost - self.bound) / self.cost if self.cost else 0.0
