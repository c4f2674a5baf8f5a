"""Few options: of each kind of cut what no other of that kind matches in tiles and windows."""

from __future__ import annotations

from placer.solvers.few_options import cheapest, pace
from tests.problems import layer, option


def test_a_cheaper_option_of_the_same_kind_stands_for_a_dearer_one() -> None:
    """Two parts instead of four: fewer tiles and windows, and quick enough once both are among those asked for."""
    block = layer("a", option(data=2), option(data=4))
    assert cheapest(block, (0, 1)) == (0,)
    assert cheapest(block, (1,)) == (1,)


def test_other_kinds_of_cut_stay() -> None:
    """Columns instead of rows, both, neither, and thirds, which do not divide into halves: what neighbours need decides between them."""
    block = layer("a", option(), option(data=2), option(channels=2), option(data=2, channels=2), option(data=3), option(data=6))
    assert cheapest(block, tuple(range(6))) == (0, 1, 2, 3, 4)


def test_fewer_tiles_and_fewer_windows_are_weighed_against_each_other() -> None:
    """A cascade takes more tiles for the same windows, so it goes; more windows on fewer tiles would stay."""
    block = layer("a", option(contraction=2, channels=2), option(contraction=4, channels=2), option(contraction=2, channels=4))
    assert cheapest(block, (0, 1, 2)) == (0,)


def test_of_equal_options_the_one_of_least_latency_stays() -> None:
    """Tiles and windows being equal."""
    block = layer("a", option(data=2, cycles=90), option(data=2, cycles=80))
    assert cheapest(block, (0, 1)) == (1,)


def test_the_pace_is_that_of_the_slowest() -> None:
    """Kernel or stream."""
    assert pace(option(cycles=100, stream=50)) == 100
    assert pace(option(cycles=10, stream=50)) == 50
