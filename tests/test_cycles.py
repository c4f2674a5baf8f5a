"""The modelled cycles: against published figures, never below what the machine allows, and rising with the work."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placer.cycles import (
    ALONE,
    CALL_CYCLES,
    LOCK_CYCLES,
    Place,
    TileWork,
    cascade_hop_cycles,
    dense_body_cycles,
    dense_cycles,
    elementwise_cycles,
    scheduled,
    transfer_cycles,
)
from placer.device import Device, find_device
from placer.layers import Side
from placer.operations import Bias, DenseBlock, Start, StepKind

DEVICES = (find_device("VEK280"), find_device("VEK385"))
VEK280 = DEVICES[0]
SIZES = st.integers(1, 64)
SIDES = st.sampled_from(Side)
PLAIN = StepKind(Bias.NONE, False, False)
LINEAR = StepKind(Bias.COLUMN, False, True)
KINDS = st.tuples(st.builds(StepKind, st.sampled_from(Bias), st.booleans(), st.booleans()))


def call(
    rows: int, inner: int, columns: int, place: Place = ALONE, finish: StepKind = LINEAR, output_bytes: int = 1, nested: bool = False
) -> int:
    """One call on VEK280 without its locks, as a kernel alone is measured."""
    return CALL_CYCLES + dense_body_cycles(TileWork(1, rows, inner, columns), Side.RIGHT, place, (finish,), VEK280, output_bytes, nested)


@pytest.mark.parametrize(
    ("shape", "place", "finish", "output_bytes", "published"),
    [
        ((64, 64, 64), ALONE, LINEAR, 1, 1122),
        ((16, 16, 16), ALONE, LINEAR, 1, 53),
        ((1, 512, 64), ALONE, LINEAR, 1, 1060),
        ((1, 128, 256), ALONE, LINEAR, 1, 1060),
        # 165 TOPS on 288 tiles at 1.25 GHz, and 159 TOPS.
        ((64, 224, 64), Place(3, 4), PLAIN, 1, 64 * 224 * 64 * 2 * 288 * 1.25e9 / 165e12),
        ((64, 184, 64), Place(3, 4), PLAIN, 2, 64 * 184 * 64 * 2 * 288 * 1.25e9 / 159e12),
        # 233 multiply-accumulates a cycle in a large product: a tile that fills the memory.
        ((64, 224, 64), ALONE, PLAIN, 1, 64 * 224 * 64 / 233),
    ],
)
def test_published_kernels(shape: tuple[int, int, int], place: Place, finish: StepKind, output_bytes: int, published: float) -> None:
    """Within 10 % of vendor simulation and silicon, as the nests that those kernels are, and as the one loop of ours; no constant of the
    model is set from any of them.
    """
    nest, ours = (call(*shape, place=place, finish=finish, output_bytes=output_bytes, nested=nested) for nested in (True, False))
    assert nest == pytest.approx(published, rel=0.10)
    assert ours == pytest.approx(published, rel=0.10)
    assert ours <= nest


def test_one_loop_fills_its_pipeline_once() -> None:
    """4 x 4 register blocks of eight products: a nest fills it once a column, unless rows are left over."""
    ramp = (call(32, 64, 64, nested=True) - call(32, 64, 64)) / 3
    assert 10 < ramp < 25
    assert call(36, 64, 64, nested=True) == call(36, 64, 64)


def test_a_cascade_starts_at_its_bias() -> None:
    """In the first tile: the last one adds nothing, unless a doubled sum makes it wait."""
    doubled = replace(LINEAR, doubled=True)
    assert call(64, 64, 64, Place(1, 2)) == call(64, 64, 64, Place(1, 2), replace(LINEAR, bias=Bias.NONE))
    assert call(64, 64, 64, Place(1, 2), doubled) > call(64, 64, 64, Place(1, 2), replace(doubled, bias=Bias.NONE))
    assert call(64, 64, 64, Place(0, 2)) > call(64, 64, 64, Place(0, 2), doubled)


def test_one_more_cascade_stage() -> None:
    """About 29 cycles on a light kernel."""
    assert 25 <= cascade_hop_cycles(TileWork(1, 8, 32, 32), VEK280) <= 33


def test_columns_against_depth() -> None:
    """A product in depth on one accumulator waits two cycles for the last, on the four of a 2 x 2 block none: the published factor of up to
    two for column-heavy over deep tiles. The kernels keep two chains or more from eight rows on, so equal work takes equal time there.
    """
    one, four = (scheduled(DenseBlock(n, n, Start.ZERO, (PLAIN,)), VEK280).interval for n in (1, 2))
    assert one / (four / 4) == 2
    for inner, columns in ((128, 16), (128, 32), (64, 32), (256, 64)):
        assert call(8, inner, columns) == pytest.approx(call(8, columns, inner), rel=0.15)


def test_the_best_shape_of_a_product() -> None:
    """4 x 8 x 8 fills the multiplier with one intrinsic: eight rows of it reach more than three quarters of the peak on one tile."""
    assert VEK280.mmul == (4, 8, 8)
    assert 8 * 128 * 128 / VEK280.core.macs_int8 / call(8, 128, 128) > 0.75


def layer(inner: int, columns: int, length: int) -> int:
    """A layer of eight rows from the first tile's start to the last one's end."""
    work = TileWork(1, 8, inner, columns)
    return dense_cycles(work, Side.RIGHT, length, (LINEAR,), VEK280) + (length - 1) * cascade_hop_cycles(work, VEK280)


def test_small_tiles_gain_little_from_more_tiles() -> None:
    """Cutting the depth of 8 x 32 x 64 in two gains less than 15 %; cutting 8 x 16 x 32 loses (published design rules)."""
    assert layer(32, 64, 1) / layer(16, 64, 2) < 1.15
    assert layer(16, 32, 1) < layer(8, 32, 2)
    assert layer(256, 64, 1) > 1.5 * layer(128, 64, 2)


@given(SIZES, SIZES, SIZES, SIZES, SIDES, st.sampled_from(DEVICES), KINDS, st.integers(1, 4))
def test_never_faster_than_the_machine(
    samples: int, rows: int, inner: int, columns: int, side: Side, device: Device, finish: tuple[StepKind, ...], length: int
) -> None:
    """Multiply-accumulates over the peak are a lower bound."""
    macs = samples * rows * inner * columns
    cycles = dense_cycles(TileWork(samples, rows, inner, columns), side, length, finish, device)
    assert cycles >= CALL_CYCLES + 2 * LOCK_CYCLES + macs / device.core.macs_int8


@given(SIZES, SIZES, SIZES, SIZES, SIDES, st.sampled_from(("samples", "rows", "inner", "columns")), KINDS, st.integers(1, 4))
def test_twice_the_work_never_takes_less(
    samples: int, rows: int, inner: int, columns: int, side: Side, which: str, finish: tuple[StepKind, ...], length: int
) -> None:
    """In every dimension, from whole pairs of blocks on: an odd block needs a loop of its own."""
    work = TileWork(samples, 8 * rows, 16 * inner, 16 * columns)
    more = replace(work, **{which: 2 * getattr(work, which)})
    assert dense_cycles(more, side, length, finish, VEK280) >= dense_cycles(work, side, length, finish, VEK280)


def test_a_large_product_is_near_its_peak() -> None:
    """128 x 128 x 128 on 256 multiply-accumulates a cycle: 8192 cycles, and less than a tenth more."""
    for side in Side:
        assert 8192 < dense_cycles(TileWork(1, 128, 128, 128), side, 1, (LINEAR,), VEK280) < 9011


def test_an_addition_is_bound_by_the_load_that_shifts_up() -> None:
    """Two vectors a block of 32 elements through load unit A; locks of three buffers; a bias costs a loop a column of blocks."""
    assert elementwise_cycles(TileWork(1, 40, 0, 8), 2, (PLAIN,), VEK280) == CALL_CYCLES + 6 * LOCK_CYCLES + 20 + 12
    biased = elementwise_cycles(TileWork(1, 40, 0, 16), 1, (LINEAR,), VEK280)
    assert biased > elementwise_cycles(TileWork(1, 40, 0, 16), 1, (PLAIN,), VEK280)


@pytest.mark.parametrize(("size", "cycles"), [(0, 0), (1, 1), (4, 1), (5, 2), (4096, 1024)])
def test_transfers(size: int, cycles: int) -> None:
    """Four bytes a cycle on AIE-ML, eight on AIE-MLv2, rounded up."""
    assert transfer_cycles(size, VEK280) == cycles
    assert transfer_cycles(size, DEVICES[1]) == -(-size // DEVICES[1].stream_bytes)
