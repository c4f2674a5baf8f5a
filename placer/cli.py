"""The command line: one function a command, no logic."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from placer import __version__, host
from placer.config import load_settings
from placer.device import find_device, shipped_devices
from placer.errors import InputError, PlacerError
from placer.mapping import read_mapping
from placer.output import Written, check_writable, write_outcome
from placer.pipeline import Outcome, Stage, import_network, run, verify_mapping
from placer.report.progress import live_progress, working
from placer.report.terminal import summary
from placer.run import HostRun, find_subject, read_inputs, run_facts, run_on_host, save_outputs

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Map quantised neural networks onto AMD AI Engine arrays, with proofs.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"placer {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    pass


@app.command()
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
    _report_solve(Console(stderr=as_json), outcome, written)
    if as_json:
        typer.echo(_solve_json(outcome, written))


def _report_solve(console: Console, outcome: Outcome, written: Written) -> None:
    device = outcome.imported.device
    if outcome.mapping:
        console.print(summary(outcome.mapping, device))
        console.print("".join(f"assumed: {a}\n" for a in device.assumptions), style="dim", end="", highlight=False)
    else:
        graph = outcome.imported.laid_out.graph
        console.print(Text(f"{graph.name}: {len(graph.layers)} layers, {outcome.imported.laid_out.batch} samples a run"))
    for name, path in (("mapping", written.mapping), ("problem", written.problem), ("project", written.project)):
        if path:
            console.print(Text(f"{name}: {path}"))
    console.print(Text("seconds: " + ", ".join(f"{t.stage.value} {t.seconds:.2f}" for t in outcome.times)))


def _solve_json(outcome: Outcome, written: Written) -> str:
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


@app.command()
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
    target = find_device(device or stated.device).resized(stated.columns, stated.rows)
    imported = import_network(model or mapping.parent / "model.onnx", target, stated.batch)
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


@app.command("run")
def run_project(
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
    folder = out or subject.project.parent / "outputs"
    check_writable(folder)
    console = Console(stderr=True)
    with working(console) as progress:
        result = run_on_host(subject, values, iterations, check, progress)
    paths = save_outputs(result, folder)
    _report_run(console if as_json else Console(), result, paths)
    if as_json:
        typer.echo(json.dumps(asdict(run_facts(result, paths))))
    raise typer.Exit(1 if result.check and result.check.reference.mismatches else 0)


def _report_run(console: Console, result: HostRun, paths: tuple[Path, ...]) -> None:
    rate = f"{result.iterations} runs in {result.seconds:.2f} s on the host, {result.gmacs:.2f} GMAC/s"
    console.print(Text(rate + (f"; build {result.build_seconds:.1f} s" if result.build_seconds else "; build cached")))
    if result.check:
        for name, found in (("reference", result.check.reference), ("onnxruntime", result.check.onnxruntime)):
            if found:
                text = f"{name}: {found.mismatches} of {found.compared} outputs differ, at most by {found.max_difference}"
                console.print(Text(text), style="" if found.mismatches == 0 else "bold red")
            else:
                console.print(Text(f"{name}: not installed, not compared"), style="dim")
    for path in paths:
        console.print(Text(f"outputs: {path}"), soft_wrap=True)


@app.command("host")
def host_command(
    flags: Annotated[bool, typer.Option("--cflags", help="Print the compiler flags with which any ADF project builds.")] = False,
    source: Annotated[Path | None, typer.Option("--run", help="Build and run the graph in this source, kernels included.")] = None,
    include: Annotated[list[Path] | None, typer.Option("-I", help="Folder of headers and kernel sources; may be repeated.")] = None,
    generation: Annotated[str, typer.Option(help="aie-ml or aie-mlv2.")] = "aie-ml",
) -> None:
    """Run any ADF graph on this computer: the flags to build it yourself, or build and run in one."""
    if generation not in host.ARCHITECTURE:
        raise InputError(f"--generation must be {' or '.join(host.ARCHITECTURE)}, not {generation!r}")
    if flags == (source is not None):
        raise InputError("give either --cflags or --run SOURCE.cpp")
    if source is None:
        typer.echo(" ".join(host.cflags(generation)))
        return
    with working(Console(stderr=True)) as progress:
        program = host.build(source, tuple(include or ()), None, progress, generation)
    raise typer.Exit(host.run_attached(program, Path.cwd()))


@app.command()
def devices(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False) -> None:
    """List the devices that come with placer, with what is assumed about each."""
    known = shipped_devices()
    if as_json:
        typer.echo(
            json.dumps(
                [
                    {
                        "name": d.name, "boards": d.boards, "generation": d.generation, "columns": d.columns, "rows": d.rows,
                        "memory_rows": d.memory_rows, "pl_columns": len(d.plio.columns), "clock_mhz": d.clock_mhz,
                        "assumptions": d.assumptions,
                    }
                    for d in known
                ]
            )
        )  # fmt: skip
        return
    table = Table(box=None)
    for heading in ("device", "boards", "generation", "core tiles", "memory tiles", "PL columns", "MHz"):
        table.add_column(heading)
    for d in known:
        cores, memories = f"{d.core_tiles} ({d.columns} x {d.rows})", f"{d.memory_tiles} ({d.columns} x {d.memory_rows})"
        table.add_row(d.name, ", ".join(d.boards), d.generation, cores, memories, str(len(d.plio.columns)), f"{d.clock_mhz:g}")
    console = Console()
    console.print(table)
    for d in known:
        for assumption in d.assumptions:
            console.print(Text(f"{d.name} assumes: {assumption}"), style="dim", soft_wrap=True)


def main() -> None:
    """Run the command line; errors of the user's making are one sentence and an exit code."""
    try:
        app(standalone_mode=True)
    except PlacerError as error:
        # Names from a file may hold anything; the message stays one line.
        sentence = "".join(c if c.isprintable() else " " for c in str(error))
        Console(stderr=True).print(Text(f"placer: {sentence}"), soft_wrap=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output left; say nothing, as other tools do.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
