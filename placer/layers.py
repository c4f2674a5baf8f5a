"""Layers: what one kernel kind computes, between activations that really exist in memory.

A Network keeps every operation of the model; a LayerGraph keeps only what moves or computes data on the array. Transposes and reshapes are
gone (lowering/lower.py), unsigned tensors have become signed ones (lowering/signed.py), and a layer may end in a chain of requantisation
steps that holds every rounding point of the model it absorbed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from pydantic import ConfigDict, with_config

from placer.cubics import Cubics
from placer.network import IntArray, IntType, QuantType

# Values of a table over 8-bit elements.
TABLE_VALUES = 256


class Side(Enum):
    """On which side of the activation the weights stand.

    RIGHT: Y[tokens, N] = X[tokens, K] W[K, N]. LEFT: Y[N, features] = W^T[N, K] X[K, features], the transposed layer.
    """

    RIGHT = "right"
    LEFT = "left"


@dataclass(frozen=True, eq=False)
class Step:
    """One requantisation: out = clip(saturate(rounded + zero_point), low, high), then max(out, 0) when `relu` (docs/kernels.md).

    rounded = round_half_even(((value << up) + bias) * multiplier / 2^shift), with a guard first to so many more bits.
    bias: one value an output channel, or None; int32, or up to 46 bits when `wide`, when the sum passes through 64-bit lanes and is
    multiplied in two parts. multiplier: int32, [1] or one an output channel; None: 1. up: 0 or more; shift: 0 to 59. dtype: what the
    result saturates to; None: the type of the layer's output. low, high: bounds in units of the result, None for none.
    """

    up: int
    shift: int
    relu: bool
    bias: IntArray | None
    dtype: IntType | None = None
    low: int | None = None
    high: int | None = None
    multiplier: IntArray | None = None
    zero_point: int = 0
    guard: int = 0
    wide: bool = False

    @property
    def starts(self) -> bool:
        """Whether a sum may start at this step's bias: nothing doubles it before, and 32 bits hold it."""
        return self.bias is not None and self.up == 0 and not self.wide

    @property
    def scales(self) -> bool:
        """Whether more than a shift happens between the sum and its saturation."""
        return self.multiplier is not None or self.zero_point != 0 or self.guard > 0

    @property
    def planes(self) -> int:
        """int32 values that a finishing kernel holds for each output channel: the bias (two for a wide one), then the multiplier."""
        multipliers = self.multiplier is not None and len(self.multiplier) > 1
        return (0 if self.bias is None else 1 + self.wide) + multipliers


@dataclass(frozen=True)
class Activation:
    """A [batch, tokens, features] tensor that is really stored, in a signed type.

    groups: the features are so many equal runs (heads), each stored in whole blocks.
    """

    name: str
    tokens: int
    features: int
    type: QuantType
    groups: int = 1


@dataclass(frozen=True)
class HostView:
    """How a network input or output is seen in an activation.

    The tensor, of shape [batch, *shape], is the activation plus `offset` (not 0 where the tensor is unsigned): its tokens and features cut
    into axes of sizes `split`, these in the order `perm`, reshaped row-major.
    """

    tensor: str
    shape: tuple[int, ...]
    activation: str
    split: tuple[int, ...]
    perm: tuple[int, ...]
    offset: int = 0


@dataclass(frozen=True, eq=False)
class DenseLayer:
    """A product with constant weights [K, N] (integers of `weight_type`) over features (RIGHT) or tokens (LEFT), then `steps`."""

    name: str
    source: str
    target: str
    side: Side
    weight: IntArray
    weight_type: IntType
    steps: tuple[Step, ...]

    @property
    def op(self) -> str:
        return "dense"

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True, eq=False)
class AddLayer:
    """(left - left_zero) * left_factor + (right - right_zero) * right_factor, then `steps`."""

    name: str
    left: str
    right: str
    target: str
    left_zero: int
    right_zero: int
    left_factor: int
    right_factor: int
    steps: tuple[Step, ...]

    @property
    def op(self) -> str:
        return "add"

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, eq=False)
class MultiplyLayer:
    """(left - left_zero) * (right - right_zero), element by element, then `steps`."""

    name: str
    left: str
    right: str
    target: str
    left_zero: int
    right_zero: int
    steps: tuple[Step, ...]

    @property
    def op(self) -> str:
        return "multiply"

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, eq=False)
class RequantiseLayer:
    """The chain of steps alone, element by element."""

    name: str
    source: str
    target: str
    steps: tuple[Step, ...]

    @property
    def op(self) -> str:
        return "requantise"

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


