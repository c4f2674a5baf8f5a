"""Fixed splits: kept by the options, refused in words where there is no such layer or cut."""

from __future__ import annotations

import pytest

from placer.errors import InfeasibleError, InputError
from placer.layers import Side
from placer.layout import Partition
from placer.problem.fixed_split import FREE, FixedLayer, FixedSplit
from placer.problem.formulate import formulate, lay_out
from placer.problem.problem import Level, MappingProblem
from placer.split import Split
from tests.graphs import chain, small_device
from tests.solving import solve

LEVELS = (Level.INTERVAL, Level.TILES)


def fixed(**splits: FixedSplit) -> MappingProblem:
    """Two layers on a small device, cut so."""
    device = small_device(6, 4)
    laid_out = lay_out(chain((32, 32, 32), tokens=8), 1, device)
    return formulate(laid_out, device, LEVELS, 1.0, (), tuple(FixedLayer(name, split) for name, split in splits.items()))


def test_only_such_splits_are_options() -> None:
    """Of the layer that is named; what is left out stays free, even where another split dominates."""
    problem = fixed(d0=FixedSplit(contraction=2, channels=1))
    splits = [[o.split for o in b.options if o.split] for b in problem.blocks]
    assert {(s.contraction, s.channels) for s in splits[0]} == {(2, 1)}
    assert {s.data.rows for s in splits[0]} == {1, 2}
    assert len({(s.contraction, s.channels) for s in splits[1]}) > 1
    result = solve(problem)
    assert result.solution is not None
    chosen = problem.blocks[0].options[result.solution.blocks[0].option].split
    assert chosen is not None
    assert (chosen.contraction, chosen.channels) == (2, 1)


def test_every_axis_counts() -> None:
    """A split is allowed when it is cut as told on each of them."""
    split = Split(Side.RIGHT, Partition(2, 3, 1), 4, 5)
    told = {"contraction": 4, "channels": 5, "samples": 2, "rows": 3, "columns": 1}
    assert FREE.allows(split)
    assert FixedSplit(**told).allows(split)
    for name, value in told.items():
        assert not FixedSplit(**{name: value + 1}).allows(split)


def test_no_such_cut() -> None:
    """Four blocks of columns in three even parts and a rest: not seven."""
    with pytest.raises(
        InfeasibleError, match="layer d1 fits no split with contraction 7 on VE2802, as 'splits' wants; contraction may be 1, 2"
    ):
        fixed(d1=FixedSplit(contraction=7))


def test_no_such_layer() -> None:
    """The nearest name, and all of them."""
    with pytest.raises(InputError, match=r"no layer is called 'd11' \(did you mean 'd1'\?\); the layers are d0, d1"):
        fixed(d11=FREE)
