"""Layers: what one kernel kind computes, between activations that really exist in memory.

A Network keeps every operation of the model; a LayerGraph keeps only what moves or computes data on the array. Transposes and reshapes are
gone (lowering.py), and each layer ends in a chain of requantisation steps that holds every rounding point of the model it absorbed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from placer.network import IntArray, IntType, QuantType


class Side(Enum):
    """On which side of the activation the weights stand.

    RIGHT: Y[tokens, N] = X[tokens, K] W[K, N]. LEFT: Y[N, features] = W^T[N, K] X[K, features], the transposed layer.
    """

    RIGHT = "right"
    LEFT = "left"


@dataclass(frozen=True, eq=False)
class Step:
    """out = clip(saturate(round_half_even(((value << up) + bias) / 2^shift)), low, high), then max(out, 0) when `relu` (docs/kernels.md).

    bias: int32 values, one an output channel, or None. up and shift: 0 or more; value << up stays below 2^31. dtype: what the result
    saturates to; None: the type of the layer's output. low, high: bounds in units of the result, None for none.
    """

    up: int
    shift: int
    relu: bool
    bias: IntArray | None
    dtype: IntType | None = None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Activation:
    """A [batch, tokens, features] tensor that is really stored."""

    name: str
    tokens: int
    features: int
    type: QuantType


@dataclass(frozen=True)
class HostView:
    """How a network input or output is seen in an activation.

    The tensor, of shape [batch, *shape], is the activation with its last two axes swapped when `transposed`, reshaped row-major.
    """

    tensor: str
    shape: tuple[int, ...]
    activation: str
    transposed: bool


@dataclass(frozen=True, eq=False)
class DenseLayer:
    """A product with constant weights [K, N] (integers of `weight_type`) over features (RIGHT) or tokens (LEFT), then `steps`."""

    name: str
    source: str
    target: str
    side: Side
    weight: IntArray
    weight_type: QuantType
    steps: tuple[Step, ...]

    @property
    def op(self) -> str:
        return "dense"

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True, eq=False)
class AddLayer:
    """(left << up_left) + (right << up_right), then `steps`."""

    name: str
    left: str
    right: str
    target: str
    up_left: int
    up_right: int
    steps: tuple[Step, ...]

    @property
    def op(self) -> str:
        return "add"

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


Layer = DenseLayer | AddLayer | RequantiseLayer


@dataclass(frozen=True, eq=False)
class LayerGraph:
    """Layers in topological order over named activations; inputs and outputs are seen from the host through views."""

    name: str
    inputs: tuple[HostView, ...]
    outputs: tuple[HostView, ...]
    activations: tuple[Activation, ...]
    layers: tuple[Layer, ...]

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
