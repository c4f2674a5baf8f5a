"""C++ identifiers for names that an exporter chose."""

from __future__ import annotations

import re

RESERVED = frozenset(
    {"graph", "kernels", "weights", "place", "config", "network", "main", "int", "float", "new", "delete", "class", "out", "in"}
)


def identifiers(names: tuple[str, ...]) -> tuple[str, ...]:
    """One distinct identifier a name, in order: letters, digits and single underscores, never starting with a digit or ending in one."""
    taken: set[str] = set()
    result = []
    for name in names:
        stem = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_").lower() or "layer"
        if stem[0].isdigit() or stem in RESERVED:
            stem = f"n_{stem}"
        stem = stem[:48].rstrip("_")
        candidate, number = stem, 1
        while candidate in taken:
            number += 1
            candidate = f"{stem}_{number}"
        taken.add(candidate)
        result.append(candidate)
    return tuple(result)
