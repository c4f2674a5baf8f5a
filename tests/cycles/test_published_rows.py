"""Published kernels of Softmax and LayerNorm, modelled by what they issue, against what was published; and the code that they are."""

from __future__ import annotations

import pytest

from placer.cycles.operations import AIE_ML, Unit
from placer.device import find_device
from scripts.performance.float_code import PAIRS, FloatCode
from scripts.performance.itineraries import ADD, COPY_OUT, EXTRACT, LOAD, PRODUCT, ROUND, SCALAR, SHIFT_UP, STORE, VECTOR, distance
from scripts.performance.kernels import SCALE, SCALED, PublishedRows, functions_of_rows
from scripts.performance.pieces import GIVEN, Piece
from scripts.performance.published_rows import long_product_cycles, normalise_cycles, quotient_cycles, softmax_cycles
from scripts.performance.published_vectors import scale_cycles


@pytest.mark.parametrize("kernel", functions_of_rows(find_device("VEK280")), ids=lambda k: k.label)
def test_published_kernels(kernel: PublishedRows) -> None:
    """Within 10 % of vendor simulation; no constant of the model is set from any of them."""
    assert kernel.modelled == pytest.approx(kernel.cycles, rel=0.10)


def test_sixteen_bits_times_a_scalar() -> None:
    """Within 10 % of silicon: two accesses of either kind for 32 elements."""
    assert scale_cycles(SCALED) == pytest.approx(SCALE, rel=0.10)
    assert scale_cycles(2 * SCALED) - scale_cycles(SCALED) == SCALED // 32 * 2


def test_distances_are_those_of_the_cycle_model() -> None:
    """Where both have them; a vector operation on a vector's way around the registers follows in the next cycle."""
    assert distance(LOAD, PRODUCT) == AIE_ML.load
    assert distance(PRODUCT, PRODUCT, accumulator=True) == AIE_ML.product
    assert distance(PRODUCT, ROUND) == AIE_ML.product_out
    assert distance(ROUND, STORE) == AIE_ML.rounded
    assert distance(VECTOR, PRODUCT) == AIE_ML.vector
    assert distance(SHIFT_UP, ROUND) == AIE_ML.shifted
    assert distance(SHIFT_UP, ADD, accumulator=True) == AIE_ML.shifted_add
    assert distance(ADD, ROUND) == AIE_ML.added
    assert distance(VECTOR, VECTOR) == distance(VECTOR, EXTRACT) == distance(COPY_OUT, VECTOR) == 1
    assert distance(EXTRACT, SCALAR) == 2


def test_what_fills_a_loop_overlaps_the_code_before_it() -> None:
    """Twenty scalars, then a loop that needs them for its last operation: its loads come seven cycles before."""
    code = Piece()
    ready = code.scalars(20)
    with code.loop(10):
        code.issue(VECTOR, code.issue(LOAD), ready)
    assert code.cycles() == 20 + 10
    alone = Piece()
    with alone.loop(10):
        alone.issue(VECTOR, alone.issue(LOAD))
    assert alone.cycles() == 7 + 10


def test_a_loop_waits_for_what_it_carries() -> None:
    """Sums in one accumulator follow each other every two cycles; what is behind the loop uses the last of them."""
    code = Piece()
    with code.loop(10):
        total = code.issue(PRODUCT, code.issue(LOAD))
        code.carried(total, accumulator=True)
    code.issue(ROUND, total)
    assert code.cycles() == AIE_ML.load + 9 * AIE_ML.product + AIE_ML.product_out + 1


def test_two_pieces_share_units() -> None:
    """Independent instructions of one unit follow each other, those of a loop too."""
    code = Piece()
    for _ in range(2):
        with code.loop(10):
            code.issue(STORE)
    code.issue(STORE)
    assert code.cycles() == 21


def test_bands_and_blocks_add_up() -> None:
    """A block of four rows by eight columns takes five cycles of Softmax, and seven of LayerNorm: additions of accumulators read them by
    the port that rounding uses.
    """
    assert [softmax_cycles(rows, 64, exact=False) for rows in (8, 16)] == [n * softmax_cycles(4, 64, exact=False) for n in (2, 4)]
    assert softmax_cycles(4, 256, exact=False) - softmax_cycles(4, 128, exact=False) == 16 * 5
    assert normalise_cycles(4, 256) - normalise_cycles(4, 128) == 16 * 7


def test_rows_share_their_statistics() -> None:
    """Sixteen of them; 32 take twice the time."""
    four, sixteen, more = (normalise_cycles(rows, 64) for rows in (4, 16, 32))
    assert sixteen < 3 * four
    assert more == 2 * sixteen


def test_statistics_inlined_would_be_too_fast() -> None:
    """What the one assumption of structure is worth where a call serves four rows; where it serves more, nothing is inlined."""
    assert normalise_cycles(4, 64, inlined=True) / 468 == pytest.approx(0.83, abs=0.01)
    assert normalise_cycles(16, 64, inlined=True) == normalise_cycles(16, 64)


def test_quotients_are_most_of_an_exact_reciprocal() -> None:
    """Four rows of 64-bit scalar products, against one chain of floats for all of them."""
    more = softmax_cycles(4, 64, exact=True) - softmax_cycles(4, 64, exact=False)
    assert 3 * long_product_cycles() < quotient_cycles() < 6 * long_product_cycles()
    assert 0.6 < 4 * quotient_cycles() / more < 0.8


def test_floats_are_products_of_parts() -> None:
    """Six products, one after the other every four cycles, from 18 cycles on, when the smallest parts are there."""
    code = Piece()
    floats = FloatCode(code)
    floats.product(floats.parts(GIVEN), floats.parts(GIVEN))
    assert sum(Unit.MULTIPLY in o.units for o in code.operations) == len(PAIRS) + 4
    assert code.cycles() == pytest.approx(18 + 5 * 4 + 1, abs=2)
