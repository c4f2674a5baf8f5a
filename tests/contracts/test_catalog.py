"""Contracts: what a kernel holds, takes and costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from placer.contracts.catalog import contract
from placer.contracts.contract import ArgumentKind, PortKind
from placer.contracts.kernel_reference import blocked, unblocked
from placer.contracts.kernel_spec import AddSpec, DenseSpec, RequantiseSpec, Role
from placer.layers import Side, Step
from placer.mmul import mmul_shapes, register_blocks
from placer.network import IntType

I8, I16, I32 = IntType.INT8, IntType.INT16, IntType.INT32
BIASED = Step(0, 4, False, np.zeros(16, np.int64))


def spec(role: Role = Role.SINGLE) -> DenseSpec:
    """8 x 16 by 16 x 16 int8 on AIE-ML."""
    return DenseSpec("aie-ml", role, Side.RIGHT, 1, 8, 16, 16, I8, I8, I8, mmul_shapes("aie-ml", I8, I8)[0], 2, 2, (BIASED,))


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        (Role.SINGLE, "input weights bias output"),
        (Role.FIRST, "input weights bias partial_out"),
        (Role.MIDDLE, "input weights partial_in partial_out"),
        (Role.LAST, "input weights partial_in output"),
    ],
)
def test_arguments_by_role(role: Role, kinds: str) -> None:
    """Signature order; sums start at the bias where they start, and the output belongs to the roles that finish."""
    kernel = contract(spec(role))
    assert [a.kind.value for a in kernel.arguments] == kinds.split()
    assert kernel.template == f"dense_{role.value}"


@pytest.mark.parametrize("late", [replace(BIASED, up=1), replace(BIASED, wide=True)])
def test_a_bias_of_a_sum_that_grows_later_waits_for_the_last_tile(late: Step) -> None:
    """A doubled sum, or one of 64-bit lanes and two words of bias, cannot start at it."""
    first, last = (contract(replace(spec(role), steps=(late,))).argument(ArgumentKind.BIAS) for role in (Role.FIRST, Role.LAST))
    assert first is None
    assert last is not None
    assert last.elements == 16 * late.planes


def test_channel_values_are_where_they_are_used() -> None:
    """The first bias in the first tile; multipliers and the biases of later steps in the last."""
    steps = (replace(BIASED, multiplier=np.arange(16)), BIASED)
    held = {role: contract(replace(spec(role), steps=steps)).argument(ArgumentKind.BIAS) for role in Role}
    assert {role: a.elements // 16 if a else 0 for role, a in held.items()} == {
        Role.SINGLE: 3, Role.FIRST: 1, Role.MIDDLE: 0, Role.LAST: 2,
    }  # fmt: skip


def test_memory_counts_copies() -> None:
    """Ping and pong of the buffers, parameters once, cascades nowhere."""
    assert contract(spec()).memory_bytes == 2 * 128 + 256 + 16 * 4 + 2 * 128
    assert contract(spec(Role.MIDDLE)).memory_bytes == 2 * 128 + 256


def test_cascades_carry_the_shapes_accumulator() -> None:
    """Int16 x int16 in 4x4x8 sums in 64 bits, and so does its cascade."""
    wide = replace(spec(Role.FIRST), input=I16, weight=I16, mmul=mmul_shapes("aie-ml", I16, I16)[0])
    partial = contract(wide).argument(ArgumentKind.PARTIAL_OUT)
    assert partial is not None
    assert (partial.type, partial.element_bytes, partial.port) == ("acc64", 8, PortKind.CASCADE)


def test_operations_of_a_register_block() -> None:
    """2 x 2 blocks, two steps of 8: four products a step, each operand loaded once (the right one is 64 bytes, two loads)."""
    counts = contract(spec()).operations
    assert (counts.macs, counts.loads, counts.shuffles, counts.stores) == (8, 2 * 2 + 2 * 2 * 2, 0, 4)


def test_a_single_block_loads_more() -> None:
    """Without register blocking every product loads both its operands."""
    counts = contract(replace(spec(), register_rows=1, register_columns=1)).operations
    assert (counts.macs, counts.loads) == (8, 8 + 16)


def test_narrow_inner_shapes_shuffle_the_left_operand() -> None:
    """4x4x8: each m x 8 block is cut once, into two pieces."""
    narrow = replace(spec(), input=I16, mmul=mmul_shapes("aie-ml", I16, I8)[0])
    counts = contract(narrow).operations
    assert (counts.macs, counts.shuffles) == (16, 2 * 2 * 2)


def test_program_grows_with_the_remainders() -> None:
    """A rest of rows needs a loop nest of its own."""
    assert contract(replace(spec(), rows=12)).program_bytes > contract(spec()).program_bytes


def test_register_blocks_fit_the_accumulators() -> None:
    """4 x 2 and 2 x 2 with 32-bit lanes of 4 x 8; half with 64-bit ones; AIE-MLv2 has twice as many."""
    narrow, wide = mmul_shapes("aie-ml", I8, I8)[0], mmul_shapes("aie-ml", I16, I16)[0]
    assert register_blocks(narrow, "aie-ml")[:2] == ((4, 2), (2, 2))
    assert register_blocks(wide, "aie-ml")[0] == (2, 2)
    assert register_blocks(wide, "aie-mlv2")[0] == (4, 2)


def test_blocked_layout_by_hand() -> None:
    """Element (r, c) of an m x 8 block at r * 8 + c; row blocks before column blocks."""
    value = np.arange(8 * 16).reshape(1, 8, 16)
    flat = blocked(value, 4)
    assert flat[:8].tolist() == list(range(8))
    assert flat[8] == 16
    assert flat[32] == 64
    assert flat[64] == 8
    assert np.array_equal(unblocked(flat, 1, 8, 16, 4), value)


@pytest.mark.parametrize(
    ("step", "value", "wanted"),
    [
        (Step(0, 1, False, None), 3, 2),
        (Step(0, 1, False, None), 5, 2),
        (Step(0, 1, False, None), -3, -2),
        (Step(0, 0, True, None), -3, 0),
        (Step(3, 0, False, None), 100, 127),
        (Step(3, 0, False, None), -100, -128),
        (Step(0, 0, False, None, None, -5, 6), 7, 6),
        (Step(0, 0, False, None, None, -5, 6), -7, -5),
    ],
)
def test_requantise_by_hand(step: Step, value: int, wanted: int) -> None:
    """Ties to even, saturation both ways, ReLU, clip."""
    kernel = contract(RequantiseSpec("aie-ml", 4, 4, 8, I8, (step,), I8))
    assert set(kernel.reference((np.full(32, value),))[0].tolist()) == {wanted}


def test_add_aligns_each_operand() -> None:
    """(a - 2) * 4 + (b - 1) * 1, then a shift."""
    kernel = contract(AddSpec("aie-ml", 4, 4, 8, I8, (Step(0, 1, False, None),), I8, I16, 4, 1, 2, 1))
    assert set(kernel.reference((np.full(32, 3), np.full(32, 10)))[0].tolist()) == {6}


def test_steps_may_have_types_of_their_own() -> None:
    """An int8 step in between saturates there."""
    kernel = contract(RequantiseSpec("aie-ml", 4, 4, 8, I16, (Step(2, 0, False, None, I8), Step(4, 0, False, None)), I8))
    assert set(kernel.reference((np.full(32, 100),))[0].tolist()) == {127 << 4}


def test_elementwise_kernels_read_signed_elements() -> None:
    """In words."""
    with pytest.raises(ValueError, match="elementwise kernels read signed elements"):
        contract(RequantiseSpec("aie-ml", 4, 4, 8, I8, (Step(0, 1, False, None),), IntType.UINT8))
