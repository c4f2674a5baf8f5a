"""Descriptors: windows that one buffer descriptor walks, and as many descriptors as channels take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.verify import Family
from tests.mapped import Sample, families, rich, text


def limited(**limits: int) -> Sample:
    """The rich mapping beside memory tiles with other limits."""
    sample = rich()
    return replace(sample, device=replace(sample.device, memory_tile=replace(sample.device.memory_tile, **limits)))


def cored(**limits: int) -> Sample:
    """The rich mapping beside core tiles with other limits."""
    sample = rich()
    return replace(sample, device=replace(sample.device, core=replace(sample.device.core, **limits)))


LIMITS = {
    # d0 writes 8 of 16 rows of a1: 16 words a column block, or two blocks of 8.
    "counts": ("descriptor_wrap", 8, r"a1 to d1: a window written takes loops of \[8, 2, 2\]"),
    # From one column block of a1 to the next are 16 rows of 8 bytes.
    "steps": ("descriptor_step", 32, "a1 to d1: a window written takes steps of 32 words, and a descriptor at most 31"),
    # The add reads all 16 x 32 bytes of a1.
    "length": ("descriptor_length", 128, "a1 to add: a window read has 128 words, and a descriptor moves at most 127"),
}


@pytest.mark.parametrize("name", LIMITS)
def test_walks(name: str) -> None:
    """At the limit a descriptor walks every window; one less, and only this family sees that it does not."""
    limit, least, sentence = LIMITS[name]
    assert limited(**{limit: least}).violations(lambda _: None) == ()
    found = limited(**{limit: least - 1}).violations(lambda _: None)
    assert families(found) == {Family.DESCRIPTORS}
    assert sentence.replace("\\", "") in text(found)


def test_pools() -> None:
    """Channels of one parity take their descriptors from one half of the pool: five even channels need ten."""
    # Memory tile 2 uses channels in 0 to 3 and channels out 0 to 2: four even ones.
    small = limited(buffer_descriptors=16)
    assert small.violations(lambda _: None) == ()

    def even(data: dict[str, object]) -> None:
        for edge in data["edges"]:  # type: ignore[attr-defined]
            if edge["tensor"] == "a1":
                edge["memory_tiles"][0]["in_channels"] = [0, 1, 2, 4]

    found = small.violations(even)
    assert families(found) == {Family.DESCRIPTORS}
    assert text(found) == "descriptors: memory tile (2, 0): channels of parity 0 need 10 descriptors"


def test_core_tiles() -> None:
    """An input and an output stream take two each; a block of 8 x 16 bytes is 32 words, and the largest, the add's, 128."""
    assert cored(buffer_descriptors=4, descriptor_length=128).violations(lambda _: None) == ()
    few = cored(buffer_descriptors=3).violations(lambda _: None)
    assert families(few) == {Family.DESCRIPTORS}
    assert "core tile (0, 2) needs 4 descriptors and has 3" in text(few)
    short = cored(descriptor_length=127).violations(lambda _: None)
    assert families(short) == {Family.DESCRIPTORS}
    assert "layer add, tile (4, 0), input: a descriptor moves at most 127 words" in text(short)
