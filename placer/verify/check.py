"""All families, in order."""

from __future__ import annotations

from placer.device import Device
from placer.layers import LayerGraph
from placer.mapping import Mapping
from placer.verify.banks import check_banks
from placer.verify.buffers import check_buffers, check_overlaps
from placer.verify.channels import check_channels
from placer.verify.descriptors import check_descriptors
from placer.verify.edges import check_edges, check_kinds
from placer.verify.figures import check_figures, check_pace
from placer.verify.locks import check_locks
from placer.verify.memory_tiles import check_memory_tiles
from placer.verify.plio import check_plio
from placer.verify.program import check_program
from placer.verify.routes import check_lanes, check_streams
from placer.verify.subject import make_subject
from placer.verify.tiles import check_cascades, check_identity, check_replicas, check_splits, check_tiles
from placer.verify.violation import Violation

# Places and figures mean nothing while layers, splits or windows are wrong, so the later families wait for these.
FIRST = (check_identity, check_splits, check_edges, check_replicas)
THEN = (
    check_tiles,
    check_cascades,
    check_buffers,
    check_overlaps,
    check_banks,
    check_program,
    check_locks,
    check_kinds,
    check_channels,
    check_memory_tiles,
    check_descriptors,
    check_plio,
    check_figures,
)
# Routes join places, and mean nothing while one of those is wrong.
LAST = (check_streams, check_lanes)
# The pace follows from places and routes together.
FINALLY = (check_pace,)


def verify(mapping: Mapping, device: Device, graph: LayerGraph) -> tuple[Violation, ...]:
    """Every rule that `mapping` breaks as a mapping of `graph` on `device`; empty when it is legal and true."""
    subject = make_subject(mapping, device, graph)
    for check in FIRST:
        broken = tuple(check(subject))
        if broken:
            return broken
    for checks in (THEN, LAST, FINALLY):
        broken = tuple(v for check in checks for v in check(subject))
        if broken:
            return broken
    return ()
