"""All families, in order."""

from __future__ import annotations

from placer.device import Device
from placer.layers import LayerGraph
from placer.mapping import Mapping
from placer.verify.buffers import check_banks, check_buffers, check_overlaps
from placer.verify.edges import check_channels, check_edges
from placer.verify.figures import check_figures
from placer.verify.memory_tiles import check_memory_tiles
from placer.verify.plio import check_plio
from placer.verify.subject import make_subject
from placer.verify.tiles import check_cascades, check_identity, check_splits, check_tiles
from placer.verify.violation import Violation

# Figures and buffer sizes mean nothing while layers or splits are wrong, so the later families wait for these.
FIRST = (check_identity, check_splits)
THEN = (
    check_tiles,
    check_cascades,
    check_buffers,
    check_overlaps,
    check_banks,
    check_edges,
    check_channels,
    check_memory_tiles,
    check_plio,
    check_figures,
)


def verify(mapping: Mapping, device: Device, graph: LayerGraph) -> tuple[Violation, ...]:
    """Every rule that `mapping` breaks as a mapping of `graph` on `device`; empty when it is legal and true."""
    subject = make_subject(mapping, device, graph)
    first = tuple(v for check in FIRST for v in check(subject))
    return first or tuple(v for check in THEN for v in check(subject))
