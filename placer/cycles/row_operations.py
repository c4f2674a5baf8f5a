"""What the kernels of LayerNorm, Softmax and tables issue, stage by stage (kernels/include/placer/normalise.hpp, softmax.hpp, lookup.hpp).

A stage is the body of a loop over blocks of four rows by eight columns, or code that runs once for a group of four rows or a batch of up to
four groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache

from placer.cycles.operations import OperationList, Unit
from placer.cycles.vector_code import GIVEN, GIVEN_SUMS, Sums, Value, VectorCode

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
    PIECES = "pieces"  # of moves: a block's columns from pieces of others
    RUNS = "runs"  # rows of a block
    TURNED = "turned"  # an 8 x 8 block
    ROW_SUMS = "row_sums"  # of LayerNorm, once a group: sums of rows as lanes
    TOTAL_SUMS = "total_sums"  # of Softmax, once a group: maxima over lanes, and sums of rows as lanes
    ROWS = "rows"  # of LayerNorm, once a group before its results: what belongs to a row, over its lanes
    ROW_FACTORS = "row_factors"  # the same of Softmax


# Stages that are bodies of loops; the others run once a group or a batch.
LOOPS = frozenset(
    {Stage.STATISTICS, Stage.NORMALISED, Stage.MAXIMA, Stage.TOTALS, Stage.SOFTENED, Stage.TABLE, Stage.PIECES, Stage.RUNS, Stage.TURNED}
)


@dataclass(frozen=True)
class RowStage:
    """A stage for elements of so many bytes in and out.

    groups: of four rows in a batch, 1 to 4, where the stage is one of a batch; scales for FACTORS; values a row for ROWS; pieces for
    PIECES, of which some are shifted where padded; for RUNS, elements of a run. clips: clip_operations. narrow:
    deviations of LayerNorm fit 16 bits. padded: the last block of columns is not full. 0 and False where a stage does not depend on it.
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


@cache
def row_stage(stage: RowStage, generation: str) -> OperationList:
    """The operations of a stage on the cores of a generation."""
    code = VectorCode(generation)
    match stage.stage:
        case Stage.STATISTICS:
            _statistics(code, stage.input_bytes)
        case Stage.SPREADS:
            _spreads(code, stage)
        case Stage.NORMALISED:
            _normalised(code, stage)
        case Stage.MAXIMA:
            _maxima(code, stage)
        case Stage.TOPS:
            _tops(code, stage)
        case Stage.TOTALS:
            _totals(code, stage)
        case Stage.FACTORS:
            _factors(code, stage)
        case Stage.SOFTENED:
            _softened(code, stage)
        case Stage.TABLE:
            _table(code, stage)
        case Stage.ROWS:
            _rows(code, stage)
        case Stage.ROW_FACTORS:
            _row_factors(code)
        case Stage.ROW_SUMS:
            _row_sums(code, stage)
        case Stage.TOTAL_SUMS:
            _total_sums(code)
        case Stage.PIECES:
            _pieces(code, stage)
        case Stage.RUNS:
            _runs(code, stage)
        case Stage.TURNED:
            _turned(code, stage)
    return code.build()


# -- LayerNorm ------------------------------------------------------------------------------------------------------------------------


def _statistics(code: VectorCode, input_bytes: int) -> None:
    """A product with -1s for the rows' sums; squares lane by lane, of 16-bit elements in two halves of 64-bit lanes."""
    block = code.load(BLOCK * input_bytes)
    parts = [block] if input_bytes == 1 else [code.vector(block), code.vector(block)]
    for part in parts:
        first = code.product(part)
        # A 4 x 4 x 8 product of 16 by 16 bits takes two instructions, of an accumulator each.
        sums = [first] if input_bytes == 1 else [first, code.product(part)]
        for one in sums:
            code.carried(one)
    for _ in range(input_bytes):
        code.carried(code.product(block))


