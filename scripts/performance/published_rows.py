"""The published kernels of Softmax and LayerNorm, modelled: what AIE4ML's kernels for blocks of four rows by eight columns issue.

Both work through a band of four rows at a time, in passes over its blocks, with what belongs to a row in between: scalars, spread over the
row's lanes. What lies between calls and the loop over bands is a piece of code (pieces.py), whose end fills the slots behind the loop's
branch and the return: cycles are those that a profiler counts for a function. Their structure is that of aie4ml 0.2.1 (softmax_i8_tiled,
layernorm_i8_tiled, which it prefers; only such a one shares statistics among 16 rows, as the published LayerNorm). What their calls of
the AIE API issue is that of its headers and of llvm-aie's (aiev2_upd_ext.h); a 64-bit product is compiler-rt's __muldi3.

ASSUMPTION: what is worked out in floats is a function of its own, as it is written, whose arguments lie in memory.
"""

from __future__ import annotations

from placer.cycles.operations import Unit
from placer.cycles.rows import BRANCH_CYCLES
from scripts.performance.float_code import FloatCode
from scripts.performance.itineraries import (
    ADD,
    BROADCAST,
    COPY_OUT,
    EXTRACT,
    LOAD,
    PART_STORE,
    PART_STORE_CYCLES,
    PRODUCT,
    ROUND,
    ROUND_STORE,
    SCALAR,
    SCALAR_LOAD,
    SCALAR_PRODUCT,
    SHIFT_UP,
    STORE,
    SUM,
    VECTOR,
)
from scripts.performance.pieces import GIVEN, Made, Piece

# Rows and columns of a block, and rows that share the float arithmetic of one call.
ROWS, COLUMNS, SHARED = 4, 8, 16
# Rounds in which the lanes of a row are added up.
ROUNDS = 3
# A reciprocal of 24 bits is off by up to half a unit, its quotient, of 255 * 2^15, by up to a quarter: one in eight is one too high or low.
CORRECTED = 1 / 8
# A function of its own: two branches.
FUNCTION_CYCLES = 2 * BRANCH_CYCLES


# -- Softmax of clipped lines ---------------------------------------------------------------------------------------------------------


