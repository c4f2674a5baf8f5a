"""Charts of a report that are plain curves and bars: how the solver came to its answer, and one run through the pipeline."""

from __future__ import annotations

from dataclasses import dataclass

from placer.mapping import ObjectiveValue
from placer.report.marks import clean, fill, label, letter
from placer.report.schedule import Schedule
from placer.run_record import TimedProgress

# In SVG user units.
CHART_WIDTH, CHART_HEIGHT = 260, 110
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 20, 22
BAR_HEIGHT, BAR_PITCH, BAR_LEFT, BARS_WIDTH = 12, 17, 170, 560


@dataclass(frozen=True)
class ProgressChart:
    """Incumbent and bound of one objective level over the seconds of the solve, as step lines."""

    level: str
    final: str
    bound: str
    begin: str
    end: str
    incumbents: str
    bounds: str
    low: str
    high: str
    width: int = CHART_WIDTH
    height: int = CHART_HEIGHT


def progress_charts(progress: tuple[TimedProgress, ...], objective: tuple[ObjectiveValue, ...]) -> tuple[ProgressChart, ...]:
    """One chart a level, in the order in which the levels came; its title says what the mapping has in the end, which the search of a
    relaxation need not have met.
    """
    levels = dict.fromkeys(p.level for p in progress)
    found = {o.level: o for o in objective}
    return tuple(_progress_chart(level, [p for p in progress if p.level == level], found.get(level)) for level in levels)


def _progress_chart(level: str, news: list[TimedProgress], found: ObjectiveValue | None) -> ProgressChart:
    begin, end = news[0].seconds, news[-1].seconds
    values = [v for p in news for v in (p.incumbent, p.bound) if v is not None]
    low, high = min(values), max(values)

    def steps(points: list[tuple[float, float]]) -> str:
        """A step line: each value holds until the next."""
        parts: list[str] = []
        for seconds, value in points:
            x = LEFT + (CHART_WIDTH - LEFT - RIGHT) * (seconds - begin) / ((end - begin) or 1)
            y = TOP + (CHART_HEIGHT - TOP - BOTTOM) * (1 - (value - low) / ((high - low) or 1))
            parts.append(f"H{x:.1f}V{y:.1f}" if parts else f"M{x:.1f} {y:.1f}")
        return "".join([*parts, f"H{CHART_WIDTH - RIGHT}"]) if parts else ""

    incumbents = [(p.seconds, p.incumbent) for p in news if p.incumbent is not None]
    return ProgressChart(
        level=level,
        final=f"{found.value:g}" if found else "none",
        bound=f"{found.bound:g}" if found else "none",
        begin=f"{begin:.2f}",
        end=f"{end:.2f}",
        incumbents=steps(incumbents),
        bounds=steps([(p.seconds, p.bound) for p in news]),
        low=f"{low:g}",
        high=f"{high:g}",
    )


@dataclass(frozen=True)
class Bar:
    """One span of a timeline."""

    y: int
    x: float
    width: float
    fill: str
    critical: bool
    label: str
    title: str
    number: int


@dataclass(frozen=True)
class Timeline:
    """One run of the pipeline, a bar a layer or transfer."""

    width: int
    height: int
    left: int
    bar_height: int
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]


def timeline(plan: Schedule, layers: tuple[str, ...]) -> Timeline:
    """Bars of a schedule, earliest first. layers: names, in the order of the mapping."""
    numbers = {name: n for n, name in enumerate(layers)}
    scale = BARS_WIDTH / max(1, plan.latency)
    bars = []
    for row, span in enumerate(plan.spans):
        number = -1 if span.edge else numbers[span.what]
        bars.append(
            Bar(
                y=6 + row * BAR_PITCH,
                x=round(BAR_LEFT + span.start * scale, 2),
                width=round(max(0.8, (span.end - span.start) * scale), 2),
                fill="#7b8794" if span.edge else fill(number),
                critical=span.critical,
                label="transfer" if span.edge else f"{letter(number)} {label(span.what)}",
                title=f"{clean(span.what)}: cycles {span.start} to {span.end}",
                number=number,
            )
        )
    ticks = tuple((round(BAR_LEFT + BARS_WIDTH * i / 4, 1), f"{plan.latency * i / 4:.0f}") for i in range(5))
    return Timeline(BAR_LEFT + BARS_WIDTH + 24, 6 + len(bars) * BAR_PITCH + 20, BAR_LEFT, BAR_HEIGHT, tuple(bars), ticks)
