"""A solution of a MappingProblem, and what it costs at each objective level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from placer.layout import Box as Extents
from placer.layout import Partition
from placer.pacing import (
    Stage,
    Stream,
    Wait,
    buffer_waits,
    input_waits,
    output_waits,
    shared_waits,
    smallest_interval,
    stage_waits,
    stream_waits,
)
from placer.problem.problem import ALONE, BlockKind, Copies, Level, MappingProblem, Net, Option, Reader, Shape

# Objective values are integers: distances count hundredths of a column.
DISTANCE_SCALE = 100
# What a row of each layer costs at the level `published`, in columns (AIE4ML's constant).
PUBLISHED_HEIGHT = 0.05


def level_scale(level: Level) -> int:
    """Integer units in 1 of a level."""
    return DISTANCE_SCALE if level in {Level.TRANSPORT, Level.PUBLISHED} else 1


class EdgeKind(Enum):
    """How an activation reaches one reader; the value is its name in mapping.json.

    Between a core tile and the border, DMA is called plio in mapping.json.
    """

    SHARED_MEMORY = "shared_memory"
    DMA = "dma"
    MEMORY_TILE = "memory_tile"


@dataclass(frozen=True)
class BlockChoice:
    """Option and shape number of a block, and its south-west corner; shape and corner are 0 for a border."""

    option: int
    shape: int
    column: int
    row: int


@dataclass(frozen=True)
class NetChoice:
    """The kind of each edge of a net and, where one goes through memory tiles, the cut over them and the first one's place.

    Shards take consecutive columns of one memory row, eastward; those of every replica in a place of their own (copies).
    """

    kinds: tuple[EdgeKind, ...]
    shards: Partition | None
    column: int
    row: int
    copies: Copies = ALONE

    @property
    def shards_a_copy(self) -> int:
        """How many memory tiles one replica's buffer takes."""
        return self.shards.pieces // self.copies.count if self.shards else 0

    def place(self, shard: int) -> tuple[int, int]:
        """Column and memory row of a shard."""
        copy, number = divmod(shard, self.shards_a_copy)
        east, north = self.copies.offset(copy)
        return self.column + east + number, self.row + north


@dataclass(frozen=True)
class Solution:
    """One choice a block and a net, in the order of the problem."""

    blocks: tuple[BlockChoice, ...]
    nets: tuple[NetChoice, ...]


@dataclass(frozen=True)
class Box:
    """An inclusive rectangle of tiles."""

    west: int
    east: int
    south: int
    north: int


def bounding_box(tiles: tuple[tuple[int, int], ...]) -> Box:
    """The smallest box around `tiles`."""
    columns, rows = [t[0] for t in tiles], [t[1] for t in tiles]
    return Box(min(columns), max(columns), min(rows), max(rows))


def gap(low: int, high: int, other_low: int, other_high: int) -> int:
    """Distance between two inclusive ranges, 0 when they meet."""
    return max(0, other_low - high, low - other_high)


