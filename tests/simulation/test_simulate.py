"""Pipelines small enough to work out by hand, and what every simulation keeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placer.cycles.streams import DMA_START_CYCLES
from placer.simulation.activities import activities
from placer.simulation.simulate import Activity, ActivityGraph, Kind, Precedence, simulate
from tests.mapped import pair, rich


def kernel(name: str, busy: int) -> Activity:
    return Activity(name, Kind.KERNEL, name, name, busy)


def chain(first: int, second: int, copies: int) -> ActivityGraph:
    """Two kernels through one buffer of `copies` copies."""
    own = (Precedence(0, 0, first, 1), Precedence(1, 1, second, 1))
    return ActivityGraph(
        (kernel("a", first), kernel("b", second)),
        (*own, Precedence(0, 1, first, 0), Precedence(1, 0, second, copies)),
        (0,),
        ((1, second),),
    )


def test_the_slowest_sets_the_pace() -> None:
    """With ping and pong, 30 and 50 cycles make a run every 50; the first takes 80."""
    simulation = simulate(chain(30, 50, 2), 20)
    assert (simulation.interval, simulation.first_latency) == (50, 80)


def test_one_copy_makes_them_take_turns() -> None:
    """A single buffer: the writer waits for the reader, 30 + 50 a run."""
    assert simulate(chain(30, 50, 1), 20).interval == 80


def test_inputs_at_a_pace_do_not_queue() -> None:
    """Fed as fast as it goes, a pipeline fills its buffers; fed at its interval, every run takes as long as the first."""
    assert simulate(chain(30, 50, 2), 20).latency(19) > 80
    assert simulate(chain(30, 50, 2), 20, pace=50).latency(19) == 80


def test_a_circle_is_refused() -> None:
    """Two activities of one run that wait for each other never start."""
    circle = ActivityGraph((kernel("a", 1), kernel("b", 1)), (Precedence(0, 1, 1, 0), Precedence(1, 0, 1, 0)), (0,), ((1, 1),))
    with pytest.raises(ValueError, match="circle"):
        simulate(circle, 2)


@given(st.integers(1, 100), st.integers(1, 100), st.integers(1, 4))
def test_the_pace_of_a_loop(first: int, second: int, copies: int) -> None:
    """The largest mean over the loops: each kernel alone, and both through the buffer."""
    expected = max(first, second, (first + second) / copies)
    assert simulate(chain(first, second, copies), 400).interval == pytest.approx(expected, rel=0.01)


def test_every_start_keeps_every_precedence() -> None:
    """On a mapping with all kinds of edges; and something holds back every activity but the first."""
    simulation = simulate(activities(rich().mapping, rich().device), 30)
    for p in simulation.graph.precedences:
        for run in range(p.runs, 30):
            assert simulation.starts[run][p.target] >= simulation.starts[run - p.runs][p.source] + p.cycles
    assert all(held is not None for held in simulation.held[-1])


def test_a_mapping_by_hand() -> None:
    """A cascade of two and a single tile, all by DMA on 4 x 4: the first run's way through."""
    mapping = pair().mapping
    d0, d1 = mapping.layers
    simulation = simulate(activities(mapping, pair().device), 30)
    ports = {p.direction: p.col for p in mapping.plio}
    core_rows = 1 + pair().device.memory_rows

    def travel(a: tuple[int, int], b: tuple[int, int]) -> int:
        return DMA_START_CYCLES + 4 * (abs(a[0] - b[0]) + abs(a[1] - b[1])) + 3

    heads = [t for t in d0.tiles if t.k_index == 0]
    tail, single = next(t for t in d0.tiles if t.k_index == 1), d1.tiles[0]
    columns = [p.col for p in mapping.plio if p.direction == "in"]
    first = 64 + max(travel((columns[0], 0), (heads[0].col, core_rows + heads[0].row)),
                     travel((columns[1], 0), (tail.col, core_rows + tail.row)) - d0.hop_cycles)  # fmt: skip
    middle = travel((tail.col, core_rows + tail.row), (single.col, core_rows + single.row))
    last = travel((single.col, core_rows + single.row), (ports["out"], 0))
    assert simulation.first_latency == first + d0.hop_cycles + d0.cycles + middle + 128 + d1.cycles + last + 128
    assert simulation.interval == max(d0.cycles, d1.cycles, 128)
