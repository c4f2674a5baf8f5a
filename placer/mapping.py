"""Mapping: the answer, and its stable JSON form `placer.mapping/1` (docs/formats.md).

Coordinates count from 0 at the south-west core tile; memory tiles count their own rows from the south.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from placer.device import Device
from placer.errors import InputError
from placer.layers import Relay
from placer.layout import Partition

SCHEMA = "placer.mapping/1"

_strict = with_config(ConfigDict(extra="forbid", allow_inf_nan=False))


@_strict
@dataclass(frozen=True)
class BufferAt:
    """Where one copy of a buffer lies: core tile, logical bank, byte offset in the tile's data memory."""

    col: int
    row: int
    bank: int
    offset: int


@_strict
@dataclass(frozen=True)
class TileBuffer:
    """A buffer of a core: `kind` as in tile_memory.BufferKind, bytes of one copy, and a place a copy.

    channel: the DMA channel of the tile it lies in that fills it, or empties an output; None where no stream does.
    """

    kind: str
    bytes: int
    copies: int
    at: tuple[BufferAt, ...]
    channel: int | None = None


@_strict
@dataclass(frozen=True)
class MappedTile:
    """One core. role: single, first, middle or last of a cascade. Indices: data part, cascade position, output channel part."""

    col: int
    row: int
    role: str
    m_index: int
    k_index: int
    n_index: int
    buffers: tuple[TileBuffer, ...]


@_strict
@dataclass(frozen=True)
class MappedSplit:
    """How many parts: m of the data (cut as `data`), k of the contraction, n of the output channels."""

    m: int
    k: int
    n: int
    data: Partition


@_strict
@dataclass(frozen=True)
class DataTypes:
    """Element types of a layer; weights is empty for elementwise layers."""

    input: str
    weights: str
    output: str


@_strict
@dataclass(frozen=True)
class MappedLayer:
    """A layer: m x k times k x n, padded (k is 0 where nothing is summed; of a product of two activations, that of one group).

    cycles: its kernel, a call; stall_cycles: what of them is waiting for banks that its buffers share; hop_cycles: by how much each next
    tile of a cascade runs late (0 without one). All are modelled.
    """

    name: str
    op: str
    m: int
    k: int
    n: int
    dtypes: DataTypes
    kernel: str
    mmul: tuple[int, int, int]
    split: MappedSplit
    cycles: int
    stall_cycles: int
    hop_cycles: int
    tiles: tuple[MappedTile, ...]


@_strict
@dataclass(frozen=True)
class MappedMemoryTile:
    """One shard of a buffer in a memory tile. bytes: both copies, from `offset`.

    in_channels: one a written window, out_channels: one a window this edge reads, in the order of windows. descriptors: buffer descriptors
    that these channels take.
    """

    col: int
    row: int
    bytes: int
    offset: int
    in_channels: tuple[int, ...]
    out_channels: tuple[int, ...]
    descriptors: int


@_strict
@dataclass(frozen=True)
class MappedEdge:
    """One activation to one reader. kind: shared_memory, dma, memory_tile or plio.

    port: which input of the consumer. written, read: the windows at both ends; written_bytes, read_bytes: of one window of each.
    shards: the cut over memory tiles, if any.
    """

    tensor: str
    producer: str
    consumer: str
    port: int
    kind: str
    written: Partition
    read: Partition
    written_bytes: int
    read_bytes: int
    shards: Partition | None
    memory_tiles: tuple[MappedMemoryTile, ...]


@_strict
@dataclass(frozen=True)
class MappedPlio:
    """One PLIO port; number `piece` of the windows of `tensor`. direction: in (to the array) or out."""

    name: str
    tensor: str
    piece: int
    direction: str
    col: int
    channel: int
    width_bits: int


@_strict
@dataclass(frozen=True)
class StreamPort:
    """An end of a stream: a DMA channel of a core or memory tile, or a PLIO channel. kind: core, memory_tile or plio (its row is 0)."""

    kind: str
    col: int
    row: int
    channel: int


@_strict
@dataclass(frozen=True)
class MappedHop:
    """One step of a stream: out of the switch at (col, row) in a direction (north, south, east, west), on a lane.

    Rows of switches count from the shim: it is row 0, then the memory tiles, then the core tiles.
    """

    col: int
    row: int
    direction: str
    lane: int


@_strict
@dataclass(frozen=True)
class MappedRoute:
    """A stream of `tensor`, from one port to all that receive the same words: a tree of hops."""

    tensor: str
    source: StreamPort
    sinks: tuple[StreamPort, ...]
    hops: tuple[MappedHop, ...]


@_strict
@dataclass(frozen=True)
class ObjectiveValue:
    """Value and proven bound of an objective level."""

    level: str
    value: float
    bound: float


@_strict
@dataclass(frozen=True)
class SolverRecord:
    """What made the mapping."""

    name: str
    version: str
    seed: int
    workers: int
    deterministic_time: float


@_strict
@dataclass(frozen=True)
class Mapping:
    """A complete mapping. Figures in cycles are modelled.

    replicas: copies of the network, each on its own part of the batch. relays: layers that the network itself does not have.
    """

    schema: str
    device: str
    columns: int
    rows: int
    network: str
    model_sha256: str
    batch: int
    row_weight: float
    status: str
    objective: tuple[ObjectiveValue, ...]
    interval_cycles: int
    latency_cycles: int
    tiles_used: int
    layers: tuple[MappedLayer, ...]
    edges: tuple[MappedEdge, ...]
    plio: tuple[MappedPlio, ...]
    routes: tuple[MappedRoute, ...]
    solver: SolverRecord
    replicas: int = 1
    relays: tuple[Relay, ...] = ()

    def inferences_per_second(self, device: Device) -> float:
        """Samples a second at the device's clock, by the stated interval."""
        return self.batch * device.clock_mhz * 1e6 / self.interval_cycles

    def to_json(self) -> str:
        """The mapping as JSON text, the same bytes for the same mapping."""
        return json.dumps(TypeAdapter(Mapping).dump_python(self, mode="json"), indent=1) + "\n"


def read_mapping(text: str, where: str) -> Mapping:
    """Parse a mapping.

    Raises InputError naming `where`, the field and what is wrong.
    """
    try:
        mapping = TypeAdapter(Mapping).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(f"{where}: {field}: {first['msg'][0].lower() + first['msg'][1:]}") from error
    if mapping.schema != SCHEMA:
        raise InputError(f"{where}: schema is {mapping.schema!r}; this version reads {SCHEMA!r}")
    return mapping
