"""Goals as objectives, and demands in every unit as limits of levels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.device import find_device
from placer.problem.goals import Goal, Required
from placer.problem.problem import Level, Limit

# 1250 MHz: a cycle is 0.8 ns.
VEK280 = find_device("VEK280")


@pytest.mark.parametrize("goal", Goal)
def test_every_goal_orders_every_level(goal: Goal) -> None:
    """Its own level first; the published placement cost is another measure of transport."""
    assert sorted(goal.levels, key=lambda level: level.value) == sorted(set(Level) - {Level.PUBLISHED}, key=lambda level: level.value)
    assert goal.levels[0] is {Goal.THROUGHPUT: Level.INTERVAL, Goal.LATENCY: Level.LATENCY, Goal.AREA: Level.TILES}[goal]


@pytest.mark.parametrize(
    ("required", "limits"),
    [
        (Required(), ()),
        (Required(interval=50), (Limit(Level.INTERVAL, 50),)),
        (Required(latency=700, tiles=9), (Limit(Level.LATENCY, 700), Limit(Level.TILES, 9))),
        # 1000 ns are 1250 cycles; of two demands on a level the stricter one counts.
        (Required(latency_ns=1000), (Limit(Level.LATENCY, 1250),)),
        (Required(latency_ns=1000, latency=1300), (Limit(Level.LATENCY, 1250),)),
        # 40 million samples a second, eight a run: a run every 250 cycles.
        (Required(rate_mhz=40), (Limit(Level.INTERVAL, 250),)),
        (Required(inferences_per_second=40e6), (Limit(Level.INTERVAL, 250),)),
        (Required(inferences_per_second=40.001e6), (Limit(Level.INTERVAL, 249),)),
        (Required(rate_mhz=40, interval=100), (Limit(Level.INTERVAL, 100),)),
        (Required(latency_ns=0.1), (Limit(Level.LATENCY, 0),)),
    ],
)
def test_demands(required: Required, limits: tuple[Limit, ...]) -> None:
    """Eight samples a run at 1.25 GHz."""
    assert required.limits(8, VEK280) == limits


def test_demands_depend_on_the_clock() -> None:
    """The same time is fewer cycles of a slower clock."""
    assert Required(latency_ns=1000).limits(1, replace(VEK280, clock_mhz=1000.0)) == (Limit(Level.LATENCY, 1000),)
