"""The analytic interval: loops worked out by hand, and the simulator's interval on random mappings."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from placer.device import Device
from placer.errors import InfeasibleError
from placer.layers import LayerGraph
from placer.pacing import (
    Stage,
    Stream,
    Wait,
    buffer_waits,
    input_waits,
    output_waits,
    shared_waits,
    smallest_interval,
    stage_waits,
    stream_waits,
)
from placer.problem.problem import Level
from placer.problem.solution import Evaluation
from placer.simulation.activities import activities
from placer.simulation.simulate import simulate
from placer.solvers.construct import construct
from tests.graphs import random_devices, random_graphs
from tests.mapped import pair, rich
from tests.solving import as_result, assembled, solve, stated

TRAVEL = 50


def test_no_waits() -> None:
    """Nothing to do takes no time."""
    assert smallest_interval(()) == 0


def test_a_loop_shares_its_runs() -> None:
    """100 cycles around a loop of three runs: 34 whole cycles; a kernel of 40 alone is slower."""
    loop = (Wait("a", "b", 60, 0), Wait("b", "a", 40, 3))
    assert smallest_interval(loop) == 34
    assert smallest_interval((*loop, Wait("a", "a", 40, 1))) == 40


def layers(first: Stage, second: Stage) -> list[Wait]:
    return [*stage_waits(first), *stage_waits(second)]


def test_neighbours_take_turns() -> None:
    """Two kernels on a shared double buffer run at the pace of the slower one."""
    a, b = Stage("a", 50, 0), Stage("b", 30, 0)
    assert smallest_interval((*layers(a, b), *shared_waits(a, b))) == 50


def test_a_join_waits_for_the_longer_way() -> None:
    """From a fork, three kernels on one way and a stream on the other: as many runs are on the way as the short way has copies."""
    fork, join = Stage("fork", 20, 0), Stage("join", 20, 0)
    long = [Stage(f"k{i}", 20, 0) for i in range(3)]
    waits = [w for s in (fork, join, *long) for w in stage_waits(s)]
    out = Stream("out", 5)
    waits += [*stream_waits(out), *output_waits(fork, out), *input_waits(out, long[0], TRAVEL), *input_waits(out, join, TRAVEL)]
    waits += [*shared_waits(long[0], long[1]), *shared_waits(long[1], long[2]), *shared_waits(long[2], join)]
    # The stream's end frees nothing until the join has read: three kernels and the join behind it, on two copies.
    assert smallest_interval(tuple(waits)) == (5 + 3 * 20 + 20 + 1) // 2


def test_a_function_reads_each_window_in_a_tile_of_its_own() -> None:
    """A stream of two windows, to a cascade that needs the second one late, and to a function.

    The function holds back neither window for the other; a layer whose tiles read both does, and the cascade then waits for it.
    """
    cascade, out = Stage("cascade", 64, 40), Stream("out", 64)
    intervals = []
    for reader in (Stage("reader", 65, 0, apart=True), Stage("reader", 65, 0)):
        waits = [*stream_waits(out), *layers(cascade, reader), *input_waits(out, cascade, TRAVEL), *input_waits(out, reader, TRAVEL)]
        intervals.append(smallest_interval(tuple(waits)))
    # Second window, reader, first window, cascade: four runs share 64 + 65 + 64 + 64 cycles and the 40 of the cascade.
    assert intervals == [65, -(-(3 * 64 + 65 + 40) // 4)]


def test_memory_tiles_lengthen_the_short_way() -> None:
    """Two copies more."""
    fork, join = Stage("fork", 20, 0), Stage("join", 20, 0)
    long = [Stage(f"k{i}", 20, 0) for i in range(3)]
    waits = [w for s in (fork, join, *long) for w in stage_waits(s)]
    out, read = Stream("out", 5), Stream("read", 5)
    waits += [*stream_waits(out), *stream_waits(read), *output_waits(fork, out), *buffer_waits(out, read, TRAVEL)]
    waits += [*input_waits(out, long[0], TRAVEL), *input_waits(read, join, TRAVEL)]
    waits += [*shared_waits(long[0], long[1]), *shared_waits(long[1], long[2]), *shared_waits(long[2], join)]
    assert smallest_interval(tuple(waits)) < (5 + 3 * 20 + 20 + 1) // 2


@pytest.mark.parametrize("sample", [pair, rich], ids=lambda s: s.__name__)
def test_against_the_simulator(sample: object) -> None:
    """Hand-made mappings with every kind of edge: the solver's interval within 10 %, the stated one the next whole cycle."""
    chosen = pair() if sample is pair else rich()
    simulated = simulate(activities(chosen.mapping, chosen.device), 200).interval
    assert chosen.mapping.objective[0].value == pytest.approx(simulated, rel=0.10)
    assert simulated <= chosen.mapping.interval_cycles < simulated + 1.5


# How far the solver's interval, which knows no places, may be from the simulated one; mappings that the slow test must have compared.
WITHIN, COUNT = 0.10, 200


def check_random(graph: LayerGraph, device: Device, batch: int, dice: Random) -> list[float]:
    """Construct and solve; the stated interval is the simulated one, and the solver's is near it: its ratio for each mapping."""
    try:
        laid_out, problem = stated(graph, device, batch, dice.choice(((Level.INTERVAL, Level.LATENCY), (Level.TILES,), (Level.LATENCY,))))
    except InfeasibleError:
        return []
    ratios = []
    seed = construct(problem)
    results = [as_result(problem, seed)] if seed else []
    results.append(solve(problem, seed, work=0.05))
    for result in results:
        if result.solution is None:
            continue
        try:
            mapping = assembled(laid_out, problem, result)
        except InfeasibleError:  # its streams find no lanes: no mapping to time
            continue
        simulated = simulate(activities(mapping, device), 200).interval
        # The mean over half of the runs is off by a cycle where a loop of waits spans several.
        assert mapping.interval_cycles == pytest.approx(simulated, rel=0.02, abs=1.5)
        ratios.append(Evaluation(problem, result.solution).interval() / simulated)
    return ratios


SLOW = settings(
    max_examples=180,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
FAST = settings(SLOW, max_examples=15)
arguments = given(random_graphs(), random_devices(), st.sampled_from((1, 2, 3, 8)), st.randoms(use_true_random=False))


@FAST
@arguments
def test_random_mappings(graph: LayerGraph, device: Device, batch: int, dice: Random) -> None:
    """Any small network on any small device, both generations."""
    for ratio in check_random(graph, device, batch, dice):
        assert ratio == pytest.approx(1, rel=WITHIN)


@pytest.mark.slow
def test_two_hundred_random_mappings() -> None:
    """As above, at most two mappings each, and so many of them."""
    ratios: list[float] = []

    @SLOW
    @arguments
    def each(graph: LayerGraph, device: Device, batch: int, dice: Random) -> None:
        ratios.extend(check_random(graph, device, batch, dice))

    each()
    print(f"{len(ratios)} mappings: the solver's interval is {min(ratios):.3f} to {max(ratios):.3f} of what is simulated")
    assert len(ratios) >= COUNT
    assert ratios == pytest.approx([1] * len(ratios), rel=WITHIN)
