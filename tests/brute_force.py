"""Every legal solution of a tiny problem, by trying them all: the rules are written here once more, on sets of tiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from math import prod

from placer.layout import Partition, divisors
from placer.problem.problem import BlockKind, MappingProblem, Option
from placer.problem.solution import BlockChoice, EdgeKind, NetChoice, Solution

Place = tuple[int, int]


def legal_solutions(problem: MappingProblem) -> Iterator[Solution]:
    """All of them. A net that no memory tile holds has its place at (0, 0)."""
    for blocks in _packed(problem, ()):
        if not _ports_fit(problem, blocks):
            continue
        choices = [list(_net_choices(problem, blocks, number)) for number in range(len(problem.nets))]
        for nets in product(*choices):
            if _memory_fits(problem, blocks, nets):
                yield Solution(blocks, nets)


def _packed(problem: MappingProblem, placed: tuple[BlockChoice, ...]) -> Iterator[tuple[BlockChoice, ...]]:
    """Every way to place the blocks after `placed` on tiles of their own."""
    if len(placed) == len(problem.blocks):
        yield placed
        return
    taken = {tile for number, choice in enumerate(placed) for tile in tiles_of(problem, number, choice)}
    block = problem.blocks[len(placed)]
    for number, option in enumerate(block.options):
        if block.kind is not BlockKind.LAYER:
            yield from _packed(problem, (*placed, BlockChoice(number, 0, 0, 0)))
            continue
        for shape, column, row in product(range(len(option.shapes)), range(problem.device.columns), range(problem.device.rows)):
            choice = BlockChoice(number, shape, column, row)
            tiles = tiles_of(problem, len(placed), choice)
            if not taken & tiles and all(problem.device.has_core(*t) for t in tiles):
                yield from _packed(problem, (*placed, choice))


def tiles_of(problem: MappingProblem, block: int, choice: BlockChoice) -> set[Place]:
    """The core tiles of a placed block."""
    return {place for chain in _cascades(problem, block, choice) for place in chain}


def _cascades(problem: MappingProblem, block: int, choice: BlockChoice) -> list[list[Place]]:
    """The tiles of each cascade, in order; none for a border."""
    option = problem.blocks[block].options[choice.option]
    if option.split is None:
        return []
    shape = option.shapes[choice.shape]
    places = [[shape.tile(chain, i) for i in range(shape.length)] for chain in range(option.split.chains)]
    return [[(choice.column + x, choice.row + y) for x, y in chain] for chain in places]


def _option(problem: MappingProblem, blocks: tuple[BlockChoice, ...], number: int) -> Option:
    return problem.blocks[number].options[blocks[number].option]


def _ports_fit(problem: MappingProblem, blocks: tuple[BlockChoice, ...]) -> bool:
    """PLIO ports: a window each."""
    plio = problem.device.plio
    ports: Counter[BlockKind] = Counter()
    for number, block in enumerate(problem.blocks):
        if block.kind is not BlockKind.LAYER:
            option = _option(problem, blocks, number)
            ports[block.kind] += (option.output or option.inputs[0]).pieces
    places = len(plio.columns)
    return ports[BlockKind.INPUT] <= plio.in_channels * places and ports[BlockKind.OUTPUT] <= plio.out_channels * places


def _net_choices(problem: MappingProblem, blocks: tuple[BlockChoice, ...], number: int) -> Iterator[NetChoice]:
    """Every way to carry one net between placed blocks, as if it had all memory tiles to itself."""
    net, device = problem.nets[number], problem.device
    written = _option(problem, blocks, net.producer).output
    assert written is not None
    reads = [_option(problem, blocks, r.block).inputs[r.port] for r in net.readers]
    for kinds in product(EdgeKind, repeat=len(reads)):
        if any(kind is not EdgeKind.MEMORY_TILE and read != written for kind, read in zip(kinds, reads, strict=True)):
            continue
        if EdgeKind.SHARED_MEMORY in kinds and not _may_share(problem, blocks, number):
            continue
        if EdgeKind.MEMORY_TILE not in kinds:
            yield NetChoice(kinds, None, 0, 0)
            continue
        buffered = [read for kind, read in zip(kinds, reads, strict=True) if kind is EdgeKind.MEMORY_TILE]
        for cut in product(divisors(written.samples), divisors(written.rows), divisors(written.columns)):
            shards = Partition(*cut)
            if all(p.refines(shards, net.layout) for p in (written, *buffered)):
                for column, row in product(range(device.columns - shards.pieces + 1), range(device.memory_rows)):
                    yield NetChoice(kinds, shards, column, row)


def _may_share(problem: MappingProblem, blocks: tuple[BlockChoice, ...], number: int) -> bool:
    """Whether each window's one writer and one reader have a memory in common."""
    net = problem.nets[number]
    ends = (net.producer, net.readers[0].block)
    if len(net.readers) > 1 or any(problem.blocks[b].kind is not BlockKind.LAYER for b in ends):
        return False
    source, target = (_option(problem, blocks, b).split for b in ends)
    assert source is not None and target is not None
    writers = {source.output_piece(c): chain[-1] for c, chain in enumerate(_cascades(problem, ends[0], blocks[ends[0]]))}
    readers: dict[int, list[Place]] = {}
    for c, chain in enumerate(_cascades(problem, ends[1], blocks[ends[1]])):
        for position, place in enumerate(chain):
            readers.setdefault(target.input_piece(c, position, net.readers[0].port), []).append(place)
    return all(
        len(places) == 1 and problem.device.shared_memory(writers[piece], places[0]) is not None for piece, places in readers.items()
    )


def _memory_fits(problem: MappingProblem, blocks: tuple[BlockChoice, ...], nets: tuple[NetChoice, ...]) -> bool:
    """Bytes and channels of each memory tile."""
    used: Counter[tuple[Place, str]] = Counter()
    for net, choice in zip(problem.nets, nets, strict=True):
        if choice.shards is None:
            continue
        written = _option(problem, blocks, net.producer).output
        assert written is not None
        ends = [written]
        for reader, kind in zip(net.readers, choice.kinds, strict=True):
            if kind is EdgeKind.MEMORY_TILE:
                ends.append(_option(problem, blocks, reader.block).inputs[reader.port])
        covers = [(c.samples, c.rows, c.columns) for c in (p.cover(net.layout) for p in ends)]
        stored = prod(map(max, *covers)) * net.layout.element_bytes
        for shard in range(choice.shards.pieces):
            place = (choice.column + shard, choice.row)
            used[place, "bytes"] += 2 * stored // choice.shards.pieces
            used[place, "in"] += written.pieces // choice.shards.pieces
            for reader, kind in zip(net.readers, choice.kinds, strict=True):
                if kind is EdgeKind.MEMORY_TILE:
                    used[place, "out"] += _option(problem, blocks, reader.block).inputs[reader.port].pieces // choice.shards.pieces
    tile = problem.device.memory_tile
    limits = {"bytes": tile.memory_bytes, "in": tile.dma_in, "out": tile.dma_out}
    return all(amount <= limits[what] for (_, what), amount in used.items())
