"""Locks: two for every copy of a buffer, in the tile that holds it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.verify import Family
from tests.mapped import Json, buffer, families, joined, relocate, rich, text


def test_buffers_of_three_cores_in_one_memory() -> None:
    """The add's three buffers take 12 of 16 locks; the parameters of d2, whose core reaches them there, four; one more is too much."""

    def moved(data: Json, kinds: tuple[str, ...]) -> None:
        for number, kind in enumerate(kinds):
            relocate(buffer(data, "d2", kind), 16384 * (1 + number % 3) + 12288)
            for place in buffer(data, "d2", kind)["at"]:
                place["col"] = 3

    sample = joined()
    assert sample.violations(lambda d: moved(d, ("weights", "bias"))) == ()
    fewer = replace(sample, device=replace(sample.device, core=replace(sample.device.core, locks=15)))
    assert fewer.violations(lambda _: None) == ()
    found = fewer.violations(lambda d: moved(d, ("weights", "bias")))
    assert families(found) == {Family.LOCKS}
    assert text(found) == "locks: core tile (3, 1) needs 16 locks and has 15"


@pytest.mark.parametrize(("locks", "fits"), [(28, True), (27, False)])
def test_memory_tiles(locks: int, fits: bool) -> None:
    """Memory tile 2 serves four windows in and three out, each in two copies."""
    sample = rich()
    small = replace(sample, device=replace(sample.device, memory_tile=replace(sample.device.memory_tile, locks=locks)))
    found = small.violations(lambda _: None)
    assert families(found) == (set() if fits else {Family.LOCKS})
    assert fits or text(found) == f"locks: memory tile (2, 0) needs 28 locks and has {locks}"


def test_the_ends_of_shared_memory_are_one_buffer() -> None:
    """d1's last tile writes where the add reads: 4 locks, not 8, beside its input and weights."""
    sample = rich()
    for locks, fits in ((10, True), (9, False)):
        cut = replace(sample, device=replace(sample.device, core=replace(sample.device.core, locks=locks)))
        assert families(cut.violations(lambda _: None)) == (set() if fits else {Family.LOCKS})
