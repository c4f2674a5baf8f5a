"""The floorplan as SVG: well-formed, one square a tile, arrows along cascades."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from placer.device import Device
from placer.mapping import Mapping
from placer.report.floorplan import cascade_links, floorplan_svg, geometry
from tests.mapped import joined, pair, rich
from tests.report.reported import hostile, large

SVG = "{http://www.w3.org/2000/svg}"
MAPPINGS = {
    "pair": (pair().mapping, pair().device),
    "rich": (rich().mapping, rich().device),
    "joined": (joined().mapping, joined().device),
    "hostile": (hostile(), rich().device),
    "large": large(),
}


def corners(path: str) -> list[tuple[float, float]]:
    """Where the shapes of path data begin."""
    return [(float(x), float(y)) for x, y in re.findall(r"M(-?[\d.]+) (-?[\d.]+)", path)]


@pytest.mark.parametrize(("mapping", "device"), MAPPINGS.values(), ids=MAPPINGS.keys())
def test_one_square_and_letter_a_tile(mapping: Mapping, device: Device) -> None:
    """Well-formed XML, all inside the drawing, each tile where the mapping has it."""
    root = ET.fromstring(floorplan_svg(mapping, device, legend=True))
    g = geometry(device)
    squares = [p for p in root.iter(f"{SVG}path") if p.get("class") == "layer"]
    for layer, square in zip(mapping.layers, squares, strict=True):
        assert corners(square.attrib["d"]) == [(g.x(t.col), g.y(t.row)) for t in layer.tiles]
    letters = next(e for e in root.iter(f"{SVG}g") if e.get("class") == "letters")
    assert sum(len(t.text or "") for t in letters) == mapping.tiles_used
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    everything = [c for p in root.iter(f"{SVG}path") for c in corners(p.attrib.get("d", ""))]
    assert all(0 <= x <= width and 0 <= y <= height for x, y in everything)


def test_north_is_up() -> None:
    """A higher row lies above a lower one; memory tiles and ports lie below all."""
    g = geometry(rich().device)
    assert g.y(1) < g.y(0) < g.memory_y(0) < g.port_top < g.height


@pytest.mark.parametrize(("mapping", "device"), MAPPINGS.values(), ids=MAPPINGS.keys())
def test_an_arrow_a_hop(mapping: Mapping, device: Device) -> None:
    """Each cascade has an arrow fewer than tiles, each between neighbours, as the hardware cascades."""
    for layer in mapping.layers:
        links = cascade_links(layer)
        assert len(links) == len(layer.tiles) - layer.split.m * layer.split.n
        assert all(device.cascades((a.col, a.row), (b.col, b.row)) for a, b in links)


def test_memory_tile_buffers_once() -> None:
    """A buffer that two edges read is one box, and the two shards of another are two."""
    sample = rich()
    root = ET.fromstring(floorplan_svg(sample.mapping, sample.device, legend=False))
    boxes = next(e for e in root.iter(f"{SVG}g") if e.get("class") == "buffers")
    assert len(list(boxes)) == len({(m.col, m.row, m.offset) for e in sample.mapping.edges for m in e.memory_tiles})


def test_legend_on_request() -> None:
    """It names every layer."""
    sample = rich()
    with_legend = floorplan_svg(sample.mapping, sample.device, legend=True)
    assert all(f"{layer.name}, " in with_legend for layer in sample.mapping.layers)
    assert 'class="legend"' not in floorplan_svg(sample.mapping, sample.device, legend=False)
