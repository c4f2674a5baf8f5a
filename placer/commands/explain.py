"""`placer explain`: why a network does not fit, and what was found to help."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from placer.config import load_settings
from placer.explain.explain import MOST_TILES, Explanation, explain
from placer.report.progress import working


def explain_command(
    config: Annotated[Path, typer.Argument(help="A config (YAML), or an ONNX file to map with default settings.")],
    device: Annotated[str | None, typer.Option(help="A device by name, or a device YAML.")] = None,
    columns: Annotated[int | None, typer.Option(help="Cut the array to so many columns.")] = None,
    rows: Annotated[int | None, typer.Option(help="Cut the array to so many rows.")] = None,
    batch: Annotated[int | None, typer.Option(help="Samples a run.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Say why a network does not fit: what conflicts, demand against supply, and changes that were tried and map."""
    settings = load_settings(config).overridden(device=device, columns=columns, rows=rows, batch=batch)
    with working(Console(stderr=True)) as news:
        explanation = explain(settings, news)
    print_explanation(Console(stderr=as_json), explanation)
    if as_json:
        typer.echo(json.dumps(explanation_facts(explanation)))
    raise typer.Exit(0 if explanation.fits else 1)


def print_explanation(console: Console, explanation: Explanation) -> None:
    """A paragraph for people."""
    if explanation.fits:
        console.print("it fits: nothing to explain")
        return
    console.print("no mapping exists (proven)" if explanation.proven else "no mapping was found", soft_wrap=True)
    for shortage in explanation.shortages:
        console.print(Text(f"short of {shortage.resource.value}: {shortage.sentence}"), soft_wrap=True)
    for number, lever in enumerate(explanation.levers, 1):
        keys = ", ".join(f"{key}: {value}" for key, value in lever.changes)
        console.print(Text(f"{number}. {lever.sentence} maps ({keys})"), soft_wrap=True)
    if not explanation.levers:
        console.print(f"no smaller batch, shipped device or imagined array of up to {MOST_TILES} tiles was found to map", soft_wrap=True)


def explanation_facts(explanation: Explanation) -> dict[str, object]:
    """The same as a JSON object."""
    return {
        "fits": explanation.fits,
        "proven": explanation.proven,
        "shortages": [{**asdict(s), "resource": s.resource.value} for s in explanation.shortages],
        "levers": [{"sentence": lever.sentence, "changes": dict(lever.changes)} for lever in explanation.levers],
    }
