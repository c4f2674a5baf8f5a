"""As many relays as pay: none without a short way, more where the interval gets shorter, as the simulator sees it too."""

from __future__ import annotations

from placer.problem.formulate import formulate, lay_out
from placer.problem.problem import Level, Limit, MappingProblem
from placer.relays import with_relays
from placer.simulation.activities import activities
from placer.simulation.simulate import simulate
from placer.solvers.relaying import best_relays
from tests.graphs import small_device
from tests.solving import assembled, solve
from tests.test_relays import long_residual

LEVELS = (Level.INTERVAL, Level.TILES)
LENGTH = 4


def problem(count: int, levels: tuple[Level, ...] = LEVELS, limits: tuple[Limit, ...] = ()) -> MappingProblem:
    """An add around so many layers, with relays."""
    device = small_device(3, 3)
    return formulate(lay_out(with_relays(long_residual(LENGTH), count), 1, device), device, levels, 1.0, limits)


def test_relays_shorten_a_long_residual() -> None:
    """The interval falls by a fifth or more, in the solver's terms and simulated."""
    count = best_relays(problem, (0, 1, 2, 3)).count
    assert count > 0
    intervals = []
    for number in (0, count):
        stated = problem(number)
        laid_out = lay_out(with_relays(long_residual(LENGTH), number), 1, stated.device)
        mapping = assembled(laid_out, stated, solve(stated, work=0.5))
        simulated = simulate(activities(mapping, stated.device), 100).interval
        assert abs(mapping.objective[0].value - simulated) <= 0.1 * simulated
        intervals.append(simulated)
    assert intervals[1] < 0.8 * intervals[0]


def test_relays_cost_nothing_where_tiles_count() -> None:
    """For the fewest tiles there are none, but where a demanded interval needs them."""
    assert best_relays(lambda n: problem(n, (Level.TILES,)), (0, 1, 2)).count == 0
    reached = [solve(problem(n), work=0.5).levels[0] for n in (0, 2)]
    assert reached[1].value < reached[0].bound
    demanded = (Limit(Level.INTERVAL, reached[1].value),)
    assert best_relays(lambda n: problem(n, (Level.TILES,), demanded), (0, 1, 2)).count > 0


def test_a_fixed_number_is_taken() -> None:
    """Without looking at it."""
    assert best_relays(problem, (2,)).count == 2
