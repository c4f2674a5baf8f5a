"""Modulo scheduling: known optima, schedules that hold, and the stored table re-derived."""

from __future__ import annotations

from collections import Counter

import pytest

from placer.cycles.block_operations import dense_block, dense_steps, elementwise_block
from placer.cycles.kernel import UNROLLED_STEPS, block_cycles, scheduled
from placer.cycles.operations import BYTE, Bias, DenseBlock, Dependence, ElementwiseBlock, Operation, OperationList, Start, StepKind, Unit
from placer.device import find_device
from placer.solvers.modulo import Schedule, schedule_loop, schedule_once

VEK280, VEK385 = find_device("VEK280"), find_device("VEK385")
PLAIN, LINEAR = StepKind(Bias.NONE, False, False), StepKind(Bias.COLUMN, False, True)


def assert_legal(body: OperationList, schedule: Schedule) -> None:
    """Every dependence kept, no unit used beyond its capacity in any slot."""
    for d in body.dependences:
        assert schedule.cycles[d.target] + schedule.interval * d.distance >= schedule.cycles[d.source] + d.cycles
    slots = Counter((u, c % schedule.interval) for o, c in zip(body.operations, schedule.cycles, strict=True) for u in o.units)
    assert all(count <= unit.capacity for (unit, _), count in slots.items())


def test_a_recurrence_bounds_the_interval() -> None:
    """One product an accumulator every two cycles, whatever is free."""
    body = OperationList((Operation("multiply", (Unit.MULTIPLY,)),), (Dependence(0, 0, 2, 1),))
    assert schedule_loop(body).interval == 2


def test_a_unit_bounds_the_interval_and_a_chain_the_length() -> None:
    """Three loads on two units: two cycles; each product seven after its load."""
    operations = (*(Operation("load", (Unit.LOAD,)) for _ in range(3)), Operation("multiply", (Unit.MULTIPLY,)))
    schedule = schedule_loop(OperationList(operations, (Dependence(0, 3, 7),)))
    assert (schedule.interval, schedule.length, schedule.ramp) == (2, 8, 6)


@pytest.mark.parametrize(
    "block",
    [DenseBlock(2, 2, Start.ZERO, (LINEAR,)), DenseBlock(1, 2, Start.CASCADE, ()), DenseBlock(2, 1, Start.CASCADE, (PLAIN,))],
)
@pytest.mark.parametrize("device", [VEK280, VEK385], ids=lambda d: d.name)
def test_the_stored_schedules_of_dense_blocks(block: DenseBlock, device: object) -> None:
    """Scheduled anew: the interval of one product in depth, and the length of a block two deep."""
    assert device in {VEK280, VEK385}
    target = VEK280 if device is VEK280 else VEK385
    loop, once = schedule_loop(dense_steps(block, 1, target)), schedule_once(dense_block(block, 2, target))
    assert_legal(dense_steps(block, 1, target), loop)
    assert_legal(dense_block(block, 2, target), once)
    assert scheduled(block, target).interval == loop.interval
    assert block_cycles(block, 2, target) == once.length


def test_the_stored_schedule_of_an_addition() -> None:
    """Two loads that shift up a block."""
    block = ElementwiseBlock((BYTE, BYTE), (PLAIN,))
    loop = schedule_loop(elementwise_block(block, VEK280))
    assert (loop.interval, loop.ramp) == (scheduled(block, VEK280).interval, scheduled(block, VEK280).overhead)


def test_deeper_blocks_take_one_interval_a_product() -> None:
    """The stored overhead, taken from blocks two deep, holds for a block four deep, alone and pipelined at what its busiest unit needs."""
    block = DenseBlock(2, 2, Start.COLUMN, (StepKind(Bias.NONE, False, True),))
    body = dense_block(block, 4, VEK280)
    assert schedule_once(body).length == block_cycles(block, 4, VEK280)
    loop = schedule_loop(body)
    assert_legal(body, loop)
    assert loop.interval == body.resource_bound() == 16
    assert loop.length == block_cycles(block, 4, VEK280)
    assert UNROLLED_STEPS >= 4


@pytest.mark.parametrize("second", [PLAIN, StepKind(Bias.NONE, False, True), LINEAR], ids=lambda s: s.key)
@pytest.mark.parametrize("first", [PLAIN, LINEAR], ids=lambda s: s.key)
def test_further_steps_add_their_latency(first: StepKind, second: StepKind) -> None:
    """Longer chains are charged the sum of latencies: within a few cycles of their proven schedule (moves of two biases compete)."""
    block = DenseBlock(2, 2, Start.ZERO, (first, second))
    assert schedule_once(dense_block(block, 2, VEK280)).length == pytest.approx(block_cycles(block, 2, VEK280), abs=8)
