"""First cycle estimates, all modelled: issue-bound kernels plus named overheads, and transfers bound by one stream.

A kernel's inner loop is bound by its multiply-accumulate instructions or by one of its two load units (facts: AM020 chapter 2; one 256-bit
load a cycle from one logical bank). What lies outside the inner loop is summarised by three named overheads.
"""

from __future__ import annotations

from dataclasses import dataclass

from placer.device import Device
from placer.layers import Side

# ASSUMPTION: kernel call, lock acquire and release, pipeline fill. Small published kernels lie 35 to 60 cycles above their ideal.
CALL_CYCLES = 40
# ASSUMPTION: draining one register block of accumulators into the requantisation path without overlap.
REGISTER_BLOCK_CYCLES = 1
# One more cascade stage on a light kernel, from published vendor simulations of a dense kernel.
CASCADE_HOP_CYCLES = 29
# ASSUMPTION: stream switches and DMA start between two tiles some hops apart; 4 + 4h + 3 cycles over h switches (AM020 chapter 2).
STREAM_CYCLES = 30
# Row and column blocks of one register block of accumulators.
REGISTER_ROWS, REGISTER_COLUMNS = 2, 2


@dataclass(frozen=True)
class TileWork:
    """One tile's share of a dense layer, padded: `samples` products of [rows, inner] by [inner, columns] elements."""

    samples: int
    rows: int
    inner: int
    columns: int


def dense_cycles(work: TileWork, side: Side, device: Device) -> int:
    """Modelled cycles of one call of the dense kernel.

    RIGHT keeps the weights in the right operand, LEFT in the left one; samples multiply the work either way.
    """
    block_rows, block_inner, block_columns = device.mmul
    row_blocks, inner_blocks, column_blocks = (
        -(-work.rows // block_rows),
        -(-work.inner // block_inner),
        -(-work.columns // block_columns),
    )
    if side is Side.RIGHT:
        row_blocks *= work.samples
        repeats = 1
    else:
        repeats = work.samples
    products = row_blocks * inner_blocks * column_blocks
    row_groups, column_groups = -(-row_blocks // REGISTER_ROWS), -(-column_blocks // REGISTER_COLUMNS)
    unit_bytes = device.core.load_bytes_per_cycle // 2
    left_loads = row_blocks * inner_blocks * column_groups * block_rows * block_inner // unit_bytes
    right_loads = inner_blocks * column_blocks * row_groups * block_inner * block_columns // unit_bytes
    body = max(products, left_loads, right_loads) + row_groups * column_groups * REGISTER_BLOCK_CYCLES
    return CALL_CYCLES + repeats * body


def elementwise_cycles(elements: int, sources: int, device: Device) -> int:
    """Modelled cycles of one call of an elementwise int8 kernel: 32 elements an iteration, bound by loads or by unpack, add and store."""
    vectors = -(-elements // 32)
    return CALL_CYCLES + vectors * max(2, sources * 32 * 2 // device.core.load_bytes_per_cycle)


def transfer_cycles(size: int, device: Device) -> int:
    """Cycles in which one stream, DMA channel or PLIO port moves `size` bytes."""
    return -(-size // device.stream_bytes)
