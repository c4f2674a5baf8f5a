"""Borders: PLIO ports in and out, each within what the columns with PL offer."""

from __future__ import annotations

import pytest

from placer.model.borders import add_borders
from placer.problem.problem import BlockKind, MappingProblem
from placer.problem.solution import Solution
from tests.pinning import accepts
from tests.problems import BORDER, DMA, at, border, layer, option, pipeline, rows, tiny_device, with_plio


def four_ports(in_columns: int, in_channels: int, out_channels: int) -> MappingProblem:
    """A layer cut in four parts, with four ports in and four ports out."""
    device = with_plio(tiny_device(4, 2), tuple(range(in_columns)), in_channels, out_channels)
    ins, outs = border(BlockKind.INPUT, rows(4)), border(BlockKind.OUTPUT, rows(4))
    return pipeline(device, layer("a", option(data=4)), ins=ins, outs=outs)


SOLUTION = Solution((at(0, shape=2), BORDER, BORDER), (DMA, DMA))


@pytest.mark.parametrize(("columns", "ins", "outs"), [(1, 4, 4), (2, 2, 2), (4, 1, 1), (2, 8, 6)])
def test_enough_ports(columns: int, ins: int, outs: int) -> None:
    """As many ports as columns times channels are accepted."""
    assert accepts(four_ports(columns, ins, outs), SOLUTION, add_borders)


@pytest.mark.parametrize(("columns", "ins", "outs"), [(1, 3, 6), (1, 8, 3), (3, 1, 2), (3, 2, 1)])
def test_too_many_ports(columns: int, ins: int, outs: int) -> None:
    """One port too many, in or out, is refused, and by this family alone."""
    assert accepts(four_ports(columns, ins, outs), SOLUTION)
    assert not accepts(four_ports(columns, ins, outs), SOLUTION, add_borders)


def test_ports_of_the_chosen_option() -> None:
    """The ports that count are those of the chosen option."""
    ins = border(BlockKind.INPUT, rows(1), rows(4))
    problem = pipeline(with_plio(tiny_device(4, 2), (0,), 2, 2), layer("a"), ins=ins)
    for chosen, legal in ((0, True), (1, False)):
        solution = Solution((at(0), at(0, option=chosen), BORDER), (DMA, DMA))
        assert accepts(problem, solution, add_borders) is legal
