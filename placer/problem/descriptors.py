"""What one buffer descriptor of a memory tile can walk: nested loops over words with limited counts, steps and length (aie-rt).

A window of an activation is up to three nested loops: words of its rows, samples, column blocks. Where the first has more words than a
loop may count, it is walked as two: words of a block, and blocks.
"""

from __future__ import annotations

from placer.device import MemoryTile
from placer.layout import BLOCK_COLUMNS, Box, Layout

WORD_BYTES = 4


def walkable(window: Box, whole: Box, layout: Layout, tile: MemoryTile) -> bool:
    """Whether one descriptor walks a window inside a buffer of the extents `whole`."""
    if window.bytes(layout.element_bytes) // WORD_BYTES > tile.descriptor_length:
        return False
    if _contiguous(window, whole):
        return True
    step = _row_words(whole.samples * whole.rows, layout)
    rows: tuple[int, ...] = (_row_words(window.rows, layout),)
    if walks_blocks(window, whole, layout, tile):
        rows = _row_words(layout.block_rows, layout), window.rows // layout.block_rows
    return step <= tile.descriptor_step and all(count <= tile.descriptor_wrap for count in (*rows, window.samples))


def walks_blocks(window: Box, whole: Box, layout: Layout, tile: MemoryTile) -> bool:
    """Whether the rows of a window have more words than one loop counts, so that it is walked block by block."""
    return not _contiguous(window, whole) and _row_words(window.rows, layout) > tile.descriptor_wrap


def _row_words(rows: int, layout: Layout) -> int:
    """Words of so many rows of one column block, which lie one after the other."""
    return rows * BLOCK_COLUMNS * layout.element_bytes // WORD_BYTES


def _contiguous(window: Box, whole: Box) -> bool:
    """Whether a window lies in one piece: [column blocks][samples][rows] with all samples and rows, or a single run of these."""
    one_block, one_sample = window.columns == BLOCK_COLUMNS, window.samples == 1
    return (window.rows == whole.rows and (window.samples == whole.samples or one_block)) or (one_block and one_sample)
