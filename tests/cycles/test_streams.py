"""Cycles of streams, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.cycles.streams import End, edge_travel, first_word_cycles, transfer_cycles, travel_cycles
from placer.device import find_device

VEK280 = find_device("VEK280")
CORE, MEMORY_TILE, SHIM = End


@pytest.mark.parametrize(("size", "cycles"), [(0, 0), (1, 1), (4, 1), (5, 2), (4096, 1024)])
def test_transfers(size: int, cycles: int) -> None:
    """Four bytes a cycle on AIE-ML, eight on AIE-MLv2, rounded up."""
    assert transfer_cycles(size, VEK280) == cycles
    fast = find_device("VEK385")
    assert transfer_cycles(size, fast) == -(-size // fast.stream_bytes)


@pytest.mark.parametrize(
    ("source", "target", "switches"),
    [
        # Its own switch and two columns aside; up from the shim (0), the middle of two rows of memory tiles (1.5) or that of eight of cores
        # (6.5).
        (SHIM, MEMORY_TILE, 3 + 2),
        (MEMORY_TILE, CORE, 3 + 5),
        (SHIM, CORE, 3 + 7),
        # Two of eight rows are 63 / 24 apart in the mean.
        (CORE, CORE, 3 + 3),
        (SHIM, SHIM, 3),
    ],
)
def test_travel_between_kinds_of_tiles(source: End, target: End, switches: int) -> None:
    """On a VEK280, the same there and back."""
    assert (
        travel_cycles(source, target, VEK280) == travel_cycles(target, source, VEK280) == first_word_cycles(switches) == 10 + 4 * switches
    )


@pytest.mark.parametrize(("columns", "aside"), [(1, 0), (2, 1), (4, 1), (5, 2), (38, 2)])
def test_streams_go_less_far_aside_in_a_narrow_array(columns: int, aside: int) -> None:
    """Two of four columns are 15 / 12 apart in the mean, two of five 24 / 15."""
    assert travel_cycles(SHIM, CORE, replace(VEK280, columns=columns)) == first_word_cycles(1 + aside + 7)


def test_an_edge_goes_straight_or_through_memory_tiles() -> None:
    """Both streams of the second way add up, and the longer way bounds either."""
    travel = edge_travel(CORE, CORE, VEK280)
    assert travel.direct == travel_cycles(CORE, CORE, VEK280)
    assert travel.buffered == travel.longest == 2 * travel_cycles(CORE, MEMORY_TILE, VEK280)
