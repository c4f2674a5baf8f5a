"""`placer verify`: check a mapping independently."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from placer.errors import InputError
from placer.imported import import_network
from placer.mapped_device import mapped_device
from placer.mapping import read_mapping
from placer.pipeline import verify_mapping


def verify(
    mapping: Annotated[Path, typer.Argument(help="A mapping.json.")],
    model: Annotated[Path | None, typer.Option(help="The ONNX model; by default model.onnx beside the mapping.")] = None,
    device: Annotated[str | None, typer.Option(help="The device, if it is not a shipped one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Check a mapping independently of the solver: every rule, every figure."""
    try:
        text = mapping.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read mapping {mapping}: {getattr(error, 'strerror', None) or 'not text'}") from error
    stated = read_mapping(text, str(mapping))
    target = mapped_device(stated, mapping, device)
    imported = import_network(model or mapping.parent / "model.onnx", target, stated.batch, stated.relays)
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
