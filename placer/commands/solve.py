"""`placer solve`: map a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from placer.config import load_settings
from placer.output import Written, check_writable, write_outcome
from placer.pipeline import Outcome, Stage, run
from placer.report.progress import live_progress
from placer.report.terminal import summary


def solve(
    config: Annotated[Path, typer.Argument(help="A config (YAML), or an ONNX file to map with default settings.")],
    device: Annotated[str | None, typer.Option(help="A device by name, or a device YAML.")] = None,
    columns: Annotated[int | None, typer.Option(help="Cut the array to so many columns.")] = None,
    rows: Annotated[int | None, typer.Option(help="Cut the array to so many rows.")] = None,
    objective: Annotated[str | None, typer.Option(help="Levels, comma separated, most important first.")] = None,
    batch: Annotated[int | None, typer.Option(help="Samples a run.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the search.")] = None,
    work: Annotated[float | None, typer.Option(help="Deterministic time for the solve, about seconds of one core.")] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Wall-clock seconds for the solve; the result may then differ between runs.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Search strategies; more than one are interleaved.")] = None,
    out: Annotated[Path | None, typer.Option(help="Output folder.")] = None,
    stop_after: Annotated[Stage, typer.Option(help="Stop after this stage.")] = Stage.EMIT,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Map a network: import, solve, verify, emit."""
    levels = tuple(part.strip() for part in objective.split(",")) if objective else None
    settings = load_settings(config).overridden(
        device=device, columns=columns, rows=rows, objective=levels, batch=batch, seed=seed, work=work, seconds=time_limit, workers=workers,
        output=out,
    )  # fmt: skip
    if stop_after is not Stage.IMPORT:
        check_writable(settings.output)
    with live_progress(Console(stderr=True)) as progress:
        outcome = run(settings, stop_after, progress)
    written = write_outcome(outcome, settings)
    _report(Console(stderr=as_json), outcome, written)
    if as_json:
        typer.echo(_as_json(outcome, written))


def _report(console: Console, outcome: Outcome, written: Written) -> None:
    device = outcome.imported.device
    if outcome.mapping:
        console.print(summary(outcome.mapping, device))
        console.print("".join(f"assumed: {a}\n" for a in device.assumptions), style="dim", end="", highlight=False)
    else:
        graph = outcome.imported.laid_out.graph
        console.print(Text(f"{graph.name}: {len(graph.layers)} layers, {outcome.imported.laid_out.batch} samples a run"))
    for name, path in (
        ("mapping", written.mapping),
        ("problem", written.problem),
        ("project", written.project),
        ("report", written.report),
    ):
        if path:
            console.print(Text(f"{name}: {path}"))
    console.print(Text("seconds: " + ", ".join(f"{t.stage.value} {t.seconds:.2f}" for t in outcome.times)))


def _as_json(outcome: Outcome, written: Written) -> str:
    mapping = outcome.mapping
    return json.dumps(
        {
            "status": mapping.status if mapping else None,
            "mapping": str(written.mapping) if written.mapping else None,
            "adf": str(written.project) if written.project else None,
            "interval_cycles": mapping.interval_cycles if mapping else None,
            "latency_cycles": mapping.latency_cycles if mapping else None,
            "tiles_used": mapping.tiles_used if mapping else None,
            "objective": [{"level": o.level, "value": o.value, "bound": o.bound} for o in mapping.objective] if mapping else [],
            "seconds": {t.stage.value: t.seconds for t in outcome.times},
        }
    )
