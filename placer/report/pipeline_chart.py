"""The simulated pipeline as a picture: the first runs through every layer, kernels and streams (simulate.py). Modelled."""

from __future__ import annotations

from dataclasses import dataclass

from placer.device import Device
from placer.mapping import Mapping
from placer.report.marks import clean, fill, label, letter
from placer.simulation.activities import activities
from placer.simulation.simulate import Kind, Simulation, simulate

# Runs that the picture shows; enough to see the pipeline fill and settle into its interval.
RUNS = 8
# In SVG user units.
LEFT, WIDTH, PITCH, BAR, THIN = 150, 900, 26, 13, 4


@dataclass(frozen=True)
class RunBar:
    """One run of a layer's kernels, or of its streams, from the first start to the last end."""

    x: float
    y: float
    width: float
    height: int
    fill: str
    faint: bool
    title: str


@dataclass(frozen=True)
class PipelineRow:
    """A layer's bars."""

    number: int
    y: int
    label: str
    bars: tuple[RunBar, ...]


@dataclass(frozen=True)
class PipelineChart:
    """Everything the template draws, and the figures beside it, in cycles. interval: between the last two runs shown."""

    width: int
    height: int
    left: int
    rows: tuple[PipelineRow, ...]
    ticks: tuple[tuple[float, str], ...]
    runs: int
    first_latency: int
    interval: int


def pipeline_chart(mapping: Mapping, device: Device) -> PipelineChart | None:
    """Simulate the first runs of a mapping; None for one that no pipeline follows from, which `placer verify` explains."""
    try:
        simulation = simulate(activities(mapping, device), RUNS)
        end = simulation.end(RUNS - 1)
    except (ValueError, KeyError, IndexError, StopIteration, RuntimeError):
        return None
    scale = WIDTH / max(1, end)
    return PipelineChart(
        width=LEFT + WIDTH + 30,
        height=6 + len(mapping.layers) * PITCH + 20,
        left=LEFT,
        rows=tuple(_row(simulation, layer.name, number, scale) for number, layer in enumerate(mapping.layers)),
        ticks=tuple((round(LEFT + WIDTH * i / 4, 1), f"{end * i / 4:.0f}") for i in range(5)),
        runs=RUNS,
        first_latency=simulation.first_latency,
        interval=end - simulation.end(RUNS - 2),
    )


def _row(simulation: Simulation, name: str, number: int, scale: float) -> PipelineRow:
    y = 6 + number * PITCH
    kernels = _bars(simulation, name, (Kind.KERNEL,), "computes", scale)
    streams = _bars(simulation, name, (Kind.CORE_OUT,), "streams out", scale)
    bars = [RunBar(x, y, width, BAR, fill(number), run % 2 == 1, title) for run, (x, width, title) in enumerate(kernels)]
    bars += [RunBar(x, y + BAR + 1, width, THIN, "#7b8794", run % 2 == 1, title) for run, (x, width, title) in enumerate(streams)]
    return PipelineRow(number, y, f"{letter(number)} {label(name)}", tuple(bars))


def _bars(simulation: Simulation, name: str, kinds: tuple[Kind, ...], verb: str, scale: float) -> list[tuple[float, float, str]]:
    """Position, width and words of each run of a layer's activities of some kinds; none where it has no such activity."""
    mine = [(i, a.busy) for i, a in enumerate(simulation.graph.activities) if a.layer == name and a.kind in kinds]
    if not mine:
        return []
    found = []
    for run, starts in enumerate(simulation.starts):
        begin, end = min(starts[i] for i, _ in mine), max(starts[i] + busy for i, busy in mine)
        title = f"{clean(name)}: run {run} {verb} in cycles {begin} to {end}"
        found.append((round(LEFT + begin * scale, 2), round(max(0.8, (end - begin) * scale), 2), title))
    return found
