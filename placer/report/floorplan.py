"""The array to scale, as SVG: core tiles by layer, cascades, memory-tile buffers and PLIO ports. North is up, as in the mapping."""

from __future__ import annotations

from dataclasses import dataclass

from placer.device import Device
from placer.mapping import MappedLayer, MappedTile, Mapping
from placer.report.marks import clean, fill, label, letter
from placer.report.templates import render

# In SVG user units. PITCH: from tile to tile; SIDE: a tile's edge.
PITCH, SIDE = 24, 22
LEFT, TOP = 30, 6
ROW_GAP, PORT_WIDTH, PORT_HEIGHT, LABEL_HEIGHT = 10, 5, 16, 16
LEGEND_LINE, LEGEND_COLUMN = 20, 190
ARROW = 4
# Column labels stay legible: every column up to this many, else every fifth.
EVERY_COLUMN = 50


@dataclass(frozen=True)
class Geometry:
    """Where things lie in the drawing, in SVG user units from its north-west corner; also read by the report's script."""

    columns: int
    rows: int
    memory_rows: int
    pitch: int = PITCH
    side: int = SIDE
    left: int = LEFT
    top: int = TOP

    @property
    def memory_top(self) -> int:
        return self.top + self.rows * self.pitch + ROW_GAP

    @property
    def port_top(self) -> int:
        return self.memory_top + self.memory_rows * self.pitch + (ROW_GAP if self.memory_rows else 0)

    @property
    def width(self) -> int:
        return self.left + self.columns * self.pitch + 6

    @property
    def height(self) -> int:
        return self.port_top + PORT_HEIGHT + LABEL_HEIGHT

    def x(self, col: int) -> int:
        """Western edge of a column's tiles."""
        return self.left + col * self.pitch

    def y(self, row: int) -> int:
        """Northern edge of a row's core tiles."""
        return self.top + (self.rows - 1 - row) * self.pitch

    def memory_y(self, row: int) -> int:
        """Northern edge of a row's memory tiles."""
        return self.memory_top + (self.memory_rows - 1 - row) * self.pitch


@dataclass(frozen=True)
class Text:
    """A piece of text with its anchor point."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class LayerShape:
    """All of one layer: path data of its tiles and cascade arrows, and one letter a tile at (xs, ys)."""

    number: int
    fill: str
    tiles: str
    arrows: str
    letters: str
    xs: str
    ys: str


@dataclass(frozen=True)
class Rect:
    """A filled box: a buffer in a memory tile."""

    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True)
class LegendEntry:
    """Letter, colour and name of a layer."""

    x: int
    y: int
    fill: str
    letter: str
    name: str


@dataclass(frozen=True)
class Floorplan:
    """Everything the template draws. width, height: of the whole picture, legend included. veil: over tiles that shall not stand out."""

    geometry: Geometry
    title: str
    width: int
    height: int
    cores: str
    memories: str
    layers: tuple[LayerShape, ...]
    buffers: tuple[Rect, ...]
    veil: str
    outline: str
    pl_columns: str
    ports_in: str
    ports_out: str
    rows: tuple[Text, ...]
    columns: tuple[Text, ...]
    legend: tuple[LegendEntry, ...]


def floorplan_svg(
    mapping: Mapping, device: Device, legend: bool, names: tuple[str, ...] = (), changed: frozenset[tuple[int, int]] | None = None
) -> str:
    """The floorplan of a mapping as an SVG document, with a legend of layers below for pictures that stand alone.

    names: the order of layers that letters and colours follow; by default the mapping's own. changed: core tiles that stand out from all
    others, if any are to.
    """
    plan = make_floorplan(mapping, device, legend, names or tuple(layer.name for layer in mapping.layers), changed)
    return render("floorplan.svg.jinja", plan=plan)


def geometry(device: Device) -> Geometry:
    """The drawing's geometry for an array."""
    return Geometry(device.columns, device.rows, device.memory_rows)


def make_floorplan(
    mapping: Mapping, device: Device, legend: bool, names: tuple[str, ...], changed: frozenset[tuple[int, int]] | None
) -> Floorplan:
    """Work out every coordinate of the drawing (floorplan_svg)."""
    g = geometry(device)
    numbers = {name: number for number, name in enumerate(names)}
    entries = _legend(mapping, g) if legend else ()
    kept = [] if changed is None else [(c, r) for r in range(g.rows) for c in range(g.columns) if (c, r) not in changed]
    below = (max(e.y for e in entries) + LEGEND_LINE - g.height) if entries else 0
    return Floorplan(
        geometry=g,
        title=f"{clean(mapping.network)} on {clean(mapping.device)}, {device.columns} x {device.rows} core tiles",
        width=g.width,
        height=g.height + below,
        cores=_squares([(g.x(c), g.y(r)) for r in range(g.rows) for c in range(g.columns)]),
        memories=_squares([(g.x(c), g.memory_y(r)) for r in range(g.memory_rows) for c in range(g.columns)]),
        layers=tuple(_layer(layer, numbers[layer.name], g) for layer in mapping.layers),
        buffers=_buffers(mapping, device, g, numbers),
        veil=_squares([(g.x(c), g.y(r)) for c, r in kept]),
        outline=_squares([(g.x(c), g.y(r)) for c, r in sorted(changed or ())]),
        pl_columns="".join(f"M{g.x(c)} {g.port_top}h{SIDE}v{PORT_HEIGHT}h-{SIDE}z" for c in device.plio.columns),
        ports_in=_ports(mapping, device, g, "in"),
        ports_out=_ports(mapping, device, g, "out"),
        rows=_row_labels(g),
        columns=tuple(
            Text(g.x(c) + SIDE / 2, g.port_top + PORT_HEIGHT + 11, str(c))
            for c in range(0, g.columns, 1 if g.columns <= EVERY_COLUMN else 5)
        ),
        legend=entries,
    )


