"""The report in Chromium: what a person sees, points at, clicks and types."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from placer.device import Device
from placer.mapping import Mapping
from placer.report.floorplan import SIDE, geometry
from placer.report.page import report_html
from tests.mapped import Json, rich
from tests.report.reported import hostile, large


@dataclass
class Opened:
    """A report in a browser, and everything that the page complained about or asked the network for."""

    page: Page
    device: Device
    complaints: list[str] = field(default_factory=list)

    def point(self, col: int, row: int) -> tuple[float, float]:
        """Where the middle of a core tile is on the screen."""
        g = geometry(self.device)
        box = self.page.locator("#array svg").bounding_box()
        assert box
        scale = box["width"] / g.width
        return box["x"] + (g.x(col) + SIDE / 2) * scale, box["y"] + (g.y(row) + SIDE / 2) * scale

    def hover(self, col: int, row: int) -> str:
        """Move the pointer onto a core tile; what the page says about it."""
        self.page.mouse.move(*self.point(col, row))
        return self.page.locator("#where").inner_text()

    def view(self, name: str) -> None:
        """Choose what the floorplan shows."""
        self.page.locator(f'input[name="view"][value="{name}"]').check()


Open = Callable[..., Opened]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open the report of a mapping; afterwards nothing was logged, thrown or fetched."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    pages: list[Opened] = []

    def go(mapping: Mapping, device: Device, width: int = 1280) -> Opened:
        file = tmp_path / "report.html"
        file.write_bytes(report_html(mapping, device, None).encode())
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        result = Opened(page, device)
        page.on("console", lambda message: result.complaints.append(message.text))
        page.on("pageerror", lambda error: result.complaints.append(str(error)))
        page.on("dialog", lambda dialog: result.complaints.append(dialog.message))
        page.on("request", lambda request: None if request.url == file.as_uri() else result.complaints.append(request.url))
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-ready]")
        pages.append(result)
        return result

    yield go
    complaints = [c for page in pages for c in page.complaints]
    context.close()
    assert complaints == []


def test_numbers_are_those_of_the_mapping(opened: Open) -> None:
    """Figures and layer table against mapping.json."""
    sample = rich()
    page, data = opened(sample.mapping, sample.device).page, json.loads(sample.mapping.to_json())
    for name, key in (("interval", "interval_cycles"), ("latency", "latency_cycles"), ("tiles", "tiles_used")):
        assert page.locator(f"#figure-{name}").inner_text() == str(data[key])
    assert page.locator("#status").inner_text() == data["status"]
    rows = [row.locator("td").all_inner_texts() for row in page.locator("#layers tbody tr").all()]
    assert [(r[1], int(r[7]), int(r[8])) for r in rows] == [(x["name"], len(x["tiles"]), x["cycles"]) for x in data["layers"]]
    objective = [row.locator("td").all_inner_texts() for row in page.locator("[aria-labelledby=h-solver] table tbody tr").all()]
    assert objective == [[o["level"], f"{o['value']:g}", f"{o['bound']:g}"] for o in data["objective"]]
    assert data["model_sha256"] in page.locator("#provenance").inner_text()


def test_every_tile_is_described(opened: Open) -> None:
    """Pointing at a tile names its layer; at a free one, says so."""
    sample = rich()
    report = opened(sample.mapping, sample.device)
    owner = {(t.col, t.row): layer.name for layer in sample.mapping.layers for t in layer.tiles}
    for col in range(sample.device.columns):
        for row in range(sample.device.rows):
            text = report.hover(col, row)
            assert text.startswith(f"Core tile ({col}, {row}): ")
            assert (f" {owner[col, row]}, " in text) if (col, row) in owner else ("free" in text)


def test_nets_appear_on_hover(opened: Open) -> None:
    """Of the tile under the cursor, and not when they are switched off."""
    sample = rich()
    report = opened(sample.mapping, sample.device)
    tile = sample.mapping.layers[0].tiles[0]
    text = report.hover(tile.col, tile.row)
    assert "nets 1 in, 0 out" in text
    expect(report.page.locator("path.nets")).to_have_count(1)
    report.page.locator("#nets").uncheck()
    expect(report.page.locator("path.nets")).to_have_count(0)


def test_nets_are_those_of_the_mapping(opened: Open) -> None:
    """Every stream into every tile: as many hops as windows that overlap."""
    sample = rich()
    report = opened(sample.mapping, sample.device)
    readers = sample.mapping.layers[0].tiles
    for tile in readers:
        assert "nets 1 in" in report.hover(tile.col, tile.row)
    add = next(layer for layer in sample.mapping.layers if layer.op == "add").tiles[0]
    assert "nets 2 in" in report.hover(add.col, add.row)


def test_click_shows_the_memory(opened: Open) -> None:
    """Every buffer of the tile with its address, and Escape closes."""
    sample = rich()
    report = opened(sample.mapping, sample.device)
    tile = sample.mapping.layers[0].tiles[-1]
    report.page.mouse.click(*report.point(tile.col, tile.row))
    panel = report.page.locator("#tile")
    expect(panel).to_be_visible()
    rows = [row.locator("td").all_inner_texts() for row in panel.locator("tbody tr").all()]
    expected = sorted((at.offset, b.bytes, at.bank) for b in tile.buffers for at in b.at if (at.col, at.row) == (tile.col, tile.row))
    assert [(int(r[3], 16), int(r[2]), int(r[4])) for r in rows] == expected
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()
    report.page.keyboard.press("Enter")
    expect(panel).to_be_visible()
    report.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_memory_tile_and_port(opened: Open) -> None:
    """Their buffers, channels and tensors."""
    sample = rich()
    report = opened(sample.mapping, sample.device)
    shard = next(m for e in sample.mapping.edges for m in e.memory_tiles)
    x, y = report.point(shard.col, 0)
    report.page.mouse.click(x, y + (report.point(0, 0)[1] - report.point(0, 1)[1]) * 1.4)
    text = report.page.locator("#where").inner_text()
    assert text.startswith(f"Memory tile ({shard.col}, {shard.row}): ")
    assert f"0x{shard.offset:x}" in report.page.locator("#tile").inner_text()
    port = sample.mapping.plio[0]
    report.page.mouse.move(report.point(port.col, 0)[0], y + (report.point(0, 0)[1] - report.point(0, 1)[1]) * 2.7)
    assert port.tensor in report.page.locator("#where").inner_text()


def test_toggles(opened: Open) -> None:
    """Each view draws its overlay with a scale; the first one is the plain floorplan again. Layer 1 feeds nothing: it is not critical."""
    sample = rich()

    def cut(data: Json) -> None:
        data["edges"] = [e for e in data["edges"] if e["producer"] != "d1"]

    report = opened(sample.changed(cut), sample.device)
    overlay, scale = report.page.locator("g.overlay > *"), report.page.locator("#scale")
    for name in ("memory", "channels", "lanes", "busy"):
        report.view(name)
        assert overlay.count() >= 2
        expect(scale).to_contain_text("to 100 %")
    report.view("critical")
    expect(report.page.locator("#array path.layer.dim")).to_have_attribute("data-layer", "1")
    report.view("layers")
    expect(overlay).to_have_count(0)
    expect(report.page.locator("#array path.layer.dim")).to_have_count(0)
    expect(scale).to_be_hidden()


def test_layers_are_linked(opened: Open) -> None:
    """A row of the table, a node of the network and the tiles of a layer stand out together."""
    sample = rich()
    report = opened(sample.mapping, sample.device)
    row = report.page.locator('#layers tr[data-layer="1"]')
    row.click()
    expect(report.page.locator("#array path.layer:not(.dim)")).to_have_attribute("data-layer", "1")
    expect(row.locator("button")).to_have_attribute("aria-pressed", "true")
    row.click()
    expect(report.page.locator("#array path.layer.dim")).to_have_count(0)
    report.page.locator('.node[data-layer="2"]').focus()
    report.page.keyboard.press("Enter")
    expect(report.page.locator('#layers tr[data-layer="2"]')).to_have_class(re.compile("lit"))


def test_keyboard_alone(opened: Open) -> None:
    """Tab reaches the array; arrows walk over core tiles, memory tiles and the shim row, and stop at the edges."""
    sample = rich()
    report = opened(sample.mapping, sample.device)
    page, where = report.page, report.page.locator("#where")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "array":
            break
    page.keyboard.press("ArrowRight")
    expect(where).to_contain_text("Core tile (0, 0)")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(where).to_contain_text("Core tile (1, 1)")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(where).to_contain_text("Memory tile (1, 0)")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(where).to_contain_text("PLIO of column 1")
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    expect(where).to_contain_text(f"PLIO of column {sample.device.columns - 1}")
    page.keyboard.press("Enter")
    expect(page.locator("#tile")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("rect.cursor")).to_have_count(0)


def test_hostile_names(opened: Open) -> None:
    """They show as text everywhere and run nowhere."""
    report = opened(hostile(), rich().device)
    for layer in hostile().layers:
        report.hover(layer.tiles[0].col, layer.tiles[0].row)
        report.page.mouse.click(*report.point(layer.tiles[0].col, layer.tiles[0].row))
    for name in ("memory", "channels", "lanes", "busy", "critical"):
        report.view(name)
    names = report.page.locator("#layers td.name").all_inner_texts()
    assert any("<script>document.title='owned'</script>" in n for n in names)
    assert report.page.locator("img").count() == 0
    assert "on VE2802" in report.page.title()


def test_a_large_array(opened: Open) -> None:
    """4,000 tiles: hover, memory map and every toggle work; in a narrow window too, nothing but scrolling boxes is wider than it."""
    mapping, device = large()
    report = opened(mapping, device)
    assert "layer3" in report.hover(99, 39)
    report.page.mouse.click(*report.point(50, 39))
    expect(report.page.locator("#tile tbody tr")).to_have_count(7)
    for name in ("memory", "channels", "lanes", "busy", "critical", "layers"):
        report.view(name)
    report.page.locator("#zoom").fill("2")
    box = report.page.locator("#array svg").bounding_box()
    assert box
    assert box["width"] > 2000
    report.page.set_viewport_size({"width": 400, "height": 900})
    assert report.page.evaluate("document.documentElement.scrollWidth") <= 400


def test_in_print(opened: Open) -> None:
    """Toolbars go, the floorplan fits the paper."""
    sample = rich()
    report = opened(sample.mapping, sample.device, width=760)
    report.page.emulate_media(media="print")
    expect(report.page.locator(".toolbar")).to_be_hidden()
    expect(report.page.locator("#array svg")).to_be_visible()
    assert report.page.evaluate("document.documentElement.scrollWidth") <= 760