def _spreads(code: VectorCode, stage: RowStage) -> None:
    """From rows' sums and squares as lanes: what goes under the root, scaled; roots; all of it stored."""
    sums, low = code.late(), code.late()
    # Sums of squares of 16-bit elements have a second word.
    square = code.product_16(GIVEN, low, *(() if stage.input_bytes == 1 else (code.product_32(code.late(), GIVEN),)))
    spread = code.add(code.product_32(sums, sums, square), code.shift_up(GIVEN))
    root, shift = _roots(code, *_scaled(code, spread))
    for value in (root, code.vector(shift), sums):
        code.store((value,), 64)


def _normalised(code: VectorCode, stage: RowStage) -> None:
    """Deviations times roots, shifted a row at a time, times gains, from offsets on."""
    block = code.load(BLOCK * stage.input_bytes)
    deviations = code.product(block, start=GIVEN_SUMS)
    narrow = [code.round(deviations)] * HALVES if stage.narrow else [code.copy_out(deviations) for _ in range(HALVES)]
    gains = code.halves(code.vector(code.load(32, None)))
    offsets = [code.load_up() for _ in range(HALVES)]
    results = []
    for deviation in narrow:
        product = code.product_16(deviation, GIVEN) if stage.narrow else code.product_32(deviation, GIVEN)
        units = code.halves(code.round(product), code.round(product))
        results.append(code.chain((*units, *gains), 4, *offsets))
    _clipped(code, results, stage)


def _rows(code: VectorCode, stage: RowStage) -> None:
    """Before a group's blocks: a value a row over its lanes; for results two, of 32 bits, and shifts, which stay scalar."""
    for _ in range(stage.groups):
        spread = [code.vector(code.scalar_load()) for _ in range(4)]
        for pair in (spread[:2], spread[2:]):
            code.halves(code.vector(*pair))
    if stage.groups > 1:
        for _ in range(4):
            code.vector(code.scalar_load())


# -- Softmax --------------------------------------------------------------------------------------------------------------------------


def _maxima(code: VectorCode, stage: RowStage) -> None:
    """A block of each group of four rows."""
    for _ in range(stage.groups):
        block = code.load(BLOCK * stage.input_bytes)
        real = code.vector(block) if stage.padded else block
        for _ in range(stage.input_bytes):
            code.carried(code.vector(real))


def _tops(code: VectorCode, stage: RowStage) -> None:
    """The maximum of each row as a lane; stored."""
    code.store((_joined(code, [_pair(code, (GIVEN,), 3) for _ in range(stage.groups)], 3),))


def _totals(code: VectorCode, stage: RowStage) -> None:
    for half in _powers(code, stage):
        code.carried(code.add(code.shift_up(half), GIVEN_SUMS))


def _total_sums(code: VectorCode) -> None:
    """The maximum of each row over its lanes; then the sums of four rows as two words each, stored."""
    _over_lanes(code, wide=False)
    for word in _words(code):
        code.store((_row_of_lanes(code, word, 3),), 16)


def _factors(code: VectorCode, stage: RowStage) -> None:
    """From sums of rows as lanes, which have few scales: their roots, squared, times the gain; stored."""
    high, low = code.load(64, None), code.load(64, None)
    whole = code.add(code.shift_up(high), code.shift_up(low))
    twice = code.add(whole, whole)
    m, half = code.round(twice), GIVEN
    for _ in range(stage.groups - 1):
        cut = code.round(code.add(twice, code.shift_up(GIVEN)))
        large = code.vector(cut)
        m, half = code.vector(m, cut, large), code.vector(half, large)
    root, shift = _roots(code, m, half)
    inverse = code.round(code.product_32(root, root))
    code.store((code.round(code.product_32(inverse, GIVEN)),), 64)
    code.store((code.vector(code.vector(shift)),), 64)


def _row_factors(code: VectorCode) -> None:
    """A row's maximum and factor over its lanes; shifts stay scalar."""
    _over_lanes(code, wide=False)
    _over_lanes(code, wide=True)
    for _ in range(4):
        code.vector(code.scalar_load())


