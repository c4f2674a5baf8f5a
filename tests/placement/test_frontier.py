"""Eliminations and enumerations against brute force: bounds hold, and what is enumerated to the end is the optimum."""

from __future__ import annotations

import pytest

from placer.placement.answer import Effort
from placer.placement.cost import cost_units
from placer.placement.elimination import Elimination, eliminate
from placer.placement.frontier import Allowance, Enumerated, enumerable, enumerate_placements
from placer.placement.instance import Edge, Instance
from placer.placement.pair_bounds import pair_bounds
from placer.solvers.placement_cpsat import CpSatPlacement
from tests.placement.cases import block, chain, optimum, random_instance
from tests.placement.judge import violations

STEPS = 1e8


def eliminated(instance: Instance, below: int | None, steps: float = STEPS) -> Elimination:
    """An elimination that must be possible."""
    found = eliminate(instance, below, steps)
    assert found is not None
    return found


def enumerated(elimination: Elimination, goal: int, most: int = 10**6) -> Enumerated:
    """All below `goal`."""
    return enumerate_placements(elimination, goal, Allowance(most, None), lambda _bound: True)


def agrees(instance: Instance, best: int) -> bool:
    """Whether an enumeration was possible; it must then agree with `best`, whatever the goal."""
    for below in (None, best + 1, best + 100):
        elimination = eliminated(instance, below)
        assert elimination.bound <= best
        if not enumerable(elimination):
            return False
        found = enumerated(elimination, best + 1)
        assert found.bound <= best
        if found.places is not None:
            assert violations(instance, found.places) == []
            assert cost_units(instance, found.places) == found.bound == best
        assert enumerated(eliminated(instance, best), best).bound <= best
    return True


@pytest.mark.parametrize("seed", range(60))
def test_bounds_hold(seed: int) -> None:
    """On anything small."""
    instance = random_instance(seed, 2, 4)
    best = optimum(instance)
    if best is None:
        pytest.skip("nothing fits")
    agrees(instance, best)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1500))
def test_bounds_hold_on_five_hundred(seed: int) -> None:
    """Two to five blocks, as the engines are held to."""
    instance = random_instance(seed, 2, 5)
    best = optimum(instance)
    if best is None:
        pytest.skip("nothing fits")
    agrees(instance, best)


def test_most_random_cases_are_proven() -> None:
    """A bound below the optimum is only right where blocks overlap unseen; that is rare."""
    proven = tried = 0
    for seed in range(200):
        instance = random_instance(seed, 3, 4)
        best = optimum(instance)
        if best is None or not enumerable(eliminated(instance, best)):
            continue
        tried += 1
        proven += enumerated(eliminated(instance, best), best).bound == best
    assert tried >= 15
    assert proven >= tried - 1


def test_a_chain_is_proven_by_its_tables() -> None:
    """Four blocks in a row that share keep-outs cost 3; wider tables are no worse, smaller ones no better than pairs."""
    row = chain([(1, 2)] * 4, 8, 2, direct=True)
    assert eliminated(row, None).bound == 60
    pairs = sum(b.units for b in pair_bounds(row))
    assert pairs <= eliminated(row, None, 2e4).bound <= 60


def test_blocks_that_get_in_each_other_s_way() -> None:
    """One block that feeds four of its size on two rows: pairs alone let all of them stand above it."""
    blocks = tuple(block(f"n{i}", 2, 1) for i in range(5))
    edges = tuple(Edge(src="n0", dst=f"n{i}", direct=False, producer_exclusive=False) for i in range(1, 5))
    fan = Instance(name="fan", width=14, height=2, lam=1.0, mu=0.0, blocks=blocks, edges=edges)
    found = CpSatPlacement().solve(fan, None, Effort(30.0, None, 0), lambda _places, _bound: None)
    assert found.places is not None
    best = cost_units(fan, found.places)
    assert sum(b.units for b in pair_bounds(fan)) < best == found.bound
    assert enumerated(eliminated(fan, best), best).bound == best


def test_no_table_fits() -> None:
    """Without room for the smallest, there is none."""
    assert eliminate(chain([(1, 2)] * 4, 8, 2), None, 10.0) is None


def test_an_enumeration_ends_when_told() -> None:
    """By its limit of placements, or by its caller; the bound stays one."""
    instance = chain([(2, 3), (3, 2), (1, 4), (4, 1), (2, 2), (1, 3)], 14, 5)
    elimination = eliminated(instance, None)
    assert elimination.bound <= enumerated(elimination, elimination.bound + 400, 3).bound
    told: list[int] = []

    def once(bound: int) -> bool:
        told.append(bound)
        return len(told) < 2

    assert enumerate_placements(elimination, elimination.bound + 400, Allowance(10**6, None), once).bound >= elimination.bound
    assert len(told) <= 3
