"""Random tiny problems, small enough to try every solution: two layers on 3 x 2 tiles or three on 2 x 2."""

from __future__ import annotations

import random
from dataclasses import replace

from placer.layout import Partition
from placer.problem.problem import Block, BlockKind, Level, MappingProblem, Net, Option, Orientation, Reader
from tests.problems import LAYOUT, WHOLE, border, layer, option, pipeline, problem, rows, tiny_device, with_memory, with_plio

BOTH = (Orientation.WEST_TO_EAST, Orientation.NORTH_TO_SOUTH)
SINGLE, SPLITS = ((1, 1, 1),), ((1, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2))


def random_problem(seed: int) -> MappingProblem:
    """The problem of a seed: its blocks, its scarce resources, and an objective of all levels in any order."""
    maker = _Maker(random.Random(seed))
    made = maker.dice.choice((maker.two_in_a_row, maker.two_in_a_row, maker.three_in_a_row, maker.forked))()
    objective = tuple(maker.dice.sample(tuple(Level), len(Level)))
    return replace(made, objective=objective, row_weight=maker.dice.choice((0.0, 0.5, 1.0, 1.25)))


class _Maker:
    """Random parts of one problem. stream: cycles of a whole activation, the same for all, because they follow from its bytes."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.stream = dice.choice((16, 64, 120))

    def option(self, columns: int, rows_: int, splits: tuple[tuple[int, int, int], ...], inputs: int = 1) -> Option:
        made = option(*self.dice.choice(splits), self.dice.choice((20, 60, 100)), self.stream, inputs, BOTH)
        return replace(made, shapes=tuple(s for s in made.shapes if s.width <= columns and s.height <= rows_))

    def border(self, kind: BlockKind, windows: set[Partition]) -> Block:
        offered = sorted(windows | {WHOLE}, key=lambda p: (p.pieces, p))
        return border(kind, *self.dice.sample(offered, self.dice.randint(1, len(offered))), stream=self.stream)

    def whole(self, kind: BlockKind) -> Block:
        return border(kind, stream=self.stream)

    def two_in_a_row(self) -> MappingProblem:
        """One or two options each, PLIO and memory tiles scarce."""
        choice = self.dice.choice
        a, b = (layer(name, *(self.option(3, 2, SPLITS) for _ in range(self.dice.randint(1, 2)))) for name in "ab")
        ins = self.border(BlockKind.INPUT, {o.inputs[0] for o in a.options})
        outs = self.border(BlockKind.OUTPUT, {o.output for o in b.options if o.output})
        memory_bytes = choice((1, 2, 2, 3)) * LAYOUT.bytes
        device = with_memory(tiny_device(3, 2, choice((1, 1, 1, 0))), memory_bytes, choice((1, 2, 6)), choice((2, 2, 6)))
        return pipeline(with_plio(device, (0,), choice((1, 2, 2)), choice((1, 2, 2))), a, b, ins=ins, outs=outs)

    def three_in_a_row(self) -> MappingProblem:
        """One of them on two tiles at most."""
        choice, wide = self.dice.choice, self.dice.randrange(3)
        layers = (layer(name, self.option(2, 2, SPLITS if i == wide else SINGLE)) for i, name in enumerate("abc"))
        device = with_memory(tiny_device(2, 2), choice((2, 4)) * LAYOUT.bytes, choice((1, 2, 6)), choice((1, 2, 6)))
        return pipeline(device, *layers, ins=self.border(BlockKind.INPUT, {rows(2)}), outs=self.whole(BlockKind.OUTPUT))

    def forked(self) -> MappingProblem:
        """A layer whose result a second one reads, and a third adds to the second one's result."""
        wide = self.dice.randrange(2)
        a, b = (layer(name, self.option(2, 2, SPLITS if i == wide else SINGLE)) for i, name in enumerate("ab"))
        c = layer("c", self.option(2, 2, SINGLE, inputs=2))
        device = with_memory(tiny_device(2, 2), self.dice.choice((2, 4)) * LAYOUT.bytes, 6, self.dice.choice((1, 2)))
        nets = (
            Net("x", LAYOUT, 3, (Reader(0, 0),)),
            Net("forked", LAYOUT, 0, (Reader(1, 0), Reader(2, 0))),
            Net("changed", LAYOUT, 1, (Reader(2, 1),)),
            Net("y", LAYOUT, 2, (Reader(4, 0),)),
        )
        return problem(device, (a, b, c, self.whole(BlockKind.INPUT), self.whole(BlockKind.OUTPUT)), nets)
