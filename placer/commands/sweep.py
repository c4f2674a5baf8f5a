"""`placer sweep`: solve a grid of settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from placer.output import check_writable
from placer.report.progress import sweeping
from placer.sweeps.executors import DaskCluster, Executor, LocalPool
from placer.sweeps.files import write_results
from placer.sweeps.pareto import front
from placer.sweeps.plan import load_sweep
from placer.sweeps.plots import smallest_arrays
from placer.sweeps.run import SweepResult, run_sweep
from placer.sweeps.table import terminal_table


def sweep(
    file: Annotated[Path, typer.Argument(help="A sweep (YAML): a base config and a grid or list of settings.")],
    out: Annotated[Path | None, typer.Option(help="Folder of results; a sweep that finds its own there goes on where it stopped.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=1024, help="Processes; by default one a core, as memory allows.")] = None,
    dask: Annotated[str | None, typer.Option(help="Run on the Dask cluster with this scheduler, such as tcp://host:8786.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Solve points again that failed by a defect or for want of memory.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Solve a grid of settings: which device does a network need, and what does it get for it?"""
    plan = load_sweep(file)
    folder = out or plan.output
    check_writable(folder)
    executor: Executor = DaskCluster(dask) if dask else LocalPool(workers)
    with sweeping(Console(stderr=True)) as news:
        result = run_sweep(plan, folder, executor, retry, news)
    missing = write_results(result, folder)
    console = Console(stderr=as_json)
    _report(console, result, folder)
    for sentence in missing:
        console.print(Text(f"not written: {sentence}"), style="yellow")
    if as_json:
        typer.echo(_as_json(result, folder))
    raise typer.Exit(1 if result.lost else 0)


def _report(console: Console, result: SweepResult, folder: Path) -> None:
    console.print(terminal_table(result))
    mapped = sum(s.result.status.mapped for s in result.solved)
    console.print(
        Text(f"{mapped} of {len(result.plan.points)} points mapped; * on the Pareto front of tiles, interval and latency (modelled)")
    )
    for name, solved in smallest_arrays(result):
        array = f"{solved.result.columns} x {solved.result.rows}"
        console.print(Text(f"smallest array that holds {name or 'the network'}: {array}"))
    for lost in result.lost:
        console.print(Text(f"no result for point {lost.key[:12]}: {lost.reason}; run the sweep again"), style="red")
    console.print(Text(f"results: {folder}"), soft_wrap=True)


def _as_json(result: SweepResult, folder: Path) -> str:
    return json.dumps(
        {
            "folder": str(folder),
            "points": len(result.plan.points),
            "mapped": sum(s.result.status.mapped for s in result.solved),
            "lost": len(result.lost),
            "front": [{a.name: a.value for a in s.point.axes} for s in front(result)],
        }
    )
