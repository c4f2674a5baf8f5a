"""A profile for a terminal: figures, layers, roofline, busiest resources."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from placer.device import Device
from placer.simulation.profile import LayerProfile, Profile

BAR = 24
PARTS, MARKS = ("products", "schedule", "stalls", "call", "waiting"), "#=!-."


def rendered(profile: Profile, device: Device) -> RenderableType:
    """Everything a profile says, all of it modelled."""
    return Group(_figures(profile, device), _layers(profile), Text(), _roofline(profile, device), Text(), _resources(profile))


def _figures(profile: Profile, device: Device) -> Text:
    clock = device.clock_mhz
    off = 100 * (profile.stated_interval / profile.interval - 1)
    latencies = profile.first_latency, profile.steady_latency, profile.worst_latency
    first, steady, worst = (f"{cycles} cycles ({cycles / clock:.3g} us)" for cycles in latencies)
    return Text(
        f"modelled at {clock:g} MHz: {profile.inferences_per_second(device) / 1e6:.4g} M inferences/s, "
        f"{profile.tera_operations(device):.4g} TOPS on {profile.tiles} tiles\n"
        f"interval {profile.interval:.5g} cycles for {profile.batch} (the mapping states {profile.stated_interval}, {off:+.1f} %)\n"
        f"latency of the first run {first}, in steady state {steady}\n"
        f"with every bank conflict of cores with streams and neighbours: interval {profile.worst_interval:.5g} cycles, latency {worst}\n"
        f"set by {profile.bottleneck.sentence(profile.interval)}\n"
    )


def _layers(profile: Profile) -> Table:
    title = f"where the {profile.interval:.5g} cycles of a tile go"
    table = Table(box=None, pad_edge=False, title=title, title_justify="left", show_footer=True)
    shares = dict(zip(PARTS, _shares(profile), strict=True))
    footers = {"layer": "all tiles", "tiles": str(profile.tiles), **{part: f"{100 * share:.1f} %" for part, share in shares.items()}}
    for heading in ("layer", "tiles", *PARTS, ""):
        _column(table, heading, heading in {"layer", ""}, footers.get(heading, ""))
    for layer in profile.layers:
        table.add_row(Text(layer.name), str(layer.tiles), *(f"{round(part, 1):g}" for part in _parts(layer)), _bar(layer))
    return table


def _parts(layer: LayerProfile) -> tuple[float, ...]:
    """A tile's cycles in the order of PARTS."""
    return layer.products, layer.schedule, layer.stalls, layer.call, layer.waiting


def _shares(profile: Profile) -> tuple[float, ...]:
    """What of the time of all tiles goes into each of PARTS."""
    whole = sum(layer.tiles for layer in profile.layers) * profile.interval
    return tuple(sum(layer.tiles * _parts(layer)[i] for layer in profile.layers) / whole for i in range(len(PARTS)))


def _bar(layer: LayerProfile) -> Text:
    whole = layer.cycles + layer.waiting or 1
    text, drawn, sofar = Text(), 0, 0.0
    for part, mark in zip(_parts(layer), MARKS, strict=True):
        sofar += part
        text.append(mark * (round(BAR * sofar / whole) - drawn))
        drawn = round(BAR * sofar / whole)
    return text


def _roofline(profile: Profile, device: Device) -> Table:
    table = Table(box=None, pad_edge=False, title="roofline, products (multiply-accumulates) a cycle and tile", title_justify="left")
    for heading in ("layer", "products a byte", "peak", "roof", "achieved"):
        _column(table, heading, heading == "layer")
    for layer in (x for x in profile.layers if x.macs):
        streamed = layer.stream_cycles * device.stream_bytes
        intensity = f"{layer.macs / layer.tiles / streamed:.3g}" if streamed else "no stream"
        table.add_row(Text(layer.name), intensity, str(layer.peak), f"{layer.roof:.0f}", f"{layer.achieved:.1f}")
    return table


def _resources(profile: Profile) -> Table:
    table = Table(box=None, pad_edge=False, title="what works, as a part of the interval", title_justify="left")
    for heading in ("kind", "used", "mean", "busiest", "which"):
        _column(table, heading, heading in {"kind", "which"})
    for kind in dict.fromkeys(r.kind for r in profile.resources):
        mine = [r for r in profile.resources if r.kind == kind]
        worst = max(mine, key=lambda r: r.utilisation)
        mean = sum(r.utilisation for r in mine) / len(mine)
        table.add_row(kind, str(len(mine)), f"{100 * mean:.0f} %", f"{100 * worst.utilisation:.0f} %", worst.resource)
    return table


def _column(table: Table, heading: str, left: bool, footer: str = "") -> None:
    """A column that is never narrower than its heading; only the names of layers give way."""
    width = None if heading == "layer" else max(len(heading), BAR if not heading else 0)
    table.add_column(heading, footer, justify="left" if left else "right", no_wrap=True, overflow="ellipsis", min_width=width)
