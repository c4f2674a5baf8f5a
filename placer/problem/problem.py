"""MappingProblem: what the solver decides over, as pure data.

A block is a layer, or one side of the array's border (PLIO); it takes exactly one of its options. A net carries an activation from the
block that writes it to those that read it. JSON both ways through `to_json` and `from_json`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pydantic import TypeAdapter

from placer.cycles.streams import End, Travel, edge_travel
from placer.device import Device
from placer.layout import Layout, Partition
from placer.split import Split


class BlockKind(Enum):
    """What a block stands for."""

    LAYER = "layer"
    INPUT = "plio_in"
    OUTPUT = "plio_out"


class Orientation(Enum):
    """How a cascade runs."""

    WEST_TO_EAST = "west_to_east"
    NORTH_TO_SOUTH = "north_to_south"


@dataclass(frozen=True)
class Copies:
    """`count` equal things in a grid, `across` to a row, `columns` and `rows` apart; the first one is where its block is."""

    count: int
    across: int
    columns: int
    rows: int

    def offset(self, number: int) -> tuple[int, int]:
        """Column and row of a copy, relative to the first."""
        up, aside = divmod(number, self.across)
        return aside * self.columns, up * self.rows


ALONE = Copies(1, 1, 0, 0)


@dataclass(frozen=True)
class Shape:
    """A footprint of a split: cascades of `length` tiles in a grid of chain_columns x chain_rows, filled column by column.

    Chains that share their inputs follow each other, so column by column puts the readers of one window above each other, where the stream
    that feeds them all is one vertical lane. copies: of the whole grid, one a replica of the network, their chains one after the other.
    lenders: 1 where the tile west of every tile belongs to the footprint too: it runs no kernel and lends its memory.
    """

    orientation: Orientation
    length: int
    chain_columns: int
    chain_rows: int
    copies: Copies = ALONE
    lenders: int = 0

    @property
    def width(self) -> int:
        """Of the box around all copies."""
        alone = self.chain_columns * (self.length if self.orientation is Orientation.WEST_TO_EAST else 1) * (1 + self.lenders)
        return alone + max(self.copies.offset(i)[0] for i in range(min(self.copies.count, self.copies.across)))

    @property
    def height(self) -> int:
        """Of the box around all copies."""
        alone = self.chain_rows * (1 if self.orientation is Orientation.WEST_TO_EAST else self.length)
        return alone + self.copies.offset(self.copies.count - 1)[1]

    def tile(self, chain: int, position: int) -> tuple[int, int]:
        """Column and row, relative to the block's south-west corner, of the tile at `position` of cascade `chain`."""
        copy, chain = divmod(chain, self.chain_columns * self.chain_rows)
        east, north = self.copies.offset(copy)
        grid_column, grid_row = divmod(chain, self.chain_rows)
        if self.orientation is Orientation.WEST_TO_EAST:
            return east + (grid_column * self.length + position) * (1 + self.lenders) + self.lenders, north + grid_row
        return east + grid_column * (1 + self.lenders) + self.lenders, north + grid_row * self.length + self.length - 1 - position

    def tiles(self) -> tuple[tuple[int, int], ...]:
        """Every tile of the first copy."""
        return tuple(self.tile(chain, position) for chain in range(self.chain_columns * self.chain_rows) for position in range(self.length))

    def heads(self) -> tuple[tuple[int, int], ...]:
        """The first tile of each cascade of the first copy."""
        return tuple(self.tile(chain, 0) for chain in range(self.chain_columns * self.chain_rows))

    def tails(self) -> tuple[tuple[int, int], ...]:
        """The last tile of each cascade of the first copy."""
        return tuple(self.tile(chain, self.length - 1) for chain in range(self.chain_columns * self.chain_rows))


@dataclass(frozen=True)
class Option:
    """One way to run a block. Cycles are modelled.

    inputs: the partition of each activation it reads; output: of the one it writes; None where it has none. input_cycles, output_cycles:
    stream cycles of one window of each. cycles: the kernel, a call. latency: first tile's start to last tile's end.
    readers: how many tiles read each input window. lent: whether inputs lie in the memory of the tiles to the west, which are part of the
    shapes and run no kernel.
    """

    split: Split | None
    shapes: tuple[Shape, ...]
    inputs: tuple[Partition, ...]
    output: Partition | None
    input_cycles: tuple[int, ...]
    output_cycles: int
    cycles: int
    latency: int
    readers: int
    lent: bool = False

    @property
    def tiles(self) -> int:
        """Tiles that run a kernel."""
        return self.split.tiles if self.split else 0

    @property
    def footprint(self) -> int:
        """Tiles that no other layer can have: those that run a kernel, and those that lend memory."""
        return self.tiles * (1 + self.lent)


@dataclass(frozen=True)
class Block:
    """A layer or a border, with its options."""

    name: str
    kind: BlockKind
    options: tuple[Option, ...]

    @property
    def end(self) -> End:
        """What kind of tile its streams leave from and arrive at, where they pass no memory tile."""
        return End.CORE if self.kind is BlockKind.LAYER else End.SHIM


@dataclass(frozen=True)
class Reader:
    """Input number `port` of block number `block`."""

    block: int
    port: int


@dataclass(frozen=True)
class Net:
    """An activation on its way from block number `producer` to its readers."""

    activation: str
    layout: Layout
    producer: int
    readers: tuple[Reader, ...]


class Level(Enum):
    """What an objective level minimises."""

    INTERVAL = "interval"
    LATENCY = "latency"
    TILES = "tiles"
    TRANSPORT = "transport"
    COMPACTNESS = "compactness"
    PUBLISHED = "published"


@dataclass(frozen=True)
class Limit:
    """A demand: the value of `level` must not be above `at_most` (cycles, tiles)."""

    level: Level
    at_most: int


@dataclass(frozen=True)
class MappingProblem:
    """Blocks and nets on a device, the lexicographic objective, and what its levels must not exceed.

    row_weight: cost of a row in `transport`, a column costs 1. replicas: copies of the network, cut apart by samples.
    """

    network: str
    batch: int
    device: Device
    blocks: tuple[Block, ...]
    nets: tuple[Net, ...]
    objective: tuple[Level, ...]
    row_weight: float
    limits: tuple[Limit, ...] = ()
    replicas: int = 1

    def travel(self, net: Net, reader: Reader) -> Travel:
        """What the first word of an edge takes, either way."""
        return edge_travel(self.blocks[net.producer].end, self.blocks[reader.block].end, self.device)

    def to_json(self) -> str:
        """The problem as indented JSON text."""
        return TypeAdapter(MappingProblem).dump_json(self, indent=1).decode()

    @staticmethod
    def from_json(text: str) -> MappingProblem:
        """The problem that `to_json` wrote; pydantic.ValidationError when it is malformed."""
        return TypeAdapter(MappingProblem).validate_json(text)
