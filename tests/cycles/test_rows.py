"""Cycles of LayerNorm, Softmax and tables, against what is published and against themselves; and their stored schedules."""

from __future__ import annotations

import numpy as np
import pytest

from placer.cycles.kernel import CALL_CYCLES, LOCK_CYCLES
from placer.cycles.operations import Unit
from placer.cycles.row_operations import row_stage
from placer.cycles.rows import (
    CubicForm,
    cubic_cycles,
    move_cycles,
    normalise_cycles,
    normalise_parts,
    program_words,
    row_stages,
    softmax_cycles,
    softmax_parts,
    table_cycles,
)
from placer.cycles.schedules import schedules
from placer.cycles.stages import LOOPS, RowStage, Stage, clip_operations
from placer.layers import NormaliseLayer, SoftmaxLayer
from placer.moves import MoveForm, MoveKind
from placer.solvers.modulo import schedule_loop
from placer.solvers.straight import schedule_straight

GENERATIONS = ("aie-ml", "aie-mlv2")
CALL = CALL_CYCLES + 4 * LOCK_CYCLES
PROGRAM_WORDS = 1024


def layer_norm(features: int) -> NormaliseLayer:
    ones = np.ones(features, np.int64)
    return NormaliseLayer("n", "x", "y", 77, 4, 24, ones, ones, 16, 45, 0, -128, 127)


def soft(width: int, bits: int = 8) -> SoftmaxLayer:
    least = -(1 << bits - 1)
    return SoftmaxLayer("s", "x", "y", width, 1, np.ones(256, np.int64), 1 << 30, 22, least, least, -least - 1)


def normalise(rows: int, features: int, generation: str = "aie-ml", input_bytes: int = 1) -> int:
    return normalise_cycles(layer_norm(features), rows, input_bytes, 1, generation)


def softmax(rows: int, width: int, groups: int = 1, input_bytes: int = 1) -> int:
    return softmax_cycles(soft(width), rows, groups, input_bytes, 1, "aie-ml")


def test_layer_norm_takes_what_is_published() -> None:
    """468 cycles by vendor simulation, with roots in floats; no constant of the model is set from it."""
    assert CALL + normalise(4, 64) == pytest.approx(468, rel=0.10)


def test_exact_softmax_costs_more_than_its_stand_in() -> None:
    """545 cycles are published for a stand-in in 8 bits; ours is exact, and never takes less than two lookups an element, four at once."""
    assert CALL + softmax(16, 64) == pytest.approx(2.32 * 545, rel=0.02)
    assert CALL + softmax(64, 128) == pytest.approx(2.48 * 2929, rel=0.02)
    assert softmax(16, 64) > 2 * 16 * 64 / 4


def test_a_table_is_read_in_vectors() -> None:
    """Half a cycle an element and less, where one after the other took three; of eight lanes at once, moves take the most."""
    for generation, each in zip(GENERATIONS, (9, 7), strict=True):
        assert table_cycles(1024, 1, generation) - table_cycles(512, 1, generation) == 16 * each
    assert table_cycles(1, 1, "aie-ml") == table_cycles(32, 1, "aie-ml")


def test_cubics_are_bound_by_moves() -> None:
    """Moves take more than the tables' sixteen accesses of either copy for each of four coefficients; further cubics add up."""
    for form, busiest in ((CubicForm(2, 2, 0, 0), 38), (CubicForm(4, 1, 0, 1), 48)):
        assert cubic_cycles(form, 1024, "aie-ml") - cubic_cycles(form, 512, "aie-ml") == 16 * busiest
    few, many = (cubic_cycles(CubicForm(2, 2, further, 0), 1024, "aie-ml") for further in (4, 16))
    assert few < many < 4 * few


def test_single_elements_take_two_loads() -> None:
    """A place and what lies there; to choose between two sources takes three scalar operations."""
    form = MoveForm(MoveKind.ELEMENTS)
    one, two = (move_cycles(form, sources, 1, 64, 8, 1, "aie-ml") - move_cycles(form, sources, 1, 32, 8, 1, "aie-ml") for sources in (1, 2))
    assert (one, two) == (2 * 256, 3 * 256)


def test_rows_share_their_roots() -> None:
    """Sixteen rows take the roots of one; batches cost the same; 16 bits look every exponential up in two tables."""
    for cycles in (lambda rows: normalise(rows, 64), lambda rows: softmax(rows, 64)):
        assert cycles(16) < 3 * cycles(4)
    assert normalise(32, 64) == 2 * normalise(16, 64)
    # Five groups of four rows are two batches of three.
    assert normalise(20, 64) == normalise(24, 64) < normalise(32, 64)
    # Those of Softmax follow each other in one pipeline, up to 64 rows of them.
    assert softmax(16, 64) < softmax(32, 64) < 2 * softmax(16, 64) - 200
    assert softmax(128, 64) == 2 * softmax(64, 64)
    assert softmax(16, 32) < softmax(16, 32, input_bytes=2) < 2.5 * softmax(16, 32)
    assert softmax(16, 64, groups=2) == 2 * softmax(16, 64)


def test_few_blocks_fill_one_pipeline() -> None:
    """Groups of four rows follow each other in one pipeline; those of wider rows fill one each."""
    few, many = normalise(16, 128), normalise(16, 136)
    assert many - few > 2 * (few - normalise(16, 120))


def test_programs_fit() -> None:
    """What is unrolled leaves room in the program memory, whatever the width."""
    for generation in GENERATIONS:
        for width in (8, 32, 64, 72, 128, 512):
            for size in (1, 2):
                parts = (normalise_parts(layer_norm(width), 16, size, 2), softmax_parts(soft(width, 16), 16, size, 2))
                assert all(program_words(p, generation) < PROGRAM_WORDS - 64 for p in parts), (generation, width, size)


@pytest.mark.parametrize(
    ("output_bytes", "zero", "low", "high", "positive", "count"),
    [
        (1, 0, -128, 127, False, 0),
        (1, -128, -128, 127, True, 1),
        (1, -128, -128, 127, False, 3),
        (1, 5, -128, 127, False, 3),
        (1, 0, 0, 127, False, 1),
        (2, 0, -32768, 32767, False, 0),
        (2, 1, -32768, 32767, False, 3),
        (4, 0, -(1 << 30), 1 << 30, False, 3),
    ],
)
def test_clips(output_bytes: int, zero: int, low: int, high: int, positive: bool, count: int) -> None:
    """What saturation does anyway costs nothing."""
    assert clip_operations(output_bytes, zero, low, high, positive) == count


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_stored_stages_are_those_of_the_operations(generation: str) -> None:
    """Code that runs once, and some loops, scheduled anew; no loop below what its busiest unit needs."""
    some = {RowStage(Stage.STATISTICS, 1), RowStage(Stage.NORMALISED, 1, 1, narrow=True), RowStage(Stage.MAXIMA, 1, groups=4)}
    for stage in row_stages():
        stored, code = schedules()[generation, stage.key], row_stage(stage, generation)
        if stage.stage not in LOOPS:
            assert (stored.interval, stored.overhead) == (0, schedule_straight(code).length)
        else:
            assert stored.interval >= code.resource_bound()
        if stage in some:
            loop = schedule_loop(code)
            assert (stored.interval, stored.overhead) == (loop.interval, loop.ramp)


def test_every_unit_is_known() -> None:
    """An operation occupies units that a core has, and a lookup both loads."""
    code = row_stage(RowStage(Stage.TOTALS, 1), "aie-ml")
    assert code.uses(Unit.LOAD) == 1 + 16
    assert {u for o in code.operations for u in o.units} <= set(Unit)
