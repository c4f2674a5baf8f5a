"""What a name of the graph stands for while it is read: exact real-number expressions that a QuantizeLinear closes.

Transposes and reshapes commute with rounding element by element, so an expression carries them along, to be applied to its integers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from placer.network import IntArray, QuantType

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Permutation:
    """A pending transpose of one sample's axes: its shape before and after."""

    perm: tuple[int, ...]
    before: tuple[int, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class NewShape:
    """A pending reshape of one sample: its shape before and after."""

    before: tuple[int, ...]
    shape: tuple[int, ...]


Movement = Permutation | NewShape


@dataclass(frozen=True)
class RawInput:
    """A floating-point input of the graph before it is quantised."""

    name: str
    shape: tuple[int, ...]
    moves: tuple[Movement, ...] = ()


@dataclass(frozen=True)
class Quantised:
    """The integers of a network tensor, as a QuantizeLinear gives them."""

    tensor: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Stored:
    """The real numbers that a network tensor stands for."""

    tensor: str
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Constant:
    """A constant: always its exact real values (float64 holds them).

    integers and dtype (the file's element type) when it is an integer array or was dequantised from one, then with its quantised type.
    """

    real: FloatArray
    dtype: str
    integers: IntArray | None = None
    type: QuantType | None = None


@dataclass(frozen=True, eq=False)
class Product:
    """source @ weight + bias, then max(0, .) when `relu`: not rounded yet."""

    source: str
    weight: IntArray
    weight_type: QuantType
    bias: FloatArray | None
    relu: bool
    shape: tuple[int, ...]
    moves: tuple[Movement, ...] = ()


@dataclass(frozen=True)
class Sum:
    """left + right, then max(0, .) when `relu`: not rounded yet. `right` may name a constant tensor."""

    left: str
    right: str
    relu: bool
    shape: tuple[int, ...]
    moves: tuple[Movement, ...] = ()


@dataclass(frozen=True)
class Rectified:
    """max(0, source): not rounded yet."""

    source: str
    shape: tuple[int, ...]
    moves: tuple[Movement, ...] = ()


Pending = RawInput | Product | Sum | Rectified
Value = Pending | Quantised | Stored | Constant
