"""The tables of docs/performance.md and the commands that make them."""

from __future__ import annotations

import pytest

from scripts.bench_performance import parser, table
from scripts.performance.document import DOCUMENT, END, START, commands, replaced
from scripts.performance.scaling import sizes


def test_every_table_names_its_command() -> None:
    """No table stands outside of markers, every command is one, and every kind of table is there."""
    text = DOCUMENT.read_text(encoding="utf-8")
    found = commands(text)
    assert {parser().parse_args(c.split()).table for c in found} == {
        "kernels", "rules", "agreement", "relays", "goals", "scaling", "reference",
    }  # fmt: skip
    assert text.count(END) == len(found)
    outside = "".join(part.split(END)[-1] for part in text.split(START.split("{}")[0]))
    assert not [line for line in outside.splitlines() if line.startswith("|")]


def test_quick_tables_are_today_s() -> None:
    """The rules and the kernels, as the document has them."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for command in ("rules", "kernels"):
        assert all(row in text for row in list(table(parser().parse_args([command])))[:-1])


def test_a_table_is_replaced() -> None:
    """Its own lines and no others; a command that the document does not have is refused with those that it has."""
    text = f"a\n{START.format('goals')}\n\n| old |\n\n{END}\nb\n{START.format('rules')}\n{END}\nc\n"
    assert replaced(text, "goals", ["| new |"]) == text.replace("| old |", "| new |")
    assert replaced(text, "rules", ["| r |"]) == text.replace(f"rules -->\n{END}", f"rules -->\n\n| r |\n\n{END}")
    with pytest.raises(ValueError, match="no table of `scaling`; it has `goals`, `rules`"):
        replaced(text, "scaling", [])


def test_sizes_fill_the_array() -> None:
    """From one tile to all, 296 of a VEK280's among them."""
    tiles = [deep * wide for deep, wide in sizes(8, 38)]
    assert tiles == sorted(set(tiles))
    assert tiles[0] == 1 and tiles[-2:] == [296, 304]
