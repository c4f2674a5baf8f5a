"""How an activation lies in memory, and how it is cut into windows.

The blocked layout of docs/kernels.md: blocks of `block_rows` x 8 elements, stored column block by column block. In bytes that is a
three-dimensional array [column blocks][samples][rows * 8 * element bytes], so any window of samples, rows and columns is one strided copy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from placer.layers import DenseLayer, Layer, LayerGraph, MatMulLayer, MoveLayer, Side
from placer.network import IntArray

BLOCK_COLUMNS = 8


def round_up(value: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is at least `value`."""
    return -(-value // multiple) * multiple


@dataclass(frozen=True)
class Layout:
    """An activation as stored: samples x rows x columns elements, padded to whole blocks.

    samples: 1 when the rows of all samples follow each other without padding, else the batch.
    rows: rows of one of those samples, a multiple of `block_rows`. columns: a multiple of 8, in `groups` equal runs of whole blocks, each
    padded at its end.
    """

    samples: int
    rows: int
    columns: int
    element_bytes: int
    block_rows: int = 4
    groups: int = 1

    @property
    def bytes(self) -> int:
        return self.box.bytes(self.element_bytes)

    @property
    def box(self) -> Box:
        """All of it."""
        return Box(self.samples, self.rows, self.columns)


@dataclass(frozen=True)
class Box:
    """Extents of a part of an activation, in elements along each axis."""

    samples: int
    rows: int
    columns: int

    def bytes(self, element_bytes: int) -> int:
        """Bytes of so many elements."""
        return self.samples * self.rows * self.columns * element_bytes

    def joined(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(max(self.samples, other.samples), max(self.rows, other.rows), max(self.columns, other.columns))


@dataclass(frozen=True)
class Window:
    """A box of an activation at its place: half-open ranges of samples, rows and columns."""

    sample: int
    samples: int
    row: int
    rows: int
    column: int
    columns: int


@dataclass(frozen=True, order=True)
class Partition:
    """A layout cut into samples x rows x columns equal windows of whole blocks.

    Where the blocks of an axis do not divide into so many parts, windows are as large as the largest part, and the last ones hang over the
    end of the layout: what they hold there is padding, which no result depends on.
    """

    samples: int
    rows: int
    columns: int

    @property
    def pieces(self) -> int:
        return self.samples * self.rows * self.columns

    def window(self, layout: Layout) -> Box:
        """The extents of one window."""
        return Box(
            -(-layout.samples // self.samples),
            round_up(-(-layout.rows // self.rows), layout.block_rows),
            round_up(-(-layout.columns // self.columns), BLOCK_COLUMNS),
        )

    def cover(self, layout: Layout) -> Box:
        """The extents of all windows together: the layout's, and what they hang over."""
        one = self.window(layout)
        return Box(self.samples * one.samples, self.rows * one.rows, self.columns * one.columns)

    def cuts(self, layout: Layout) -> bool:
        """Whether every window holds some of the layout."""
        if min(self.samples, self.rows, self.columns) < 1:
            return False
        one = self.window(layout)
        ends = (
            (self.samples, one.samples, layout.samples),
            (self.rows, one.rows, layout.rows),
            (self.columns, one.columns, layout.columns),
        )
        return all((count - 1) * size < whole for count, size, whole in ends)

    def divides(self, layout: Layout) -> bool:
        """Whether the windows hold nothing but the layout."""
        return min(self.samples, self.rows, self.columns) >= 1 and self.cover(layout) == layout.box

    def refines(self, coarser: Partition, layout: Layout) -> bool:
        """Whether every window of `coarser` holds the same number of windows of this partition, whole.

        An axis that `coarser` leaves whole holds what hangs over as well.
        """
        mine, other = self.window(layout), coarser.window(layout)
        axes = (
            (self.samples, mine.samples, coarser.samples, other.samples),
            (self.rows, mine.rows, coarser.rows, other.rows),
            (self.columns, mine.columns, coarser.columns, other.columns),
        )
        return all(q == 1 or (p % q == 0 and p // q * size == whole) for p, size, q, whole in axes)

    def shard(self, fine: tuple[Partition, ...], layout: Layout) -> Box:
        """The extents of one window of this partition with room for the windows of `fine`, each of which refines it."""
        box = self.window(layout)
        for partition in fine:
            cover = partition.cover(layout)
            over = Box(
                *(c if q == 1 else 0 for c, q in ((cover.samples, self.samples), (cover.rows, self.rows), (cover.columns, self.columns)))
            )
            box = box.joined(over)
        return box

    def inside(self, window: int, finer: Partition) -> tuple[int, ...]:
        """The numbers of the windows of `finer`, which refines this partition, that lie in window number `window` of this one."""
        per = (finer.samples // self.samples, finer.rows // self.rows, finer.columns // self.columns)
        rest, column = divmod(window, self.columns)
        sample, row = divmod(rest, self.rows)
        return tuple(
            ((sample * per[0] + i) * finer.rows + row * per[1] + j) * finer.columns + column * per[2] + k
            for i in range(per[0])
            for j in range(per[1])
            for k in range(per[2])
        )

    def windows(self, layout: Layout) -> tuple[Window, ...]:
        """The windows, columns fastest, then rows, then samples.

        Raises ValueError when some would hold nothing of the layout.
        """
        if not self.cuts(layout):
            raise ValueError(f"{layout} cannot be cut as {self}")
        s, r, c = (one := self.window(layout)).samples, one.rows, one.columns
        return tuple(
            Window(i * s, s, j * r, r, k * c, c) for i in range(self.samples) for j in range(self.rows) for k in range(self.columns)
        )

    def window_bytes(self, layout: Layout) -> int:
        """Bytes of one window."""
        return self.window(layout).bytes(layout.element_bytes)


def part_counts(units: int) -> tuple[int, ...]:
    """Into how many parts `units` blocks can be cut so that no part is empty, when all are as large as the largest; ascending."""
    return tuple(sorted({-(-units // size) for size in range(1, units + 1)}))


def spread(values: IntArray, groups: int, columns: int) -> IntArray:
    """Values along the last axis, one a feature, as they lie in so many columns: each of the groups followed by zeros."""
    width = values.shape[-1] // groups
    padded = np.zeros((*values.shape[:-1], groups, columns // groups), np.int64)
    padded[..., :width] = values.reshape(*values.shape[:-1], groups, width)
    return padded.reshape(*values.shape[:-1], columns)


def gathered(values: IntArray, groups: int, features: int) -> IntArray:
    """The inverse of spread: the last axis without its padding."""
    width, columns = features // groups, values.shape[-1]
    apart = values.reshape(*values.shape[:-1], groups, columns // groups)
    return apart[..., :width].reshape(*values.shape[:-1], features)


def divisors(value: int) -> tuple[int, ...]:
    """The divisors of `value`, ascending."""
    small = [d for d in range(1, math.isqrt(value) + 1) if value % d == 0]
    return tuple(sorted({*small, *(value // d for d in small)}))


@dataclass(frozen=True)
class LayerLayouts:
    """The layouts of what a layer reads and writes."""

    sources: tuple[Layout, ...]
    target: Layout


def layouts(graph: LayerGraph, batch: int, block_rows: int) -> tuple[Layout, ...]:
    """The layout of each activation of `graph`, in the order of graph.activations.

    Layers that work row by row leave rows where they are, so all activations they connect share one row count. Only a group that a layer
    with weights on the left, a product of two activations or a move between tokens touches keeps its samples apart: rows padded to whole
    8 x 8 blocks where they are contracted, to whole output blocks where they are produced.
    """
    names = [a.name for a in graph.activations]
    group = {name: name for name in names}

    def find(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    multiple = dict.fromkeys(names, 1)
    for layer in graph.layers:
        for source in _row_by_row(layer):
            group[find(source)] = find(layer.target)
    for layer in graph.layers:
        for name, rows in _apart(layer, block_rows):
            multiple[find(name)] = math.lcm(multiple[find(name)], rows)
    result = []
    for activation in graph.activations:
        padding, groups = multiple[find(activation.name)], activation.groups
        columns = groups * round_up(activation.features // groups, BLOCK_COLUMNS)
        element_bytes = activation.type.dtype.bytes
        if padding == 1:
            result.append(Layout(1, round_up(batch * activation.tokens, block_rows), columns, element_bytes, block_rows, groups))
        else:
            result.append(Layout(batch, round_up(activation.tokens, padding), columns, element_bytes, block_rows, groups))
    return tuple(result)


def _row_by_row(layer: Layer) -> tuple[str, ...]:
    """The sources of a layer whose rows become the rows of its target."""
    match layer:
        case DenseLayer(side=Side.LEFT):
            return ()
        case MatMulLayer():
            return (layer.left,)
        case MoveLayer():
            return layer.sources if layer.by_token else ()
        case _:
            return layer.sources


def _apart(layer: Layer, block_rows: int) -> tuple[tuple[str, int], ...]:
    """Activations of which a layer needs each sample's rows by themselves, padded to so many."""
    match layer:
        case DenseLayer(side=Side.LEFT):
            return ((layer.source, BLOCK_COLUMNS), (layer.target, block_rows))
        case MatMulLayer():
            return ((layer.right, BLOCK_COLUMNS), (layer.target, block_rows))
        case MoveLayer() if not layer.by_token:
            return tuple((name, block_rows) for name in (*layer.sources, layer.target))
        case _:
            return ()
