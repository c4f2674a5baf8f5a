"""Modelled cycles of one kernel call against what others published; no constant of the model is set from any of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from placer.cycles.kernel import ALONE, CALL_CYCLES, Place, TileWork, cascade_hop_cycles
from placer.cycles.operations import Bias, StepKind
from placer.cycles.rows import normalise_cycles, softmax_cycles
from placer.device import Device, find_device
from placer.layers import NormaliseLayer, SoftmaxLayer
from scripts.performance import published_rows
from scripts.performance.nests import Published, Shape
from scripts.performance.published_vectors import scale_cycles

PLAIN = StepKind(Bias.NONE, False, False)
# VEK280 at the clock of GAMA, on as many tiles.
GAMA_TILES, GAMA_CLOCK = 288, 1.25e9


def _gama(size: Shape, output: str, tops: int, output_bytes: int) -> Published:
    """The last tile of one of its cascades, at so many 10^12 operations a second of all tiles."""
    rows, inner, columns = size
    cycles = rows * inner * columns * 2 * GAMA_TILES * GAMA_CLOCK / (tops * 1e12)
    label = f"{rows}x{inner}x{columns} in a cascade of 4, {output} out: {tops} TOPS"
    return Published(label, size, cycles, "GAMA", Place(3, 4), PLAIN, output_bytes, streamed=True)


SIMULATED, TUTORIAL = "vendor simulation, AIE4ML", "vendor simulation, AMD tutorial XD100"
CUBE, LARGE = (64, 64, 64), (64, 224, 64)
DENSE = (
    Published("dense 64x64x64, bias and ReLU", CUBE, 1122, SIMULATED),
    Published("dense 16x16x16, bias and ReLU", (16, 16, 16), 53, SIMULATED),
    Published("one row, 32 KB of weights, 512 deep (shape not stated)", (1, 512, 64), 1060, SIMULATED),
    Published("the same, 128 deep", (1, 128, 256), 1060, SIMULATED),
    _gama(LARGE, "int8", 165, 1),
    _gama((64, 184, 64), "int16", 159, 2),
    _gama((48, 240, 48), "int32", 133, 4),
    Published("a large product, 233 a cycle (as 64x224x64)", LARGE, 64 * 224 * 64 / 233, "Striking the Balance", finish=PLAIN),
    Published("dense 64x64x64 of 8x8x8 products", CUBE, 1050, SIMULATED, product=(8, 8, 8)),
    Published("dense 16x16x16 of 8x8x8 products", (16, 16, 16), 38, SIMULATED, product=(8, 8, 8)),
    Published("dense 64x64x64 of 8x8x4 products", CUBE, 2234, SIMULATED, product=(8, 8, 4)),
    Published("dense 64x64x64 of 2x8x8 products (2.3 times 1122)", CUBE, 2.3 * 1122, SIMULATED, product=(2, 8, 8)),
    Published("64x64x64, 4x16x8 products, two a block, int16 out", CUBE, 1121, TUTORIAL, ALONE, PLAIN, 2, (4, 16, 8), blocks=(2, 1)),
)
# What a compiler makes of them differs: it drains a loop while it fills the next, or finds no dense schedule, as the tutorial says.
COMPILED = (
    Published("64x64x64, 4x16x8 products, one a block, int16 out", CUBE, 2089, TUTORIAL, ALONE, PLAIN, 2, (4, 16, 8), blocks=(1, 1)),
    Published("the same, int32 out", CUBE, 2092, TUTORIAL, ALONE, PLAIN, 4, (4, 16, 8), blocks=(1, 1)),
    Published("64x64x64, 4x16x8 products, two a block, int32 out", CUBE, 1750, TUTORIAL, ALONE, PLAIN, 4, (4, 16, 8), blocks=(2, 1)),
)
# One more stage in a cascade of a light kernel.
LIGHT, HOP = TileWork(1, 8, 32, 32), 29
# Elements of a vector times a scalar, and the cycles of it.
SCALED, SCALE = 1024, 72


@dataclass(frozen=True)
class PublishedRows:
    """A function of rows in 8 bits: cycles as published, of that kernel as modelled, and of ours."""

    label: str
    cycles: int
    modelled: int
    ours: int


def functions_of_rows(device: Device) -> tuple[PublishedRows, ...]:
    """Softmax and LayerNorm; ours with their calls, without locks."""
    generation, lines, divided = device.generation, "clipped lines, reciprocal by leading zeros", "clipped lines, exact reciprocal"
    softmax = [(16, 64, 545, lines), (64, 128, 2929, lines), (16, 64, 4064, divided)]
    normalise = [(4, 64, 468), (16, 64, 1062), (16, 128, 1285)]
    return (
        *(
            PublishedRows(
                f"Softmax {r}x{c}; published: {kind}",
                cycles,
                published_rows.softmax_cycles(r, c, kind is divided),
                CALL_CYCLES + softmax_cycles(_softmax(c), r, 1, 1, 1, generation),
            )
            for r, c, cycles, kind in softmax
        ),
        *(
            PublishedRows(
                f"LayerNorm {r}x{c}; published: roots in floats",
                cycles,
                published_rows.normalise_cycles(r, c),
                CALL_CYCLES + normalise_cycles(_normalise(c), r, 1, 1, generation),
            )
            for r, c, cycles in normalise
        ),
    )


def _softmax(width: int) -> SoftmaxLayer:
    return SoftmaxLayer("softmax", "x", "y", width, 1, np.ones(256, np.int64), 1 << 30, 22, -128, -128, 127)


def _normalise(features: int) -> NormaliseLayer:
    ones = np.ones(features, np.int64)
    return NormaliseLayer("normalise", "x", "y", 77, 4, 24, ones, ones, 16, 45, 0, -128, 127)


def kernels() -> Iterator[str]:
    """The published kernels, of which the dense ones are nests, and ours, one loop where it can be; then functions of rows."""
    device = find_device("VEK280")
    yield "| kernel (AIE-ML, int8) | published, cycles | source | that kernel, modelled | error | ours, modelled | against it |"
    yield "|---|---|---|---|---|---|---|"
    for kernel in (*DENSE, *COMPILED):
        yield _row(kernel.label, kernel.cycles, kernel.source, kernel.nest(device), kernel.ours(device))
    hop = cascade_hop_cycles(LIGHT, device)
    yield _row("one more cascade stage of a light kernel (8x32x32)", HOP, SIMULATED, hop, hop)
    yield _row(f"{SCALED} int16 elements times a scalar", SCALE, "trace on XDNA, mlir-aie", scale_cycles(SCALED))
    for rows in functions_of_rows(device):
        yield _row(rows.label, rows.cycles, SIMULATED, rows.modelled, rows.ours)


def _row(label: str, published: float, source: str, modelled: int, ours: int | None = None) -> str:
    cells = [f"{cycles} | {cycles / published - 1:+.1%}" if cycles else "|" for cycles in (modelled, ours)]
    return f"| {label} | {published:.4g} | {source} | {cells[0]} | {cells[1]} |"
