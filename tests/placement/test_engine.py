"""The search as a whole: statuses and reasons, histories, limits."""

from __future__ import annotations

import time
from dataclasses import replace

from placer.placement.answer import Answer, Effort, ExactEngine, Found, Incumbent, Report, Status
from placer.placement.engine import place
from placer.placement.instance import Instance, Places, Region
from placer.solvers.placement_cpsat import CpSatPlacement
from tests.placement.cases import block, chain
from tests.placement.judge import violations

SIZES = [(2, 3), (3, 2), (1, 4), (4, 1), (2, 2), (1, 3), (3, 1), (2, 4)]


def answer(instance: Instance, work: float = 2.0, engine: ExactEngine | None = None) -> Answer:
    """A short search."""
    return place(instance, engine or CpSatPlacement(), Effort(work, None, 0), False, lambda _news: None)


def test_too_large_says_what_is_too_large() -> None:
    """A block, or all of them."""
    found = answer(chain([(9, 1)], 8, 4))
    assert (found.status, found.reason) == (Status.INFEASIBLE, "n0 is 9 x 1, the grid 8 x 4")
    found = answer(chain([(4, 4), (4, 4), (1, 1)], 8, 4))
    assert (found.status, found.reason) == (Status.INFEASIBLE, "the blocks take 33 tiles, the grid has 32")
    anchored = replace(chain([(1, 1)], 8, 4), blocks=(block("n0", 2, 1, anchor=(7, 0)),))
    assert answer(anchored).reason == "the anchor of n0: n0 leaves the grid"


def test_what_does_not_pack_is_proven() -> None:
    """Keep-outs leave no room although the tiles would do."""
    found = answer(chain([(4, 4), (4, 4)], 8, 4))
    assert (found.status, found.cost, found.bound) == (Status.INFEASIBLE, None, None)
    assert found.reason == "proven by cp-sat: the blocks do not pack"


def test_anchors_and_forbidden_regions_hold() -> None:
    """The blocks go around."""
    plain = chain([(2, 2), (2, 2), (2, 2)], 10, 4)
    instance = replace(
        plain, blocks=(plain.blocks[0], block("n1", 2, 2, anchor=(7, 1)), plain.blocks[2]), forbidden=(Region(x=3, y=0, width=3, height=4),)
    )
    found = answer(instance)
    assert found.status is Status.OPTIMAL
    assert found.places is not None
    assert found.places[1] == (7, 1)
    assert violations(instance, found.places) == []


def test_the_history_never_gets_worse() -> None:
    """Costs fall, bounds rise, and every step is news."""
    told: list[Incumbent] = []
    found = place(chain(SIZES, 14, 5), CpSatPlacement(), Effort(2.0, None, 0), False, told.append)
    assert tuple(told) == found.history
    costs, bounds = [h.cost for h in told if h.cost is not None], [h.bound for h in told]
    assert costs == sorted(costs, reverse=True)
    assert bounds == sorted(bounds)


def test_the_same_effort_gives_the_same_placement() -> None:
    """Without a clock, to the byte."""
    instance = chain(SIZES, 14, 5)
    assert len({(a.places, a.cost, a.bound) for a in (answer(instance) for _ in range(3))}) == 1


def test_a_deadline_ends_the_search() -> None:
    """With a placement, soon after it."""
    began = time.monotonic()
    found = place(chain(SIZES * 4, 38, 8), CpSatPlacement(), Effort.within(1.0, 0), False, lambda _news: None)
    assert found.places is not None
    assert found.bound is not None
    assert time.monotonic() - began < 20.0  # generous: a loaded machine is no failure


def test_an_interrupt_keeps_the_best() -> None:
    """Ctrl-C in the exact phase."""

    class Interrupted:
        name, version = "interrupted", "0"

        def solve(self, instance: Instance, start: Places | None, effort: Effort, report: Report) -> Found:
            raise KeyboardInterrupt

    found = answer(chain(SIZES, 14, 5), engine=Interrupted())
    assert (found.status, found.reason) == (Status.FEASIBLE, "interrupted")
    assert found.places is not None
