"""Tables between markers of docs/performance.md. A marker names the arguments that made what follows it."""

from __future__ import annotations

import re
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
START, END = "<!-- python -m scripts.bench_performance {} -->", "<!-- end of table -->"


def commands(text: str) -> list[str]:
    """The arguments of every table, in the order of the document."""
    return re.findall(re.escape(START).replace(r"\{\}", "(.*?)"), text)


def replaced(text: str, command: str, lines: list[str]) -> str:
    """The document with another table for `command`.

    Raises ValueError where it has no such table.
    """
    start = START.format(command)
    if start not in text:
        raise ValueError(f"{DOCUMENT.name} has no table of `{command}`; it has {', '.join(f'`{c}`' for c in commands(text))}")
    head, rest = text.split(start, 1)
    return "\n".join((head + start, "", *lines, "", END + rest.split(END, 1)[1]))
