"""Skyline, annealing and bounds of pairs: legal, exact in their books, and below the optimum."""

from __future__ import annotations

import math

import pytest

from placer.placement.anneal import Schedule, anneal
from placer.placement.cost import cost_units
from placer.placement.engine import impossible
from placer.placement.instance import Instance, Places
from placer.placement.pair_bounds import pair_bounds
from placer.placement.skyline import place_along_skyline
from tests.placement.cases import chain, random_instance
from tests.placement.judge import violations


def annealed(instance: Instance, seed: int) -> list[tuple[Places, int]]:
    """What a short run reports."""
    found: list[tuple[Places, int]] = []

    def take(places: Places, units: int) -> bool:
        found.append((places, units))
        return True

    anneal(instance, None, Schedule(16, 60, math.inf, (3.0, 0.1), (1.0, 5.0)), (seed,), None, take)
    return found


@pytest.mark.parametrize("seed", range(30))
def test_annealing_keeps_its_books(seed: int) -> None:
    """Every placement that it reports is legal, cheaper than the last, and costs what it says."""
    instance = random_instance(seed, 2, 7)
    if impossible(instance):
        pytest.skip(impossible(instance))
    found = annealed(instance, seed)
    for places, units in found:
        assert violations(instance, places) == []
        assert cost_units(instance, places) == units
    assert [u for _, u in found] == sorted((u for _, u in found), reverse=True)


def test_annealing_repeats_itself() -> None:
    """The same seed, the same placements; another, others."""
    instance = chain([(2, 2), (3, 1), (1, 4), (2, 3), (4, 1), (1, 2)], 12, 5)
    assert annealed(instance, 1) == annealed(instance, 1)
    assert annealed(instance, 1) != annealed(instance, 2)


def test_annealing_finds_the_best_chain() -> None:
    """Four blocks in a row that share keep-outs."""
    assert annealed(chain([(1, 2)] * 4, 6, 2, direct=True), 0)[-1][1] == 60


@pytest.mark.parametrize("seed", range(40))
def test_the_skyline_is_legal(seed: int) -> None:
    """Wherever it finds a placement."""
    instance = random_instance(seed, 2, 8)
    places = place_along_skyline(instance, seed)
    assert places is None or violations(instance, places) == []


def test_the_skyline_fills_an_array() -> None:
    """A cut of the array into blocks and their keep-outs, without a tile to spare."""
    assert place_along_skyline(chain([(3, 2), (8, 1), (4, 2), (8, 1)], 8, 4), 0) is not None


def test_pairs_beside_each_other_or_above() -> None:
    """A block above its producer is a row away; one as high as the array lies two columns away, or one where it may share."""
    assert [b.units for b in pair_bounds(chain([(1, 1), (1, 1)], 8, 4))] == [20]
    assert [b.units for b in pair_bounds(chain([(1, 4), (1, 4)], 8, 4))] == [40]
    assert [b.units for b in pair_bounds(chain([(1, 4), (1, 4)], 8, 4, direct=True))] == [20]
