"""`placer solve`: map a network."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from placer.commands.explain import explanation_facts, print_explanation
from placer.config import Settings, load_settings
from placer.errors import InfeasibleError, InputError
from placer.explain.explain import explain
from placer.host.emulator import NoCompilerError, compiler
from placer.host.run import OUTPUTS, RunFacts, find_subject, run_facts, run_on_host, save_outputs
from placer.output import Written, check_writable, write_outcome
from placer.pipeline.stages import InternalError, Outcome, Stage, run
from placer.report.host_run import print_host_run
from placer.report.progress import live_progress, working
from placer.report.terminal import summary


def solve(
    config: Annotated[Path, typer.Argument(help="A config (YAML), or an ONNX file to map with default settings.")],
    device: Annotated[str | None, typer.Option(help="A device by name, or a device YAML.")] = None,
    columns: Annotated[int | None, typer.Option(help="Cut the array to so many columns.")] = None,
    rows: Annotated[int | None, typer.Option(help="Cut the array to so many rows.")] = None,
    objective: Annotated[str | None, typer.Option(help="Levels, comma separated, most important first.")] = None,
    goal: Annotated[str | None, typer.Option(help="An objective by name: throughput, latency or area.")] = None,
    require: Annotated[
        str | None, typer.Option(help="Demands, such as latency_ns=900,rate_mhz=40,tiles=100 (docs/formats.md lists all).")
    ] = None,
    replicas: Annotated[str | None, typer.Option(help="Copies of the network: a number, or auto for the best.")] = None,
    batch: Annotated[str | None, typer.Option(help="Samples a run, of each replica: a number, or auto for the best.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the search.")] = None,
    work: Annotated[float | None, typer.Option(help="Deterministic time for the solve, about seconds of one core.")] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Wall-clock seconds for the solve; the result may then differ between runs.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Search strategies; more than one are interleaved.")] = None,
    out: Annotated[str | None, typer.Option(help="Output folder.")] = None,
    stop_after: Annotated[Stage, typer.Option(help="Stop after this stage.")] = Stage.CHECK,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Build the project, run it here and compare, bit for bit.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on stdout.")] = False,
) -> None:
    """Map a network: import, solve, verify, emit, and check the emitted project on this computer."""
    levels = tuple(part.strip() for part in objective.split(",")) if objective is not None else None
    if levels and goal:
        raise InputError("a goal is an objective; give one of --goal and --objective")
    settings = load_settings(config).overridden(
        device=device, columns=columns, rows=rows, objective=levels, goal=goal, required=_demands(require), batch=batch, seed=seed,
        replicas=replicas, work=work, seconds=time_limit, workers=workers, output=out,
    )  # fmt: skip
    if stop_after is not Stage.IMPORT:
        check_writable(settings.output)
    try:
        with live_progress(Console(stderr=True)) as progress:
            outcome = run(settings, stop_after, progress)
    except InfeasibleError as error:
        _refuse(settings, error, as_json)
    written = write_outcome(outcome, settings)
    console = Console(stderr=as_json)
    _report(console, outcome, written)
    checked = _check(console, written, settings) if check and stop_after is Stage.CHECK else None
    if as_json:
        typer.echo(_as_json(outcome, written, checked))


def _demands(text: str | None) -> dict[str, str] | None:
    """Demands as config values: `name=value`, comma separated.

    Raises InputError.
    """
    if text is None:
        return None
    parts = [part.partition("=") for part in text.split(",")]
    if not all(equals and value.strip() for _, equals, value in parts):
        raise InputError(f"--require: {text!r} is not a list of name=value, such as latency_ns=900,tiles=100")
    demands = {name.strip(): value.strip() for name, _, value in parts}
    if len(demands) < len(parts):
        raise InputError(f"--require: {text!r} states a demand twice")
    return demands


def _refuse(settings: Settings, error: InfeasibleError, as_json: bool) -> NoReturn:
    """Say that nothing maps, why, and what helps; exit code 1."""
    console = Console(stderr=True)
    console.print(Text(f"placer: {error}"), soft_wrap=True)
    with working(console) as news:
        explanation = explain(settings, news)
    print_explanation(console, explanation)
    if as_json:
        typer.echo(json.dumps({"status": "INFEASIBLE" if explanation.proven else "UNKNOWN", "explanation": explanation_facts(explanation)}))
    raise typer.Exit(error.exit_code)


def _check(console: Console, written: Written, settings: Settings) -> RunFacts | None:
    """The project on this computer against the reference; None, with the reason, where no compiler is installed.

    Raises InternalError when a value differs.
    """
    assert written.mapping is not None, "a project has its mapping beside it"
    try:
        compiler()
    except NoCompilerError as error:
        console.print(Text(f"not checked: {error}"), style="bold yellow")
        return None
    with working(Console(stderr=True)) as progress:
        result = run_on_host(find_subject(written.mapping), None, settings.iterations, True, progress)
    paths = save_outputs(result, settings.output / OUTPUTS)
    print_host_run(console, result, paths)
    if result.check and result.check.reference.mismatches:
        raise InternalError(f"the emitted project computes other values than the reference; please report this with {written.mapping}")
    return run_facts(result, paths)


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


def _as_json(outcome: Outcome, written: Written, check: RunFacts | None) -> str:
    mapping, device = outcome.mapping, outcome.imported.device
    return json.dumps(
        {
            "status": mapping.status if mapping else None,
            "mapping": str(written.mapping) if written.mapping else None,
            "adf": str(written.project) if written.project else None,
            "interval_cycles": mapping.interval_cycles if mapping else None,
            "latency_cycles": mapping.latency_cycles if mapping else None,
            "tiles_used": mapping.tiles_used if mapping else None,
            "inferences_per_second": mapping.inferences_per_second(device) if mapping else None,
            "replicas": mapping.replicas if mapping else None,
            "latency_ns": mapping.latency_cycles * 1e3 / device.clock_mhz if mapping else None,
            "objective": [{"level": o.level, "value": o.value, "bound": o.bound} for o in mapping.objective] if mapping else [],
            "seconds": {t.stage.value: t.seconds for t in outcome.times},
            "check": asdict(check) if check else None,
        }
    )
