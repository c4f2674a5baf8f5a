"""The matrix products that each generation offers, with the accumulator that each really uses.

Source: Xilinx/aie_api include/aie_api/detail/mmul.hpp (2025.1 for AIE-ML, 2026.1 for AIE-MLv2). Only shapes of 8 columns whose inner size
divides 8 are listed: the others cost two instructions and shuffles where one of these costs one or two (docs/kernels.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from placer.network import IntType


@dataclass(frozen=True)
class MmulShape:
    """C[m, n] += A[m, k] B[k, n] for operands of these types; lane_bits: of an accumulator lane, 32 or 64, where products wrap.

    intrinsics: instructions of one product.
    """

    left: IntType
    right: IntType
    m: int
    k: int
    n: int
    lane_bits: int
    intrinsics: int

    @property
    def tag(self) -> str:
        """The accumulator type of a cascade that carries its sums."""
        return f"acc{self.lane_bits}"

    @property
    def size(self) -> tuple[int, int, int]:
        return (self.m, self.k, self.n)


I8, I16, I32 = IntType.INT8, IntType.INT16, IntType.INT32

AIE_ML = (
    MmulShape(I8, I8, 4, 8, 8, 32, 1),
    MmulShape(I8, I8, 2, 8, 8, 32, 1),
    MmulShape(I8, I8, 8, 8, 8, 32, 2),
    MmulShape(I16, I8, 4, 4, 8, 32, 1),
    MmulShape(I16, I8, 8, 4, 8, 32, 2),
    MmulShape(I16, I8, 2, 8, 8, 64, 1),
    MmulShape(I8, I16, 4, 4, 8, 64, 2),
    MmulShape(I16, I16, 4, 4, 8, 64, 2),
    MmulShape(I16, I16, 2, 4, 8, 64, 1),
    MmulShape(I16, I16, 4, 2, 8, 32, 1),
    MmulShape(I16, I16, 8, 2, 8, 32, 2),
    MmulShape(I16, I16, 8, 1, 8, 32, 2),
    # Made of 4x2x4 products of 32 by 16 bits, two for the halves of each operand.
    MmulShape(I32, I32, 4, 2, 8, 64, 4),
)
AIE_MLV2 = (
    MmulShape(I8, I8, 8, 8, 8, 32, 1),
    MmulShape(I8, I8, 4, 8, 8, 32, 1),
    MmulShape(I8, I8, 2, 8, 8, 32, 1),
    MmulShape(I16, I8, 8, 2, 8, 32, 1),
    MmulShape(I16, I8, 4, 4, 8, 64, 1),
    MmulShape(I16, I8, 8, 4, 8, 32, 2),
    MmulShape(I16, I8, 4, 8, 8, 64, 2),
    MmulShape(I8, I16, 8, 2, 8, 32, 1),
    MmulShape(I8, I16, 4, 4, 8, 64, 1),
    MmulShape(I16, I16, 4, 4, 8, 64, 1),
    MmulShape(I16, I16, 8, 2, 8, 32, 1),
    MmulShape(I16, I16, 4, 2, 8, 32, 1),
    MmulShape(I16, I16, 2, 4, 8, 64, 1),
    MmulShape(I16, I16, 8, 1, 8, 32, 1),
    MmulShape(I32, I32, 8, 2, 8, 64, 8),
    MmulShape(I32, I32, 4, 2, 8, 64, 4),
)
# 1024-bit accumulators of a core (UG1603 "Accumulator Registers", AM027) that a register block may fill; AIE-ML keeps one of its nine free.
ACCUMULATORS = {"aie-ml": 8, "aie-mlv2": 16}


def mmul_shapes(generation: str, left: IntType, right: IntType) -> tuple[MmulShape, ...]:
    """The shapes of a generation ("aie-ml" or "aie-mlv2") for operands of these types, the preferred one first."""
    table = AIE_ML if generation == "aie-ml" else AIE_MLV2
    return tuple(s for s in table if (s.left, s.right) == (left, right))


def register_blocks(shape: MmulShape, generation: str) -> tuple[tuple[int, int], ...]:
    """Row and column blocks of the register blocks worth having, best first: 4 x 2, 2 x 2, or what fits the accumulators."""
    room = ACCUMULATORS[generation] * 1024 // (shape.m * shape.n * shape.lane_bits)
    return tuple(b for b in ((4, 2), (2, 2), (2, 1), (1, 1)) if b[0] * b[1] <= room)


def tallest(shapes: tuple[MmulShape, ...], rows: int) -> MmulShape | None:
    """The shape with the most rows of those that divide `rows`, of several the first; None where none does."""
    fitting = [s for s in shapes if rows % s.m == 0]
    return min(fitting, key=lambda s: (rows // s.m, shapes.index(s)), default=None)
