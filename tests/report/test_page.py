"""The page as text: self-contained, small, hostile names as text. What it does is in test_browser.py."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from placer.errors import InputError
from placer.mapping import ObjectiveValue
from placer.report import files
from placer.report.charts import progress_charts
from placer.report.files import floorplan_png, read_reported
from placer.report.page import report_html
from placer.report.pipeline_chart import pipeline_chart
from placer.run_record import RunRecord, TimedProgress
from tests.command_line import CommandLine
from tests.mapped import Json, rich
from tests.projects import tiny_config
from tests.report.reported import hostile, large

RECORD = RunRecord(
    "1.0", "3.11", "somewhere", 2, {"solve": 1.0}, (TimedProgress(0.1, "interval", None, 3.0), TimedProgress(0.4, "interval", 5.0, 4.0))
)
LIMIT = 2_000_000


class Tags(HTMLParser):
    """Collects start tags and everything that names an address."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take one tag."""
        self.tags.append(tag)
        self.addresses += [v or "" for k, v in attrs if k in {"src", "href", "action", "data"} or k.startswith("on")]


def parsed(page: str) -> Tags:
    """The tags of a page."""
    tags = Tags()
    tags.feed(page)
    return tags


def test_nothing_is_fetched() -> None:
    """No address in it, two scripts and one style of our own, and a policy that forbids all else."""
    page = report_html(rich().mapping, rich().device, RECORD)
    tags = parsed(page)
    assert tags.addresses == []
    assert tags.tags.count("script") == 2
    assert not {"img", "iframe", "link", "object"} & set(tags.tags)
    assert "default-src 'none'" in page
    assert "url(" not in page.replace("url(#head)", "")


def test_hostile_names_are_text() -> None:
    """The same tags as with harmless names; the data cannot end its element."""
    harmless, page = report_html(rich().mapping, rich().device, None), report_html(hostile(), rich().device, None)
    assert parsed(page).tags == parsed(harmless).tags
    assert page.count("</script>") == 2
    assert "\x01" not in page
    assert "x" * 1000 not in page
    data = re.search(r'<script type="application/json" id="mapping">(.*?)</script>', page, re.DOTALL)
    assert data
    assert len(json.loads(data[1])["layers"]) == len(rich().mapping.layers)


def test_a_large_array_stays_small() -> None:
    """4,000 tiles, with their memory maps, under 2 MB."""
    mapping, device = large()
    assert len(report_html(mapping, device, RECORD)) < LIMIT


def test_progress_is_drawn_level_by_level() -> None:
    """Titles state what the mapping has, not what a relaxation met; a level that it lacks says so."""
    news = (*RECORD.progress, TimedProgress(0.5, "tiles", None, 7.0))
    interval, tiles = progress_charts(news, (ObjectiveValue("interval", 6.0, 4.0),))
    assert (interval.level, interval.final, interval.bound) == ("interval", "6", "4")
    assert (tiles.final, tiles.bound, tiles.incumbents) == ("none", "none", "")


def test_the_command(placer: CommandLine, tmp_path: Path) -> None:
    """Solve writes a report; the command writes it again, the same, and pictures on request."""
    config = tiny_config(tmp_path)
    assert placer("solve", "--no-check", config).code == 0
    by_solve = (tmp_path / "out" / "report.html").read_bytes()
    picture, png = tmp_path / "plan.svg", tmp_path / "plan.png"
    ran = placer("report", tmp_path / "out" / "mapping.json", "-o", tmp_path / "r.html", "--svg", picture, "--png", png)
    assert ran.code == 0
    assert (tmp_path / "r.html").read_bytes() == by_solve
    assert picture.read_text().startswith("<svg")
    assert png.read_bytes().startswith(b"\x89PNG")


def test_a_folder_and_no_run_record(placer: CommandLine, tmp_path: Path) -> None:
    """A mapping alone is enough."""
    placer("solve", "--no-check", tiny_config(tmp_path))
    (tmp_path / "out" / "run.json").unlink()
    (tmp_path / "out" / "report.html").unlink()
    assert placer("report", tmp_path / "out").code == 0
    assert "No run.json" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("mapping.json", "{", "mapping.json: the file"),
        ("run.json", '{"placer": 1}', "run.json: placer"),
        ("mapping.json", None, "cannot read mapping"),
    ],
)
def test_bad_files(placer: CommandLine, tmp_path: Path, name: str, text: str | None, message: str) -> None:
    """One sentence, exit code 2, nothing written."""
    (tmp_path / "mapping.json").write_text(rich().mapping.to_json())
    if text is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(text)
    ran = placer("report", tmp_path)
    assert ran.code == 2
    assert message in ran.err.replace("\n", "")
    assert not (tmp_path / "report.html").exists()


def test_png_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the extra."""
    monkeypatch.setitem(__import__("sys").modules, "resvg_py", None)
    with pytest.raises(InputError, match=r"placer\[plots\]"):
        floorplan_png(rich().mapping, rich().device)


def test_another_device_must_be_named(tmp_path: Path) -> None:
    """A mapping of an unknown device needs --device."""
    text = rich().mapping.to_json().replace(f'"device": "{rich().mapping.device}"', '"device": "mine"')
    (tmp_path / "mapping.json").write_text(text)
    with pytest.raises(InputError, match="unknown device 'mine'"):
        read_reported(tmp_path, None)
    assert files.read_reported(tmp_path, "VEK280").device.columns == 8


def test_the_same_mapping_gives_the_same_page() -> None:
    """Byte for byte."""
    assert report_html(rich().mapping, rich().device, RECORD) == report_html(rich().mapping, rich().device, RECORD)


def test_the_simulated_pipeline() -> None:
    """A bar a run and layer, and none for a mapping that no pipeline follows from."""
    chart = pipeline_chart(rich().mapping, rich().device)
    assert chart
    assert [len(row.bars) >= chart.runs for row in chart.rows] == [True] * len(rich().mapping.layers)
    assert chart.interval >= rich().mapping.interval_cycles * 0.9

    def no_writer(data: Json) -> None:
        data["edges"] = []

    assert pipeline_chart(rich().changed(no_writer), rich().device) is None
