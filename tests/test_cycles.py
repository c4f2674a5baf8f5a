"""The modelled cycles: never below what the machine's multipliers, loads and streams allow, and rising with the work."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placer.cycles import CALL_CYCLES, TileWork, dense_cycles, elementwise_cycles, transfer_cycles
from placer.device import Device, find_device
from placer.layers import Side

DEVICES = (find_device("VEK280"), find_device("VEK385"))
SIZES = st.integers(1, 64)
SIDES = st.sampled_from(Side)


@given(SIZES, SIZES, SIZES, SIZES, SIDES, st.sampled_from(DEVICES))
def test_never_faster_than_the_machine(samples: int, rows: int, inner: int, columns: int, side: Side, device: Device) -> None:
    """Multiply-accumulates over the peak are a lower bound."""
    macs = samples * rows * inner * columns
    assert dense_cycles(TileWork(samples, rows, inner, columns), side, device) >= CALL_CYCLES + macs / device.core.macs_int8


@given(SIZES, SIZES, SIZES, SIZES, SIDES, st.sampled_from(("samples", "rows", "inner", "columns")))
def test_more_work_never_takes_less(samples: int, rows: int, inner: int, columns: int, side: Side, which: str) -> None:
    """In every dimension."""
    work = TileWork(samples, rows, inner, columns)
    more = replace(work, **{which: getattr(work, which) + 8})
    assert dense_cycles(more, side, DEVICES[0]) >= dense_cycles(work, side, DEVICES[0])


def test_a_large_product_is_near_its_peak() -> None:
    """128 x 128 x 128 on 256 multiply-accumulates a cycle: 8192 cycles, and less than a tenth more."""
    work = TileWork(1, 128, 128, 128)
    for side in Side:
        assert 8192 < dense_cycles(work, side, DEVICES[0]) < 9011


def test_two_loads_feed_an_addition() -> None:
    """An addition of two int8 tensors is not bound by loads on this machine, by its 2 instructions a vector."""
    assert elementwise_cycles(320, 2, DEVICES[0]) == CALL_CYCLES + 20
    assert elementwise_cycles(1, 1, DEVICES[0]) == CALL_CYCLES + 2


@pytest.mark.parametrize(("size", "cycles"), [(0, 0), (1, 1), (4, 1), (5, 2), (4096, 1024)])
def test_transfers(size: int, cycles: int) -> None:
    """Four bytes a cycle on AIE-ML, eight on AIE-MLv2, rounded up."""
    assert transfer_cycles(size, DEVICES[0]) == cycles
    assert transfer_cycles(size, DEVICES[1]) == -(-size // DEVICES[1].stream_bytes)
