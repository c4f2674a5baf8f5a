"""CP-SAT, SAT and brute force agree."""

from __future__ import annotations

import pytest

from placer.placement.answer import Effort, ExactEngine, Found, Status
from placer.placement.cost import cost_units
from placer.placement.engine import place
from placer.placement.instance import Instance
from placer.solvers.placement_cpsat import CpSatPlacement
from placer.solvers.placement_sat import SatPlacement
from tests.placement.cases import chain, optimum, random_instance
from tests.placement.judge import violations

ENGINES: tuple[ExactEngine, ...] = (CpSatPlacement(), SatPlacement())
EFFORT, LARGER_EFFORT = Effort(60.0, None, 0), Effort(90.0, None, 0)


def solve(engine: ExactEngine, instance: Instance, effort: Effort = EFFORT) -> int | None:
    """The optimum by an engine alone, checked against its own claims; None when there is no placement. Skips the test without a proof."""
    found: Found = engine.solve(instance, None, effort, lambda _places, _bound: None)
    if found.infeasible:
        assert found.places is None
        return None
    if found.places is None or cost_units(instance, found.places) > found.bound:
        pytest.skip(f"{engine.name} has no proof within the effort")
    assert violations(instance, found.places) == []
    assert cost_units(instance, found.places) == found.bound
    return found.bound


@pytest.mark.parametrize("seed", range(25))
def test_engines_and_brute_force_agree(seed: int) -> None:
    """On anything small."""
    instance = random_instance(seed, 2, 4)
    assert [solve(engine, instance) for engine in ENGINES] == [optimum(instance)] * 2


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1500))
def test_engines_and_brute_force_agree_on_five_hundred(seed: int) -> None:
    """Two to five blocks."""
    instance = random_instance(seed, 2, 5)
    assert [solve(engine, instance) for engine in ENGINES] == [optimum(instance)] * 2


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2000, 2030))
def test_engines_agree_on_larger_ones(seed: int) -> None:
    """Six to ten blocks, where brute force cannot follow."""
    instance = random_instance(seed, 6, 10)
    assert solve(ENGINES[1], instance, LARGER_EFFORT) == solve(ENGINES[0], instance, LARGER_EFFORT)


@pytest.mark.parametrize("engine", ENGINES, ids=lambda e: e.name)
def test_the_whole_search_proves(engine: ExactEngine) -> None:
    """A chain that snakes, from the skyline to the proof."""
    instance = chain([(2, 2), (3, 1), (1, 2), (2, 1)], 6, 3)
    answer = place(instance, engine, Effort(5.0, None, 0), True, lambda _news: None)
    assert (answer.status, answer.cost) == (Status.OPTIMAL, answer.bound)
    assert answer.places is not None
    assert violations(instance, answer.places) == []
