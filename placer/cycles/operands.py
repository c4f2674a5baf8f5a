"""What a dense kernel multiplies: bytes of its operands, and the instructions that a block of them takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from placer.device import Device
from placer.mmul import mmul_shapes, tallest
from placer.network import IntType

_INTEGERS = {1: IntType.INT8, 2: IntType.INT16, 4: IntType.INT32}


@dataclass(frozen=True)
class Operands:
    """Bytes of an element of the left and of the right operand, instructions that multiply one block by another, bits of a lane of sums."""

    left: int = 1
    right: int = 1
    multiplies: int = 1
    lane_bits: int = 32

    @property
    def key(self) -> str:
        return f"{self.left}x{self.right}"


BYTES = Operands()


def operands(left: int, right: int, device: Device) -> Operands:
    """Those of a device for elements of so many bytes: of the product that its kernels use, as often as fills a block of its own."""
    rows, inner, columns = device.mmul
    shape = tallest(mmul_shapes(device.generation, _INTEGERS[left], _INTEGERS[right]), rows)
    if shape is None:
        # ASSUMPTION: what no product takes is made of products of bytes.
        return Operands(left, right, left * right, 64)
    return Operands(left, right, rows * inner * columns // prod(shape.size) * shape.intrinsics, shape.lane_bits)
