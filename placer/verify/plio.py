"""Family plio: a port for each window that enters or leaves, in columns with PL, each on a channel of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from placer.verify.subject import Subject
from placer.verify.violation import Family, Violation

WIDTH_BITS = 128


def check_plio(s: Subject) -> Iterator[Violation]:
    """Windows at the border, and the ports that serve them."""
    wanted: Counter[tuple[str, str, int]] = Counter()
    borders = {(e.tensor, "in", e.written.pieces) for e in s.mapping.edges if e.producer == f"{e.tensor}.plio_in"}
    borders |= {(e.tensor, "out", e.read.pieces) for e in s.mapping.edges if e.consumer == f"{e.tensor}.plio_out"}
    for tensor, direction, pieces in borders:
        wanted.update((tensor, direction, piece) for piece in range(pieces))
    if Counter((p.tensor, p.direction, p.piece) for p in s.mapping.plio) != wanted:
        yield Violation(Family.PLIO, f"{len(wanted)} windows enter or leave the array, and the PLIO ports do not serve each of them once")
    seen: set[tuple[str, int, int]] = set()
    for port in s.mapping.plio:
        place = (port.direction, port.col, port.channel)
        limit = s.device.plio.in_channels if port.direction == "in" else s.device.plio.out_channels
        if port.col not in s.device.plio.columns:
            yield Violation(Family.PLIO, f"{port.name} is in column {port.col}, which has no PL")
        if not 0 <= port.channel < limit:
            yield Violation(Family.PLIO, f"{port.name} is on channel {port.channel}; channels {port.direction} go from 0 to {limit - 1}")
        if place in seen:
            yield Violation(Family.PLIO, f"{port.name} doubles channel {port.channel} {port.direction} of column {port.col}")
        if port.width_bits != WIDTH_BITS:
            yield Violation(Family.PLIO, f"{port.name} must be {WIDTH_BITS} bits wide to carry one stream")
        seen.add(place)
    names = Counter(p.name for p in s.mapping.plio)
    yield from (Violation(Family.PLIO, f"two PLIO ports are called {name}") for name, count in names.items() if count > 1)
