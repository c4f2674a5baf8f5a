"""Published design rules for eight rows: reproduced, and where our kernels stand."""

from __future__ import annotations

import pytest

from placer.cycles.block_operations import dense_block
from placer.cycles.operations import Bias, DenseBlock, Start, StepKind
from scripts.performance import stream_kernel
from scripts.performance.rules import DEVICE, NATIVE, PRODUCTS, WIDE, deep_over_wide, layer, of_product, ours
from scripts.performance.stream_kernel import FINISH, kernel_cycles, read_cycles, split_depth_cycles

TILES = ((32, 64), (64, 64), (128, 32), (32, 128), (128, 128))


@pytest.mark.parametrize(("inner", "columns"), TILES)
def test_the_best_shape_of_a_product(inner: int, columns: int) -> None:
    """4 x 8 x 8, which the kernels use: as fast as the larger shapes that are made of it, and smaller ones waste what they do not fill."""
    assert DEVICE.mmul == NATIVE
    cycles = {p: of_product(p, inner, columns) for p in PRODUCTS}
    assert cycles[NATIVE] == ours(inner, columns) == min(cycles.values())
    for product, found in cycles.items():
        filled = 1
        for size, native in zip(product, NATIVE, strict=True):
            filled *= min(1, size / native)
        # Filling, draining and the call do not grow with the work.
        assert (found == cycles[NATIVE]) == (filled == 1)
        assert found > 0.7 / filled * cycles[NATIVE]


def test_deep_tiles_take_longer_where_the_core_reads_its_input() -> None:
    """Published: up to twice as long as wide ones of equal work. The kernel that streams takes up to 1.6 times as long, all of it for the
    words of the deeper input, since those of a wider output leave while it works on.
    """
    streamed = deep_over_wide(kernel_cycles)
    assert all(r > 1.1 for r in streamed)
    assert 1.5 < max(streamed) < 2
    # Without its reading, a deep tile has fewer groups to fill and drain than a wide one.
    assert all(r < 1.05 for r in deep_over_wide(lambda inner, columns: kernel_cycles(inner, columns) - 2 * read_cycles(inner // 8)))


def test_deep_tiles_take_no_longer_on_our_kernels() -> None:
    """The DMA moves both sides beside the work, and two chains of accumulators or more hide the latency of the multiplier."""
    assert all(0.95 < r < 1.15 for r in deep_over_wide(ours))
    assert all(ours(inner, columns) < 0.5 * kernel_cycles(inner, columns) for inner, columns in WIDE)


def test_cutting_the_depth_lowers_latency_more_where_the_core_reads_its_input() -> None:
    """Each half reads half. On ours it is the other way around: a cascade runs late by a register block."""
    assert split_depth_cycles(128, 128) < kernel_cycles(128, 64) < kernel_cycles(128, 128)
    assert layer(128, 64, 1) < layer(64, 128, 2) < layer(128, 128, 1)


def test_small_tiles_gain_little_from_more_tiles() -> None:
    """Cutting the depth of 8 x 32 x 64 in two gains less than 15 %; cutting 8 x 16 x 32 loses."""
    assert 1 < layer(32, 64, 1) / layer(16, 64, 2) < 1.15
    assert 1 < kernel_cycles(32, 64) / split_depth_cycles(32, 64) < 1.15
    assert layer(16, 32, 1) < layer(8, 32, 2)
    assert layer(256, 64, 1) > 1.5 * layer(128, 64, 2)


def test_the_kernel_that_streams_by_hand() -> None:
    """Four rows of 8 x 8: eight words and a store behind the last one's latency; then one product, rounded, clipped, written in eight."""
    assert read_cycles(1) == 8 + 7
    alone = stream_kernel.group_cycles(1, 1, stream_kernel.ALONE).alone
    # Two loads of one bank, seven to the product, five to rounding, four to clipping, two to the first of eight words.
    assert alone == 1 + 7 + 5 + 4 + 2 + 8
    assert kernel_cycles(8, 8, rows=4) == stream_kernel.CALL_CYCLES + 15 + alone


def test_each_block_is_written_in_words() -> None:
    """Eight in a row for every store of the code that keeps its output in memory."""
    code = dense_block(DenseBlock(1, 3, Start.ZERO, FINISH), 2, DEVICE)
    stores = sum(o.name == "store" for o in code.operations)
    streamed = stream_kernel.to_stream(code)
    assert stores == 3
    assert sum(o.name == "write stream" for o in streamed.operations) == 8 * stores
    assert len(streamed.operations) == len(code.operations) + 7 * stores
    assert StepKind(Bias.NONE, False, True) in FINISH
