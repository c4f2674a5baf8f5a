"""Activations between the host's [batch, ...] arrays and the blocked windows that stream through the array (layout.py)."""

from __future__ import annotations

import numpy as np

from placer.layers import Activation, HostView
from placer.layout import BLOCK_COLUMNS, Layout, Window, gathered, spread
from placer.network import IntArray


def to_stored(view: HostView, activation: Activation, layout: Layout, value: IntArray) -> IntArray:
    """A tensor [batch, *shape] as [samples, rows, columns], padded with zeros."""
    batch, value = len(value), value - view.offset
    moved = value.reshape(batch, *(view.split[p] for p in view.perm))
    matrix = moved.transpose(0, *(view.perm.index(i) + 1 for i in range(len(view.perm))))
    matrix = spread(matrix.reshape(batch, activation.tokens, activation.features), activation.groups, layout.columns)
    if layout.samples == 1:
        matrix = matrix.reshape(1, batch * activation.tokens, layout.columns)
    stored = np.zeros((layout.samples, layout.rows, layout.columns), np.int64)
    stored[:, : matrix.shape[1]] = matrix
    return stored


def from_stored(view: HostView, activation: Activation, batch: int, stored: IntArray) -> IntArray:
    """The tensor [batch, *shape] inside a padded activation [samples, rows, columns]."""
    if len(stored) == 1:
        matrix = stored[0, : batch * activation.tokens].reshape(batch, activation.tokens, -1)
    else:
        matrix = stored[:, : activation.tokens]
    matrix = gathered(matrix, activation.groups, activation.features)
    axes = matrix.reshape(batch, *view.split).transpose(0, *(p + 1 for p in view.perm))
    return axes.reshape(batch, *view.shape) + view.offset


def to_stream(stored: IntArray, window: Window, block_rows: int) -> IntArray:
    """The elements of a window in the order in which they are stored: column blocks, samples, row blocks, then row-major in a block."""
    part = _cut(stored, window)
    samples, rows, columns = part.shape
    blocks = part.reshape(samples, rows // block_rows, block_rows, columns // BLOCK_COLUMNS, BLOCK_COLUMNS)
    return blocks.transpose(3, 0, 1, 2, 4).reshape(-1)


def put_stream(stored: IntArray, window: Window, block_rows: int, stream: IntArray) -> None:
    """The inverse of to_stream: write a window's elements into `stored`."""
    shape = (window.columns // BLOCK_COLUMNS, window.samples, window.rows // block_rows, block_rows, BLOCK_COLUMNS)
    part = stream.reshape(shape).transpose(1, 2, 3, 0, 4).reshape(window.samples, window.rows, window.columns)
    _cut(stored, window)[...] = part


def _cut(stored: IntArray, window: Window) -> IntArray:
    return stored[
        window.sample : window.sample + window.samples,
        window.row : window.row + window.rows,
        window.column : window.column + window.columns,
    ]
