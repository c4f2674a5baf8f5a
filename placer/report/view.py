"""What a report's script is given: the mapping in a compact form, and how full everything is. Plain data, written as JSON.

A mapping of 4,000 tiles has megabytes of JSON, nearly all of it the same few memory maps; here each is kept once.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from placer.device import Device
from placer.layout import Partition
from placer.mapping import MappedLayer, MappedTile, Mapping
from placer.report.floorplan import geometry
from placer.report.marks import clean, fill, letter
from placer.report.schedule import Schedule
from placer.report.usage import CoreUse, LaneUse, MemoryTileUse, PlioUse, core_use, lane_use, memory_tile_use, plio_use


@dataclass(frozen=True)
class Place:
    """Where a copy of a buffer lies, relative to its core."""

    dx: int
    dy: int
    bank: int
    offset: int


@dataclass(frozen=True)
class Held:
    """A buffer of a core."""

    kind: str
    bytes: int
    at: tuple[Place, ...]


@dataclass(frozen=True)
class LayerView:
    """A layer. tiles: col, row, m_index, k_index, n_index, number of its memory map, a tile each. left: weights on the left."""

    name: str
    letter: str
    fill: str
    left: bool
    parts: tuple[int, int, int]
    data: Partition
    cycles: int
    critical: bool
    tiles: tuple[tuple[int, int, int, int, int, int], ...]


@dataclass(frozen=True)
class MemoryView:
    """A shard of an edge's buffer in a memory tile: the two copies from offset on."""

    col: int
    row: int
    bytes: int
    offset: int
    in_channels: tuple[int, ...]
    out_channels: tuple[int, ...]


@dataclass(frozen=True)
class EdgeView:
    """An edge; producer and consumer are layer numbers, -1 for the border."""

    tensor: str
    producer: int
    consumer: int
    port: int
    kind: str
    written: Partition
    read: Partition
    shards: Partition | None
    memory_tiles: tuple[MemoryView, ...]


@dataclass(frozen=True)
class PortView:
    """A PLIO port."""

    name: str
    tensor: str
    piece: int
    direction: str
    col: int
    channel: int


@dataclass(frozen=True)
class Limits:
    """What one tile or column has. Sizes in bytes."""

    core_bytes: int
    banks: int
    core_in: int
    core_out: int
    memory_bytes: int
    memory_in: int
    memory_out: int
    plio_in: int
    plio_out: int


@dataclass(frozen=True)
class Drawing:
    """Where the floorplan's parts lie (floorplan.Geometry), in SVG user units."""

    left: int
    top: int
    pitch: int
    side: int
    memory_top: int
    port_top: int


@dataclass(frozen=True)
class View:
    """Everything the script needs. memories: the distinct memory maps of cores."""

    columns: int
    rows: int
    memory_rows: int
    geometry: Drawing
    limits: Limits
    interval: int
    layers: tuple[LayerView, ...]
    memories: tuple[tuple[Held, ...], ...]
    edges: tuple[EdgeView, ...]
    plio: tuple[PortView, ...]
    cores: CoreUse
    memory_tiles: MemoryTileUse
    ports: PlioUse
    core_lanes: LaneUse
    memory_lanes: LaneUse
    port_lanes: LaneUse

    def to_json(self) -> str:
        """JSON that can stand inside a script element: no character in it can end the element or a line."""
        text = json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=True)
        return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def make_view(mapping: Mapping, device: Device, plan: Schedule) -> View:
    """The view of a mapping on its device."""
    memories: dict[tuple[Held, ...], int] = {}
    critical = {span.what for span in plan.spans if span.critical and not span.edge}
    numbers = {layer.name: n for n, layer in enumerate(mapping.layers)}
    cores, memory_tiles, shim = lane_use(mapping, device)
    g = geometry(device)
    layers = tuple(_layer(layer, n, layer.name in critical, memories) for n, layer in enumerate(mapping.layers))
    return View(
        columns=device.columns,
        rows=device.rows,
        memory_rows=device.memory_rows,
        geometry=Drawing(g.left, g.top, g.pitch, g.side, g.memory_top, g.port_top),
        limits=_limits(device),
        interval=mapping.interval_cycles,
        layers=layers,
        memories=tuple(memories),
        edges=tuple(
            EdgeView(
                tensor=clean(e.tensor),
                producer=numbers.get(e.producer, -1),
                consumer=numbers.get(e.consumer, -1),
                port=e.port,
                kind=e.kind,
                written=e.written,
                read=e.read,
                shards=e.shards,
                memory_tiles=tuple(MemoryView(m.col, m.row, m.bytes, m.offset, m.in_channels, m.out_channels) for m in e.memory_tiles),
            )
            for e in mapping.edges
        ),
        plio=tuple(PortView(clean(p.name), clean(p.tensor), p.piece, p.direction, p.col, p.channel) for p in mapping.plio),
        cores=core_use(mapping, device),
        memory_tiles=memory_tile_use(mapping, device),
        ports=plio_use(mapping, device),
        core_lanes=cores,
        memory_lanes=memory_tiles,
        port_lanes=shim,
    )


def _limits(device: Device) -> Limits:
    core, memory, plio = device.core, device.memory_tile, device.plio
    return Limits(
        core.memory_bytes, core.logical_banks, core.dma_in, core.dma_out,
        memory.memory_bytes, memory.dma_in, memory.dma_out,
        plio.in_channels, plio.out_channels,
    )  # fmt: skip


def _layer(layer: MappedLayer, number: int, critical: bool, memories: dict[tuple[Held, ...], int]) -> LayerView:
    tiles = tuple((t.col, t.row, t.m_index, t.k_index, t.n_index, memories.setdefault(_memory(t), len(memories))) for t in layer.tiles)
    return LayerView(
        name=clean(layer.name),
        letter=letter(number),
        fill=fill(number),
        left=layer.kernel.startswith("dense_left"),
        parts=(layer.split.m, layer.split.k, layer.split.n),
        data=layer.split.data,
        cycles=layer.cycles,
        critical=critical,
        tiles=tiles,
    )


def _memory(tile: MappedTile) -> tuple[Held, ...]:
    return tuple(
        Held(b.kind, b.bytes, tuple(Place(at.col - tile.col, at.row - tile.row, at.bank, at.offset) for at in b.at)) for b in tile.buffers
    )
