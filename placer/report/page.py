"""The report: one self-contained HTML file. Nothing in it is fetched, and no name in it can become markup or run."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from markupsafe import Markup

from placer import __version__
from placer.device import Device
from placer.mapping import MappedLayer, Mapping
from placer.report.charts import ProgressChart, Timeline, progress_charts, timeline
from placer.report.floorplan import floorplan_svg
from placer.report.marks import clean, fill, letter
from placer.report.network_graph import NetworkGraph, network_graph
from placer.report.pipeline_chart import PipelineChart, pipeline_chart
from placer.report.schedule import schedule
from placer.report.templates import asset, render
from placer.report.view import make_view
from placer.run_record import RunRecord

SCRIPTS = ("links.js", "floorplan.js", "tile.js", "main.js")


@dataclass(frozen=True)
class Fact:
    """A name and what is said of it."""

    name: str
    value: str


@dataclass(frozen=True)
class Figure:
    """A large number at the head of the page."""

    id: str
    name: str
    value: str
    unit: str
    note: str


@dataclass(frozen=True)
class Toggle:
    """A way to look at the floorplan."""

    id: str
    label: str


@dataclass(frozen=True)
class LayerRow:
    """A line of the layer table."""

    number: int
    letter: str
    fill: str
    name: str
    op: str
    size: str
    parts: str
    types: str
    mmul: str
    tiles: int
    cycles: int
    share: int
    reads: str
    critical: bool


@dataclass(frozen=True)
class Page:
    """Everything the template shows. style, script and data are trusted text of ours; all else is escaped."""

    title: str
    verdict: str
    mapping: Mapping
    figures: tuple[Figure, ...]
    views: tuple[Toggle, ...]
    floorplan: Markup
    layers: tuple[LayerRow, ...]
    graph: NetworkGraph
    timeline: Timeline
    pipeline: PipelineChart | None
    progress: tuple[ProgressChart, ...]
    provenance: tuple[Fact, ...]
    data: Markup
    style: Markup
    style_hash: str
    script: Markup
    script_hash: str


VIEWS = (
    Toggle("layers", "layers"),
    Toggle("memory", "memory fill"),
    Toggle("channels", "channel use"),
    Toggle("lanes", "lane use"),
    Toggle("busy", "utilisation"),
    Toggle("critical", "critical path"),
)


def report_html(mapping: Mapping, device: Device, record: RunRecord | None) -> str:
    """The report of a mapping on its device. record: its run.json, if there is one."""
    plan = schedule(mapping, device)
    critical = {span.what for span in plan.spans if span.critical and not span.edge}
    # One script in one scope of its own, so that nothing leaks into the page.
    script = "(() => {\n'use strict';\n" + "".join(asset(name) for name in SCRIPTS) + "})();\n"
    style = asset("report.css")
    page = Page(
        title=f"{clean(mapping.network)} on {clean(mapping.device)}",
        verdict=_verdict(mapping),
        mapping=mapping,
        figures=_figures(mapping, device),
        views=VIEWS,
        floorplan=Markup(floorplan_svg(mapping, device, legend=False)),
        layers=tuple(_row(mapping, layer, n, layer.name in critical) for n, layer in enumerate(mapping.layers)),
        graph=network_graph(mapping),
        timeline=timeline(plan, tuple(layer.name for layer in mapping.layers)),
        pipeline=pipeline_chart(mapping, device),
        progress=progress_charts(record.progress, mapping.objective) if record else (),
        provenance=_provenance(mapping, device, record),
        data=Markup(make_view(mapping, device, plan).to_json()),
        style=Markup(style),
        style_hash=source_hash(style),
        script=Markup(script),
        script_hash=source_hash(script),
    )
    return render("report.html.jinja", page=page)


def source_hash(text: str) -> str:
    """The Content-Security-Policy source that allows exactly this text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _verdict(mapping: Mapping) -> str:
    open_levels = [o.level for o in mapping.objective if o.bound != o.value]
    if not open_levels:
        return f" all of {', '.join(o.level for o in mapping.objective)} proven"
    return f" not proven: {', '.join(open_levels)}"


def _figures(mapping: Mapping, device: Device) -> tuple[Figure, ...]:
    clock = device.clock_mhz
    rate = mapping.batch * clock / max(1, mapping.interval_cycles)
    free = device.core_tiles - mapping.tiles_used
    return (
        Figure(
            "interval", "Interval", str(mapping.interval_cycles), "cycles", f"{mapping.interval_cycles / clock:.4g} us at {clock:g} MHz"
        ),
        Figure("latency", "Latency", str(mapping.latency_cycles), "cycles", f"{mapping.latency_cycles / clock:.4g} us"),
        Figure("rate", "Throughput", f"{rate:.4g}", "M samples/s", f"{mapping.batch} a run"),
        Figure("tiles", "Core tiles", str(mapping.tiles_used), f"of {device.core_tiles}", f"{device.columns} x {device.rows}, {free} free"),
    )


def _row(mapping: Mapping, layer: MappedLayer, number: int, critical: bool) -> LayerRow:
    types = layer.dtypes
    return LayerRow(
        number=number,
        letter=letter(number),
        fill=fill(number),
        name=clean(layer.name),
        op=layer.op,
        size=f"{layer.m} x {layer.k} x {layer.n}" if layer.k else f"{layer.m} x {layer.n}",
        parts=f"{layer.split.m}, {layer.split.k}, {layer.split.n}",
        types=f"{types.input} x {types.weights} to {types.output}" if types.weights else f"{types.input} to {types.output}",
        mmul="x".join(map(str, layer.mmul)),
        tiles=len(layer.tiles),
        cycles=layer.cycles,
        share=round(100 * layer.cycles / max(1, mapping.interval_cycles)),
        reads=", ".join(e.kind.replace("_", " ") for e in mapping.edges if e.consumer == layer.name),
        critical=critical,
    )


def _provenance(mapping: Mapping, device: Device, record: RunRecord | None) -> tuple[Fact, ...]:
    solver = mapping.solver
    facts = [
        Fact("placer", record.placer if record else f"unknown; this report by {__version__}"),
        Fact("solver", f"{solver.name} {solver.version}"),
        Fact("seed", str(solver.seed)),
        Fact("search strategies", str(solver.workers)),
        Fact("deterministic limit", f"{solver.deterministic_time:g}"),
        Fact("network", clean(mapping.network)),
        Fact("model SHA-256", mapping.model_sha256),
        Fact("mapping SHA-256", hashlib.sha256(mapping.to_json().encode()).hexdigest()),
        Fact(
            "device", f"{device.name}, {device.generation}, {device.columns} x {device.rows} core tiles, {device.memory_rows} memory rows"
        ),
        *(Fact("assumed", text) for text in device.assumptions),
    ]
    if record:
        facts += [
            Fact("machine", f"{record.platform}, {record.cores or 'unknown'} cores, Python {record.python}"),
            Fact("seconds", ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in record.seconds.items())),
        ]
    return tuple(facts)
