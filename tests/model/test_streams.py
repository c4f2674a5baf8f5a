"""Lanes between neighbours in the order of the data flow."""

from __future__ import annotations

import pytest

from placer.model.build import build_relaxation
from placer.model.streams import add_order_lanes, stream_count
from placer.problem.problem import Level
from placer.solvers.cpsat_level import Budget, minimise, silent
from tests.problems import fork, layer, option, pipeline, tiny_device


def fits(lanes: int, readers: int) -> bool:
    """Whether four windows reach one or two readers, over streams or shared memory, with so many lanes between neighbours."""
    device, four = tiny_device(12, 4), layer("d", option(data=4))
    problem = fork(device, four, four, four) if readers == 2 else pipeline(device, four, four)
    v = build_relaxation(problem, device.core_tiles)
    add_order_lanes(v, lanes)
    return minimise(v, Level.TRANSPORT, stream_count(v), Budget(1.0, None, 1, 0), 1.0, silent).solution is not None


@pytest.mark.parametrize("readers", [1, 2])
def test_windows_cross_once(readers: int) -> None:
    """One stream serves all who read a window as it is written."""
    assert fits(4, readers)
    assert fits(3, readers) is False
