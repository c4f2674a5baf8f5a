"""`placer place`: the placement problem alone."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from placer.errors import InfeasibleError, InputError
from placer.output import write_file
from placer.placement.answer import Answer, Effort, Incumbent, Status
from placer.placement.engine import exact_engine, place
from placer.placement.instance import Instance, read_instances


class SolverName(Enum):
    """Exact engines; auto is CP-SAT where OR-Tools is installed, else SAT."""

    AUTO = "auto"
    CPSAT = "cpsat"
    SAT = "sat"


def place_instances(
    instances: Annotated[Path, typer.Argument(help="Placement instances (JSON; docs/formats.md).")],
    time_limit: Annotated[
        float | None, typer.Option(help="Wall-clock seconds an instance; the placements may then differ between runs.", min=0.01)
    ] = None,
    work: Annotated[
        float, typer.Option(help="Deterministic effort an instance, about seconds of one core; unused with a time limit.", min=0.0)
    ] = 10.0,
    solver: Annotated[SolverName, typer.Option(help="Engine of the exact phase.")] = SolverName.AUTO,
    seed: Annotated[int, typer.Option(help="Seed of the search.", min=0, max=2**31 - 1)] = 0,
    only: Annotated[str | None, typer.Option(help="Place the instance of this name only.")] = None,
    proof: Annotated[bool, typer.Option("--proof", help="Spend the effort on closing the gap.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the answers (JSON) here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON on stdout.")] = False,
) -> None:
    """Place blocks on a grid at the published objective, with bounds."""
    chosen = _chosen(instances, only)
    engine = exact_engine(solver.value)
    console = Console(stderr=True)
    if solver is SolverName.AUTO and engine.name != "cp-sat":
        console.print(f"OR-Tools is not installed: the exact phase uses {engine.name} {engine.version}")
    answers = []
    for instance in chosen:
        effort = Effort(work, None, seed) if time_limit is None else Effort.within(time_limit, seed)
        with console.status(instance.name) as status:

            def show(news: Incumbent, name: str = instance.name) -> None:
                status.update(f"{name}: cost {news.cost}, bound {news.bound:g}")

            answers.append(place(instance, engine, effort, proof, show))
        if answers[-1].reason == "interrupted":
            break
    _write(chosen[: len(answers)], answers, out, as_json)
    Console(stderr=as_json).print(_table(answers))
    failed = [a for a in answers if a.places is None]
    if failed:
        raise InfeasibleError("; ".join(f"{a.name}: {a.status.value.lower()}{', ' + a.reason if a.reason else ''}" for a in failed))


def _chosen(path: Path, only: str | None) -> tuple[Instance, ...]:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    found = read_instances(text, str(path))
    if only is None:
        return found
    chosen = tuple(i for i in found if i.name == only)
    if not chosen:
        raise InputError(f"{path}: no instance is named {only!r}; known: {', '.join(i.name for i in found)}")
    return chosen


def _write(instances: tuple[Instance, ...], answers: list[Answer], out: Path | None, as_json: bool) -> None:
    text = json.dumps([_as_json(i, a) for i, a in zip(instances, answers, strict=True)], indent=1) + "\n"
    if out:
        write_file(out, text.encode())
    if as_json:
        typer.echo(text, nl=False)


def _as_json(instance: Instance, answer: Answer) -> object:
    return {
        "name": answer.name,
        "status": answer.status.value,
        "cost": answer.cost,
        "bound": answer.bound,
        "seconds": round(answer.seconds, 3),
        "placement": answer.places and {b.name: p for b, p in zip(instance.blocks, answer.places, strict=True)},
        "solver": answer.engine,
        "reason": answer.reason,
        "history": [{"seconds": round(h.seconds, 3), "cost": h.cost, "bound": h.bound} for h in answer.history],
    }


def _table(answers: list[Answer]) -> Table:
    table = Table("instance", "status", "cost", "bound", "gap", "seconds")
    for a in answers:
        figures = ("-" if v is None else f"{v:g}" for v in (a.cost, a.bound))
        gap = "-" if a.gap is None or a.status is Status.OPTIMAL else f"{100 * a.gap:.1f} %"
        table.add_row(a.name, a.status.value, *figures, gap, f"{a.seconds:.2f}")
    return table
