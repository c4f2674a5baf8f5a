"""`placer inspect`: print the imported network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from placer.frontend import read_model
from placer.frontend.summary import OperationRow, TensorRow, operation_rows, tensor_rows


def inspect(
    model: Annotated[Path, typer.Argument(help="An ONNX file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the network that a model is imported as: every operation with its rounding point, every tensor with its type."""
    network = read_model(model)
    operations, tensors = operation_rows(network), tensor_rows(network)
    if as_json:
        facts = {
            "network": network.name, "batch": network.batch, "inputs": network.inputs, "outputs": network.outputs,
            "operations": [vars(row) for row in operations], "tensors": [vars(row) for row in tensors],
            "inserted": [{"tensor": tensor, "reason": why} for tensor, why in network.inserted],
        }  # fmt: skip
        typer.echo(json.dumps(facts))
        return
    console = Console()
    batch = "open" if network.batch is None else network.batch
    console.print(Text(f"{network.name}: batch {batch}, reads {', '.join(network.inputs)}, writes {', '.join(network.outputs)}"))
    console.print(_operations(operations))
    console.print(_tensors(tensors))
    for tensor, why in network.inserted:
        console.print(Text(f"not rounded by the model: {tensor} ({why})"), style="yellow", soft_wrap=True)


def _operations(rows: tuple[OperationRow, ...]) -> Table:
    table = Table(box=None, title="operations", title_justify="left")
    for heading in ("operation", "reads", "writes", "rounding point"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(Text(row.kind), Text(", ".join(row.sources)), Text(row.target), Text(row.rounding))
    return table


def _tensors(rows: tuple[TensorRow, ...]) -> Table:
    table = Table(box=None, title="tensors", title_justify="left")
    for heading in ("tensor", "shape of a sample", "type", "scale", "zero point", "range"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        shape = " x ".join(map(str, row.shape)) or "1"
        table.add_row(Text(row.name), shape, row.type, row.scale, str(row.zero_point), f"{row.least}..{row.most}")
    return table
