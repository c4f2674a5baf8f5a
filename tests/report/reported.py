"""Mappings to report on: a large array full of tiles, and one whose names attack the page."""

from __future__ import annotations

from itertools import pairwise

from placer.device import Device, find_device
from placer.layout import Partition
from placer.mapping import (
    SCHEMA,
    BufferAt,
    DataTypes,
    MappedEdge,
    MappedLayer,
    MappedPlio,
    MappedSplit,
    MappedTile,
    Mapping,
    ObjectiveValue,
    SolverRecord,
    TileBuffer,
)
from tests.mapped import Json, rich

# Markup, a script, an attribute's end, a newline, a control character, a character that turns the writing direction.
HOSTILE = (
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=1">',
    "a\nb\u2028c",
    "\x01\u202eevil",
    "x" * 10_000,
)
PARTS = Partition(1, 40, 5)


def large() -> tuple[Mapping, Device]:
    """Four layers that fill 100 x 40 tiles: each 40 x 5 cascades of five tiles, eastward; tiles alternate between two memory maps.

    It is not legal (too many ports leave, none is routed), and a report must show it all the same.
    """
    device = find_device("VEK280").resized(100, 40)
    layers = tuple(_large_layer(number) for number in range(4))
    names = ("x.plio_in", *(layer.name for layer in layers), "y.plio_out")
    edges = tuple(
        MappedEdge(f"t{n}", a, b, 0, "dma" if 0 < n < 4 else "plio", PARTS, PARTS, 320 * 320, 320 * 320, None, ())
        for n, (a, b) in enumerate(pairwise(names))
    )
    plio = tuple(
        MappedPlio(f"{tensor}_{direction}{i}", tensor, i, direction, 36 + i % 28, i // 28, 128)
        for tensor, direction in (("t0", "in"), ("t4", "out"))
        for i in range(200)
    )
    solver = SolverRecord("none", "0", 0, 1, 1.0)
    mapping = Mapping(
        SCHEMA, device.name, 100, 40, "large", "0" * 64, 1, 1.0, "FEASIBLE", (ObjectiveValue("interval", 100, 0),), 100, 1000, 4000, layers,
        edges, plio, (), solver,
    )  # fmt: skip
    return mapping, device


def _large_layer(number: int) -> MappedLayer:
    tiles = tuple(_large_tile(25 * number, m, k, n) for m in range(40) for n in range(5) for k in range(5))
    split = MappedSplit(40, 5, 5, Partition(1, 40, 1))
    return MappedLayer(f"layer{number}", "dense", 320, 320, 320, DataTypes("int8", "int8", "int8"), "dense_right_int8", (4, 8, 8), split,
                       90, 0, 28, tiles)  # fmt: skip


def _large_tile(west: int, m: int, k: int, n: int) -> MappedTile:
    col, row = west + 5 * n + k, m
    sizes = (("input", 512, 2), ("weights", 8192, 1), ("bias", 256 + 64 * (m % 2), 1), ("output", 512, 2), ("stack", 1024, 1))
    buffers = []
    for bank, (kind, size, copies) in enumerate(sizes):
        at = tuple(BufferAt(col, row, bank // 2, 8192 * bank + i * size) for i in range(copies))
        buffers.append(TileBuffer(kind, size, copies, at))
    role = ("first", "middle", "middle", "middle", "last")[k]
    return MappedTile(col, row, role, m, k, n, tuple(buffers))


def hostile() -> Mapping:
    """The mapping of `rich` with every name replaced by one that attacks."""
    renamed: dict[str, str] = {}

    def rename(name: str) -> str:
        base, dot, border = name.partition(".plio_")
        return renamed.setdefault(base, f"{len(renamed)}{HOSTILE[len(renamed) % len(HOSTILE)]}") + dot + border

    def change(data: Json) -> None:
        data["network"] = "".join(HOSTILE)
        for layer in data["layers"]:
            layer["name"] = rename(layer["name"])
        for edge in data["edges"]:
            for key in ("tensor", "producer", "consumer"):
                edge[key] = rename(edge[key])
        for port in data["plio"]:
            port["name"], port["tensor"] = rename(port["name"]), rename(port["tensor"])

    return rich().changed(change)
