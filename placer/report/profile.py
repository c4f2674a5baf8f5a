"""A profile for a terminal: figures, layers, roofline, busiest resources."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from placer.device import Device
from placer.simulation.profile import LayerProfile, Profile

BAR = 24


def rendered(profile: Profile, device: Device) -> RenderableType:
    """Everything a profile says, all of it modelled."""
    return Group(_figures(profile, device), _layers(profile), _roofline(profile, device), _busiest(profile))


def _figures(profile: Profile, device: Device) -> Text:
    clock = device.clock_mhz
    off = 100 * (profile.stated_interval / profile.interval - 1)
    return Text(
        f"modelled at {clock:g} MHz: {profile.inferences_per_second(device) / 1e6:.4g} M inferences/s, "
        f"{profile.tera_operations(device):.4g} TOPS on {profile.tiles} tiles\n"
        f"interval {profile.interval:.5g} cycles for {profile.batch} (the mapping states {profile.stated_interval}, {off:+.1f} %), "
        f"latency {profile.first_latency} cycles ({profile.first_latency / clock:.3g} us) first, {profile.steady_latency} steady\n"
        f"set by {profile.bottleneck}\n"
    )


def _layers(profile: Profile) -> Table:
    table = Table(box=None, pad_edge=False, title="where a tile's cycles go", title_justify="left")
    for heading in ("layer", "tiles", "products", "schedule", "call", "waiting", ""):
        _column(table, heading, heading in {"layer", ""})
    for layer in profile.layers:
        table.add_row(
            Text(layer.name), str(layer.tiles), str(layer.products), str(layer.schedule), str(layer.call), str(layer.waiting), _bar(layer)
        )
    return table


def _bar(layer: LayerProfile) -> Text:
    whole = layer.cycles + layer.waiting or 1
    text, drawn, sofar = Text(), 0, 0
    for part, mark in ((layer.products, "#"), (layer.schedule, "="), (layer.call, "-"), (layer.waiting, ".")):
        sofar += part
        text.append(mark * (round(BAR * sofar / whole) - drawn))
        drawn = round(BAR * sofar / whole)
    return text


def _roofline(profile: Profile, device: Device) -> Table:
    table = Table(box=None, pad_edge=False, title="roofline, products a cycle and tile", title_justify="left")
    for heading in ("layer", "products a byte", "roof", "achieved"):
        _column(table, heading, heading == "layer")
    for layer in (x for x in profile.layers if x.macs):
        streamed = layer.stream_cycles * device.stream_bytes
        intensity = f"{layer.macs / layer.tiles / streamed:.3g}" if streamed else "no stream"
        table.add_row(Text(layer.name), intensity, f"{layer.roof(device):.0f}", f"{layer.achieved:.1f}")
    return table


def _busiest(profile: Profile) -> Table:
    table = Table(box=None, pad_edge=False, title="busiest", title_justify="left")
    for heading in ("kind", "resource", "cycles", "of the interval"):
        _column(table, heading, heading in {"kind", "resource"})
    for busy in profile.busiest:
        table.add_row(busy.kind, busy.resource, str(busy.busy), f"{100 * busy.utilisation:.0f} %")
    return table


def _column(table: Table, heading: str, left: bool) -> None:
    """A column that is never narrower than its heading; only the names of layers give way."""
    width = None if heading == "layer" else max(len(heading), BAR if not heading else 0)
    table.add_column(heading, justify="left" if left else "right", no_wrap=True, overflow="ellipsis", min_width=width)
