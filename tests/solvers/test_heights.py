"""Heights of rungs: what is known before a climb, and the limits that a rung adds."""

from __future__ import annotations

from dataclasses import replace

from placer.problem.problem import Level, Limit, MappingProblem
from placer.solvers.construct import construct
from placer.solvers.cpsat_relaxation import Relaxed
from placer.solvers.heights import LATER_LEVEL, heights_of
from tests.graphs import small_device
from tests.problems import layer, option, pipeline


def problem(*objective: Level) -> MappingProblem:
    """A layer of 100 cycles behind one of 70."""
    return replace(pipeline(small_device(3, 2), layer("a", option(cycles=70)), layer("b", option())), objective=objective)


def relaxed(reached: tuple[int, ...], bounds: tuple[int, ...]) -> Relaxed:
    """What a relaxation gave."""
    return Relaxed((), infeasible=False, bounds=bounds, reached=reached, options=())


def test_the_interval_is_at_least_that_of_the_slowest_layer() -> None:
    """Also where no relaxation says so."""
    known = heights_of(problem(Level.INTERVAL), None)
    assert known is not None
    assert (known.least, known.reached) == (100, 100)
    known = heights_of(problem(Level.INTERVAL), relaxed((400,), (120,)))
    assert known is not None
    assert (known.least, known.reached) == (120, 400)


def test_nothing_is_known_without_a_relaxation_or_a_placeless_level() -> None:
    """Then there is one rung without limits."""
    assert heights_of(problem(Level.LATENCY), None) is None
    assert heights_of(problem(Level.TRANSPORT), None) is None


def test_a_rung_limits_the_first_level_and_the_interval_with_it() -> None:
    """An interval that comes later may exceed its best by more."""
    known = heights_of(problem(Level.TILES, Level.INTERVAL), relaxed((4, 100), (4, 100)))
    assert known is not None
    assert known.rung(6).limits == (Limit(Level.TILES, 6), Limit(Level.INTERVAL, int(LATER_LEVEL * 150)))
    first = heights_of(problem(Level.INTERVAL, Level.TILES), relaxed((100, 4), (100, 4)))
    assert first is not None
    assert first.rung(110).limits == (Limit(Level.INTERVAL, 110),)


def test_a_later_level_is_asked_for_with_those_before_it_held() -> None:
    """Levels before may be what they are in the solution; tiles are hoped for by options alone, others by the relaxation."""
    stated = problem(Level.INTERVAL, Level.LATENCY, Level.TILES)
    solution = construct(stated)
    known = heights_of(stated, relaxed((100, 300), (100, 300)))
    assert solution is not None
    assert known is not None
    interval, latency = known.of(solution), known.of(solution, 1)
    assert known.below(solution, 1, 250).limits == (Limit(Level.INTERVAL, interval), Limit(Level.LATENCY, 250))
    assert known.below(solution, 2, 1).limits == (Limit(Level.INTERVAL, interval), Limit(Level.LATENCY, latency), Limit(Level.TILES, 1))
    assert known.hoped(1, solution) == 300
    assert known.hoped(2, solution) == 2
    nothing = heights_of(stated, None)
    assert nothing is not None
    assert nothing.hoped(1, solution) == 0


def test_steps_end_at_what_is_allowed() -> None:
    """No height beyond the limit of the first level is climbed, which would be the same problem again; that limit is, once."""
    known = heights_of(problem(Level.INTERVAL), relaxed((100,), (100,)))
    assert known is not None
    assert known.steps((1.0, 1.5, 4.0)) == [100, 150, 400]
    limited = replace(problem(Level.INTERVAL), limits=(Limit(Level.INTERVAL, 160), Limit(Level.TILES, 1)))
    for most, steps in ((160, [100, 150, 160]), (150, [100, 150]), (90, [90]), (1000, [100, 150, 400])):
        allowed = replace(limited, limits=(Limit(Level.INTERVAL, most), Limit(Level.TILES, 1)))
        known = heights_of(allowed, relaxed((100,), (100,)))
        assert known is not None
        assert known.steps((1.0, 1.5, 4.0)) == steps
