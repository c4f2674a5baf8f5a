"""A legal mapping at once: the smallest options that meet a target interval, packed from the west, for the best target that packs.

No search library is needed. The result seeds the exact engine, and is the answer of last resort.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from operator import and_
from typing import TypeAlias

from placer.layout import Partition, divisors
from placer.problem.descriptors import walkable
from placer.problem.problem import Block, BlockKind, MappingProblem, Net, Option, Shape
from placer.problem.solution import BlockChoice, EdgeKind, Evaluation, NetChoice, Solution

# Parts along samples and rows that all layers have alike, or None for any.
Cut: TypeAlias = tuple[int, int] | None


@lru_cache(maxsize=8)  # a problem is bounded first and solved later
def construct(problem: MappingProblem) -> Solution | None:
    """A legal solution, or None when this construction finds none (which proves nothing): the one of least interval of several.

    Layers cut alike along samples and rows re-partition columns alone, which memory tiles can do, so each such cut is tried beside none.
    """
    targets = sorted({c for b in problem.blocks for o in b.options for c in (o.cycles, o.output_cycles, *o.input_cycles)})
    cuts = {(o.split.data.samples, o.split.data.rows) for b in problem.blocks for o in b.options if o.split}
    tried = (_for_least_target(problem, targets, cut) for cut in (None, *sorted(cuts)))
    found = [s for s in tried if s and Evaluation(problem, s).within_limits()]
    return min(found, key=lambda s: (Evaluation(problem, s).interval(), Evaluation(problem, s).tiles()), default=None)


def _for_least_target(problem: MappingProblem, targets: list[int], cut: Cut) -> Solution | None:
    """The solution for the smallest of ascending `targets` that has one, as far as halving them finds it."""
    best, low, high = None, 0, len(targets) - 1
    while low <= high:
        middle = (low + high) // 2
        solution = _for_target(problem, targets[middle], cut)
        if solution:
            best, high = solution, middle - 1
        else:
            low = middle + 1
    return best


def _for_target(problem: MappingProblem, target: int, cut: Cut) -> Solution | None:
    """Every block at its smallest option that meets `target` on kernel and streams, cut along samples and rows as said, or None."""
    chosen = []
    for block in problem.blocks:
        meeting = [
            i
            for i, o in enumerate(block.options)
            if max(o.cycles, o.output_cycles, *o.input_cycles, 0) <= target
            and (cut is None or o.split is None or (o.split.data.samples, o.split.data.rows) == cut)
        ]
        if not meeting:
            return None
        chosen.append(min(meeting, key=lambda i: (_ports(block.options[i]), i)))
    blocks = _pack(problem, chosen)
    nets = _connect(problem, chosen) if blocks else None
    return Solution(blocks, nets) if blocks and nets else None


def _ports(option: Option) -> tuple[int, int]:
    """Tiles first, then windows on both sides."""
    return option.tiles, sum(p.pieces for p in option.inputs) + (option.output.pieces if option.output else 0)


def _pack(problem: MappingProblem, chosen: list[int]) -> tuple[BlockChoice, ...] | None:
    """Place blocks, in order of size, each as far west as it goes; ties to the south."""
    device = problem.device
    if sum(_option(b, i).tiles for b, i in zip(problem.blocks, chosen, strict=True)) > device.core_tiles:
        return None
    free = [(1 << device.columns) - 1] * device.rows
    places: list[BlockChoice] = [BlockChoice(o, 0, 0, 0) for o in chosen]
    order = sorted(range(len(chosen)), key=lambda i: (-_option(problem.blocks[i], chosen[i]).tiles, i))
    for i in order:
        option = _option(problem.blocks[i], chosen[i])
        if not option.shapes:
            continue
        spots = [(spot, number) for number, shape in enumerate(option.shapes) if (spot := _westmost(free, shape))]
        if not spots:
            return None
        (column, row), number = min(spots, key=lambda s: (s[0][0] + option.shapes[s[1]].width, s[0], s[1]))
        _take(free, option.shapes[number], column, row)
        places[i] = BlockChoice(chosen[i], number, column, row)
    return tuple(places)


def _option(block: Block, number: int) -> Option:
    return block.options[number]


def _westmost(free: list[int], shape: Shape) -> tuple[int, int] | None:
    """The free position of least column, then least row."""
    starts = [_starts(row, shape.width) for row in free]
    best = None
    for row in range(len(free) - shape.height + 1):
        fitting = reduce(and_, starts[row : row + shape.height])
        column = (fitting & -fitting).bit_length() - 1
        if fitting and (best is None or column < best[0]):
            best = column, row
    return best


def _starts(free: int, width: int) -> int:
    """The columns, as bits, from which so many are free side by side."""
    reached = 1
    while reached < width:
        step = min(reached, width - reached)
        free &= free >> step
        reached += step
    return free


def _take(free: list[int], shape: Shape, column: int, row: int) -> None:
    for i in range(shape.height):
        free[row + i] &= ~(((1 << shape.width) - 1) << column)


def _connect(problem: MappingProblem, chosen: list[int]) -> tuple[NetChoice, ...] | None:
    """DMA where windows are equal, else memory tiles of their own, from the west."""
    device = problem.device
    choices, next_tile = [], [0] * device.memory_rows
    for net in problem.nets:
        written = _written(problem, net, chosen)
        reads = [_option(problem.blocks[r.block], chosen[r.block]).inputs[r.port] for r in net.readers]
        kinds = tuple(EdgeKind.DMA if read == written else EdgeKind.MEMORY_TILE for read in reads)
        buffered = [read for read, kind in zip(reads, kinds, strict=True) if kind is EdgeKind.MEMORY_TILE]
        if not buffered:
            choices.append(NetChoice(kinds, None, 0, 0))
            continue
        shards = _fewest_shards(problem, net, written, buffered)
        row = next((r for r in range(device.memory_rows) if shards and next_tile[r] + shards.pieces <= device.columns), None)
        if shards is None or row is None:
            return None
        choices.append(NetChoice(kinds, shards, next_tile[row], row))
        next_tile[row] += shards.pieces
    return tuple(choices) if _borders_fit(problem, chosen) else None


def _written(problem: MappingProblem, net: Net, chosen: list[int]) -> Partition:
    output = _option(problem.blocks[net.producer], chosen[net.producer]).output
    assert output is not None, "the producer of a net writes"
    return output


def _fewest_shards(problem: MappingProblem, net: Net, written: Partition, buffered: list[Partition]) -> Partition | None:
    """The coarsest cut that fits capacity and channels of one memory tile each and that all windows refine."""
    tile = problem.device.memory_tile
    for samples in divisors(written.samples):
        for rows in divisors(written.rows):
            for columns in divisors(written.columns):
                shards = Partition(samples, rows, columns)
                whole = shards.shard((written, *buffered), net.layout)
                if (
                    all(p.refines(shards, net.layout) for p in (written, *buffered))
                    and 2 * whole.bytes(net.layout.element_bytes) <= tile.memory_bytes
                    and all(walkable(p.window(net.layout), whole, net.layout, tile) for p in (written, *buffered))
                    and written.pieces // shards.pieces <= tile.dma_in
                    and sum(p.pieces for p in buffered) // shards.pieces <= tile.dma_out
                ):
                    return shards
    return None


def _borders_fit(problem: MappingProblem, chosen: list[int]) -> bool:
    plio = problem.device.plio
    for kind, channels in ((BlockKind.INPUT, plio.in_channels), (BlockKind.OUTPUT, plio.out_channels)):
        options = [_option(b, c) for b, c in zip(problem.blocks, chosen, strict=True) if b.kind is kind]
        if sum((o.output or o.inputs[0]).pieces for o in options) > channels * len(plio.columns):
            return False
    return True
