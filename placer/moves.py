"""Where each stored element of a move comes from: logical indices (layers.MoveLayer) as places in stored, padded activations."""

from __future__ import annotations

import numpy as np

from placer.layers import MoveLayer
from placer.layout import BLOCK_COLUMNS, LayerLayouts, Layout, spread
from placer.network import IntArray
from placer.split import Split


def stored_places(layer: MoveLayer, sources: tuple[Layout, ...], target: Layout) -> tuple[IntArray, IntArray, IntArray]:
    """(source, row, column) of each element [rows, columns] of one stored sample of the target; padding takes the very first element.

    [1, columns], rows 0, where every token takes the same features of the same token.
    """
    sizes = layer.sizes if not layer.by_token else tuple((1, features) for _, features in layer.sizes)
    limits = np.cumsum([tokens * features for tokens, features in sizes])
    which = np.searchsorted(limits, layer.index, side="right")
    row, column = np.zeros_like(layer.index), np.zeros_like(layer.index)
    for number, ((_, features), layout) in enumerate(zip(sizes, sources, strict=True)):
        inside = layer.index - (limits[number - 1] if number else 0)
        at = spread(np.arange(1, features + 1), layout.groups, layout.columns)
        columns = np.flatnonzero(at)
        row = np.where(which == number, inside // features, row)
        column = np.where(which == number, columns[inside % features], column)
    rows = 1 if layer.by_token else target.rows
    return _padded(which, rows, target), _padded(row, rows, target), _padded(column, rows, target)


def tables(layer: MoveLayer, layouts: LayerLayouts, split: Split) -> IntArray:
    """[channel parts, places]: what each tile holds, source elements in the order of the blocks that it writes; padding as stored_places.

    For each element of one sample, or, with tokens that stay, for each column: the element's place in the first source's buffer, or -1 less
    its place in the second one's.
    """
    which, row, column = stored_places(layer, layouts.sources, layouts.target)
    read, written = (split.input_partition.window(s) for s in layouts.sources), split.output_partition.window(layouts.target)
    heights = np.array([window.samples * window.rows for window in read])
    forward = column // BLOCK_COLUMNS * heights[which] * BLOCK_COLUMNS + row * BLOCK_COLUMNS + column % BLOCK_COLUMNS
    place: IntArray = np.where(which == 1, -1 - forward, forward)
    padded = np.zeros((len(place), split.channels * written.columns), np.int64)
    padded[:, : place.shape[1]] = place
    return padded.reshape(len(place), split.channels, -1, BLOCK_COLUMNS).transpose(1, 2, 0, 3).reshape(split.channels, -1)


def _padded(values: IntArray, rows: int, target: Layout) -> IntArray:
    padded = np.zeros((rows, target.columns), np.int64)
    padded[: len(values)] = spread(values, target.groups, target.columns)
    return padded
