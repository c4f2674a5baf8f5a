"""What changed between two mappings: words, tiles, picture, page."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from placer.mapping import Mapping
from placer.report.diff import Change, compare
from placer.report.diff_page import diff_html, diff_svg
from placer.report.files import Reported
from tests.command_line import CommandLine
from tests.mapped import Json, Sample, joined, layer, move, pair, rich, tile
from tests.report.reported import hostile

SAMPLES = pytest.mark.parametrize("sample", [pair(), rich(), joined()], ids=["pair", "rich", "joined"])


def reported(mapping: Mapping, sample: Sample) -> Reported:
    """A mapping as if read from a file."""
    return Reported(mapping, sample.device, None)


@SAMPLES
def test_nothing_changed(sample: Sample) -> None:
    """A mapping and itself."""
    difference = compare(sample.mapping, sample.mapping)
    assert difference.changes == ()
    assert difference.before == difference.after == frozenset()


def test_a_moved_tile() -> None:
    """Its old place, its new one, and the layer in words."""
    sample = pair()

    def change(data: Json) -> None:
        move(tile(data, "d1"), 3, 3)

    difference = compare(sample.mapping, sample.changed(change))
    assert (difference.before, difference.after) == ({(1, 2)}, {(3, 3)})
    assert [str(c) for c in difference.layers] == [
        str(Change("layer d1", *(f"16x32x32 in 1,1,1 parts, {sample.mapping.layers[1].cycles} cycles, 1 tiles in columns {c}, rows {r}"
                                 for c, r in (("1..1", "2..2"), ("3..3", "3..3")))))
    ]  # fmt: skip


def test_two_tiles_that_trade_places() -> None:
    """The box of the layer is the same, yet both tiles changed."""
    sample = pair()

    def change(data: Json) -> None:
        a, b = tile(data, "d0", 0), tile(data, "d0", 1)
        first, second = (a["col"], a["row"]), (b["col"], b["row"])
        move(a, *second)
        move(b, *first)

    difference = compare(sample.mapping, sample.changed(change))
    assert difference.layers == ()
    assert len(difference.before) == len(difference.after) == 2


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("interval_cycles", 7, "interval: {} cycles to 7 cycles"),
        ("latency_cycles", 7, "latency: {} cycles to 7 cycles"),
        ("tiles_used", 7, "core tiles: {} to 7"),
        ("status", "OPTIMAL", "status: {} to OPTIMAL"),
        ("batch", 9, "batch: {} to 9"),
        ("network", "other", "network: {} to other"),
        ("device", "VE2302", "device: {} to VE2302"),
    ],
)
def test_figures_and_subject(key: str, value: object, sentence: str) -> None:
    """Each in a sentence of its own."""
    sample = rich()

    def change(data: Json) -> None:
        data[key] = value

    changed = compare(sample.mapping, sample.changed(change)).changes
    assert [str(c) for c in changed] == [sentence.format(getattr(sample.mapping, key))]


def test_edges_ports_layers_and_bounds() -> None:
    """Kinds and memory tiles, columns, what is new and what is gone."""
    sample = rich()

    def change(data: Json) -> None:
        data["edges"][0]["kind"] = "memory_tile"
        data["plio"][0]["col"] = 7
        data["objective"][0]["bound"] = 1
        layer(data, "d2")["name"] = "d9"

    difference = compare(sample.mapping, sample.changed(change))
    assert len(difference.edges) == 1
    assert len(difference.ports) == 1
    assert "(bound 1)" in difference.figures[0].after
    words = [str(c) for c in difference.layers]
    assert any("gone, was" in w for w in words)
    assert any("new, " in w for w in words)


@SAMPLES
def test_the_picture(sample: Sample) -> None:
    """Both arrays, changed tiles outlined; a layer has one colour in both although its number differs."""
    other = rich()
    a, b = reported(sample.mapping, sample), reported(other.mapping, other)
    difference = compare(a.mapping, b.mapping)
    root = ET.fromstring(diff_svg(a, b, difference))
    outlines = [p for p in root.iter("{http://www.w3.org/2000/svg}path") if p.get("class") == "changed"]
    assert sum(p.attrib["d"].count("M") for p in outlines) == len(difference.before) + len(difference.after)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}svg"))) == 3


def test_a_page_of_hostile_names() -> None:
    """They are text here too."""
    sample = rich()
    a, b = reported(sample.mapping, sample), reported(hostile(), sample)
    page = diff_html(a, b, compare(a.mapping, b.mapping))
    assert "<script" not in page
    assert "<img" not in page
    assert "\x01" not in page


def test_the_command(placer: CommandLine, tmp_path: Path) -> None:
    """Exit code 0 for the same, 1 for different ones; pages and pictures on request."""
    for name, sample in (("a", rich()), ("b", joined())):
        (tmp_path / f"{name}.json").write_text(sample.mapping.to_json())
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    same = placer("diff", a, a)
    assert (same.code, same.out) == (0, "the same\n")
    ran = placer("diff", a, b, "-o", tmp_path / "d.html", "--svg", tmp_path / "d.svg", "--png", tmp_path / "d.png")
    assert ran.code == 1
    assert "interval: " in ran.out
    assert "core tiles before and" in ran.out
    assert (tmp_path / "d.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "d.svg").read_text().startswith("<svg")
    assert (tmp_path / "d.png").read_bytes().startswith(b"\x89PNG")
    told = json.loads(placer("diff", a, b, "--json").out)
    assert told["same"] is False
    assert told["changes"]["Figures (modelled)"]
    assert placer("diff", a, tmp_path / "gone.json").code == 2