def copying(source: str, target: str) -> RequantiseLayer:
    """A layer that passes an activation on as it is."""
    return RequantiseLayer(f"{target}.op", source, target, (Step(0, 0, False, None),))


@dataclass(frozen=True, eq=False)
class TableLayer:
    """values[source + 128]: a function of one int8 element; values: [TABLE_VALUES], of the target's type."""

    name: str
    source: str
    target: str
    values: IntArray

    @property
    def op(self) -> str:
        return "table"

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True, eq=False)
class InterpolationLayer:
    """A function of one element of 16 or 32 bits from cubics (arithmetic.interpolated), plus zero_point, clamped."""

    name: str
    source: str
    target: str
    cubics: Cubics
    zero_point: int
    low: int
    high: int

    @property
    def op(self) -> str:
        return "interpolate"

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True, eq=False)
class NormaliseLayer:
    """LayerNorm over the features (network.Normalise, reference.normalised). gain, offset: int32, one a feature."""

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
    zero_point: int
    low: int
    high: int

    @property
    def op(self) -> str:
        return "normalise"

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True, eq=False)
class MatMulLayer:
    """Products of two activations, one a sample and group of columns, then `steps`.

    Per group: (left - left_zero)[tokens, inner] times (right - right_zero)[inner, outer], or, when `turned`, times the transpose of
    (right - right_zero)[outer, inner].
    """

    name: str
    left: str
    right: str
    target: str
    left_zero: int
    right_zero: int
    groups: int
    inner: int
    outer: int
    turned: bool
    steps: tuple[Step, ...]

    @property
    def op(self) -> str:
        return "matmul"

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, eq=False)
class SoftmaxLayer:
    """Softmax over each group of `width` features of a token (network.Softmax, softmax.softened). exponentials: int32."""

    name: str
    source: str
    target: str
    width: int
    groups: int
    exponentials: IntArray
    gain: int
    shift: int
    zero_point: int
    low: int
    high: int

    @property
    def op(self) -> str:
        return "softmax"

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True, eq=False)
class MoveLayer:
    """Elements of one or two activations in another order: element i of target is element index[i] of its sources.

    index: [tokens, features] of the target, into the elements of one sample of the first source, then of the second, row-major;
    [1, features] when `by_token`: every token takes the same features of the same token. sizes: tokens and features of each source.
    """

    name: str
    parts: tuple[str, ...]
    target: str
    index: IntArray
    by_token: bool
    sizes: tuple[tuple[int, int], ...]

    @property
    def op(self) -> str:
        return "move"

    @property
    def sources(self) -> tuple[str, ...]:
        return self.parts


SteppedLayer = DenseLayer | AddLayer | MultiplyLayer | MatMulLayer | RequantiseLayer
FunctionLayer = TableLayer | InterpolationLayer
Layer = SteppedLayer | FunctionLayer | NormaliseLayer | SoftmaxLayer | MoveLayer


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class Relay:
    """`count` layers that copy, one after the other, between activation `tensor` and the layer `consumer` that reads it (relays.py)."""

    tensor: str
    consumer: str
    count: int


@dataclass(frozen=True, eq=False)
class LayerGraph:
    """Layers in topological order over named activations; inputs and outputs are seen from the host through views.

    relays: those among the layers that the network itself does not have.
    """

    name: str
    inputs: tuple[HostView, ...]
    outputs: tuple[HostView, ...]
    activations: tuple[Activation, ...]
    layers: tuple[Layer, ...]
    relays: tuple[Relay, ...] = ()

    @cached_property
    def _activation_by_name(self) -> dict[str, Activation]:
        return {a.name: a for a in self.activations}

    def activation(self, name: str) -> Activation:
        """The activation called `name`; KeyError when there is none."""
        return self._activation_by_name[name]

    def producer(self, name: str) -> Layer | None:
        """The layer that writes activation `name`, or None for a network input."""
        return next((layer for layer in self.layers if layer.target == name), None)

    def consumers(self, name: str) -> tuple[Layer, ...]:
        """The layers that read activation `name`, in order; a layer that reads it twice appears once."""
        return tuple(layer for layer in self.layers if name in layer.sources)


def side_of(layer: Layer) -> Side | None:
    """Where what a tile holds of a layer stands: on the right of the activations too for a move, whose tiles each write some columns."""
    return layer.side if isinstance(layer, DenseLayer) else Side.RIGHT if isinstance(layer, MoveLayer) else None
