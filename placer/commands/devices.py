"""`placer devices`: list the devices."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from placer.device import shipped_devices


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
