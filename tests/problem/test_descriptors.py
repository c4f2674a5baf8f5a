"""What one buffer descriptor of a memory tile walks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.device import find_device
from placer.layout import Box, Layout
from placer.problem.descriptors import walkable, walks_blocks

TILE = find_device("VEK280").memory_tile
INT8, INT16 = Layout(4, 8192, 16, 1), Layout(4, 8192, 16, 2)


@pytest.mark.parametrize(
    ("rows", "layout", "blocks"), [(508, INT8, False), (512, INT8, True), (252, INT16, False), (256, INT16, True), (4092, INT8, True)]
)
def test_long_rows_are_walked_by_blocks(rows: int, layout: Layout, blocks: bool) -> None:
    """A loop counts 1023 words: 511 rows of 8 bytes, of whole blocks 508; blocks of four rows, 1023 of them, reach further."""
    window, whole = Box(1, rows, 16), Box(1, 8192, 16)
    assert walks_blocks(window, whole, layout, TILE) is blocks
    assert walkable(window, whole, layout, TILE)


@pytest.mark.parametrize(
    ("window", "whole", "fits"),
    [
        (Box(1, 4096, 16), Box(1, 8192, 16), False),
        (Box(1, 8192, 16), Box(1, 8192, 16), True),
        (Box(1, 4096, 8), Box(1, 8192, 16), True),
        (Box(1024, 4, 16), Box(1024, 8, 16), False),
        (Box(1023, 4, 16), Box(1024, 8, 16), True),
        (Box(1024, 4, 16), Box(1024, 4, 32), True),
    ],
)
def test_counts(window: Box, whole: Box, fits: bool) -> None:
    """1024 blocks or samples are one too many, unless the window lies in one piece."""
    assert walkable(window, whole, INT8, TILE) is fits


@pytest.mark.parametrize(("limit", "least"), [("descriptor_step", 128), ("descriptor_length", 64)])
def test_steps_and_length(limit: str, least: int) -> None:
    """From one column block to the next are 4 samples of 16 rows of 8 bytes; 2 samples of 8 rows of 16 are 64 words."""
    window, whole = Box(2, 8, 16), Box(4, 16, 16)
    assert walkable(window, whole, INT8, replace(TILE, **{limit: least}))
    assert not walkable(window, whole, INT8, replace(TILE, **{limit: least - 1}))
