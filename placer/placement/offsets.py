"""What two blocks cost each other at every offset of one from the other.

Tables run over [row of the first block, row of the second, column offset + reach]: rows are absolute, since each costs by itself and the
grid has few; columns are relative, since a placement may stand anywhere along the grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from placer.placement.instance import Instance, Span

Units = NDArray[np.int32]

# A cost that no placement has; sums of seven still fit 32 bits.
NEVER = np.int32(1 << 28)


@dataclass(frozen=True, eq=False)
class PairTable:
    """Two blocks, for column offsets from -reach to reach.

    linked: whether there are edges between them; cost: of these edges, in units, and NEVER where the extents meet without sharing a
    keep-out; apart: where they do not; shared: where they share one.
    """

    linked: bool
    cost: Units
    apart: NDArray[np.bool_]
    shared: NDArray[np.bool_]


def pair_table(instance: Instance, first: int, second: int, reach: int) -> PairTable:
    """The table of blocks number `first` and `second`."""
    a, b = instance.blocks[first], instance.blocks[second]
    rows = np.arange(instance.height - b.height + 1)[None, :, None] - np.arange(instance.height - a.height + 1)[:, None, None]
    columns = np.arange(-reach, reach + 1)[None, None, :]
    shape = (instance.height - a.height + 1, instance.height - b.height + 1, 2 * reach + 1)
    cost = np.zeros(shape, dtype=np.int32)
    shared = np.zeros(shape, dtype=np.bool_)
    links = [link for link in instance.links if {link.producer, link.consumer} == {first, second}]
    for link in links:
        sign = 1 if link.producer == first else -1
        producer, consumer = instance.blocks[link.producer], instance.blocks[link.consumer]
        across = _gap(producer.output_face.columns(producer.width), consumer.input_face.columns(consumer.width), sign * columns)
        along = _gap(producer.output_face.rows(producer.height), consumer.input_face.rows(consumer.height), sign * rows)
        cost += instance.scale * across + instance.row_units * along
        if link.may_share:
            x, y = instance.shared_at(link)
            shared |= (sign * columns == x) & (sign * rows == y)
    beside = (columns - b.keepout_left >= a.width) | (columns + b.width <= -a.keepout_left)
    apart = beside | (rows >= a.height) | (rows <= -b.height) | shared
    return PairTable(bool(links), np.where(apart, cost, NEVER), apart, shared)


def _gap(a: Span, b: Span, shift: NDArray[np.int64]) -> NDArray[np.int32]:
    """Steps between two inclusive ranges, the second moved by `shift`."""
    return np.maximum(0, np.maximum(b[0] + shift - a[1], a[0] - b[1] - shift)).astype(np.int32)


class PairTables:
    """Tables of pairs of blocks, by their ranks in `order`, each made when it is asked for.

    Tables that are equal are one object, so that whoever compares them need not look inside.
    """

    def __init__(self, instance: Instance, order: tuple[int, ...], reach: int) -> None:
        self.instance, self.order, self.reach = instance, order, reach
        self._known: dict[tuple[int, int], PairTable] = {}
        self._alike: dict[tuple[object, ...], PairTable] = {}

    def between(self, first: int, second: int) -> PairTable:
        """The table of the blocks at ranks `first` < `second`, seen from the first."""
        if (first, second) not in self._known:
            table = pair_table(self.instance, self.order[first], self.order[second], self.reach)
            looks = (table.cost.tobytes(), table.shared.tobytes(), table.cost.shape, table.linked)
            self._known[first, second] = self._alike.setdefault(looks, table)
        return self._known[first, second]

    def linked(self, first: int, second: int) -> bool:
        """Whether the blocks at two ranks share an edge."""
        return self.order[second] in self.instance.neighbours[self.order[first]]
