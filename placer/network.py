"""A network of integer operations: what the model computes, with every rounding point, and nothing about how it is mapped.

Conventions
* Axis 0 of the ONNX model is the batch; the shapes and permutations here describe ONE sample and leave the batch out.
* A tensor holds integers q that stand for the real numbers (q - zero_point) * scale.
* An operation is exact up to its single rounding: real result / target scale, rounded half to even, saturated to the target's
  range. The evaluator in reference.py is the normative meaning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


class IntType(Enum):
    """An integer element type; the value is its ONNX and C name."""

    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"

    @property
    def bits(self) -> int:
        return int(self.value.lstrip("uint"))

    @property
    def bytes(self) -> int:
        return self.bits // 8

    @property
    def signed(self) -> bool:
        return not self.value.startswith("u")

    @property
    def min(self) -> int:
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def max(self) -> int:
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1


@dataclass(frozen=True)
class QuantType:
    """Element type and the affine map to real numbers: real = (q - zero_point) * scale."""

    dtype: IntType
    scale: float
    zero_point: int = 0

    @property
    def exponent(self) -> int:
        """log2 of the scale.

        Raises ValueError when the scale is not a power of two.
        """
        mantissa, exponent = math.frexp(self.scale)
        if mantissa != 0.5:
            raise ValueError(f"scale {self.scale} is not a power of two")
        return exponent - 1


@dataclass(frozen=True, eq=False)
class Tensor:
    """A named integer tensor; `shape` is that of one sample. A constant carries its `value`, of exactly that shape."""

    name: str
    shape: tuple[int, ...]
    type: QuantType
    value: IntArray | None = None

    @property
    def size(self) -> int:
        """Elements in one sample."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Dense:
    """target[..., N] = requantise(source[..., K] @ weight[K, N] + bias[N]), then max(0, .) when `relu`.

    weight: [K, N], integers of `weight_type`. bias: [N] or None, integers at scale
    source.scale * weight.scale / 2**bias_fraction_bits: a floating-point bias that falls between two accumulator steps keeps
    one fraction bit, set as a sticky bit, which makes the later rounding exact.
    """

    name: str
    source: str
    target: str
    weight: IntArray
    weight_type: QuantType
    bias: IntArray | None
    bias_fraction_bits: int
    relu: bool

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True)
class Add:
    """target = requantise(left + right), then max(0, .) when `relu`; `right` may be a constant that broadcasts over leading axes."""

    name: str
    left: str
    right: str
    target: str
    relu: bool

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.left, self.right)


@dataclass(frozen=True)
class Requantise:
    """target = requantise(source), then max(0, .) when `relu`: a ReLU or a change of scale with its own rounding point."""

    name: str
    source: str
    target: str
    relu: bool

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True)
class Transpose:
    """target axis i = source axis perm[i], over the axes of one sample."""

    name: str
    source: str
    target: str
    perm: tuple[int, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True)
class Reshape:
    """The same elements, in the same row-major order, under the target's shape (Reshape, Flatten, Squeeze, Unsqueeze)."""

    name: str
    source: str
    target: str

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


Operation = Dense | Add | Requantise | Transpose | Reshape


@dataclass(frozen=True, eq=False)
class Network:
    """Operations in topological order over named tensors.

    batch: the model's own fixed batch, or None when its first dimension is symbolic.
    """

    name: str
    batch: int | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tensors: tuple[Tensor, ...]
    operations: tuple[Operation, ...]

    @cached_property
    def _tensor_by_name(self) -> dict[str, Tensor]:
        return {t.name: t for t in self.tensors}

    def tensor(self, name: str) -> Tensor:
        """The tensor called `name`; KeyError when there is none."""
        return self._tensor_by_name[name]

    def consumers(self, name: str) -> tuple[Operation, ...]:
        """The operations that read tensor `name`, in order."""
        return tuple(op for op in self.operations if name in op.sources)
