"""Few options that are enough: of those that keep a given interval, the cheapest of each kind of cut.

Once the interval is given, a quicker option is no better. What counts is tiles, streams, and that neighbours re-partition in one stage:
that depends on the axes which are cut, and on whether their parts divide each other.
"""

from __future__ import annotations

from placer.layout import Partition
from placer.problem.problem import Block, Option


def cheapest(block: Block, among: tuple[int, ...]) -> tuple[int, ...]:
    """Those of `among` that no other of their kind matches in tiles and windows of every port; of equals the one of least latency."""
    best: dict[tuple[tuple[int, ...], ...], list[int]] = {}
    for i in sorted(among, key=lambda i: (_cost(block.options[i]), block.options[i].latency, i)):
        kept = best.setdefault(_kind(block.options[i]), [])
        if not any(_matches(block.options[j], block.options[i]) for j in kept):
            kept.append(i)
    return tuple(sorted(i for kept in best.values() for i in kept))


def pace(option: Option) -> int:
    """The slowest of kernel and streams, in cycles."""
    return max(option.cycles, option.output_cycles, *option.input_cycles, 0)


def _partitions(option: Option) -> tuple[Partition, ...]:
    return (*option.inputs, *((option.output,) if option.output else ()))


def _kind(option: Option) -> tuple[tuple[int, ...], ...]:
    """Which axes each port cuts, and the part of the number of their parts that is no power of two."""
    return tuple(tuple((n > 1) + _odd(n) for n in (p.samples, p.rows, p.columns)) for p in _partitions(option))


def _odd(parts: int) -> int:
    return parts // (parts & -parts)


def _cost(option: Option) -> tuple[int, ...]:
    return (option.tiles, *(p.pieces for p in _partitions(option)))


def _matches(one: Option, other: Option) -> bool:
    return all(a <= b for a, b in zip(_cost(one), _cost(other), strict=True))
