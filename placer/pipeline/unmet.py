"""Demands that no mapping meets: each against what is proven, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, replace

from placer.device import Device
from placer.problem.problem import Level, Limit, MappingProblem
from placer.problem.solution import Evaluation
from placer.solvers.base import Limits
from placer.solvers.construct import construct

WORDS = {
    Level.INTERVAL: ("an interval", "cycles"),
    Level.LATENCY: ("a latency", "cycles"),
    Level.TILES: ("a number of core tiles", "tiles"),
}


@dataclass(frozen=True)
class Unmet:
    """A demand that is not met. bound: no mapping that meets the others goes below; found: the least that a search reached, or None."""

    limit: Limit
    bound: int
    found: int | None

    @property
    def proven(self) -> bool:
        """Whether the bound alone says that no mapping meets it."""
        return self.bound > self.limit.at_most

    def sentence(self, device: Device) -> str:
        """What is required against what is possible."""
        what, unit = WORDS[self.limit.level]
        text = f"{what} of at most {self.limit.at_most} {unit}{self._time(device)} is required; "
        text += f"no mapping on {device.name} takes fewer than {self.bound} ({self._proof})" if self.proven else "none was found"
        return text + ("" if self.found is None else f", and the best found takes {self.found}")

    @property
    def _proof(self) -> str:
        """How the bound is known: cycles depend on how far streams go, which is assumed before places are known (pacing.py)."""
        return "proven" if self.limit.level is Level.TILES else "proven for streams as long as assumed"

    def _time(self, device: Device) -> str:
        return "" if self.limit.level is Level.TILES else f" ({self.limit.at_most * 1e3 / device.clock_mhz:.4g} ns)"


def unmet_limits(problem: MappingProblem, limits: Limits) -> tuple[Unmet, ...]:
    """The demands of `problem` that contradict the device and the other demands: the proven ones, or where none is, those missed."""
    from placer.solvers.demand import least_value  # noqa: PLC0415 - OR-Tools takes half a second to load

    bounds = [(limit, least_value(_without(problem, limit), limit.level) or 0) for limit in problem.limits]
    proven = [(limit, bound) for limit, bound in bounds if bound > limit.at_most]
    missed = [Unmet(limit, bound, _found(problem, limit, limits)) for limit, bound in proven or bounds]
    return tuple(u for u in missed if u.proven or u.found is None or u.found > u.limit.at_most)


def _without(problem: MappingProblem, limit: Limit) -> MappingProblem:
    return replace(problem, limits=tuple(other for other in problem.limits if other != limit))


def _found(problem: MappingProblem, limit: Limit, limits: Limits) -> int | None:
    """The value of a level in the best mapping found for it under the other demands."""
    from placer.solvers.routed import solve_routed  # noqa: PLC0415 - as above

    alone = replace(_without(problem, limit), objective=(limit.level,))
    solution = solve_routed(alone, construct(alone), limits, lambda _: None).solution
    return Evaluation(problem, solution).value(limit.level) if solution else None
