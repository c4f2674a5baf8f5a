"""`placer fit`: the smallest device or array that holds a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from placer.config import load_settings
from placer.explain.fit import fit
from placer.report.progress import working


def fit_command(
    config: Annotated[Path, typer.Argument(help="A config (YAML), or an ONNX file to map with default settings.")],
    device: Annotated[str | None, typer.Option(help="The device whose array is cut, by name or as a device YAML.")] = None,
    batch: Annotated[int | None, typer.Option(help="Samples a run.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Find the smallest shipped device, and the smallest columns x rows of the config's device, that hold a network."""
    settings = load_settings(config).overridden(device=device, batch=batch)
    with working(Console(stderr=True)) as news:
        found = fit(settings, news)
    console = Console(stderr=as_json)
    console.print(f"at least {found.least_tiles} core tiles (proven)")
    console.print(f"smallest shipped device that maps: {found.device or 'none'}")
    size = f"{found.array.columns} x {found.array.rows}" if found.array else "none"
    console.print(f"smallest array of {settings.device} that maps: {size}")
    if as_json:
        array = [found.array.columns, found.array.rows] if found.array else None
        typer.echo(json.dumps({"least_tiles": found.least_tiles, "device": found.device, "array": array}))
    raise typer.Exit(0 if found.device or found.array else 1)