def softmax_cycles(rows: int, width: int, exact: bool) -> int:
    """Modelled cycles of one call. exact: a row's reciprocal is a quotient; otherwise one bit, by leading zeros."""
    band = _exact_band(width // COLUMNS) if exact else _band(width // COLUMNS)
    return round(rows // ROWS * band)


def _band(blocks: int) -> int:
    code = Piece()
    _weights(code, blocks, [code.issue(SCALAR, code.issue(SUM, code.issue(SCALAR, total))) for total in _scores(code, blocks)])
    return code.cycles()


def _exact_band(blocks: int) -> float:
    scores, inverses, weights = Piece(), Piece(), Piece()
    for total in _scores(scores, blocks):
        scores.issue(STORE, total)
    # What is not above 0 counts as 1.
    fixed = FloatCode(inverses).inverse(_gathered(inverses, [inverses.scalars(2, inverses.issue(SCALAR_LOAD)) for _ in range(ROWS)]))
    for _ in range(ROWS):
        inverses.issue(STORE, inverses.issue(EXTRACT, fixed))
    _weights(weights, blocks, [weights.issue(SCALAR_LOAD) for _ in range(ROWS)])
    return scores.cycles() + FUNCTION_CYCLES + inverses.cycles() + ROWS * quotient_cycles() + weights.cycles()


def _scores(code: Piece, blocks: int) -> list[Made]:
    """Maxima, then scores from clipped lines, stored and added up; the sum of each row, as a scalar."""
    with code.loop(blocks):
        top = code.issue(VECTOR, code.issue(LOAD, bank=Unit.BANK_INPUT))
        code.carried(top)
    for _ in range(ROUNDS):
        top = code.issue(VECTOR, top, code.issue(VECTOR, top))
    maxima = [code.issue(EXTRACT, top) for _ in range(ROWS)]
    # A subtraction, a comparison and a choice; the bound has 8 bits.
    low = code.issue(ROUND, code.issue(SHIFT_UP, _spread(code, [code.scalars(3, m) for m in maxima])))
    centre = _spread(code, [code.issue(SCALAR, code.issue(SCALAR_PRODUCT, m)) for m in maxima])
    start, total = code.issue(SHIFT_UP, centre), code.issue(PRODUCT, centre)
    with code.loop(blocks):
        # A lane of the product is one of two elements each, of which the second is made zero (aie_api, mul_acc32.hpp).
        y = code.issue(VECTOR, code.issue(VECTOR, code.issue(LOAD, bank=Unit.BANK_INPUT), low))
        score = code.issue(PRODUCT, y, start=(start,))
        for _ in range(2):
            code.issue(ROUND_STORE, score, bank=Unit.BANK_WEIGHTS)
        total = code.issue(PRODUCT, y, start=(total,))
        code.carried(total, accumulator=True)
    return _row_sums(code, total)


def _weights(code: Piece, blocks: int, inverses: list[Made]) -> None:
    """Scores times what belongs to their row, rounded and stored."""
    inverse = _spread(code, inverses)
    with code.loop(blocks):
        loads = [code.issue(LOAD, bank=Unit.BANK_WEIGHTS) for _ in range(2)]
        code.issue(ROUND_STORE, code.issue(PRODUCT, *loads, inverse))


def quotient_cycles() -> float:
    """A row's quotient from its reciprocal, in 64-bit scalars: a product, then another for each look whether it is too high or low."""
    # The place and the signs of two words; a shift by 24; a clamp at 0; the next quotient up; a store.
    once = 3 + 4 + 3 + 2 + 1
    check = long_product_cycles() + 4 + BRANCH_CYCLES
    return once + long_product_cycles() + (2 + CORRECTED) * check


def long_product_cycles() -> int:
    """compiler-rt's __muldi3: four products of halves of the lower words, and two of the others."""
    code = Piece()
    a, b, c, d = (code.issue(SCALAR) for _ in range(4))
    low, high = code.issue(SCALAR_PRODUCT, a, c), GIVEN
    for left, right in ((b, c), (a, d)):
        carry, low = code.issue(SCALAR, low), code.issue(SCALAR, low)
        carry = code.issue(SCALAR, carry, code.issue(SCALAR_PRODUCT, left, right))
        low, high = code.issue(SCALAR, low, code.scalars(2, carry)), code.issue(SCALAR, high, code.issue(SCALAR, carry))
    for left, right in ((b, d), (GIVEN, GIVEN), (GIVEN, GIVEN)):
        high = code.issue(SCALAR, high, code.issue(SCALAR_PRODUCT, left, right))
    return code.cycles() + FUNCTION_CYCLES


# -- LayerNorm ------------------------------------------------------------------------------------------------------------------------


def normalise_cycles(rows: int, features: int, inlined: bool = False) -> int:
    """Modelled cycles of one call. inlined: statistics that serve one band are part of the code around them."""
    blocks, bands = features // COLUMNS, rows // ROWS
    shared = max(n for n in range(1, SHARED // ROWS + 1) if bands % n == 0)
    if inlined and shared == 1:
        whole = Piece()
        _normalised(whole, blocks, *_statistics(whole, *_sums(whole, blocks)))
        return bands * whole.cycles()
    sums, statistics, results = Piece(), Piece(), Piece()
    for total in (t for totals in _sums(sums, blocks) for t in totals):
        sums.issue(STORE, total)
    loads = ([statistics.issue(SCALAR_LOAD) for _ in range(shared * ROWS)] for _ in range(2))
    _stored_parts(statistics, [value for values in _statistics(statistics, *loads) for value in values])
    _normalised(results, blocks, *([results.issue(SCALAR_LOAD) for _ in range(ROWS)] for _ in range(2)))
    return bands // shared * (shared * (sums.cycles() + results.cycles()) + statistics.cycles() + FUNCTION_CYCLES)


def _sums(code: Piece, blocks: int) -> tuple[list[Made], list[Made]]:
    """Sums of the rows of a band, and those of their squares."""
    with code.loop(blocks):
        x = code.issue(VECTOR, code.issue(LOAD, bank=Unit.BANK_INPUT))
        sums, squares = code.issue(PRODUCT, x), code.issue(PRODUCT, x)
        for total in (sums, squares):
            code.carried(total, accumulator=True)
    return _row_sums(code, sums), _row_sums(code, squares)


def _statistics(code: Piece, sums: list[Made], squares: list[Made]) -> tuple[list[Made], list[Made]]:
    """Means, and roots in fixed point of as many rows."""
    means, spreads = [], []
    for total, square in zip(sums, squares, strict=True):
        mean = code.issue(SCALAR, code.issue(SUM, total))
        means.append(mean)
        # The square less twice the mean times the sum, and the mean's square: a product, since the mean is a factor of both.
        factor = code.issue(SCALAR, code.issue(SCALAR, mean), code.issue(SCALAR, total))
        spread = code.issue(SCALAR, square, code.issue(SCALAR_PRODUCT, mean, factor))
        # Divided, clamped at 0, and an epsilon.
        spreads.append(code.issue(SUM, code.scalars(3, spread)))
    fixed = FloatCode(code).inverse_root(_gathered(code, spreads))
    # Clamped on either side.
    return means, [code.scalars(4, code.issue(EXTRACT, fixed)) for _ in spreads]


def _normalised(code: Piece, blocks: int, means: list[Made], roots: list[Made]) -> None:
    """Deviations times roots and gains, and offsets, rounded and stored."""
    mean, root = code.issue(SHIFT_UP, _spread(code, means)), _spread(code, roots)
    with code.loop(blocks):
        x = code.issue(SHIFT_UP, code.issue(LOAD, bank=Unit.BANK_INPUT))
        deviation = code.issue(ROUND, code.issue(ADD, start=(x, mean)))
        gains, offsets = ([code.issue(LOAD, bank=Unit.BANK_WEIGHTS) for _ in range(2)] for _ in range(2))
        factor = code.issue(ROUND, code.issue(PRODUCT, root, *gains))
        product = code.issue(PRODUCT, deviation, factor)
        code.issue(ROUND_STORE, code.issue(ADD, start=(product, code.issue(SHIFT_UP, *offsets))))


def _stored_parts(code: Piece, values: list[Made]) -> None:
    """Halves of words, one after the other."""
    last: Made | None = None
    for value in values:
        store = code.issue(PART_STORE, value)
        if last:
            code.apart(last, store, PART_STORE_CYCLES)
        last = store


# -- what they share ------------------------------------------------------------------------------------------------------------------


def _spread(code: Piece, scalars: list[Made]) -> Made:
    """A scalar of each of four rows over its eight 16-bit lanes: vectors of 128 bits, shifted into place and chosen one by one."""
    parts = [code.issue(BROADCAST, s) for s in scalars]
    whole = code.issue(VECTOR, parts[1])
    for part in parts[2:]:
        whole = code.issue(VECTOR, whole, code.issue(VECTOR, part))
    return code.issue(VECTOR, whole, parts[0])


def _row_sums(code: Piece, total: Made) -> list[Made]:
    """The sums of each row's eight lanes, of an accumulator of 32, as scalars."""
    halves = [code.issue(COPY_OUT, total) for _ in range(2)]
    for _ in range(ROUNDS):
        shifted = [code.issue(VECTOR, *halves), code.issue(VECTOR, halves[1])]
        halves = [code.issue(VECTOR, h, s) for h, s in zip(halves, shifted, strict=True)]
    return [code.issue(EXTRACT, halves[row // 2]) for row in range(ROWS)]


def _gathered(code: Piece, scalars: list[Made]) -> Made:
    """Scalars as the lanes of a vector."""
    vector = GIVEN
    for scalar in scalars:
        vector = code.issue(VECTOR, vector, scalar)
    return vector
