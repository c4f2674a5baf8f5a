"""`placer host`: build and run any ADF graph on this computer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from placer.device import find_device
from placer.errors import InputError
from placer.host import emulator
from placer.report.progress import working


def host(
    flags: Annotated[bool, typer.Option("--cflags", help="Print the compiler flags with which any ADF project builds.")] = False,
    source: Annotated[Path | None, typer.Option("--run", help="Build and run the graph in this source, kernels included.")] = None,
    include: Annotated[list[Path] | None, typer.Option("-I", help="Folder of headers and kernel sources; may be repeated.")] = None,
    generation: Annotated[str | None, typer.Option(help="aie-ml or aie-mlv2; by default the device's, or aie-ml.")] = None,
    device: Annotated[str | None, typer.Option(help="The device, or a device YAML: places outside its array are refused.")] = None,
) -> None:
    """Run any ADF graph on this computer: the flags to build it yourself, or build and run in one."""
    target = find_device(device) if device else None
    generation = generation or (target.generation if target else "aie-ml")
    if generation not in emulator.ARCHITECTURE:
        raise InputError(f"--generation must be {' or '.join(emulator.ARCHITECTURE)}, not {generation!r}")
    if flags == (source is not None):
        raise InputError("give either --cflags or --run SOURCE.cpp")
    if source is None:
        typer.echo(" ".join(emulator.cflags(generation)))
        return
    with working(Console(stderr=True)) as progress:
        program = emulator.build(source, tuple(include or ()), None, progress, generation)
    raise typer.Exit(emulator.run_attached(program, Path.cwd(), emulator.array_environment(target) if target else {}))
