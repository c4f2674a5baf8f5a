"""The modelled cycles: against published figures, never below what the machine allows, and rising with the work."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placer.cycles.block_operations import dense_block, elementwise_block
from placer.cycles.kernel import (
    ALONE,
    CALL_CYCLES,
    INT8,
    LOCK_CYCLES,
    Elements,
    Place,
    TileWork,
    cascade_hop_cycles,
    dense_body_cycles,
    dense_cycles,
    elementwise_cycles,
    scheduled,
)
from placer.cycles.operands import operands
from placer.cycles.operations import (
    BYTE,
    Bias,
    DenseBlock,
    ElementwiseBlock,
    Entry,
    Multiplier,
    Operand,
    Scaling,
    Start,
    StepKind,
    Unit,
)
from placer.device import Device, find_device
from placer.layers import Side
from placer.mmul import mmul_shapes
from placer.network import IntType
from placer.solvers.modulo import schedule_loop
from scripts.performance.kernels import COMPILED, DENSE, HOP, LIGHT, PLAIN
from scripts.performance.nests import LINEAR, NATIVE, Published

DEVICES = (find_device("VEK280"), find_device("VEK385"))
VEK280 = DEVICES[0]
SIZES = st.integers(1, 64)
SIDES = st.sampled_from(Side)
KINDS = st.tuples(st.builds(StepKind, st.sampled_from(Bias), st.booleans(), st.booleans()))


def call(rows: int, inner: int, columns: int, place: Place = ALONE, finish: StepKind = LINEAR, elements: Elements = INT8) -> int:
    """One call on VEK280 without its locks, as a kernel alone is measured."""
    return CALL_CYCLES + dense_body_cycles(TileWork(1, rows, inner, columns), Side.RIGHT, place, (finish,), VEK280, elements)


@pytest.mark.parametrize("kernel", DENSE, ids=lambda k: k.label)
def test_published_kernels(kernel: Published) -> None:
    """Within 10 % of vendor simulation and silicon, as the nests that those kernels are; no constant of the model is set from any of them.
    Ours, with its call, neither takes longer nor 10 % less where it is made of the same products.
    """
    assert kernel.nest(VEK280) == pytest.approx(kernel.cycles, rel=0.10)
    if kernel.product == NATIVE:
        assert kernel.ours(VEK280) == pytest.approx(kernel.cycles, rel=0.10)


def test_what_a_compiler_makes_of_a_kernel() -> None:
    """Of one product a register block, 10 % beside it; of int32 results of two, a third less than it takes."""
    errors = [kernel.nest(VEK280) / kernel.cycles - 1 for kernel in COMPILED]
    assert errors == pytest.approx([0.08, 0.09, -0.33], abs=0.01)


def test_streams_bound_what_has_few_products() -> None:
    """Operands of 48 x 240 arrive in 2,880 cycles; those of 64 x 224 before they are needed."""
    bound = Published("", (48, 240, 48), 0, "", streamed=True)
    assert bound.nest(VEK280) == bound.ours(VEK280) == 48 * 240 // 4 > replace(bound, streamed=False).nest(VEK280)
    free = Published("", (64, 224, 64), 0, "", streamed=True)
    assert free.nest(VEK280) == replace(free, streamed=False).nest(VEK280)


def test_rows_of_a_nest_fill_their_pipelines() -> None:
    """Products of two rows take the instruction of four, and twice as many rows of blocks, of eight half as many."""
    two, four, eight = (Published("", (64, 64, 64), 0, "", product=(rows, 8, 8)).nest(VEK280) for rows in (2, 4, 8))
    assert two == 2 * four
    assert (eight - 1024) / (four - 1024) == pytest.approx(0.5, abs=0.1)


def test_one_loop_fills_its_pipeline_once() -> None:
    """4 x 4 register blocks of eight products, against four columns of them, unless rows are left over."""
    one, four = (call(32, 64, columns) - CALL_CYCLES for columns in (16, 64))
    assert 10 < (4 * one - four) / 3 < 25
    one, four = (call(36, 64, columns) - CALL_CYCLES for columns in (16, 64))
    assert four == 4 * one


def test_a_cascade_starts_at_its_bias() -> None:
    """In the first tile: the last one adds nothing, unless a doubled sum makes it wait."""
    doubled = replace(LINEAR, doubled=True)
    assert call(64, 64, 64, Place(1, 2)) == call(64, 64, 64, Place(1, 2), replace(LINEAR, bias=Bias.NONE))
    assert call(64, 64, 64, Place(1, 2), doubled) > call(64, 64, 64, Place(1, 2), replace(doubled, bias=Bias.NONE))
    assert call(64, 64, 64, Place(0, 2)) > call(64, 64, 64, Place(0, 2), doubled)


@pytest.mark.parametrize(
    ("left", "right", "multiplies", "lane_bits"), [(1, 1, 1, 32), (2, 1, 2, 32), (1, 2, 4, 64), (2, 2, 4, 64), (4, 4, 16, 64)]
)
def test_wider_operands(left: int, right: int, multiplies: int, lane_bits: int) -> None:
    """Instructions of the products that the AIE API has (4 x 4 x 8, two for 16-bit weights): large work takes as many times as long, and
    one row what its weights take to load.
    """
    kinds = operands(left, right, VEK280)
    assert (kinds.multiplies, kinds.lane_bits) == (multiplies, lane_bits)
    elements = Elements(kinds, 2)
    assert 1 < call(64, 64, 64, elements=elements) / (1024 * multiplies) < 1.05
    loads = 512 * 64 * right / 32
    assert max(loads, 512 * multiplies) < call(1, 512, 64, elements=elements) < 1.2 * max(loads, 2 * 512 * multiplies)


@pytest.mark.parametrize("device", DEVICES, ids=lambda d: d.name)
@pytest.mark.parametrize(("left", "right"), [(2, 1), (1, 2), (2, 2), (4, 4)])
def test_no_product_takes_fewer_instructions(left: int, right: int, device: Device) -> None:
    """Of those that are offered for the types."""
    types = {1: IntType.INT8, 2: IntType.INT16, 4: IntType.INT32}
    block = prod(device.mmul)
    counts = [block // prod(s.size) * s.intrinsics for s in mmul_shapes(device.generation, types[left], types[right])]
    assert operands(left, right, device).multiplies == min(counts)


def test_in_order_is_near_the_shortest() -> None:
    """Six cycles at most on every stored dense body; never fewer."""
    for rows, columns, start in product((1, 2), (1, 2), Start):
        for finish in ((), (PLAIN,), (replace(PLAIN, relu=True),)):
            block = DenseBlock(rows, columns, start, finish)
            stored = scheduled(block, VEK280)
            assert 0 <= dense_block(block, 2, VEK280).in_order() - stored.overhead - 2 * stored.interval <= 6


def test_one_more_cascade_stage() -> None:
    """Of a light kernel."""
    assert cascade_hop_cycles(LIGHT, VEK280) == pytest.approx(HOP, rel=0.10)


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


ONE_VALUE, ONE_A_COLUMN = (Scaling(m, True, 2, False, 1) for m in (Multiplier.ONE, Multiplier.COLUMN))
ZERO_ALONE = Scaling(Multiplier.NONE, False, 2, False, 1)


def test_a_multiplier_costs_eight_products_a_block() -> None:
    """32 lanes of 32 by 32 bits: as many as a depth of 64 takes. A zero point costs next to nothing, a column's own little."""
    plain, zero, one, each = (
        call(64, 64, 64, finish=replace(LINEAR, relu=False, scaling=s)) for s in (None, ZERO_ALONE, ONE_VALUE, ONE_A_COLUMN)
    )
    assert plain < zero < 1.03 * plain
    assert 128 * (8 + 8) < one <= each < 1.05 * 128 * (8 + 8)


