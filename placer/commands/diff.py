"""`placer diff`: what changed between two mappings."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from placer.output import write_file
from placer.report.diff import Difference, compare
from placer.report.diff_page import diff_html, diff_svg, sections
from placer.report.files import png as as_png
from placer.report.files import read_reported


def diff(
    before: Annotated[Path, typer.Argument(help="A mapping.json, or the output folder of a solve.")],
    after: Annotated[Path, typer.Argument(help="Another one.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Also write words and picture as an HTML page.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Also write both floorplans as SVG, changed tiles in full colour.")] = None,
    png: Annotated[Path | None, typer.Option(help="The same as PNG (needs the extra 'plots').")] = None,
    device: Annotated[str | None, typer.Option(help="The device, if it is not a shipped one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """What changed between two mappings, in words and in the picture. Exit code 1 when anything did."""
    a, b = read_reported(before, device), read_reported(after, device)
    difference = compare(a.mapping, b.mapping)
    files = []
    if out:
        files.append((out, diff_html(a, b, difference).encode()))
    if svg:
        files.append((svg, diff_svg(a, b, difference).encode()))
    if png:
        files.append((png, as_png(diff_svg(a, b, difference))))
    for path, data in files:
        write_file(path, data)
    if as_json:
        changes = {s.title: [asdict(c) for c in s.changes] for s in sections(difference)}
        typer.echo(json.dumps({"same": not difference.changes, "changes": changes, "tiles_changed": len(difference.after)}))
    else:
        _print(Console(), difference)
    raise typer.Exit(1 if difference.changes or difference.before or difference.after else 0)


def _print(console: Console, difference: Difference) -> None:
    for section in sections(difference):
        console.print(Text(section.title, style="bold"))
        for change in section.changes:
            console.print(Text(f"  {change}"), soft_wrap=True)
    if difference.before or difference.after:
        console.print(Text(f"{len(difference.before)} core tiles before and {len(difference.after)} after run something else"))
    elif not difference.changes:
        console.print("the same")
