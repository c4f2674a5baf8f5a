"""Program: every kernel fits the program memory of its core, by its contract."""

from __future__ import annotations

from dataclasses import replace

from placer.contracts.tile_kernel import tile_kernel
from placer.layers import Side
from placer.layout import LayerLayouts, Partition
from placer.split import Split
from placer.verify import Family
from placer.verify.subject import make_subject
from tests.mapped import families, pair, text


def test_program_memory() -> None:
    """The last kernel of d0's cascade, with a bias to add and a step to take, is the longest: as many bytes do, fewer do not."""
    sample = pair()
    subject = make_subject(sample.mapping, sample.device, sample.graph)
    first = subject.pairs()[0]
    layouts = LayerLayouts(first.sources, first.target)
    sizes = [tile_kernel(first.layer, Split(Side.RIGHT, Partition(1, 1, 1), 2, 1), layouts, i, sample.device).program_bytes for i in (0, 1)]
    assert sizes[0] < sizes[1]
    for room, fits in ((sizes[1], True), (sizes[1] - 1, False)):
        cut = replace(sample, device=replace(sample.device, core=replace(sample.device.core, program_bytes=room)))
        found = cut.violations(lambda _: None)
        assert families(found) == (set() if fits else {Family.PROGRAM})
        where = "layer d0, position 1 of its cascades"
        assert fits or f"{where}: the kernel takes {sizes[1]} bytes of program memory, and a core has {room}" in text(found)
