"""What a problem's options promise by themselves, without edges or places: bounds that cost no solve."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from placer.device import Device
from placer.problem.problem import Block, BlockKind, MappingProblem, Option


@dataclass(frozen=True)
class _Frontier:
    """Of one block: rising cycles, and the fewest tiles (of a border: PLIO ports) of an option that takes at most so many."""

    kind: BlockKind
    cycles: tuple[int, ...]
    fewest: tuple[int, ...]

    def at(self, cycles: int) -> int | None:
        """The fewest at `cycles`, or None where no option is so quick."""
        found = bisect_right(self.cycles, cycles)
        return self.fewest[found - 1] if found else None


@dataclass(frozen=True)
class Promise:
    """What the options of a problem promise on its device, and on parts of it."""

    frontiers: tuple[_Frontier, ...]

    def taken(self, kind: BlockKind, interval: int) -> int | None:
        """A lower bound of the core tiles, or of the PLIO ports of a side, at an interval in cycles; None where some block is slower."""
        found = [f.at(interval) for f in self.frontiers if f.kind is kind]
        known = [n for n in found if n is not None]
        return sum(known) if len(known) == len(found) else None

    @property
    def fewest(self) -> int:
        """A lower bound of the core tiles at any interval."""
        return sum(f.fewest[-1] for f in self.frontiers if f.kind is BlockKind.LAYER)

    def interval(self, device: Device) -> int | None:
        """A lower bound of the interval, in cycles, on the core tiles and PLIO ports of `device`; None where nothing fits them."""
        candidates = sorted({c for f in self.frontiers for c in f.cycles})
        low, high = 0, len(candidates)
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self._fits(candidates[middle], device) else (middle + 1, high)
        return candidates[low] if low < len(candidates) else None

    def _fits(self, interval: int, device: Device) -> bool:
        taken = ((kind, self.taken(kind, interval)) for kind in BlockKind)
        return all(n is not None and n <= _supply(device, kind) for kind, n in taken)


def promise(problem: MappingProblem) -> Promise:
    """What the options of `problem` promise."""
    return Promise(tuple(map(_frontier, problem.blocks)))


def _frontier(block: Block) -> _Frontier:
    """The options that take fewer tiles or ports than every quicker one."""
    best: list[tuple[int, int]] = []
    for cycles, taken in sorted(_costs(block.kind, o) for o in block.options):
        if not best or taken < best[-1][1]:
            best.append((cycles, taken))
    return _Frontier(block.kind, tuple(c for c, _ in best), tuple(n for _, n in best))


def _costs(kind: BlockKind, option: Option) -> tuple[int, int]:
    """Cycles below which an option cannot run, and its tiles or ports."""
    match kind:
        case BlockKind.LAYER:
            return option.cycles, option.tiles
        case BlockKind.INPUT:
            assert option.output is not None, "an input writes"
            return option.output_cycles, option.output.pieces
        case BlockKind.OUTPUT:
            return option.input_cycles[0], option.inputs[0].pieces


def _supply(device: Device, kind: BlockKind) -> int:
    ports = len(device.plio.columns)
    return {
        BlockKind.LAYER: device.core_tiles,
        BlockKind.INPUT: ports * device.plio.in_channels,
        BlockKind.OUTPUT: ports * device.plio.out_channels,
    }[kind]