def test_wide_products_take_two_parts() -> None:
    """And a second word of the bias."""
    one, wide = (replace(PLAIN, doubled=True, scaling=replace(ONE_VALUE, wide=wide)) for wide in (False, True))
    assert call(64, 64, 64, finish=wide) > call(64, 64, 64, finish=one) + 128 * 8


def test_rescaling_is_pipelined_at_what_its_busiest_unit_needs() -> None:
    """A schedule of that interval exists; alone, a stored block takes no less than that, and no more than its operations in order."""
    block = DenseBlock(1, 1, Start.COLUMN, (replace(PLAIN, scaling=ONE_VALUE),))
    body = dense_block(block, 4, VEK280)
    loop = schedule_loop(body, shortest=False)
    assert loop.interval == body.resource_bound() == 14
    for scaling, rows, columns in product((ZERO_ALONE, ONE_VALUE, ONE_A_COLUMN), (1, 2), (1, 2)):
        block = DenseBlock(rows, columns, Start.COLUMN, (replace(PLAIN, scaling=scaling),))
        code, stored = dense_block(block, 2, VEK280), scheduled(block, VEK280)
        assert code.resource_bound() < stored.overhead + 2 * stored.interval <= code.in_order()


@pytest.mark.parametrize(
    ("entry", "operand", "busiest"), [(Entry.SCALED, 1, 8), (Entry.SCALED, 4, 16), (Entry.PRODUCT, 1, 2), (Entry.PRODUCT, 4, 8)]
)
def test_elements_that_are_multiplied(entry: Entry, operand: int, busiest: int) -> None:
    """Bytes less their zero points are 16 bits, of which a product with a 32-bit factor takes half as many instructions."""
    block = ElementwiseBlock((Operand(operand, True),) * 2, (PLAIN,), entry)
    assert elementwise_block(block, VEK280).uses(Unit.MULTIPLY) == busiest


def test_an_addition_is_bound_by_the_load_that_shifts_up() -> None:
    """Two vectors a block of 32 elements through load unit A; locks of three buffers; a bias costs a loop a column of blocks."""
    assert (
        elementwise_cycles(TileWork(1, 40, 0, 8), ElementwiseBlock((BYTE, BYTE), (PLAIN,)), VEK280)
        == CALL_CYCLES + 6 * LOCK_CYCLES + 20 + 12
    )
    biased = elementwise_cycles(TileWork(1, 40, 0, 16), ElementwiseBlock((BYTE,), (LINEAR,)), VEK280)
    assert biased > elementwise_cycles(TileWork(1, 40, 0, 16), ElementwiseBlock((BYTE,), (PLAIN,)), VEK280)
