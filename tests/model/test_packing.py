"""Packing: inside the array, no two blocks on one tile."""

from __future__ import annotations

import pytest

from placer.model.packing import add_packing
from placer.problem.problem import MappingProblem, Orientation
from placer.problem.solution import BlockChoice, Solution
from tests.pinning import accepts
from tests.problems import BORDER, DMA, at, layer, option, pipeline, tiny_device

BOTH = (Orientation.WEST_TO_EAST, Orientation.NORTH_TO_SOUTH)


def two_cascades() -> MappingProblem:
    """Two layers, each a cascade of two tiles that runs east or south, on 3 x 2 tiles."""
    cascade = option(contraction=2, orientations=BOTH)
    return pipeline(tiny_device(3, 2), layer("a", cascade), layer("b", cascade))


def placed(*blocks: BlockChoice) -> Solution:
    """Layers at these places, everything by DMA."""
    return Solution((*blocks, BORDER, BORDER), (DMA,) * (len(blocks) + 1))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (at(0, 0), at(0, 1)),
        (at(1, 0), at(1, 1)),
        (at(0, 0), at(2, 0, shape=1)),
        (at(0, 0, shape=1), at(1, 1)),
        (at(1, 0, shape=1), at(2, 0, shape=1)),
    ],
)
def test_apart_inside_the_array(a: BlockChoice, b: BlockChoice) -> None:
    """Footprints that touch but do not overlap are accepted, in both orientations."""
    assert accepts(two_cascades(), placed(a, b), add_packing)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (at(0, 0), at(0, 0)),
        (at(0, 0), at(1, 0)),
        (at(0, 1), at(0, 0, shape=1)),
        (at(1, 0, shape=1), at(0, 0)),
        (at(1, 0, shape=1), at(0, 1)),
    ],
)
def test_overlap(a: BlockChoice, b: BlockChoice) -> None:
    """Blocks that share a tile are refused, and would be accepted without this family."""
    assert accepts(two_cascades(), placed(a, b))
    assert not accepts(two_cascades(), placed(a, b), add_packing)


@pytest.mark.parametrize("corner", [at(2, 0), at(0, 1, shape=1)])
def test_outside(corner: BlockChoice) -> None:
    """A block whose corner is inside but whose far end is not is refused."""
    problem = pipeline(tiny_device(3, 2), layer("a", option(contraction=2, orientations=BOTH)))
    assert accepts(problem, placed(corner))
    assert not accepts(problem, placed(corner), add_packing)


def test_tiles_of_the_chosen_option_count() -> None:
    """A block's size is that of its chosen option and shape, not of another."""
    problem = pipeline(tiny_device(3, 2), layer("a", option(), option(data=4)), layer("b"))
    # Option 1 in shape 1 is 2 x 2.
    assert accepts(problem, placed(at(0, 0, option=1, shape=1), at(2, 0)), add_packing)
    assert not accepts(problem, placed(at(0, 0, option=1, shape=1), at(1, 1)), add_packing)
    assert accepts(problem, placed(at(0, 0), at(1, 1)), add_packing)


def test_borders_take_no_tiles() -> None:
    """A layer may stand at the origin, where the borders' unused corners are pinned."""
    problem = pipeline(tiny_device(1, 1), layer("a"))
    assert accepts(problem, placed(at(0, 0)), add_packing)
