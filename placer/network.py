"""A network of integer operations: what the model computes, with every rounding point, and nothing about how it is mapped.

Conventions
* Axis 0 of the ONNX model is the batch; the shapes and permutations here describe ONE sample and leave the batch out.
* A tensor holds integers q that stand for the real numbers (q - zero_point) * scale.
* An operation computes an exact integer and rounds it once, as its Rounding says: a multiplication, a shift with round-half-even, the
  zero point added after the rounding, a clamp. With power-of-two scales this is the model's arithmetic itself; with others the multiplier
  is a 31-bit approximation of the ratio of scales (arithmetic/fixed_point.py). The evaluator in reference.py is the normative meaning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from placer.cubics import Cubics

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
    """Element type and the affine map to real numbers: real = (q - zero_point) * scale.

    limits: the least and the largest q that occur, where a model uses fewer values than the type has (6 bits in an int8).
    """

    dtype: IntType
    scale: float
    zero_point: int = 0
    limits: tuple[int, int] | None = None

    @property
    def min(self) -> int:
        return self.limits[0] if self.limits else self.dtype.min

    @property
    def max(self) -> int:
        return self.limits[1] if self.limits else self.dtype.max

    @property
    def exponent(self) -> int | None:
        """log2 of the scale, or None when the scale is not a power of two."""
        mantissa, exponent = math.frexp(self.scale)
        return exponent - 1 if mantissa == 0.5 else None

    @property
    def largest(self) -> int:
        """The largest magnitude of q - zero_point."""
        return max(self.max - self.zero_point, self.zero_point - self.min)


@dataclass(frozen=True, eq=False)
class Tensor:
    """A named integer tensor; `shape` is that of one sample."""

    name: str
    shape: tuple[int, ...]
    type: QuantType

    @property
    def size(self) -> int:
        """Elements in one sample."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Rounding:
    """From an exact integer `value` to the target q.

    q = clamp(round_half_even(((value << up) + bias) * multiplier / 2^shift) + zero_point, low, high), zero_point being the target's.
    bias, multiplier: [1], or [N] along the last axis. guard: bits beyond the result's to which it is rounded first, where the multiplier
    only stands for a ratio (arithmetic.scaled). |(value << up) + bias| stays below 2^31, or below 2^47 when `wide`; a wide value is
    multiplied in two parts.
    """

    up: int
    bias: IntArray
    multiplier: IntArray
    shift: int
    guard: int
    low: int
    high: int
    wide: bool


@dataclass(frozen=True, eq=False)
class Dense:
    """target[..., N] = rounding(source[..., K] @ weight[K, N]) on the raw integers of the source; its zero point is in the bias.

    weight: [K, N], integers of `weight_type` less their zero points.
    """

    name: str
    source: str
    target: str
    weight: IntArray
    weight_type: IntType
    rounding: Rounding

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True, eq=False)
class Add:
    """target = rounding((left - its zero point) * left_factor + (right - its zero point) * right_factor), shapes alike."""

    name: str
    left: str
    right: str
    target: str
    left_factor: int
    right_factor: int
    rounding: Rounding

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, eq=False)
class Multiply:
    """target = rounding((left - its zero point) * (right - its zero point)), element by element, shapes alike."""

    name: str
    left: str
    right: str
    target: str
    rounding: Rounding

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, eq=False)
class Requantise:
    """target = rounding(source) on raw integers: a change of scale, a ReLU or Clip, a constant added or multiplied along the last axis."""

    name: str
    source: str
    target: str
    rounding: Rounding

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True, eq=False)
class Table:
    """target = values[source - least value of its 8-bit type]: any function of one element, exact."""

    name: str
    source: str
    target: str
    values: IntArray

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True, eq=False)
class Interpolation:
    """A function of one element of 16 bits, or of more whose least value is a negative power of two, from cubics (arithmetic.interpolated).

    cubics: of source values less the least one; they give target values less the zero point.
    """

    name: str
    source: str
    target: str
    cubics: Cubics
    low: int
    high: int

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True, eq=False)
class Normalise:
    """LayerNorm over the last axis of N elements (reference.normalised).

    epsilon: N^2 * eps / scale^2, in units of the integer N * sum(q^2) - sum(q)^2, rounded to epsilon_bits (an even number) fraction bits.
    fraction: fraction bits of the normalised value. gain, offset: [N]; target = clamp(round_half_even((normalised * gain + (offset <<
    offset_up)) / 2^shift) + zero_point).
    """

    name: str
    source: str
    target: str
    epsilon: int
    epsilon_bits: int
    fraction: int
    gain: IntArray
    offset: IntArray
    offset_up: int
    shift: int
    low: int
    high: int

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True, eq=False)
class MatMul:
    """target[..., M, N] = rounding((left - its zero point)[..., M, K] @ (right - its zero point)[..., K, N]), leading axes alike."""

    name: str
    left: str
    right: str
    target: str
    rounding: Rounding

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, eq=False)
class Softmax:
    """target = clamp(round(e / sum(e) * gain) + zero_point) over the last axis, e = exp(source - the row's maximum): arithmetic/softmax.py.

    exponentials: tables of exp, int32. gain / 2^shift: the reciprocal of the target's scale.
    """

    name: str
    source: str
    target: str
    exponentials: IntArray
    gain: int
    shift: int
    low: int
    high: int

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True)
class Take:
    """target's positions along `axis` are the source's at `indices`: Slice, Split, Gather; and Expand, where one position repeats."""

    name: str
    source: str
    target: str
    axis: int
    indices: tuple[int, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True)
class Concat:
    """The parts, all of the target's type, one after the other along `axis`."""

    name: str
    parts: tuple[str, ...]
    target: str
    axis: int

    @property
    def sources(self) -> tuple[str, ...]:
        return self.parts


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


Arithmetic = Dense | Add | Multiply | MatMul | Requantise
Movement = Transpose | Reshape | Take | Concat
Operation = Arithmetic | Table | Interpolation | Normalise | Softmax | Movement


@dataclass(frozen=True, eq=False)
class Network:
    """Operations in topological order over named tensors.

    batch: the model's own fixed batch, or None when its first dimension is symbolic. inserted: tensors that the model does not round;
    the importer had to (frontend/graph.py), each with the reason.
    """

    name: str
    batch: int | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tensors: tuple[Tensor, ...]
    operations: tuple[Operation, ...]
    inserted: tuple[tuple[str, str], ...] = ()

    @cached_property
    def _tensor_by_name(self) -> dict[str, Tensor]:
        return {t.name: t for t in self.tensors}

    def tensor(self, name: str) -> Tensor:
        """The tensor called `name`; KeyError when there is none."""
        return self._tensor_by_name[name]

    @cached_property
    def _consumers(self) -> dict[str, tuple[Operation, ...]]:
        readers: dict[str, list[Operation]] = {}
        for op in self.operations:
            for name in dict.fromkeys(op.sources):
                readers.setdefault(name, []).append(op)
        return {name: tuple(ops) for name, ops in readers.items()}

    def consumers(self, name: str) -> tuple[Operation, ...]:
        """The operations that read tensor `name`, in order."""
        return self._consumers.get(name, ())
