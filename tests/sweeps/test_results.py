"""What is made of results: Pareto front, tables, pictures."""

from __future__ import annotations

import csv
import io
import sys

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from rich.console import Console

from placer.errors import MissingExtraError
from placer.sweeps.pareto import costs, front
from placer.sweeps.plots import pictures, series, smallest_arrays, x_axis
from placer.sweeps.result import Figures
from placer.sweeps.run import SweepResult
from placer.sweeps.table import headings, terminal_table, to_csv, to_parquet
from tests.sweeps.swept import figures, made_up

FIGURES = st.builds(figures, st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(1, 2))
SAMPLE = made_up(
    [
        ({"columns": "2", "rows": "1"}, None),
        ({"columns": "4", "rows": "1"}, figures(3, 40, 100)),
        ({"columns": "2", "rows": "2"}, figures(3, 50, 100)),
        ({"columns": "4", "rows": "2"}, figures(6, 30, 120)),
    ]
)


@given(st.lists(st.one_of(st.none(), FIGURES), max_size=8))
def test_the_front_is_what_nothing_beats(found: list[Figures | None]) -> None:
    """By the definition: each mapped point off the front has one on it that is nowhere worse; none on it has another such."""
    result = made_up([({"seed": str(i)}, f) for i, f in enumerate(found)])
    best = [costs(s.result.figures) for s in front(result) if s.result.figures]
    every = [costs(f) for f in found if f]

    def covers(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
        return all(x <= y for x, y in zip(a, b, strict=True))

    assert all(any(covers(b, c) for b in best) for c in every)
    assert not any(covers(c, b) and c != b for b in best for c in every)
    assert len(set(best)) == len(best)


def test_a_front_a_network() -> None:
    """A small network does not push a large one off."""
    result = made_up([({"config": "small"}, figures(1, 1, 1)), ({"config": "large"}, figures(9, 9, 9))])
    assert len(front(result)) == 2


def test_smallest_arrays() -> None:
    """The fewest core tiles with a mapping."""
    assert [(s.result.columns, s.result.rows) for _, s in smallest_arrays(SAMPLE)] == [(4, 1)]
    assert smallest_arrays(made_up([({"columns": "2"}, None)])) == ()


def test_csv_and_parquet_say_the_same() -> None:
    """Row by row; numbers are numbers in Parquet."""
    lines = list(csv.DictReader(io.StringIO(to_csv(SAMPLE).decode())))
    table = parquet.read_table(pa.BufferReader(to_parquet(SAMPLE)))
    assert table.column_names == list(headings(SAMPLE)) == list(lines[0])
    for line, row in zip(lines, table.to_pylist(), strict=True):
        assert {k: "" if v is None else str(v) for k, v in row.items()} == line
    assert table.schema.field("interval_cycles").type == pa.int64()
    assert [line["front"] for line in lines] == ["False", "True", "False", "True"]
    assert to_parquet(SAMPLE) == to_parquet(SAMPLE)


def test_an_axis_named_like_a_figure() -> None:
    """Both are there, under two names."""
    names = headings(made_up([({"batch": "2"}, figures(1, 1, 1, 2))]))
    assert len(set(names)) == len(names)
    assert {"batch", "batch_mapped"} <= set(names)


def test_the_terminal_table() -> None:
    """A line a point, with its reason; names from files are text."""
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(terminal_table(made_up([({"config": "[red]a[/red]"}, None), ({"config": "b"}, figures(3, 40, 100))])))
    text = console.export_text()
    assert "[red]a[/red]" in text
    assert "too small" in text
    assert any(line.startswith("*") and "OPTIMAL" in line for line in text.splitlines())


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([{"rows": "1", "columns": "2"}], "columns"),
        ([{"device": "a", "batch": "2"}], "batch"),
        ([{"device": "a", "seed": "2"}], "seed"),
        ([{"device": "a"}], "device"),
    ],
)
def test_the_x_axis(points: list[dict[str, str]], expected: str) -> None:
    """The one that is most likely meant."""
    assert x_axis(made_up([(p, None) for p in points])) == expected


def test_lines_are_what_else_varies() -> None:
    """One a combination of the other axes, failures included."""
    assert [(s.label, [x for x, _ in s.points]) for s in series(SAMPLE)] == [("rows 1", [2.0, 4.0]), ("rows 2", [2.0, 4.0])]


@pytest.mark.parametrize(
    ("result", "names"),
    [
        (SAMPLE, {"throughput", "latency", "utilisation", "pareto", "arrays"}),
        (made_up([({"device": "a"}, None)]), {"arrays"}),
        (made_up([]), set()),
        (
            made_up([({"config": "$_{"}, figures(1, 1, 1)), ({"config": "b$"}, None)]),
            {"throughput", "latency", "utilisation", "pareto", "arrays"},
        ),
    ],
)
def test_pictures(result: SweepResult, names: set[str]) -> None:
    """As SVG and PNG, the same bytes each time; none where there is nothing to draw."""
    made = pictures(result)
    assert {p.name for p in made} == {f"{n}.{suffix}" for n in names for suffix in ("svg", "png")}
    assert all(p.data.startswith(b"\x89PNG" if p.name.endswith("png") else b"<?xml") for p in made)
    if len(result.solved) == 1:
        assert pictures(result) == made


@pytest.mark.parametrize(("module", "make"), [("matplotlib", pictures), ("pyarrow", to_parquet)])
def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, module: str, make: object) -> None:
    """The sentence names it."""
    monkeypatch.setitem(sys.modules, module, None)
    assert callable(make)
    with pytest.raises(MissingExtraError, match=r"placer\[plots\]"):
        make(SAMPLE)