def _over_lanes(code: VectorCode, wide: bool) -> None:
    """A value of each of four rows over its eight lanes: one vector of elements, or two of 32 bits in halves."""
    spread = [code.vector(code.scalar_load()) for _ in range(4)]
    pairs = [code.vector(*spread[:2]), code.vector(*spread[2:])]
    if not wide:
        code.vector(*pairs)
        return
    for pair in pairs:
        code.halves(pair)


def _softened(code: VectorCode, stage: RowStage) -> None:
    """Exponentials times factors, shifted a row at a time and rounded twice."""
    results = []
    for half in _powers(code, stage):
        product = code.product_32(half, GIVEN)
        results.append(code.shift_up(code.round(product), code.round(product)))
    _clipped(code, results, stage)


def _powers(code: VectorCode, stage: RowStage) -> list[Value]:
    """The exponentials of a block: from one table, or the product of what two hold."""
    below = code.vector(code.load(BLOCK * stage.input_bytes))
    found = []
    if stage.input_bytes == 1:
        # Keys of 8 bits widen to 16 first.
        keys = code.vector(below)
        found = [code.look_up(keys) for _ in range(HALVES)]
    else:
        rest = code.vector(below)
        upper = code.vector(below, rest)
        for _ in range(HALVES):
            found.append(code.round(code.product_32(code.look_up(upper), code.look_up(rest))))
    return [code.vector(half) for half in found] if stage.padded else found


# -- tables ---------------------------------------------------------------------------------------------------------------------------


def _table(code: VectorCode, stage: RowStage) -> None:
    """Values of a block of int8 elements: sixteen lanes of 16 or 32 bits each."""
    keys = code.vector(code.load(BLOCK))
    halves = [code.look_up(keys) for _ in range(HALVES)]
    if stage.output_bytes == 4:
        for half in halves:
            code.store((half,), 64)
        return
    both = code.vector(*halves)
    code.store((code.vector(both) if stage.output_bytes == 1 else both,), BLOCK * stage.output_bytes)


# -- moves ----------------------------------------------------------------------------------------------------------------------------


