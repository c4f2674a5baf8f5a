"""`placer report`: a mapping as one HTML page, or its floorplan as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from placer.output import write_file
from placer.report.files import floorplan_png, read_reported
from placer.report.floorplan import floorplan_svg
from placer.report.page import report_html


def report(
    mapping: Annotated[Path, typer.Argument(help="A mapping.json, or the output folder of a solve.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The HTML file; by default report.html beside the mapping.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Also write the floorplan as SVG, with a legend.")] = None,
    png: Annotated[Path | None, typer.Option(help="Also write the floorplan as PNG (needs the extra 'plots').")] = None,
    device: Annotated[str | None, typer.Option(help="The device, if it is not a shipped one.")] = None,
) -> None:
    """Show a mapping: floorplan, layers, memory maps, timeline, solver progress; one file, no network."""
    subject = read_reported(mapping, device)
    page = out or (mapping if mapping.is_dir() else mapping.parent) / "report.html"
    files = [(page, report_html(subject.mapping, subject.device, subject.record).encode())]
    if svg:
        files.append((svg, floorplan_svg(subject.mapping, subject.device, legend=True).encode()))
    if png:
        files.append((png, floorplan_png(subject.mapping, subject.device)))
    console = Console()
    for path, data in files:
        write_file(path, data)
        console.print(Text(f"{path.suffix.removeprefix('.') or 'report'}: {path}"), soft_wrap=True)
