"""`placer profile`: where the cycles of a mapping go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter
from rich.console import Console

from placer.errors import InputError
from placer.mapped_device import load_mapping, mapped_device, mapping_file
from placer.report.profile import rendered
from placer.simulation.profile import Profile, profiled, steady
from placer.simulation.trace import chrome_trace

TRACED_RUNS = 20


def profile(
    mapping: Annotated[Path, typer.Argument(help="A mapping.json, or the output folder of a solve.")],
    device: Annotated[str | None, typer.Option(help="The device, if it is not a shipped one.")] = None,
    trace: Annotated[Path | None, typer.Option(help="Write the first runs as a Chrome trace (Perfetto shows it).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Simulate a mapping's pipeline and show where its cycles go. All figures are modelled."""
    file = mapping_file(mapping)
    stated = load_mapping(file)
    target = mapped_device(stated, file, device)
    found = profiled(stated, target)
    console = Console(stderr=as_json)
    console.print(rendered(found, target))
    if trace:
        _write(trace, chrome_trace(steady(stated, target), target, TRACED_RUNS))
        console.print(f"trace: {trace}", soft_wrap=True, highlight=False)
    if as_json:
        figures = {
            "inferences_per_second": found.inferences_per_second(target),
            "tera_operations_per_second": found.tera_operations(target),
        }
        typer.echo(json.dumps({"modelled": True, **TypeAdapter(Profile).dump_python(found, mode="json"), **figures}))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
