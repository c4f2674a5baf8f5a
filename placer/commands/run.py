"""`placer run`: run an emitted project on this computer."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from placer.host.run import OUTPUTS, find_subject, read_inputs, run_facts, run_on_host, save_outputs
from placer.output import check_writable
from placer.report.host_run import print_host_run
from placer.report.progress import working


def run(
    target: Annotated[Path, typer.Argument(help="A mapping.json, the output folder of a solve, or its adf/ project.")],
    inputs: Annotated[Path | None, typer.Option("--input", help="Input integers: .npy, or .npz by input name. Random by default.")] = None,
    iterations: Annotated[int | None, typer.Option(min=1, help="Runs of the graph; by default what the inputs need, or 4.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Compare with the reference, and with onnxruntime if installed.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the outputs, a .npy each; by default outputs/ beside the mapping.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Build the emitted project with g++ and run it on this computer, bit for bit."""
    subject = find_subject(target)
    values = read_inputs(inputs, subject.imported.network) if inputs else None
    folder = out or subject.project.parent / OUTPUTS
    check_writable(folder)
    console = Console(stderr=True)
    with working(console) as progress:
        result = run_on_host(subject, values, iterations, check, progress)
    paths = save_outputs(result, folder)
    print_host_run(console if as_json else Console(), result, paths)
    if as_json:
        typer.echo(json.dumps(asdict(run_facts(result, paths))))
    raise typer.Exit(1 if result.check and result.check.reference.mismatches else 0)
