"""What a name of the graph stands for while it is read: exact real-number expressions that a quantiser closes (closing.py).

Transposes and reshapes commute with rounding element by element, so an expression carries them along, to be applied to its integers.
`limits` of an expression are the real bounds that ReLU and Clip put on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from placer.arithmetic.fixed_point import UNLIMITED, FloatArray
from placer.network import IntArray

Limits = tuple[float, float]
Function = Callable[[FloatArray], FloatArray]


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


@dataclass(frozen=True)
class Selection:
    """A pending choice of positions along one axis of a sample: its shape before and after."""

    axis: int
    indices: tuple[int, ...]
    before: tuple[int, ...]
    shape: tuple[int, ...]


Movement = Permutation | NewShape | Selection


@dataclass(frozen=True)
class RawInput:
    """A floating-point input of the graph before it is quantised."""

    name: str
    shape: tuple[int, ...]
    moves: tuple[Movement, ...] = ()


@dataclass(frozen=True)
class Quantised:
    """The integers of a network tensor, as a quantiser gives them."""

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

    integers and dtype (the file's element type) when it is an integer array or was dequantised from one; scale and zero, of the same shape
    as the integers, when it was dequantised.
    """

    real: FloatArray
    dtype: str
    integers: IntArray | None = None
    scale: FloatArray | None = None
    zero: IntArray | None = None


@dataclass(frozen=True, eq=False)
class Product:
    """(source @ weight * scale + bias), between limits: not rounded yet.

    weight: [K, N] integers less their zero points, which `dtype` names; scale: [N] real step of each column; bias: [N] real.
    """

    source: str
    weight: IntArray
    scale: FloatArray
    dtype: str
    bias: FloatArray
    shape: tuple[int, ...]
    limits: Limits = UNLIMITED
    moves: tuple[Movement, ...] = ()


@dataclass(frozen=True, eq=False)
class Scaled:
    """source * gain + offset, between limits: not rounded yet. gain, offset: [1] or [N] along the last axis.

    steps: [source values, 1 or N], what the model's own float32 makes of each value of an 8-bit source, in steps of the result, less the
    zero point (QLinearAdd and QLinearMul of constants, float32.py); None: what DequantizeLinear, the operators and QuantizeLinear make.
    """

    source: str
    gain: FloatArray
    offset: FloatArray
    shape: tuple[int, ...]
    limits: Limits = UNLIMITED
    moves: tuple[Movement, ...] = ()
    steps: IntArray | None = None


@dataclass(frozen=True)
class Sum:
    """left * left_gain + right * right_gain, between limits: not rounded yet. fused: computed as QLinearAdd does (float32.py)."""

    left: str
    right: str
    left_gain: float
    right_gain: float
    shape: tuple[int, ...]
    limits: Limits = UNLIMITED
    moves: tuple[Movement, ...] = ()
    fused: bool = False


@dataclass(frozen=True)
class Times:
    """left * right * gain, element by element, between limits: not rounded yet. fused: computed as QLinearMul does (float32.py).

    error: how far the product is off at most because an operand stands for something only near it (a reciprocal), as a real number.
    """

    left: str
    right: str
    gain: float
    shape: tuple[int, ...]
    limits: Limits = UNLIMITED
    moves: tuple[Movement, ...] = ()
    fused: bool = False
    error: float = 0.0


@dataclass(frozen=True)
class Matrices:
    """left @ right * gain over the last two axes, both computed, between limits: not rounded yet."""

    left: str
    right: str
    gain: float
    inner: int
    shape: tuple[int, ...]
    limits: Limits = UNLIMITED
    moves: tuple[Movement, ...] = ()


@dataclass(frozen=True)
class Softened:
    """Softmax of `source` over its last axis, times a positive gain, between limits: not rounded yet."""

    source: str
    gain: float
    shape: tuple[int, ...]
    limits: Limits = UNLIMITED
    moves: tuple[Movement, ...] = ()


@dataclass(frozen=True, eq=False)
class Mapped:
    """A real function of one element of `source`: values for each integer of its type, ascending. Not rounded yet."""

    source: str
    values: FloatArray
    shape: tuple[int, ...]
    limits: Limits = UNLIMITED
    moves: tuple[Movement, ...] = ()


@dataclass(frozen=True, eq=False)
class Normalised:
    """LayerNorm of `source` over its last axis of N elements, times gain [N], plus offset [N], between limits: not rounded yet."""

    source: str
    gain: FloatArray
    offset: FloatArray
    epsilon: float
    shape: tuple[int, ...]
    limits: Limits = UNLIMITED
    moves: tuple[Movement, ...] = ()


@dataclass(frozen=True, eq=False)
class Applied:
    """A real function of each element of an expression that the model does not round: a quantiser closes both (closing.py)."""

    inner: Linear
    function: Function
    shape: tuple[int, ...]
    limits: Limits = UNLIMITED
    moves: tuple[Movement, ...] = ()


class Moment(Enum):
    """The intermediate results of a LayerNorm or Softmax that an exporter wrote as separate operators (moments.py)."""

    MEAN = "mean"
    DEVIATION = "deviation"
    SQUARE = "square of the deviation"
    VARIANCE = "variance"
    ROOT = "standard deviation"
    MAXIMUM = "maximum"
    BELOW = "difference from the maximum"
    POWER = "exponential"
    TOTAL = "sum of exponentials"


@dataclass(frozen=True)
class Statistic:
    """One of Moment, over the last axis of `source`; epsilon where it has been added."""

    source: str
    kind: Moment
    epsilon: float
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Joined:
    """Expressions one after the other along an axis of the sample, between limits: not rounded yet."""

    parts: tuple[Arithmetic, ...]
    axis: int
    shape: tuple[int, ...]
    limits: Limits = UNLIMITED
    moves: tuple[Movement, ...] = ()


Linear = Product | Scaled | Sum | Times | Normalised | Matrices | Softened
Arithmetic = Linear | Mapped | Applied | Joined
Pending = RawInput | Arithmetic
Value = Pending | Quantised | Stored | Statistic | Constant


@dataclass(frozen=True, eq=False)
class Turned:
    """A value of one sample whose batch is not the first dimension of the model's tensor (batch.Place)."""

    inner: Value
    at: int
    merged: bool
    outside: int


Named = Value | Turned