def _squares(corners: list[tuple[int, int]]) -> str:
    return "".join(f"M{x} {y}h{SIDE}v{SIDE}h-{SIDE}z" for x, y in corners)


def _layer(layer: MappedLayer, number: int, g: Geometry) -> LayerShape:
    return LayerShape(
        number=number,
        fill=fill(number),
        tiles=_squares([(g.x(t.col), g.y(t.row)) for t in layer.tiles]),
        arrows="".join(_arrow(a, b, g) for a, b in cascade_links(layer)),
        letters=letter(number) * len(layer.tiles),
        xs=" ".join(str(g.x(t.col) + SIDE // 2) for t in layer.tiles),
        ys=" ".join(str(g.y(t.row) + 15) for t in layer.tiles),
    )


def cascade_links(layer: MappedLayer) -> list[tuple[MappedTile, MappedTile]]:
    """Every hop of a layer's cascades, from tile to tile."""
    at = {(t.m_index, t.n_index, t.k_index): t for t in layer.tiles}
    return [(t, after) for t in layer.tiles if (after := at.get((t.m_index, t.n_index, t.k_index + 1)))]


def _arrow(a: MappedTile, b: MappedTile, g: Geometry) -> str:
    """A triangle over the border between two neighbours, pointing from `a` to `b`."""
    x = (g.x(a.col) + g.x(b.col) + SIDE) / 2
    y = (g.y(a.row) + g.y(b.row) + SIDE) / 2
    dx, dy = (b.col > a.col) - (b.col < a.col), (b.row < a.row) - (b.row > a.row)
    if dx:
        return f"M{x - dx * ARROW:g} {y - ARROW:g}l{2 * dx * ARROW} {ARROW}l{-2 * dx * ARROW} {ARROW}z"
    return f"M{x - ARROW:g} {y - dy * ARROW:g}l{ARROW} {2 * dy * ARROW}l{ARROW} {-2 * dy * ARROW}z"


def _buffers(mapping: Mapping, device: Device, g: Geometry, numbers: dict[str, int]) -> tuple[Rect, ...]:
    """Each memory-tile buffer once, as a band of its tile, address 0 at the bottom, in the colour of the layer that writes it."""
    scale = SIDE / device.memory_tile.memory_bytes
    bands: dict[tuple[int, int, int], Rect] = {}
    for edge in mapping.edges:
        colour = fill(numbers[edge.producer]) if edge.producer in numbers else "#ffffff"
        for m in edge.memory_tiles:
            height = max(1.0, m.bytes * scale)
            y = g.memory_y(m.row) + SIDE - m.offset * scale - height
            bands.setdefault((m.col, m.row, m.offset), Rect(g.x(m.col), round(y, 2), SIDE, round(height, 2), colour))
    return tuple(bands.values())


def _ports(mapping: Mapping, device: Device, g: Geometry, direction: str) -> str:
    """A small triangle a PLIO port: into the array in the upper half of the shim tile, out of it in the lower one."""
    channels = device.plio.in_channels if direction == "in" else device.plio.out_channels
    step, half = (SIDE - PORT_WIDTH) / max(1, channels - 1), PORT_HEIGHT / 2
    marks = []
    for port in mapping.plio:
        if port.direction == direction:
            x = g.x(port.col) + port.channel % channels * step
            y, tip = (g.port_top + half, -half) if direction == "in" else (g.port_top + half, half)
            marks.append(f"M{x:g} {y:g}h{PORT_WIDTH}l{-PORT_WIDTH / 2:g} {tip:g}z")
    return "".join(marks)


def _row_labels(g: Geometry) -> tuple[Text, ...]:
    x = g.left - 5
    cores = [Text(x, g.y(r) + 15, str(r)) for r in range(g.rows)]
    memories = [Text(x, g.memory_y(r) + 15, f"m{r}") for r in range(g.memory_rows)]
    return (*cores, *memories, Text(x, g.port_top + 12, "io"))


def _legend(mapping: Mapping, g: Geometry) -> tuple[LegendEntry, ...]:
    across = max(1, (g.width - g.left) // LEGEND_COLUMN)
    return tuple(
        LegendEntry(
            g.left + number % across * LEGEND_COLUMN,
            g.height + 8 + number // across * LEGEND_LINE,
            fill(number),
            letter(number),
            f"{label(layer.name)}, {len(layer.tiles)} tiles",
        )
        for number, layer in enumerate(mapping.layers)
    )