def _pieces(code: VectorCode, stage: RowStage) -> None:
    """Vectors of 32 elements, of 32-bit ones sixteen: two blocks interleaved, rotated and thinned out, or one as it is; then a choice."""
    size = 16 * 4 if stage.input_bytes == 4 else BLOCK * stage.input_bytes
    found: tuple[Value, ...] = ()
    for number in range(stage.groups):
        parts = [code.load(size)]
        if stage.padded:
            parts.append(code.load(size))
            for operations in (2 * size, 2 * size, size):
                parts = [code.vector(*parts) for _ in range(-(-operations // VECTOR_BYTES))]
        found = tuple(code.vector(*parts, *found) for _ in range(-(-size // VECTOR_BYTES))) if number else tuple(parts)
    code.store(found, size)


def _runs(code: VectorCode, stage: RowStage) -> None:
    """A place, then what lies there: vectors, or two words where that is eight bytes."""
    place, size = code.scalar_load(), stage.groups * stage.input_bytes
    if size >= 16:
        code.store((code.load(size, Unit.BANK_INPUT, place),), size)
        return
    for _ in range(size // 4):
        code.store((code.scalar_load(place),), 4)


def _turned(code: VectorCode, stage: RowStage) -> None:
    """A place, the block that lies there, a shuffle a vector."""
    size = 64 * stage.input_bytes
    block = code.load(size, Unit.BANK_INPUT, code.scalar_load())
    code.store(tuple(code.vector(block) for _ in range(size // VECTOR_BYTES)), size)


# -- what they share ------------------------------------------------------------------------------------------------------------------


def _pair(code: VectorCode, values: tuple[Value, ...], operations: int) -> Value:
    """Neighbouring lanes of vectors together: two shuffles and an operation on both, or one shuffle where one lane stands for both."""
    if operations == 1:
        return code.vector(*values)
    return code.vector(code.vector(*values), code.vector(*values))


def _joined(code: VectorCode, groups: list[Value], operations: int) -> Value:
    """Lanes of one row each, from halved blocks of up to four groups."""
    pairs = [_pair(code, tuple(groups[i : i + 2]), operations) for i in range(0, len(groups), 2)]
    return _pair(code, tuple(pairs), operations)


def _row_sums(code: VectorCode, stage: RowStage) -> None:
    """Lanes of sums that stand for all of their row; squares of int8 in one word."""
    _grouped(code, tuple(code.round(GIVEN_SUMS) for _ in range(HALVES)), 1)
    if stage.input_bytes > 1:
        _wide_sums(code)
    else:
        _grouped(code, tuple(code.copy_out(GIVEN_SUMS) for _ in range(HALVES)), 3)


def _words(code: VectorCode) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    """The upper and the lower word of a block of sums of 64 bits."""
    high = tuple(code.round(GIVEN_SUMS) for _ in range(HALVES))
    rest = [code.add(GIVEN_SUMS, code.shift_up(h)) for h in high]
    return high, tuple(code.round(r) for r in rest)


def _wide_sums(code: VectorCode) -> None:
    """Sums of the rows of a block of 64-bit lanes, as two words."""
    for word in _words(code):
        _grouped(code, word, 3)


def _row_of_lanes(code: VectorCode, block: tuple[Value, ...], operations: int) -> Value:
    """The rows of a block as lanes."""
    pair = _pair(code, block, operations)
    return _pair(code, (_pair(code, (pair,), operations),), operations)


def _grouped(code: VectorCode, block: tuple[Value, ...], operations: int) -> None:
    """The rows of a block as lanes, among those of the other groups."""
    code.vector(_row_of_lanes(code, block, operations))


def _roots(code: VectorCode, m: Value, half: Value) -> tuple[Value, Value]:
    """Roots and their shifts (reciprocal_root.hpp) of values from 1 to 4 and what scaled them: a cubic guess, one correction."""
    above = code.vector(m)
    ways = [code.round(code.shift_up(code.vector(m))) for _ in range(2)]
    x = code.vector(*ways, above)
    terms = [code.vector(above) for _ in range(4)]

    def line(a: Value, b: Value, by: Value) -> Value:
        return code.round(code.product(b, by, start=code.shift_up(a)))

    square = code.round(code.product(x, x))
    guess = line(line(terms[0], terms[1], x), line(terms[2], terms[3], x), square)
    miss = code.round(code.product_32(m, code.copy_out(code.product(guess, guess)), code.shift_up(GIVEN)))
    square = code.round(code.product_32(miss, miss))
    twice = code.vector(miss)
    more = code.vector(code.vector(twice), code.vector(square, code.vector(square)))
    root = code.round(code.product_16(guess, more, code.shift_up(code.vector(guess))))
    return root, code.vector(half)


def _scaled(code: VectorCode, whole: Sums) -> tuple[Value, Value]:
    """Values from 1 to 4, and what scaled them: two words of 31 bits; from 30 bits down to 2 at a time, what is small moves up."""
    flat = code.vector(code.round(whole))
    whole, more = code.add(whole, code.shift_up(code.vector(flat))), code.vector(flat)
    high = code.round(whole)
    low = code.round(code.shift_up(code.round(code.add(whole, code.shift_up(high)))))
    low = code.vector(low, more)
    short = code.vector(high)
    up, down = code.round(code.shift_up(code.vector(low))), code.round(code.shift_up(low))
    high, low, half, power = code.vector(high, down, short), code.vector(low, up, short), code.vector(short), GIVEN
    for _ in range(4):
        small = code.vector(high)
        high = code.vector(high, code.round(code.shift_up(high)), small)
        power = code.vector(power, code.round(code.shift_up(power)), small)
        half = code.vector(half, code.vector(small))
    return code.vector(high, code.round(code.product_32(low, power))), half


def _clipped(code: VectorCode, sums: list[Sums], stage: RowStage) -> None:
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
