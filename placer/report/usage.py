"""How full every tile is, from the mapping alone: memory, DMA channels, descriptors, and the share of the interval a core works."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from placer.device import Device
from placer.mapping import MappedLayer, Mapping

INPUT_KINDS = ("input", "second_input")


@dataclass(frozen=True)
class CoreUse:
    """Core tiles, row by row from the south-west. bytes: of data memory in use. busy: modelled percent of the interval."""

    bytes: tuple[int, ...]
    dma_in: tuple[int, ...]
    dma_out: tuple[int, ...]
    busy: tuple[int, ...]


@dataclass(frozen=True)
class MemoryTileUse:
    """Memory tiles, row by row from the south-west."""

    bytes: tuple[int, ...]
    dma_in: tuple[int, ...]
    dma_out: tuple[int, ...]


@dataclass(frozen=True)
class PlioUse:
    """Ports in use, a shim column each."""

    inward: tuple[int, ...]
    outward: tuple[int, ...]


@dataclass(frozen=True)
class LaneUse:
    """Stream lanes that leave the switch of each tile, row by row from the south-west, in the direction that is fullest.

    lanes: how many are taken. percent: of those there are.
    """

    lanes: tuple[int, ...]
    percent: tuple[int, ...]


def core_use(mapping: Mapping, device: Device) -> CoreUse:
    """What the layers take of every core tile. A buffer in a neighbour's memory takes bytes and a channel of that neighbour."""
    taken: dict[tuple[int, int, int], int] = {}
    channels: Counter[tuple[int, int, str]] = Counter()
    busy: Counter[tuple[int, int]] = Counter()
    for layer in mapping.layers:
        streamed = _streamed(mapping, layer)
        for tile in layer.tiles:
            busy[tile.col, tile.row] += layer.cycles
            for buffer in tile.buffers:
                for at in buffer.at:
                    taken[at.col, at.row, at.offset] = buffer.bytes
                if buffer.kind in streamed and buffer.at:
                    channels[buffer.at[0].col, buffer.at[0].row, "out" if buffer.kind == "output" else "in"] += 1
    used: Counter[tuple[int, int]] = Counter()
    for (col, row, _), size in taken.items():
        used[col, row] += size
    places = [(c, r) for r in range(device.rows) for c in range(device.columns)]
    interval = max(1, mapping.interval_cycles)
    return CoreUse(
        bytes=tuple(used[p] for p in places),
        dma_in=tuple(channels[c, r, "in"] for c, r in places),
        dma_out=tuple(channels[c, r, "out"] for c, r in places),
        busy=tuple(round(100 * busy[p] / interval) for p in places),
    )


def _streamed(mapping: Mapping, layer: MappedLayer) -> set[str]:
    """The kinds of a layer's buffers that a DMA fills or empties."""
    streams = [e for e in mapping.edges if e.kind != "shared_memory"]
    inputs = {INPUT_KINDS[e.port] for e in streams if e.consumer == layer.name and e.port < len(INPUT_KINDS)}
    return inputs | {"output" for e in streams if e.producer == layer.name}


def memory_tile_use(mapping: Mapping, device: Device) -> MemoryTileUse:
    """What the activations take of every memory tile; one that several edges read is counted once."""
    sizes: dict[tuple[int, int, int], int] = {}
    inward: set[tuple[int, int, int]] = set()
    outward: set[tuple[int, int, int]] = set()
    for m in (m for e in mapping.edges for m in e.memory_tiles):
        sizes[m.col, m.row, m.offset] = m.bytes
        inward |= {(m.col, m.row, channel) for channel in m.in_channels}
        outward |= {(m.col, m.row, channel) for channel in m.out_channels}
    places = [(c, r) for r in range(device.memory_rows) for c in range(device.columns)]
    return MemoryTileUse(
        bytes=tuple(sum(size for (c, r, _), size in sizes.items() if (c, r) == p) for p in places),
        dma_in=tuple(sum((c, r) == p for c, r, _ in inward) for p in places),
        dma_out=tuple(sum((c, r) == p for c, r, _ in outward) for p in places),
    )


def plio_use(mapping: Mapping, device: Device) -> PlioUse:
    """PLIO ports of every shim column."""
    used = Counter((p.col, p.direction) for p in mapping.plio)
    columns = range(device.columns)
    return PlioUse(tuple(used[c, "in"] for c in columns), tuple(used[c, "out"] for c in columns))


def lane_use(mapping: Mapping, device: Device) -> tuple[LaneUse, LaneUse, LaneUse]:
    """Lanes of core tiles, memory tiles and the shim row."""
    streams = device.streams
    limits = {"north": streams.north, "south": streams.south, "east": streams.east, "west": streams.west}
    used = Counter((hop.col, hop.row, hop.direction) for route in mapping.routes for hop in route.hops)
    fullest: dict[tuple[int, int], tuple[int, int]] = {}
    for (col, row, direction), lanes in used.items():
        found = (round(100 * lanes / limits[direction]), lanes) if direction in limits else (0, 0)
        fullest[col, row] = max(found, fullest.get((col, row), (0, 0)))

    def of(first: int, rows: int) -> LaneUse:
        here = [fullest.get((c, r), (0, 0)) for r in range(first, first + rows) for c in range(device.columns)]
        return LaneUse(tuple(lanes for _, lanes in here), tuple(percent for percent, _ in here))

    # Switch rows count from the shim: it is row 0, then the memory tiles, then the core tiles.
    return of(1 + device.memory_rows, device.rows), of(1, device.memory_rows), of(0, 1)
