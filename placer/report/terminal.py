"""The floorplan and the layer table of a mapping, for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from placer.device import Device
from placer.mapping import Mapping
from placer.report.marks import label, letter

# Distinct on dark and light terminals; letters carry the same meaning without colour.
COLOURS = (
    "blue",
    "green",
    "yellow",
    "magenta",
    "cyan",
    "red",
    "bright_blue",
    "bright_green",
    "bright_yellow",
    "bright_magenta",
    "bright_cyan",
)


def summary(mapping: Mapping, device: Device) -> RenderableType:
    """Figures, layer table and floorplan."""
    return Group(_figures(mapping, device), _layers(mapping), floorplan(mapping, device))


def _figures(mapping: Mapping, device: Device) -> Text:
    interval_us = mapping.interval_cycles / device.clock_mhz
    latency_us = mapping.latency_cycles / device.clock_mhz
    objective = ", ".join(f"{o.level} {o.value:g}" + ("" if o.bound == o.value else f" (bound {o.bound:g})") for o in mapping.objective)
    text = Text()
    text.append(f"{mapping.status}", style="bold green" if mapping.status == "OPTIMAL" else "bold yellow")
    text.append(f"  {objective}\n")
    text.append(
        f"modelled: a run of {mapping.batch} every {mapping.interval_cycles} cycles ({interval_us:.3g} us at {device.clock_mhz:g} MHz), "
        f"latency {mapping.latency_cycles} cycles ({latency_us:.3g} us); {mapping.tiles_used} of {device.core_tiles} core tiles\n"
    )
    return text


def _layers(mapping: Mapping) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "layer", "op", "m x k x n", "parts", "tiles", "cycles", "in by"):
        numeric = heading in {"tiles", "cycles"}
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=True, overflow="ellipsis")
    for number, layer in enumerate(mapping.layers):
        kinds = "+".join(e.kind for e in mapping.edges if e.consumer == layer.name)
        table.add_row(
            _mark(number),
            Text(label(layer.name)),
            "dense left" if layer.kernel.startswith("dense_left") else layer.op,
            f"{layer.m}x{layer.k}x{layer.n}" if layer.k else f"{layer.m}x{layer.n}",
            f"{layer.split.m},{layer.split.k},{layer.split.n}",
            str(len(layer.tiles)),
            str(layer.cycles),
            kinds,
        )
    return table


def floorplan(mapping: Mapping, device: Device) -> Text:
    """The array from the north: core tiles lettered and coloured by layer, then memory tiles (m) and PLIO columns (+)."""
    owner = {(t.col, t.row): number for number, layer in enumerate(mapping.layers) for t in layer.tiles}
    memory = {(m.col, m.row) for e in mapping.edges for m in e.memory_tiles}
    ports = {p.col for p in mapping.plio}
    text = Text()
    for row in reversed(range(device.rows)):
        text.append(f"{row:>3} ")
        for col in range(device.columns):
            text.append_text(_mark(owner[col, row]) if (col, row) in owner else Text("·", style="dim"))
        text.append("\n")
    for row in reversed(range(device.memory_rows)):
        text.append(f" m{row} " + "".join("m" if (col, row) in memory else "·" for col in range(device.columns)) + "\n")
    text.append(" io " + "".join("+" if col in ports else "·" for col in range(device.columns)))
    return text


def _mark(number: int) -> Text:
    return Text(letter(number), style=f"black on {COLOURS[number % len(COLOURS)]}")
