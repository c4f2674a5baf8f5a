"""`placer verify`: check a mapping independently."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from placer.mapped_device import load_mapping, mapped_device, mapping_file
from placer.pipeline.imported import import_network
from placer.pipeline.stages import verify_mapping


def verify(
    mapping: Annotated[Path, typer.Argument(help="A mapping.json, or the output folder of a solve.")],
    model: Annotated[Path | None, typer.Option(help="The ONNX model; by default model.onnx beside the mapping.")] = None,
    device: Annotated[str | None, typer.Option(help="The device, if it is not a shipped one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Check a mapping independently of the solver: every rule, every figure."""
    file = mapping_file(mapping)
    stated = load_mapping(file)
    target = mapped_device(stated, file, device)
    imported = import_network(model or file.parent / "model.onnx", target, stated.batch, stated.relays)
    violations = verify_mapping(stated, imported)
    console = Console(stderr=as_json)
    for violation in violations:
        console.print(Text(str(violation)), soft_wrap=True)
    console.print(f"{len(violations)} violations" if violations else "legal, and every figure is as stated")
    if as_json:
        typer.echo(
            json.dumps({"legal": not violations, "violations": [{"family": v.family.value, "message": v.message} for v in violations]})
        )
    raise typer.Exit(1 if violations else 0)
