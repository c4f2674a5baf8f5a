"""Family program: the program of every core fits its program memory, by the contract of its kernel."""

from __future__ import annotations

from collections.abc import Iterator

from placer.contracts.tile_kernel import tile_kernel
from placer.layout import LayerLayouts
from placer.split import split_of
from placer.verify.subject import LayerPair, Subject
from placer.verify.violation import Family, Violation


def check_program(s: Subject) -> Iterator[Violation]:
    """Kernels differ by layer and role; the bytes are the contract's estimate (docs/kernels.md)."""
    memory = s.device.core.program_bytes
    for pair in s.pairs():
        for position in sorted({t.k_index for t in pair.mapped.tiles}):
            if (needed := _program_bytes(s, pair, position)) > memory:
                where = f"layer {pair.mapped.name}, position {position} of its cascades"
                yield Violation(Family.PROGRAM, f"{where}: the kernel takes {needed} bytes of program memory, and a core has {memory}")


def _program_bytes(s: Subject, pair: LayerPair, position: int) -> int:
    split = split_of(pair.layer, pair.mapped.split.data, pair.mapped.split.k, pair.mapped.split.n)
    return tile_kernel(pair.layer, split, LayerLayouts(pair.sources, pair.target), position, s.device).program_bytes
