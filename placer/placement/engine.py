"""Placing one instance: a first answer at once, then better ones, then a proof or a bound.

1. Skyline: legal in milliseconds.
2. Population annealing, round after round from new starts, until rounds stop helping or their share of the effort is used.
3. A bound by elimination, raised by enumeration below the cost: proves where blocks are few or edges tight.
4. An exact engine, from the best placement: closes the gap, or states it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.util import find_spec

from placer.errors import InputError
from placer.placement.anneal import Schedule, anneal
from placer.placement.answer import Answer, Effort, ExactEngine, Incumbent, Status
from placer.placement.cost import cost_units, violations
from placer.placement.elimination import Elimination, eliminate
from placer.placement.frontier import Allowance, beam, enumerable, enumerate_placements
from placer.placement.instance import Block, Instance, Places
from placer.placement.pair_bounds import pair_bounds
from placer.placement.skyline import place_along_skyline


@dataclass(frozen=True)
class Round:
    """A run of annealing (anneal.Schedule), from random places or from the best so far."""

    sweeps: int
    fresh: bool
    temperatures: tuple[float, float]
    penalties: tuple[float, float]


# Places tried at once by a round: about as many as stay in a core's cache.
CHAINS, TILES_AT_ONCE, LEAST_CHAINS = 64, 20_000, 8
# The rounds, measured on the placement benchmark (scripts/bench_placement.py). From the skyline, dear overlaps keep a tight array
# nearly legal: never the best answer, always one soon; many blocks lock even so, and take moves that hardly overlap. From nothing, cheap
# overlaps let blocks pass each other. From the best, little heat polishes.
FIRST = Round(sweeps=100, fresh=False, temperatures=(3.0, 0.1), penalties=(3.0, 5.0))
STEADY = Round(sweeps=100, fresh=False, temperatures=(3.0, 0.1), penalties=(10.0, 10.0))
FRESH = Round(sweeps=400, fresh=True, temperatures=(3.0, 0.1), penalties=(1.0, 5.0))
POLISH = Round(sweeps=100, fresh=False, temperatures=(0.6, 0.05), penalties=(10.0, 10.0))
# With a deadline, parts of the annealing's time left that the first rounds, and a fresh one, may take.
FIRST_PART, FRESH_PART = 0.25, 0.8
# Part of the effort that annealing may take; with a deadline closer than SHORT seconds, nearly all of it.
ANNEALING_PART, SHORT, SHORT_PART, SHORTEST_ROUND = 0.6, 2.0, 0.9, 0.1
# Rounds without improvement after which annealing gives way, where an exact engine can take over.
STALE_ROUNDS = 3
# Sums of two table entries for the bound stated at once, for that which enumeration starts from, and that a second makes.
QUICK_STEPS, STEPS, STEPS_A_SECOND = 3e8, 6e10, 6e9
# Of the time left, the part that elimination and then enumeration may take; partial placements that a unit of work makes, and the most
# that are kept. The part of the time that a beam may take, its width, and the fullest grid, in parts, on which it is any good.
ELIMINATION_PART, ENUMERATION_PART, PARTIALS, MOST_PARTIALS = 0.3, 0.5, 100_000, 1_500_000
BEAM_PART, BEAM_WIDTH, BEAM_FULL = 0.4, 2_000, 0.75
# An exact model holds every tile of every place of every block: up to so many; and about so many seconds for each before it is of use.
EXACT_TILES, BUILD_SECONDS = 4_000_000, 3e-5

Progress = Callable[[Incumbent], None]


def exact_engine(solver: str) -> ExactEngine:
    """The engine called "cpsat" or "sat"; "auto" is CP-SAT, or SAT where OR-Tools is not installed.

    Raises InputError for another name, or for a library that is not installed.
    """
    if solver == "auto":
        solver = "cpsat" if find_spec("ortools") else "sat"
    if solver == "cpsat":
        if not find_spec("ortools"):
            raise InputError("the solver cpsat needs OR-Tools: pip install ortools, or use --solver sat")
        from placer.solvers.placement_cpsat import CpSatPlacement  # noqa: PLC0415 - only the engine in use is imported

        return CpSatPlacement()
    if solver == "sat":
        if not find_spec("pysat"):
            raise InputError("the solver sat needs PySAT: pip install python-sat")
        from placer.solvers.placement_sat import SatPlacement  # noqa: PLC0415 - only the engine in use is imported

        return SatPlacement()
    raise InputError(f"solver {solver!r} is not known; known: auto, cpsat, sat")


def place(instance: Instance, engine: ExactEngine, effort: Effort, prove: bool, progress: Progress) -> Answer:
    """The best placement found within `effort`, and what is known of the optimum.

    prove: leave annealing as soon as a round does not help, for a proof. An interrupt (Ctrl-C) ends the search with what it has; the
    answer's reason then says so.
    """
    search = _Search(instance, engine, effort, prove, progress)
    search.reason = impossible(instance)
    if search.reason:
        search.infeasible = True
        return search.answer()
    try:
        search.run()
    except KeyboardInterrupt:
        search.reason = "interrupted"
    return search.answer()


def impossible(instance: Instance) -> str:
    """Why no placement can exist, from sizes and anchors alone; empty if they say nothing."""
    for block in instance.blocks:
        if block.width > instance.width or block.height > instance.height:
            return f"{block.name} is {block.width} x {block.height}, the grid {instance.width} x {instance.height}"
        alone = replace(instance, blocks=(block,), edges=())
        if block.anchor and violations(alone, (block.anchor,)):
            return f"the anchor of {block.name}: {violations(alone, (block.anchor,))[0]}"
    demand, supply = sum(b.width * b.height for b in instance.blocks), instance.width * instance.height
    return f"the blocks take {demand} tiles, the grid has {supply}" if demand > supply else ""


@dataclass
class _Search:
    """The state of a search: the best placement and bound so far, in units."""

    instance: Instance
    engine: ExactEngine
    effort: Effort
    prove: bool
    progress: Progress
    places: Places | None = None
    cost: int | None = None
    bound: int = 0
    infeasible: bool = False
    reason: str = ""
    history: list[Incumbent] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    given: float = field(init=False)

    def __post_init__(self) -> None:
        self.given = self.effort.seconds

    def run(self) -> None:
        """All phases, until a proof or the end of the effort."""
        self.better(place_along_skyline(self.instance, self.effort.seed))
        self.raise_bound(sum(b.units for b in pair_bounds(self.instance)))
        quick = eliminate(self.instance, None, QUICK_STEPS)
        self.raise_bound(quick.bound if quick else 0)
        self._anneal_first()
        if quick:
            self._beam(quick)
        work = self._anneal()
        if not self.proven() and not self.effort.spent:
            work = self._enumerate(work)
        if not self.proven() and not self.effort.spent:
            self._exact(work)

    def proven(self) -> bool:
        """Whether cost and bound meet."""
        return self.cost is not None and self.cost <= self.bound

    def better(self, places: Places | None) -> None:
        """Take a placement if it is better than the best so far."""
        if places is None:
            return
        cost = cost_units(self.instance, places)
        if (self.cost is None or cost < self.cost) and not violations(self.instance, places):
            self.places, self.cost = places, cost
            self._news()

    def raise_bound(self, bound: int) -> None:
        """Take a bound if it is better than the best so far."""
        if bound > self.bound:
            self.bound = bound
            self._news()

    def answer(self) -> Answer:
        """What the search knows."""
        seconds, scale = time.monotonic() - self.began, self.instance.scale
        status = Status.INFEASIBLE if self.infeasible else Status.UNKNOWN
        if self.places is not None:
            status = Status.OPTIMAL if self.proven() else Status.FEASIBLE
        cost = None if self.cost is None else self.cost / scale
        bound = None if self.infeasible else min(self.bound, self.bound if self.cost is None else self.cost) / scale
        engine = f"{self.engine.name} {self.engine.version}"
        return Answer(self.instance.name, status, cost, bound, seconds, self.places, engine, self.reason, tuple(self.history))

    def _news(self) -> None:
        cost = None if self.cost is None else self.cost / self.instance.scale
        incumbent = Incumbent(time.monotonic() - self.began, cost, self.bound / self.instance.scale)
        self.history.append(incumbent)
        self.progress(incumbent)

    @property
    def _annealing_ends(self) -> float:
        """Seconds that annealing leaves for the phases after it: few where they are too short for the exact engine."""
        rest = self.given * (1 - ANNEALING_PART)
        short = self.given < SHORT or rest * (1 - ENUMERATION_PART) < BUILD_SECONDS * self._exact_tiles()
        return self.given * (1 - SHORT_PART) if short else rest

    def _anneal_first(self) -> None:
        """A good placement soon, from the skyline."""
        before, seconds = self.cost, FIRST_PART * (self.effort.seconds - self._annealing_ends)
        self._round(FIRST, (0, 0), seconds)
        if self.cost == before:
            self._round(STEADY, (0, 1), seconds)

    def _anneal(self) -> float:
        """Rounds of annealing from nothing; the work that is left. A round is a unit of work."""
        work = self.effort.work
        number = stale = 0
        while not self.proven() and work - 1 >= self.effort.work * (1 - ANNEALING_PART):
            left = self.effort.seconds - self._annealing_ends
            if left < SHORTEST_ROUND or (stale >= (1 if self.prove else STALE_ROUNDS) and self._exact_fits()):
                break
            before = self.cost
            number += 1
            self._round(FRESH, (number, 0), FRESH_PART * left)
            self._round(POLISH, (number, 1), self.effort.seconds - self._annealing_ends)
            work -= 1
            stale = 0 if self.cost != before else stale + 1
        return work

    def _round(self, kind: Round, seed: tuple[int, int], seconds: float) -> None:
        start = None if kind.fresh else self.places
        if self.proven() or seconds <= 0 or (not kind.fresh and start is None):
            return
        chains = max(LEAST_CHAINS, min(CHAINS, TILES_AT_ONCE // (self.instance.width * self.instance.height)))
        schedule = Schedule(chains, kind.sweeps, seconds, kind.temperatures, kind.penalties)
        anneal(self.instance, start, schedule, (self.effort.seed, *seed), self.cost, self._annealed)

    def _annealed(self, places: Places, units: int) -> bool:
        self.better(places)
        assert self.cost is not None and self.cost <= units, "the annealer's books agree with the rules"
        return not self.proven()

    def _beam(self, elimination: Elimination) -> None:
        """A placement from a beam along an elimination, where the grid has room and there is time."""
        blocks, seconds = sum(b.width * b.height for b in self.instance.blocks), self.effort.seconds
        full = blocks / (self.instance.width * self.instance.height)
        if self.cost is None or self.proven() or full > BEAM_FULL or seconds < SHORT or not enumerable(elimination):
            return
        until = seconds * (1 - BEAM_PART)
        self.better(beam(elimination, self.cost, BEAM_WIDTH, lambda: self.effort.seconds > until))

    def _enumerate(self, work: float) -> float:
        """Raise the bound by elimination and enumeration, or find the optimum; the work that is left."""
        seconds = self.effort.seconds
        steps = min(STEPS, ELIMINATION_PART * seconds * STEPS_A_SECOND)
        elimination = eliminate(self.instance, self.cost, steps)
        if elimination is None or self.cost is None:
            return work
        self.raise_bound(elimination.bound)
        if self.proven() or not enumerable(elimination):
            return work
        until = seconds * (1 - ENUMERATION_PART)
        allowed = None if math.isinf(work) else int(work * ENUMERATION_PART * PARTIALS)

        def go_on(bound: int) -> bool:
            self.raise_bound(bound)
            return self.effort.seconds > until

        found = enumerate_placements(elimination, self.cost, Allowance(MOST_PARTIALS, allowed), go_on)
        self.better(found.places)
        self.raise_bound(found.bound)
        return work - found.looked_at / PARTIALS

    def _exact_fits(self) -> bool:
        return self._exact_tiles() <= EXACT_TILES

    def _exact_tiles(self) -> int:
        def tiles(b: Block) -> int:
            places = (self.instance.width - b.width + 1) * (self.instance.height - b.height + 1)
            return (b.width + b.keepout_left) * b.height * (1 if b.anchor else places)

        return sum(tiles(b) for b in self.instance.blocks)

    def _exact(self, work: float) -> None:
        if not self._exact_fits():
            self.reason = "too many places for the exact search: the bound is that of single edges"
            return
        if self.effort.seconds < BUILD_SECONDS * self._exact_tiles():
            return
        found = self.engine.solve(self.instance, self.places, Effort(work, self.effort.deadline, self.effort.seed), self._reported)
        self.better(found.places)
        self.raise_bound(found.bound)
        if found.infeasible:
            assert self.places is None, "an infeasible instance has no placement"
            self.infeasible, self.reason = True, f"proven by {self.engine.name}: the blocks do not pack"

    def _reported(self, places: Places | None, bound: int) -> None:
        self.better(places)
        self.raise_bound(bound)
