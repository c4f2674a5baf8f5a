"""The stages of kernels of rows, functions and moves, as far as they decide what is issued; and how results of all of them end.

A stage is the body of a loop over blocks of four rows by eight columns, or code that runs once for a group of four rows or a batch of up to
four groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from placer.cycles.vector_code import Sums, Value, VectorCode

# Lanes of a block, in halves of sixteen.
BLOCK, HALVES = 32, 2
VECTOR_BYTES = 64


class Stage(Enum):
    """A piece of a kernel."""

    STATISTICS = "statistics"  # of LayerNorm: sums of a block and of its squares
    SPREADS = "spreads"  # once a batch: from these to factors
    NORMALISED = "normalised"  # a block's results
    MAXIMA = "maxima"  # of Softmax
    TOPS = "tops"  # once a batch: the maximum of each row
    TOTALS = "totals"  # a block's exponentials, added up
    FACTORS = "factors"  # of sixteen rows
    SOFTENED = "softened"  # a block's results
    TABLE = "table"  # a block's values
    CUBICS = "cubics"  # a function of 32 elements
    PIECES = "pieces"  # of moves: a block's columns from pieces of others
    RUNS = "runs"  # rows of a block
    ELEMENTS = "elements"  # one element
    TURNED = "turned"  # an 8 x 8 block
    ROW_SUMS = "row_sums"  # of LayerNorm, once a group: sums of rows as lanes
    TOTAL_SUMS = "total_sums"  # of Softmax, once a group: maxima over lanes, and sums of rows as lanes
    ROWS = "rows"  # of LayerNorm, once a group before its results: what belongs to a row, over its lanes
    ROW_FACTORS = "row_factors"  # the same of Softmax


# Stages that are bodies of loops; the others run once a group or a batch.
LOOPS = frozenset(
    {Stage.STATISTICS, Stage.NORMALISED, Stage.MAXIMA, Stage.TOTALS, Stage.SOFTENED, Stage.TABLE, Stage.CUBICS}
    | {Stage.PIECES, Stage.RUNS, Stage.TURNED, Stage.ELEMENTS}
)


@dataclass(frozen=True)
class RowStage:
    """A stage for elements of so many bytes in and out.

    groups: of four rows in a batch, 1 to 4, where the stage is one of a batch; scales for FACTORS; values a row for ROWS; pieces for
    PIECES, of which some are shifted where padded; for RUNS, elements of a run; for CUBICS, those beyond one a segment. clips:
    clip_operations. narrow: deviations of LayerNorm fit 16 bits. padded: the last block of columns is not full; for ELEMENTS, there are
    two sources. 0 and False where a stage does not depend on it.
    """

    stage: Stage
    input_bytes: int = 0
    output_bytes: int = 0
    groups: int = 0
    clips: int = 0
    narrow: bool = False
    padded: bool = False

    @property
    def key(self) -> str:
        marks = f"{'+narrow' if self.narrow else ''}{'+padded' if self.padded else ''}"
        return f"{self.stage.value} {self.input_bytes} {self.output_bytes} {self.groups} {self.clips}{marks}"


def end_operations(output_bytes: int, zero_point: int, low: int, high: int, positive: bool) -> int:
    """Operations of bounds and a zero point on a vector of results (finish.hpp, clipped). positive: results less the zero point are not
    below 0.
    """
    least, most = -(1 << 8 * output_bytes - 1), (1 << 8 * output_bytes - 1) - 1
    saturates = output_bytes != 2 or zero_point == 0
    below = not (positive and low <= zero_point) and not (low == least and zero_point >= 0 and saturates)
    above = not (high == most and zero_point <= 0 and saturates)
    return below + above + (zero_point != 0)


def clip_operations(output_bytes: int, zero_point: int, low: int, high: int, positive: bool) -> int:
    """As end_operations, for stages that are scheduled for 0, 1 and 3 of them only: 3 for two and three."""
    count = end_operations(output_bytes, zero_point, low, high, positive)
    return 3 if count > 1 else count


def clipped(code: VectorCode, sums: list[Sums], stage: RowStage) -> None:
    """Rounded, clipped, packed and stored: results of 8 bits, and of 16 without a zero point, from 16-bit lanes."""
    lanes = [code.round(s) for s in sums]
    narrow = stage.output_bytes == 1 or (stage.output_bytes == 2 and stage.clips == 0)
    vectors: list[tuple[Value, ...]] = [tuple(lanes)] if narrow else [(v,) for v in lanes]
    for _ in range(stage.clips):
        vectors = [(code.vector(*v),) for v in vectors]
    if stage.output_bytes == 1:
        vectors = [(code.vector(*v),) for v in vectors]
    elif stage.output_bytes == 2 and not narrow:
        vectors = [(code.round(code.shift_up(*v)),) for v in vectors]
    for parts in vectors:
        code.store(parts, BLOCK * stage.output_bytes // len(vectors))
