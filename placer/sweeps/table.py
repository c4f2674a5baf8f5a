"""Results as rows: for the terminal, as CSV, as Parquet."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from placer.errors import MissingExtraError
from placer.sweeps.pareto import front
from placer.sweeps.run import Solved, SweepResult


@dataclass(frozen=True)
class Row:
    """A point as files hold it: axes, in the plan's order, then figures; None where the point has none of that."""

    axes: tuple[str | None, ...]
    status: str
    array_columns: int
    array_rows: int
    batch: int | None
    interval_cycles: int | None
    latency_cycles: int | None
    interval_us: float | None
    latency_us: float | None
    samples_per_us: float | None
    tiles: int | None
    tiles_used: float | None
    busy: float | None
    front: bool
    objective: str | None
    reason: str
    key: str


COLUMNS = (
    "status", "array_columns", "array_rows", "batch", "interval_cycles", "latency_cycles", "interval_us", "latency_us", "samples_per_us",
    "tiles", "tiles_used", "busy", "front", "objective", "reason", "key",
)  # fmt: skip


def rows(result: SweepResult) -> tuple[Row, ...]:
    """One row a point, in the order of the plan."""
    best = set(map(id, front(result)))
    return tuple(_row(s, result.plan.axes, id(s) in best) for s in result.solved)


def headings(result: SweepResult) -> tuple[str, ...]:
    """Names of the columns of CSV and Parquet: axes first. Where an axis and a figure have one name (batch), the figure gets another."""
    return (*result.plan.axes, *(f"{c}_mapped" if c in result.plan.axes else c for c in COLUMNS))


def to_csv(result: SweepResult) -> bytes:
    """All rows as CSV, the same bytes for the same results."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings(result))
    for row in rows(result):
        writer.writerow([*(a or "" for a in row.axes), *(_plain(getattr(row, c)) for c in COLUMNS)])
    return text.getvalue().encode()


def to_parquet(result: SweepResult) -> bytes:
    """All rows as Parquet, typed, axes as text.

    Raises MissingExtraError when pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("Parquet needs pyarrow: install placer[plots]") from error
    types = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "str": pa.string()}
    fields = [types[Row.__annotations__[c].removesuffix(" | None")] for c in COLUMNS]
    table = rows(result)
    columns = [pa.array([r.axes[i] for r in table], pa.string()) for i in range(len(result.plan.axes))]
    columns += [pa.array([getattr(r, c) for r in table], kind) for c, kind in zip(COLUMNS, fields, strict=True)]
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns, names=list(headings(result))), sink)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def terminal_table(result: SweepResult) -> Table:
    """What a person wants to see of each point; M/s is millions of samples a second. Reasons only where one is given."""
    shown = rows(result)
    reasons = any(row.reason for row in shown)
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in result.plan.axes:
        table.add_column(Text(name), no_wrap=True)
    table.add_column("status", no_wrap=True)
    for name in ("interval", "latency", "us", "M/s", "tiles", "used", "busy"):
        table.add_column(name, justify="right", no_wrap=True)
    if reasons:
        table.add_column("reason", overflow="ellipsis", no_wrap=True)
    for row in shown:
        table.add_row(
            "*" if row.front else "",
            *(Text(a or "") for a in row.axes),
            row.status,
            _shown(row.interval_cycles),
            _shown(row.latency_cycles),
            _shown(row.latency_us),
            _shown(row.samples_per_us),
            _shown(row.tiles),
            _percent(row.tiles_used),
            _percent(row.busy),
            *((Text(row.reason),) if reasons else ()),
        )
    return table


def _row(solved: Solved, axes: tuple[str, ...], on_front: bool) -> Row:
    result, values = solved.result, {a.name: a.value for a in solved.point.axes}
    f = result.figures
    return Row(
        axes=tuple(values.get(name) for name in axes),
        status=result.status.value,
        array_columns=result.columns,
        array_rows=result.rows,
        batch=f.batch if f else None,
        interval_cycles=f.interval_cycles if f else None,
        latency_cycles=f.latency_cycles if f else None,
        interval_us=f.interval_us if f else None,
        latency_us=f.latency_us if f else None,
        samples_per_us=f.samples_per_us if f else None,
        tiles=f.tiles if f else None,
        tiles_used=round(f.tiles / (result.columns * result.rows), 6) if f else None,
        busy=f.busy if f else None,
        front=on_front,
        objective=" ".join(f"{o.level}={o.value:g}>={o.bound:g}" for o in f.objective) if f else None,
        reason=result.reason,
        key=result.key,
    )


def _plain(value: object) -> str:
    return "" if value is None else str(value)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"
