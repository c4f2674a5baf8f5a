"""Pictures of a sweep as SVG and PNG: throughput, latency and utilisation along an axis, feasible arrays, Pareto front."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from placer.errors import MissingExtraError
from placer.sweeps.pareto import front, task_name
from placer.sweeps.result import Figures
from placer.sweeps.run import Solved, SweepResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, distinct for colour-blind readers; markers say the same without colour.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = "osD^vPX*"
DOTS_PER_INCH = 140
# Beyond this many lines a legend hides more than it tells.
LEGEND_LINES = 14


@dataclass(frozen=True)
class Picture:
    """A file to write."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Series:
    """A line: points that differ in the x axis alone."""

    label: str
    points: tuple[tuple[float | str, Solved], ...]


def pictures(result: SweepResult) -> tuple[Picture, ...]:
    """Every picture that the sweep has data for.

    Raises MissingExtraError when matplotlib is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("plots need matplotlib: install placer[plots]") from error
    made = []
    # A fixed salt and no date: the same results give the same bytes.
    with mpl.rc_context({"svg.hashsalt": "placer", "font.size": 9}):
        for name, draw in _drawings(result):
            figure = Figure(figsize=(7, 4.4), layout="constrained")
            draw(figure.add_subplot())
            for suffix, metadata in (("svg", {"Date": None}), ("png", {"Software": None})):
                file = io.BytesIO()
                figure.savefig(file, format=suffix, dpi=DOTS_PER_INCH, metadata=metadata)
                made.append(Picture(f"{name}.{suffix}", file.getvalue()))
    return tuple(made)


def _drawings(result: SweepResult) -> Iterator[tuple[str, Callable[[Axes], None]]]:
    if any(s.result.figures for s in result.solved):
        yield "throughput", lambda axes: _lines(axes, result, "million samples a second (modelled)", lambda s, f: f.samples_per_us)
        yield "latency", lambda axes: _lines(axes, result, "latency in us (modelled)", lambda s, f: f.latency_us)
        yield (
            "utilisation",
            lambda axes: _lines(
                axes, result, "core tiles used, % of the array", lambda s, f: 100 * f.tiles / (s.result.columns * s.result.rows)
            ),
        )
        yield "pareto", lambda axes: _pareto(axes, result)
    if result.solved:
        yield "arrays", lambda axes: _arrays(axes, result)


def x_axis(result: SweepResult) -> str:
    """The axis that plots run along: the one the sweep names, else columns, batch or the first whose values are numbers, else the first."""
    axes = result.plan.axes
    if result.plan.x:
        return result.plan.x
    numeric = [name for name in axes if all(_number(a.value) is not None for s in result.solved for a in s.point.axes if a.name == name)]
    preferred = [name for name in ("columns", "batch") if name in axes]
    return [*preferred, *numeric, *axes][0]


def series(result: SweepResult) -> tuple[Series, ...]:
    """The points in lines along the x axis, one for each combination of the other axes, with their failures."""
    along = x_axis(result)
    lines: dict[str, list[tuple[float | str, Solved]]] = {}
    for solved in result.solved:
        values = {a.name: a.value for a in solved.point.axes}
        if along not in values:
            continue
        label = ", ".join(f"{name} {value}" for name, value in values.items() if name != along)
        number = _number(values[along])
        lines.setdefault(label, []).append((values[along] if number is None else number, solved))
    return tuple(Series(label, tuple(points)) for label, points in lines.items())


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _plain(text: str) -> str:
    """Text of the user's as matplotlib shows it, which reads formulas between dollar signs."""
    return text.replace("$", r"\$")


def _lines(axes: Axes, result: SweepResult, label: str, value: Callable[[Solved, Figures], float]) -> None:
    for number, line in enumerate(series(result)):
        points = [(x, value(s, s.result.figures)) for x, s in line.points if s.result.figures]
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        if points:
            xs, ys = [x for x, _ in points], [y for _, y in points]
            axes.plot(xs, ys, label=_plain(line.label) or None, color=colour, marker=marker, markersize=4, linewidth=1.2)
    axes.set_xlabel(x_axis(result))
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    _legend(axes)


def _legend(axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if 0 < len(handles) <= LEGEND_LINES:
        axes.legend(handles, labels, fontsize=8)


def _pareto(axes: Axes, result: SweepResult) -> None:
    """Tiles against throughput, coloured by latency; the front of each network outlined and joined."""
    best = set(map(id, front(result)))
    latencies = [s.result.figures.latency_us for s in result.solved if s.result.figures]
    for number, name in enumerate(dict.fromkeys(task_name(s) for s in result.solved)):
        mine = [(s.result.figures, id(s) in best) for s in result.solved if s.result.figures and task_name(s) == name]
        chosen = sorted([f for f, on_front in mine if on_front], key=lambda f: f.tiles)
        axes.plot([f.tiles for f in chosen], [f.samples_per_us for f in chosen], color="#555555", linestyle=":", linewidth=1.0, zorder=1)
        for figures, size, edge in (([f for f, on_front in mine if not on_front], 14, "none"), (chosen, 44, "#000000")):
            drawn = axes.scatter(
                [f.tiles for f in figures],
                [f.samples_per_us for f in figures],
                c=[f.latency_us for f in figures],
                cmap="viridis",
                vmin=min(latencies),
                vmax=max(latencies),
                s=size,
                edgecolors=edge,
                marker=MARKERS[number % len(MARKERS)],
                label=(_plain(name) or "Pareto front") if edge != "none" else None,
            )
    axes.figure.colorbar(drawn, ax=axes, label="latency in us (modelled)")
    axes.set_xlabel("core tiles")
    axes.set_ylabel("million samples a second (modelled)")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    _legend(axes)


def _arrays(axes: Axes, result: SweepResult) -> None:
    """Every array tried, mapped or not, and the smallest that holds each network."""
    kinds = (("mapped", True, "s", "#0072B2"), ("no mapping", False, "x", "#D55E00"))
    for label, mapped, marker, colour in kinds:
        # An array counts as mapped when any of its points is.
        places = sorted({(s.result.columns, s.result.rows) for s in result.solved if s.result.status.mapped is mapped})
        if not mapped:
            held = {(s.result.columns, s.result.rows) for s in result.solved if s.result.status.mapped}
            places = [p for p in places if p not in held]
        axes.scatter([c for c, _ in places], [r for _, r in places], marker=marker, color=colour, s=22, label=label)
    for name, solved in smallest_arrays(result):
        c, r = solved.result.columns, solved.result.rows
        text = f"{_plain(name) + ': ' if name else ''}smallest {c} x {r}"
        axes.scatter([c], [r], s=140, facecolors="none", edgecolors="#000000", linewidths=1.6)
        axes.annotate(text, (c, r), textcoords="offset points", xytext=(8, 8), fontsize=8)
    axes.set_xlabel("columns")
    axes.set_ylabel("rows")
    axes.margins(0.08)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=8)


def smallest_arrays(result: SweepResult) -> tuple[tuple[str, Solved], ...]:
    """For each network, the point with a mapping on the fewest core tiles; of equal ones the first."""
    smallest: dict[str, Solved] = {}
    for solved in result.solved:
        name, size = task_name(solved), solved.result.columns * solved.result.rows
        known = smallest.get(name)
        if solved.result.status.mapped and (known is None or size < known.result.columns * known.result.rows):
            smallest[name] = solved
    return tuple(smallest.items())
