"""Published dense kernels, modelled: nests of loops over rows and, inside, over columns of register blocks, as their sources are.

Their register blocks issue what ours do. Where the loop over depth is unrolled, the one over columns is pipelined, and every iteration of
that over rows fills and drains it; where it is not, every register block fills and drains a pipeline. Where both operands come by streams,
a call takes no less than the larger one. Cycles are those that a profiler counts for a function, from its first instruction to its last:
the call is its caller's, and what drains the last loop fills the slots behind its return.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from placer.cycles.block_operations import dense_block
from placer.cycles.kernel import (
    ALONE,
    CALL_CYCLES,
    UNROLLED_STEPS,
    Elements,
    Place,
    TileWork,
    block_cycles,
    dense_body_cycles,
)
from placer.cycles.operands import operands
from placer.cycles.operations import Bias, DenseBlock, StepKind
from placer.cycles.streams import transfer_cycles
from placer.device import Device
from placer.layers import Side
from placer.solvers.modulo import schedule_once

LINEAR = StepKind(Bias.COLUMN, False, True)
# The instruction of an int8 product on AIE-ML. Other shapes of the AIE API are made of it.
NATIVE = (4, 8, 8)

# Deterministic time of a schedule.
LIMIT = 1.0

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Published:
    """A dense kernel on AIE-ML: rows, depth and columns, and its cycles, as `source` has them.

    product: the shape of its mmul. blocks: rows and columns of these in a register block. streamed: both operands are, for every call.
    """

    label: str
    size: Shape
    cycles: float
    source: str
    place: Place = ALONE
    finish: StepKind = LINEAR
    output_bytes: int = 1
    product: Shape = NATIVE
    operand_bytes: tuple[int, int] = (1, 1)
    blocks: tuple[int, int] = (2, 2)
    streamed: bool = False

    def nest(self, device: Device) -> int:
        """As published."""
        rows, inner, columns = (ceil(size / native) for size, native in zip(native_size(self.size, self.product), NATIVE, strict=True))
        height = min(rows, self.blocks[0] * ceil(self.product[0] / NATIVE[0]))
        width = min(columns, self.blocks[1])
        block = self.place.block(height, width, (self.finish,), self._elements(device))
        alone = _alone(block, inner, device)
        interval = dense_block(block, inner, device).resource_bound() if inner <= UNROLLED_STEPS else alone
        cycles = rows // height * (columns // width * interval + max(0, alone - interval))
        return max(cycles, self._streams(device)) if self.streamed else cycles

    def ours(self, device: Device) -> int:
        """Our kernel for the same, with its call, without locks."""
        work = TileWork(1, *native_size(self.size, self.product))
        cycles = CALL_CYCLES + dense_body_cycles(work, Side.RIGHT, self.place, (self.finish,), device, self._elements(device))
        return max(cycles, self._streams(device)) if self.streamed else cycles

    def _streams(self, device: Device) -> int:
        """Cycles in which the larger operand arrives."""
        rows, inner, columns = self.size
        left, right = self.operand_bytes
        return transfer_cycles(inner * max(rows * left, columns * right), device)

    def _elements(self, device: Device) -> Elements:
        return Elements(operands(*self.operand_bytes, device), self.output_bytes)


def native_size(size: Shape, product: Shape) -> Shape:
    """What is computed where products of a shape are made of the native one: each smaller dimension of it is filled up."""
    rows, inner, columns = (-(-s // p) * max(p, n) for s, p, n in zip(size, product, NATIVE, strict=True))
    return rows, inner, columns


def _alone(block: DenseBlock, steps: int, device: Device) -> int:
    """Cycles of a register block that nothing overlaps; larger ones than ours are scheduled here."""
    if block.rows <= 2:
        return block_cycles(block, steps, device)
    return schedule_once(dense_block(block, steps, device), limit=LIMIT, shortest=False).length
