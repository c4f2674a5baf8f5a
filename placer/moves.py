"""Where each stored element of a move comes from, and in what pieces it can be carried there.

Logical indices (layers.MoveLayer) become places in stored, padded activations. A tile's kernel carries vectors wherever elements that lie
together come from elements that do; its table names where each vector comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np

from placer.layers import MoveLayer
from placer.layout import BLOCK_COLUMNS, LayerLayouts, Layout, spread
from placer.network import IntArray
from placer.split import Split

# Elements of a whole run of a move: what lies together in 4, 2 or 1 rows of a block.
RUNS = (32, 16, 8)
# Blocks that are turned have as many rows as columns, and fit vectors of 1024 bits in elements of 2 bytes.
TURNED_ROWS = 8
TURNED_BYTES = 2
# Numbers that a piece of a block of columns has in a table: two blocks, a shift, the columns that it is for.
PIECE_NUMBERS = 4


class MoveKind(Enum):
    """What a kernel carries at once (kernels/include/placer/move.hpp)."""

    COLUMNS = "columns"  # rows stay: a block of columns from pieces of other blocks, four rows at a time
    RUNS = "runs"  # whole rows of blocks
    TURNED = "turned"  # blocks of 8 x 8 elements, transposed
    ELEMENTS = "elements"  # one element


@dataclass(frozen=True)
class MoveForm:
    """A kind and its sizes. run: elements of a run, for RUNS. pieces: of a block, and shifted: whether any is out of step, for COLUMNS."""

    kind: MoveKind
    run: int = 0
    pieces: int = 0
    shifted: bool = False

    def places(self, rows: int, columns: int) -> int:
        """Numbers in the table of a tile that writes so many rows of a sample and columns."""
        match self.kind:
            case MoveKind.COLUMNS:
                return columns // BLOCK_COLUMNS * self.pieces * PIECE_NUMBERS
            case MoveKind.RUNS:
                return rows * columns // self.run
            case MoveKind.TURNED:
                return columns // BLOCK_COLUMNS * -(-rows // TURNED_ROWS)
            case MoveKind.ELEMENTS:
                return rows * columns


@dataclass(frozen=True, eq=False)
class Places:
    """(source, row, column) of each element [rows, columns] of one stored sample of the target; [1, columns], rows 0, where tokens stay.

    Padding takes what the form brings along. blocks: for COLUMNS, of each block and piece [blocks, pieces, 5]: its two source blocks, the
    shift, the mask of its columns, its source.
    """

    form: MoveForm
    which: IntArray
    row: IntArray
    column: IntArray
    blocks: IntArray


@lru_cache(maxsize=64)
def stored_places(layer: MoveLayer, sources: tuple[Layout, ...], target: Layout) -> Places:
    """Where the elements of a move come from, in the widest form that serves all of them."""
    which, row, column = _indices(layer, sources)
    rows = 1 if layer.by_token else target.rows
    real = _padded(np.ones_like(which), rows, target) > 0
    which, row, column = (_padded(v, rows, target) for v in (which, row, column))
    if layer.by_token:
        return _in_columns(which[0], column[0], real[0], sources)
    for run in RUNS:
        if found := _in_runs(which, row, column, real, run):
            return found
    fit = target.element_bytes <= TURNED_BYTES and all(s.rows % TURNED_ROWS == 0 for s in sources)
    if fit and (found := _in_turned_blocks(which, row, column, real)):
        return found
    return Places(MoveForm(MoveKind.ELEMENTS), which, row, column, np.zeros(0, np.int64))


def tables(layer: MoveLayer, layouts: LayerLayouts, split: Split) -> IntArray:
    """[channel parts, numbers]: what each tile holds, in the order of the blocks that it writes.

    Places are those of elements in the first source's buffer, or -1 less a place in the second one's: of every element, run or turned
    block; of the two blocks of each piece, followed by its shift and the mask of its columns.
    """
    found = stored_places(layer, layouts.sources, layouts.target)
    read, written = (split.input_partition().window(s) for s in layouts.sources), split.output_partition.window(layouts.target)
    heights = np.array([window.samples * window.rows for window in read])
    if found.form.kind is MoveKind.COLUMNS:
        source = found.blocks[..., 4:]
        places = found.blocks[..., :2] * heights[source] * BLOCK_COLUMNS
        numbers = np.concatenate([np.where(source == 1, -1 - places, places), found.blocks[..., 2:4]], axis=-1)
        return _parts(numbers.reshape(len(numbers), -1), split.channels, written.columns // BLOCK_COLUMNS)
    forward = (
        found.column // BLOCK_COLUMNS * heights[found.which] * BLOCK_COLUMNS + found.row * BLOCK_COLUMNS + found.column % BLOCK_COLUMNS
    )
    place: IntArray = np.where(found.which == 1, -1 - forward, forward)
    by_block = place.reshape(len(place), -1, BLOCK_COLUMNS).transpose(1, 0, 2).reshape(-1, place.shape[0] * BLOCK_COLUMNS)
    step = {MoveKind.RUNS: found.form.run, MoveKind.TURNED: TURNED_ROWS * BLOCK_COLUMNS, MoveKind.ELEMENTS: 1}[found.form.kind]
    return _parts(by_block[:, ::step], split.channels, written.columns // BLOCK_COLUMNS)


def _parts(blocks: IntArray, parts: int, width: int) -> IntArray:
    """[blocks, numbers] as [parts, numbers]: `width` blocks a part, zeros beyond the last."""
    padded = np.zeros((parts * width, blocks.shape[1]), np.int64)
    padded[: len(blocks)] = blocks
    return padded.reshape(parts, -1)


def _indices(layer: MoveLayer, sources: tuple[Layout, ...]) -> tuple[IntArray, IntArray, IntArray]:
    """(source, row, stored column) of each logical element."""
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
    return which, row, column


def _padded(values: IntArray, rows: int, target: Layout) -> IntArray:
    padded = np.zeros((rows, target.columns), np.int64)
    padded[: len(values)] = spread(values, target.groups, target.columns)
    return padded


def _in_columns(which: IntArray, column: IntArray, real: np.ndarray, sources: tuple[Layout, ...]) -> Places:
    """Each block of columns from pieces, each of one source and at one distance."""
    found = [_pieces(which[i : i + 8], column[i : i + 8], real[i : i + 8]) for i in range(0, len(which), BLOCK_COLUMNS)]
    count = max(map(len, found))
    blocks = np.array([pieces + pieces[:1] * (count - len(pieces)) for pieces in found])
    source, distance, mask = blocks[..., 0], blocks[..., 1], blocks[..., 2]
    last = np.array([s.columns // BLOCK_COLUMNS - 1 for s in sources])[source]
    first, shift = distance // BLOCK_COLUMNS, distance % BLOCK_COLUMNS
    numbers = np.stack([np.clip(first, 0, last), np.clip(first + 1, 0, last), shift, mask, source], axis=-1)
    at = np.arange(BLOCK_COLUMNS)
    # What no piece is for comes with the first one.
    owner = np.argmax((mask[..., None] >> at) & 1, axis=1)
    of = np.take_along_axis(numbers[:, :, None, :], owner[:, None, :, None], axis=1)[:, 0]
    reach = at + of[..., 2]
    columns = np.where(reach < BLOCK_COLUMNS, of[..., 0], of[..., 1]) * BLOCK_COLUMNS + reach % BLOCK_COLUMNS
    form = MoveForm(MoveKind.COLUMNS, pieces=count, shifted=bool(np.any(shift)))
    return Places(form, of[..., 4].reshape(1, -1), np.zeros((1, len(which)), np.int64), columns.reshape(1, -1), numbers)


def _pieces(which: IntArray, column: IntArray, real: np.ndarray) -> list[tuple[int, int, int]]:
    """(source, distance, mask) of the pieces of one block, in their order; of a block that is all padding, its own place in the first."""
    found: dict[tuple[int, int], int] = {}
    for at in np.flatnonzero(real):
        key = (int(which[at]), int(column[at]) - int(at))
        found[key] = found.get(key, 0) | 1 << int(at)
    return [(*key, mask) for key, mask in found.items()] or [(0, 0, 0)]


def _in_runs(which: IntArray, row: IntArray, column: IntArray, real: np.ndarray, run: int) -> Places | None:
    """The places, if every run of the target comes from a run at a whole distance; None if one does not."""
    height = run // BLOCK_COLUMNS
    rows, columns = np.indices(which.shape)
    first = _starts((which, row - rows % height, column - columns % BLOCK_COLUMNS), real, height)
    if first is None:
        return None
    form = MoveForm(MoveKind.RUNS, run=run)
    return Places(form, first[0], first[1] + rows % height, first[2] + columns % BLOCK_COLUMNS, np.zeros(0, np.int64))


def _in_turned_blocks(which: IntArray, row: IntArray, column: IntArray, real: np.ndarray) -> Places | None:
    """The places, if every 8 x 8 block of the target is one of a source, transposed; None if one is not."""
    rows, columns = np.indices(which.shape)
    first = _starts((which, row - columns % BLOCK_COLUMNS, column - rows % TURNED_ROWS), real, TURNED_ROWS)
    if first is None:
        return None
    form = MoveForm(MoveKind.TURNED)
    return Places(form, first[0], first[1] + columns % BLOCK_COLUMNS, first[2] + rows % TURNED_ROWS, np.zeros(0, np.int64))


def _starts(origins: tuple[IntArray, IntArray, IntArray], real: np.ndarray, height: int) -> list[IntArray] | None:
    """(source, row, column) at which each cell of `height` rows by a block of columns starts; None where one is torn or out of step.

    origins: the same of each element, less its place in its cell.
    """
    starts = [_of_cells(v, real, height) for v in origins]
    first = [s for s in starts if s is not None]
    if len(first) < len(starts) or np.any(first[1] % height) or np.any(first[2] % BLOCK_COLUMNS):
        return None
    return first


def _of_cells(values: IntArray, real: np.ndarray, height: int) -> IntArray | None:
    """The one value that the real elements of each cell of `height` rows by a block of columns have, all over it (0 where none is real);
    None where they differ.
    """
    rows, columns = values.shape
    full = -(-rows // height) * height
    cells, taken = np.zeros((full, columns), np.int64), np.zeros((full, columns), bool)
    cells[:rows], taken[:rows] = values, real
    shape = (full // height, height, columns // BLOCK_COLUMNS, BLOCK_COLUMNS)
    cells, taken = cells.reshape(shape), taken.reshape(shape)
    most = np.where(taken, cells, np.iinfo(np.int64).min).max(axis=(1, 3), keepdims=True)
    least = np.where(taken, cells, np.iinfo(np.int64).max).min(axis=(1, 3), keepdims=True)
    none = ~taken.any(axis=(1, 3), keepdims=True)
    if np.any((most != least) & ~none):
        return None
    return np.broadcast_to(np.where(none, 0, most), shape).reshape(full, columns)[:rows]
