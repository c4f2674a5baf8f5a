"""Batch, replicas and relays chosen: as good as the best of all fixed ones, and nothing is left out that could be better."""

from __future__ import annotations

from fractions import Fraction

import pytest

from placer.device import Device
from placer.layers import LayerGraph
from placer.problem.goals import Goal, Required, Scale
from placer.problem.problem import Level, Limit
from placer.problem.solution import Evaluation
from placer.relays import most_relays
from placer.solvers.scale import Candidate, Cost, Question, Scaled, best_of
from tests.graphs import chain, residual, small_device
from tests.solving import cost_of, scaled, stated
from tests.test_relays import long_residual

DEVICE = small_device(4, 2)
GRAPH = chain((16, 32, 16), tokens=4)
NOTHING = Required()


def asked(goal: Goal, batch: int = 1, required: Required = NOTHING, graph: LayerGraph = GRAPH, device: Device = DEVICE) -> Question:
    """What is best for a graph on a small device."""
    _, problem = stated(graph, device, batch, goal.levels)
    return Question(graph, problem, lambda samples: required.limits(samples, device))


def solved(goal: Goal, scale: Scale, required: Required = NOTHING, graph: LayerGraph = GRAPH) -> Scaled | None:
    """A graph on the small device."""
    return scaled(asked(goal, scale.batches[0], required, graph), scale)


def value(found: Scaled, level: Level) -> int:
    """Of the mapping of all replicas."""
    assert found.result.solution is not None
    return Evaluation(found.problem, found.result.solution).value(level)


def test_throughput_takes_the_best_batch_and_replicas() -> None:
    """No fixed pair of them has fewer cycles a sample."""
    found = solved(Goal.THROUGHPUT, Scale((1, 2, 4), None))
    assert found is not None
    fixed = [solved(Goal.THROUGHPUT, Scale((batch,), count)) for batch in (1, 2, 4) for count in (1, 2, 4)]
    rates = [value(f, Level.INTERVAL) / f.laid_out.batch for f in fixed if f]
    assert len(rates) > 3
    assert value(found, Level.INTERVAL) / found.laid_out.batch <= min(rates) + 1e-9
    assert found.laid_out.batch > 1


# Seconds each.
@pytest.mark.parametrize(
    ("graph", "device"),
    [
        (residual(16, 8), small_device(3, 2)),
        pytest.param(residual(16, 8), small_device(6, 4), marks=pytest.mark.slow),
        pytest.param(long_residual(4), small_device(6, 3), marks=pytest.mark.slow),
        pytest.param(long_residual(3), small_device(7, 2, memory_rows=0), marks=pytest.mark.slow),
        pytest.param(chain((16, 32, 64, 32, 16, 8, 8, 8, 8, 8), tokens=8), small_device(8, 5), marks=pytest.mark.slow),
    ],
    ids=["residual", "wide", "long residual", "without memory tiles", "many layers"],
)
@pytest.mark.parametrize("goal", [Goal.THROUGHPUT, pytest.param(Goal.LATENCY, marks=pytest.mark.slow)], ids=lambda goal: goal.value)
def test_no_fixed_choice_is_better(goal: Goal, graph: LayerGraph, device: Device) -> None:
    """Of relays and replicas: for the throughput both are free, for the latency relays alone."""
    question, every = asked(goal, graph=graph, device=device), tuple(range(most_relays(graph) + 1))
    counts = (1, 2, 3) if goal is Goal.THROUGHPUT else (1,)
    free = scaled(question, Scale((1,), None if goal is Goal.THROUGHPUT else 1, every))
    assert free is not None
    for count in counts:
        of_count = scaled(question, Scale((1,), count, every))
        for relays in every:
            fixed = scaled(question, Scale((1,), count, (relays,)))
            if fixed:
                assert of_count is not None
                assert cost_of(question, of_count) <= cost_of(question, fixed)
                assert cost_of(question, free)[0] <= cost_of(question, fixed)[0]


