"""Costs and rules against the judge."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from placer.placement.cost import cost_units, violations
from placer.placement.instance import Region
from tests.placement import judge
from tests.placement.cases import block, chain, random_instance


@pytest.mark.parametrize("seed", range(60))
def test_costs_and_rules_are_those_of_the_judge(seed: int) -> None:
    """On random placements, legal or not."""
    instance, random = random_instance(seed, 2, 6), Random(seed)
    for _ in range(40):
        places = tuple(
            (random.randint(0, instance.width - b.width), random.randint(0, instance.height - b.height)) for b in instance.blocks
        )
        assert cost_units(instance, places) / instance.scale == pytest.approx(judge.cost(instance, places))
        assert bool(violations(instance, places)) == bool(judge.violations(instance, places))


def test_every_rule_can_be_broken() -> None:
    """Each has its sentence."""
    instance = replace(chain([(2, 1), (1, 1)], 8, 2), forbidden=(Region(x=7, y=0, width=1, height=1),))
    assert violations(instance, ((0, 0), (3, 0))) == []
    assert violations(instance, ((0, 0), (8, 0))) == ["n1 leaves the grid"]
    assert violations(instance, ((0, 0), (7, 0))) == ["n1 stands on a forbidden region"]
    assert violations(instance, ((0, 0), (1, 0))) == ["n1 overlaps n0 or breaks a keep-out"]
    assert violations(instance, ((0, 0), (2, 0))) == ["n1 overlaps n0 or breaks a keep-out"]
    anchored = replace(instance, blocks=(block("n0", 2, 1, anchor=(1, 0)), instance.blocks[1]))
    assert violations(anchored, ((0, 0), (3, 0))) == ["n0 is not at its anchor"]


def test_a_direct_exclusive_edge_shares_its_keepout() -> None:
    """Face to face and row for row; nowhere else."""
    instance = chain([(2, 2), (1, 2)], 8, 4, direct=True)
    assert violations(instance, ((0, 0), (2, 0))) == []
    assert violations(instance, ((0, 0), (2, 1))) == ["n1 overlaps n0 or breaks a keep-out"]


def test_costs_are_whole_units() -> None:
    """The chain of two, a row apart and two columns."""
    instance = chain([(1, 1), (1, 1)], 8, 4)
    assert instance.scale == 20
    assert cost_units(instance, ((0, 1), (2, 2))) == 20 * 2 + 20 * 1 + 3
