"""What the kernels of LayerNorm and Softmax issue, stage by stage (kernels/include/placer/normalise.hpp, softmax.hpp)."""

from __future__ import annotations

from functools import cache

from placer.cycles.function_operations import cubics, table
from placer.cycles.move_operations import element, pieces, runs, turned
from placer.cycles.operations import OperationList
from placer.cycles.stages import BLOCK, HALVES, RowStage, Stage, clipped
from placer.cycles.vector_code import GIVEN, GIVEN_SUMS, Sums, Value, VectorCode


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
            table(code, stage)
        case Stage.ROWS:
            _rows(code, stage)
        case Stage.ROW_FACTORS:
            _row_factors(code)
        case Stage.ROW_SUMS:
            _row_sums(code, stage)
        case Stage.TOTAL_SUMS:
            _total_sums(code)
        case Stage.CUBICS:
            cubics(code, stage)
        case Stage.PIECES:
            pieces(code, stage)
        case Stage.RUNS:
            runs(code, stage)
        case Stage.TURNED:
            turned(code, stage)
        case Stage.ELEMENTS:
            element(code, stage)
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
    clipped(code, results, stage)


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
    clipped(code, results, stage)


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
