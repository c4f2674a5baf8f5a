"""How an activation lies in memory, and how it is cut into windows.

The blocked layout of docs/kernels.md: blocks of `block_rows` x 8 elements, stored column block by column block. In bytes that is a
three-dimensional array [column blocks][samples][rows * 8 * element bytes], so any window of samples, rows and columns is one strided copy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from placer.layers import DenseLayer, LayerGraph, Side

BLOCK_COLUMNS = 8


def round_up(value: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is at least `value`."""
    return -(-value // multiple) * multiple


@dataclass(frozen=True)
class Layout:
    """An activation as stored: samples x rows x columns elements, padded to whole blocks.

    samples: 1 when the rows of all samples follow each other without padding, else the batch.
    rows: rows of one of those samples. columns: a multiple of 8.
    """

    samples: int
    rows: int
    columns: int
    element_bytes: int

    @property
    def bytes(self) -> int:
        return self.samples * self.rows * self.columns * self.element_bytes


@dataclass(frozen=True)
class Window:
    """A box of an activation: half-open ranges of samples, rows and columns."""

    sample: int
    samples: int
    row: int
    rows: int
    column: int
    columns: int


@dataclass(frozen=True, order=True)
class Partition:
    """A layout cut into samples x rows x columns equal windows."""

    samples: int
    rows: int
    columns: int

    @property
    def pieces(self) -> int:
        return self.samples * self.rows * self.columns

    def refines(self, coarser: Partition) -> bool:
        """Whether every window of this partition lies inside one window of `coarser`."""
        return self.samples % coarser.samples == 0 and self.rows % coarser.rows == 0 and self.columns % coarser.columns == 0

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

        Raises ValueError when the layout cannot be cut so.
        """
        if layout.samples % self.samples or layout.rows % self.rows or layout.columns % (self.columns * BLOCK_COLUMNS):
            raise ValueError(f"{layout} cannot be cut as {self}")
        s, r, c = layout.samples // self.samples, layout.rows // self.rows, layout.columns // self.columns
        return tuple(
            Window(i * s, s, j * r, r, k * c, c) for i in range(self.samples) for j in range(self.rows) for k in range(self.columns)
        )

    def window_bytes(self, layout: Layout) -> int:
        """Bytes of one window."""
        return layout.bytes // self.pieces


def divisors(value: int) -> tuple[int, ...]:
    """The divisors of `value`, ascending."""
    small = [d for d in range(1, math.isqrt(value) + 1) if value % d == 0]
    return tuple(sorted({*small, *(value // d for d in small)}))


def layouts(graph: LayerGraph, batch: int, block_rows: int) -> tuple[Layout, ...]:
    """The layout of each activation of `graph`, in the order of graph.activations.

    Layers that work row by row leave rows where they are, so all activations they connect share one row count. Only a group that a layer
    with weights on the left touches keeps its samples apart: rows padded to whole 8 x 8 blocks where they are contracted, to whole
    output blocks where they are produced.
    """
    names = [a.name for a in graph.activations]
    group = {name: name for name in names}

    def find(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    multiple = dict.fromkeys(names, 1)
    for layer in graph.layers:
        if isinstance(layer, DenseLayer) and layer.side is Side.LEFT:
            continue
        for source in layer.sources:
            group[find(source)] = find(layer.target)
    for layer in graph.layers:
        if isinstance(layer, DenseLayer) and layer.side is Side.LEFT:
            source, target = find(layer.source), find(layer.target)
            multiple[source] = math.lcm(multiple[source], 8)
            multiple[target] = math.lcm(multiple[target], block_rows)
    result = []
    for activation in graph.activations:
        padding = multiple[find(activation.name)]
        columns = round_up(activation.features, BLOCK_COLUMNS)
        element_bytes = activation.type.dtype.bytes
        if padding == 1:
            result.append(Layout(1, round_up(batch * activation.tokens, block_rows), columns, element_bytes))
        else:
            result.append(Layout(batch, round_up(activation.tokens, padding), columns, element_bytes))
    return tuple(result)