def test_area_takes_the_fewest_tiles_that_reach_the_rate() -> None:
    """One pipeline where that is quick enough, copies where it is not; no fixed number needs fewer tiles."""
    one = solved(Goal.THROUGHPUT, Scale((1,), 1))
    assert one is not None
    most = DEVICE.clock_mhz * 1e6 / value(one, Level.INTERVAL)
    for rate, single in ((0.5 * most, True), (1.3 * most, False)):
        required = Required(inferences_per_second=rate)
        found = solved(Goal.AREA, Scale((1,), None), required)
        assert found is not None
        assert (found.problem.replicas == 1) is single
        assert value(found, Level.INTERVAL) / found.laid_out.batch <= DEVICE.clock_mhz * 1e6 / rate
        fixed = [solved(Goal.AREA, Scale((1,), count), required) for count in (1, 2, 3, 4)]
        assert value(found, Level.TILES) == min(value(f, Level.TILES) for f in fixed if f)


def test_a_batch_that_does_not_fit_ends_the_list() -> None:
    """More samples than the tiles hold are never proposed, and an impossible rate finds nothing."""
    found = solved(Goal.THROUGHPUT, Scale((1, 1 << 20), 1))
    assert found is not None
    assert found.laid_out.batch == 1
    assert solved(Goal.AREA, Scale((1, 2), None), Required(inferences_per_second=1e15)) is None


def candidates_solved(question: Question, scale: Scale, costs: dict[int, Cost]) -> tuple[int | None, list[Candidate]]:
    """The number of relays that is best when a candidate costs what `costs` says of its relays (nothing: it does not map), and all that
    were solved.
    """
    taken: list[Candidate] = []

    def solve(candidate: Candidate, wanted: tuple[Limit, ...]) -> tuple[Cost, int] | None:
        taken.append(candidate)
        cost = costs.get(candidate.relays)
        return (cost, candidate.relays) if cost else None

    return best_of(question, scale, solve), taken


def test_what_does_not_keep_its_promise_gives_way() -> None:
    """The relaxation with most promise maps badly, or not at all: every candidate that could still be better is solved."""
    question = asked(Goal.THROUGHPUT, graph=long_residual(2), device=small_device(3, 2))
    scale = Scale((1,), 1, (0, 1, 2))
    huge = Fraction(10_000)
    first = candidates_solved(question, scale, {})[1]
    assert {c.relays for c in first} == {0, 1, 2}
    promising = first[0].relays
    others = [n for n in (0, 1, 2) if n != promising]
    for best in others:
        costs = {n: (huge - (n == best), huge) for n in (0, 1, 2)}
        assert candidates_solved(question, scale, costs)[0] == best
    assert candidates_solved(question, scale, {others[0]: (huge, huge)})[0] == others[0]


def test_what_cannot_be_better_is_not_solved() -> None:
    """Once a mapping meets the least of its relaxation, nothing else is; a bound of one is no bound of another."""
    question = asked(Goal.THROUGHPUT, graph=long_residual(2), device=small_device(3, 2))
    first = candidates_solved(question, Scale((1,), 1, (0, 1, 2)), {})[1][0]
    met = {first.relays: (first.least, first.least)}
    best, taken = candidates_solved(question, Scale((1,), 1, (0, 1, 2)), met)
    assert best == first.relays
    assert [c.relays for c in taken] == [first.relays]


def test_the_latency_without_relays_comes_first() -> None:
    """With some only where the interval is shorter at the same latency, and no more of them once some were in vain."""
    question = asked(Goal.LATENCY, graph=long_residual(2), device=small_device(3, 2))
    scale, slow = Scale((1,), 1, (0, 1, 2)), Fraction(100_000)
    plain = (slow, slow)
    better = candidates_solved(question, scale, {0: plain, 1: (slow, slow / 2), 2: (slow, slow)})
    assert better[0] == 1
    assert better[1][0].relays == 0
    longer = candidates_solved(question, scale, {0: plain, 1: (slow + 1, slow / 2), 2: (slow, slow / 2)})
    assert longer[0] == 0
    assert [c.relays for c in longer[1]] == [0, 1]
