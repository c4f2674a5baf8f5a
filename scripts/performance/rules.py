"""Design rules published for eight rows (arXiv 2604.19106), on our kernels and on one that streams, modelled."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from placer.cycles.kernel import ALONE, CALL_CYCLES, TileWork, cascade_hop_cycles, dense_body_cycles, dense_cycles
from placer.device import find_device
from placer.layers import Side
from scripts.performance import stream_kernel
from scripts.performance.nests import LINEAR, NATIVE, Shape, native_size

DEVICE = find_device("VEK280")
ROWS = 8
# The int8 products of the AIE API on AIE-ML (aie_api mmul.hpp).
PRODUCTS = ((2, 8, 8), NATIVE, (8, 8, 8), (4, 8, 4), (4, 16, 4), (8, 8, 4), (1, 16, 8), (2, 16, 8), (4, 16, 8))
# Depth and columns of tiles with more columns; their mirror images are the deep ones.
WIDE = ((32, 64), (32, 128), (64, 128), (32, 256), (64, 256), (32, 512))

Cycles = Callable[[int, int], int]


def ours(inner: int, columns: int) -> int:
    """One call of our kernel for eight rows, without locks."""
    return CALL_CYCLES + dense_body_cycles(TileWork(1, ROWS, inner, columns), Side.RIGHT, ALONE, (LINEAR,), DEVICE)


def of_product(product: Shape, inner: int, columns: int) -> int:
    """As ours(), of products of another shape: what the native ones they are made of take, not counting the moves between them."""
    rows, inner, columns = native_size((ROWS, inner, columns), product)
    return CALL_CYCLES + dense_body_cycles(TileWork(1, rows, inner, columns), Side.RIGHT, ALONE, (LINEAR,), DEVICE)


def layer(inner: int, columns: int, length: int) -> int:
    """A cascade of our kernels from the first tile's start to the last one's end, with locks; inner: of one tile."""
    work = TileWork(1, ROWS, inner, columns)
    return dense_cycles(work, Side.RIGHT, length, (LINEAR,), DEVICE) + (length - 1) * cascade_hop_cycles(work, DEVICE)


def deep_over_wide(cycles: Cycles) -> list[float]:
    """How many times as long each deep tile takes as its wide mirror image, of equal work."""
    return [cycles(columns, inner) / cycles(inner, columns) for inner, columns in WIDE]


def rules() -> Iterator[str]:
    """One rule a row."""
    yield "| rule, for eight rows | published | our kernels, modelled | a kernel that streams, modelled |"
    yield "|---|---|---|---|"
    shapes = {p: of_product(p, 64, 64) for p in PRODUCTS}
    listed = ", ".join(f"{'x'.join(map(str, p))} {cycles}" for p, cycles in sorted(shapes.items(), key=lambda item: item[1]))
    yield f"| shape of a product, 8x64x64 | 4x8x8 is best | {listed} cycles | |"
    found = [f"{min(r):.2f} to {max(r):.2f} times" for r in map(deep_over_wide, (ours, stream_kernel.kernel_cycles))]
    yield f"| deep against wide tiles of equal work | up to 2 times as long | {found[0]} | {found[1]} |"
    streamed = [stream_kernel.kernel_cycles(128, 128), stream_kernel.split_depth_cycles(128, 128), stream_kernel.kernel_cycles(128, 64)]
    yield (
        f"| 8x128x128 on two tiles: depth cut, columns cut | depth lowers latency more | {layer(128, 128, 1)} cycles to "
        f"{layer(64, 128, 2)}, {layer(128, 64, 1)} | {streamed[0]} cycles to {streamed[1]}, {streamed[2]} |"
    )
    for label, inner, columns, published in (
        ("8x32x64 on two tiles", 32, 64, "gains less than 15 %"),
        ("8x16x32 on two tiles", 16, 32, "loses"),
    ):
        whole, streamed_whole = layer(inner, columns, 1), stream_kernel.kernel_cycles(inner, columns)
        gains = [whole / layer(inner // 2, columns, 2), whole / layer(inner, columns // 2, 1)]
        streamed_gains = [
            streamed_whole / stream_kernel.split_depth_cycles(inner, columns),
            streamed_whole / stream_kernel.kernel_cycles(inner, columns // 2),
        ]
        cells = (f"depth cut {depth - 1:+.0%}, columns cut {wide - 1:+.0%}" for depth, wide in (gains, streamed_gains))
        yield f"| {label} | {published} | {' | '.join(cells)} |"