class Evaluation:
    """Costs of `solution`, recomputed from the problem's numbers."""

    def __init__(self, problem: MappingProblem, solution: Solution) -> None:
        self.problem = problem
        self.solution = solution

    def value(self, level: Level) -> int:
        """The integer value of one objective level, in units of 1 / level_scale."""
        match level:
            case Level.INTERVAL:
                return self.interval()
            case Level.LATENCY:
                return self.latency()
            case Level.TILES:
                return self.tiles()
            case Level.TRANSPORT:
                return self.transport()
            case Level.COMPACTNESS:
                return self.compactness()
            case Level.PUBLISHED:
                return self.published()

    def within_limits(self) -> bool:
        """Whether everything that the problem demands is met."""
        return all(self.value(limit.level) <= limit.at_most for limit in self.problem.limits)

    def option(self, block: int) -> Option:
        """The chosen option of block number `block`."""
        return self.problem.blocks[block].options[self.solution.blocks[block].option]

    def shape(self, block: int) -> Shape:
        """The chosen shape of block number `block`."""
        return self.option(block).shapes[self.solution.blocks[block].shape]

    def tiles(self) -> int:
        """Core tiles in use."""
        return sum(self.option(i).tiles for i in range(len(self.problem.blocks)))

    def interval(self) -> int:
        """Cycles between two runs in steady state: the slowest kernel or stream, or what their waiting for each other takes (modelled)."""
        return smallest_interval(tuple(self._waits()))

    def _waits(self) -> Iterator[Wait]:
        stages = [self._stage(i) for i in range(len(self.problem.blocks))]
        for stage in stages:
            if stage:
                yield from stage_waits(stage)
        for net, choice in zip(self.problem.nets, self.solution.nets, strict=True):
            source = stages[net.producer]
            if choice.kinds[0] is EdgeKind.SHARED_MEMORY:
                target = stages[net.readers[0].block]
                assert source and target, "a border shares no memory"
                yield from shared_waits(source, target)
                continue
            out = Stream(f"{net.activation}.out", self.option(net.producer).output_cycles)
            yield from stream_waits(out)
            if source:
                yield from output_waits(source, out)
            for number, (reader, kind) in enumerate(zip(net.readers, choice.kinds, strict=True)):
                target, into, travel = stages[reader.block], out, self.problem.travel(net, reader)
                if kind is EdgeKind.MEMORY_TILE:
                    into = Stream(f"{net.activation}.{number}", self.option(reader.block).input_cycles[reader.port])
                    yield from stream_waits(into)
                    yield from buffer_waits(out, into, travel.written)
                if target:
                    yield from input_waits(into, target, travel.direct if into is out else travel.read)

    def _stage(self, block: int) -> Stage | None:
        option = self.option(block)
        if self.problem.blocks[block].kind is not BlockKind.LAYER:
            return None
        assert option.split, "layers are cut"
        return Stage(self.problem.blocks[block].name, option.cycles, option.latency - option.cycles, option.split.apart)

    def latency(self) -> int:
        """Cycles from the first input word to the last output word of one run, each layer waiting for its whole input (modelled)."""
        done = [0] * len(self.problem.blocks)
        arrival = [[0] * len(option.inputs) for option in map(self.option, range(len(self.problem.blocks)))]
        pending = sorted(range(len(self.problem.nets)), key=lambda n: topological_rank(self.problem, n))
        for number in pending:
            net, choice = self.problem.nets[number], self.solution.nets[number]
            done[net.producer] = max(arrival[net.producer], default=0) + self.option(net.producer).latency
            for reader, kind in zip(net.readers, choice.kinds, strict=True):
                arrival[reader.block][reader.port] = done[net.producer] + self.edge_latency(net, reader, kind)
        return max(a for block, times in enumerate(arrival) if self.problem.blocks[block].kind is BlockKind.OUTPUT for a in times)

    def edge_latency(self, net: Net, reader: Reader, kind: EdgeKind) -> int:
        """Cycles from the producer's end to the reader's start (modelled)."""
        travel = self.problem.travel(net, reader)
        written, read = self.option(net.producer).output_cycles, self.option(reader.block).input_cycles[reader.port]
        match kind:
            case EdgeKind.SHARED_MEMORY:
                return 0
            case EdgeKind.DMA:
                return travel.direct + read
            case EdgeKind.MEMORY_TILE:
                return travel.buffered + written + read

    def shard(self, number: int) -> Extents:
        """The extents of one shard of net `number`, which goes through memory tiles."""
        net, choice = self.problem.nets[number], self.solution.nets[number]
        written = self.option(net.producer).output
        assert choice.shards is not None, "the caller knows that the net is buffered"
        assert written is not None, "the producer of a net writes"
        buffered = (r for r, kind in zip(net.readers, choice.kinds, strict=True) if kind is EdgeKind.MEMORY_TILE)
        return choice.shards.shard((written, *(self.option(r.block).inputs[r.port] for r in buffered)), net.layout)

    def transport(self) -> int:
        """Hundredths of a column that data travel: between faces, or from face to memory tiles to face (rows at row_weight).

        Of every replica as far as in the first, whose faces head_box and tail_box give, but from higher cells further down to memory tiles.
        """
        north = sum(self._copies().offset(i)[1] for i in range(self.problem.replicas))
        total = 0
        row_weight = round(DISTANCE_SCALE * self.problem.row_weight)
        for net, choice in zip(self.problem.nets, self.solution.nets, strict=True):
            for reader, kind in zip(net.readers, choice.kinds, strict=True):
                ends = [box for box in (self.tail_box(net.producer), self.head_box(reader.block)) if box]
                if kind is EdgeKind.MEMORY_TILE and choice.shards:
                    east = choice.column + choice.shards_a_copy - 1
                    across = sum(DISTANCE_SCALE * gap(b.west, b.east, choice.column, east) + row_weight * (b.south + 1) for b in ends)
                    total += self.problem.replicas * across + row_weight * north * len(ends)
                elif len(ends) == 2:
                    a, b = ends
                    along = DISTANCE_SCALE * gap(a.west, a.east, b.west, b.east) + row_weight * gap(a.south, a.north, b.south, b.north)
                    total += self.problem.replicas * along
        return total

    def _copies(self) -> Copies:
        """Where the replicas are; they are alike in every block."""
        return next((self.shape(i).copies for i in range(len(self.problem.blocks)) if self.option(i).tiles), ALONE)

    def compactness(self) -> int:
        """Columns plus rows of the box around all core tiles in use."""
        boxes = [self._placed_box(i) for i in range(len(self.problem.blocks)) if self.option(i).tiles]
        return max(b.east for b in boxes) - min(b.west for b in boxes) + max(b.north for b in boxes) - min(b.south for b in boxes) + 2

    def published(self) -> int:
        """Hundredths of a column between the faces of layers that share an activation, and for each layer's row; in the first replica."""
        layers = [i for i in range(len(self.problem.blocks)) if self.option(i).tiles]
        total = round(DISTANCE_SCALE * PUBLISHED_HEIGHT) * sum(self.solution.blocks[i].row for i in layers)
        row_weight = round(DISTANCE_SCALE * self.problem.row_weight)
        for net in self.problem.nets:
            for reader in net.readers:
                a, b = self.tail_box(net.producer), self.head_box(reader.block)
                if a and b:
                    total += DISTANCE_SCALE * gap(a.west, a.east, b.west, b.east) + row_weight * gap(a.south, a.north, b.south, b.north)
        return total

    def head_box(self, block: int) -> Box | None:
        """The box around the first tiles of a block's cascades in the first replica, or None for a border."""
        return self._shifted(block, bounding_box(self.shape(block).heads())) if self.option(block).tiles else None

    def tail_box(self, block: int) -> Box | None:
        """The box around the last tiles of a block's cascades in the first replica, or None for a border."""
        return self._shifted(block, bounding_box(self.shape(block).tails())) if self.option(block).tiles else None

    def _placed_box(self, block: int) -> Box:
        shape = self.shape(block)
        return self._shifted(block, Box(shape.lenders, shape.width - 1, 0, shape.height - 1))

    def _shifted(self, block: int, box: Box) -> Box:
        choice = self.solution.blocks[block]
        return Box(box.west + choice.column, box.east + choice.column, box.south + choice.row, box.north + choice.row)


def topological_rank(problem: MappingProblem, net: int) -> tuple[int, int]:
    """A key that sorts nets so that each comes after those its producer reads: border inputs first, then layers in their order."""
    producer = problem.nets[net].producer
    return (0, producer) if problem.blocks[producer].kind is BlockKind.INPUT else (1, producer)
