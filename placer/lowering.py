"""Network -> LayerGraph: transposes and reshapes vanish, requantisation chains form, nothing is rounded differently.

Every network tensor becomes a view of a stored activation [tokens, features]: plain, or transposed. A matrix product on a plain view
contracts over features (weights on the right); on a transposed view it contracts over tokens (weights on the left) and its result is
again transposed. A Transpose only flips the view.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from placer.errors import UnsupportedModelError
from placer.layers import (
    Activation,
    AddLayer,
    DenseLayer,
    HostView,
    InterpolationLayer,
    Layer,
    LayerGraph,
    MultiplyLayer,
    NormaliseLayer,
    RequantiseLayer,
    Side,
    Step,
    SteppedLayer,
    TableLayer,
)
from placer.network import (
    Add,
    Dense,
    Interpolation,
    IntType,
    Multiply,
    Network,
    Normalise,
    Operation,
    QuantType,
    Requantise,
    Reshape,
    Rounding,
    Table,
    Transpose,
)
from placer.signed import offset, signed


@dataclass(frozen=True)
class _View:
    """A network tensor as an activation, its two axes swapped when `transposed`."""

    activation: str
    transposed: bool


def lower(network: Network) -> LayerGraph:
    """Lower a network to layers.

    Raises UnsupportedModelError, naming the operation, for a data movement that no kernel or view can express.
    """
    return _Lowering(network).run()


class _Lowering:
    """The walk over one network; its fields grow as operations are lowered."""

    def __init__(self, network: Network) -> None:
        self.offsets = {name: offset(network.tensor(name).type) for name in (*network.inputs, *network.outputs)}
        self.network = signed(network)
        self.activations: list[Activation] = []
        self.layers: list[Layer] = []
        self.views: dict[str, _View] = {}
        self.host_reshaped: dict[str, tuple[int, ...]] = {}

    def run(self) -> LayerGraph:
        for name in self.network.inputs:
            self._store(name, *self._input_matrix(name), transposed=False)
        for op in self.network.operations:
            match op:
                case Dense():
                    self._dense(op)
                case Add() | Multiply():
                    self._pair(op)
                case Requantise():
                    self._chain(op)
                case Table() | Interpolation():
                    self._function(op)
                case Normalise():
                    self._normalise(op)
                case Transpose():
                    self._transpose(op)
                case Reshape():
                    self._reshape(op)
        kept = self._activations_used()
        return LayerGraph(
            name=self.network.name,
            inputs=tuple(self._host_view(name) for name in self.network.inputs),
            outputs=tuple(self._host_view(name) for name in self.network.outputs),
            activations=tuple(a for a in self.activations if a.name in kept),
            layers=tuple(self.layers),
        )

    def _activations_used(self) -> set[str]:
        touched = {n for layer in self.layers for n in (*layer.sources, layer.target)}
        return touched | {self.views[n].activation for n in (*self.network.inputs, *self.network.outputs)}

    # -- views ------------------------------------------------------------------------------------------------------------------

    def _input_matrix(self, name: str) -> tuple[int, int]:
        """Tokens and features of a network input; a reshape that alone reads it is left to the host, which sends any order."""
        shape = self.network.tensor(name).shape
        readers = self.network.consumers(name)
        while len(readers) == 1 and isinstance(readers[0], Reshape):
            shape = self.network.tensor(readers[0].target).shape
            self.host_reshaped[readers[0].target] = shape
            readers = self.network.consumers(readers[0].target)
        return _matrix(shape)

    def _store(self, name: str, tokens: int, features: int, transposed: bool) -> None:
        self.activations.append(Activation(name, tokens, features, self.network.tensor(name).type))
        self.views[name] = _View(name, transposed)

    def _activation(self, view: _View) -> Activation:
        return next(a for a in self.activations if a.name == view.activation)

    def _host_view(self, name: str) -> HostView:
        view = self.views[name]
        return HostView(name, self.network.tensor(name).shape, view.activation, view.transposed, self.offsets[name])

    def _transpose(self, op: Transpose) -> None:
        view = self.views[op.source]
        identity = tuple(range(len(op.perm)))
        if op.perm == identity:
            self.views[op.target] = view
        elif op.perm == (1, 0):
            self.views[op.target] = replace(view, transposed=not view.transposed)
        else:
            raise UnsupportedModelError(
                f"{op.name}: Transpose with permutation {list(op.perm)} is not supported; only the last two axes of a [batch, tokens, "
                "features] tensor can be swapped"
            )

    def _reshape(self, op: Reshape) -> None:
        view = self.views[op.source]
        stored = self._activation(view)
        before, after = self.network.tensor(op.source).shape, self.network.tensor(op.target).shape
        matrix, stored_matrix = _matrix(after), (stored.tokens, stored.features)
        real = [d for d in before if d != 1]
        if op.target in self.host_reshaped or (not view.transposed and matrix == stored_matrix):
            self.views[op.target] = replace(view, transposed=False)
        elif real == [d for d in after if d != 1] and len(real) <= 1 and matrix in {stored_matrix, stored_matrix[::-1]}:
            self.views[op.target] = replace(view, transposed=matrix != stored_matrix)
        elif (real == [d for d in after if d != 1] and matrix == stored_matrix[::-1]) or (
            op.target in self.network.outputs and not self.network.consumers(op.target)
        ):
            self.views[op.target] = view
        else:
            raise UnsupportedModelError(
                f"{op.name}: Reshape from {list(before)} to {list(after)} moves data between tokens and features; only reshapes at the "
                "network's input or output, and those that add, drop or merge leading axes, are supported"
            )

    # -- layers -----------------------------------------------------------------------------------------------------------------

    def _dense(self, op: Dense) -> None:
        view = self.views[op.source]
        stored = self._activation(view)
        channels = op.weight.shape[1]
        tokens, features = (channels, stored.features) if view.transposed else (stored.tokens, channels)
        self._store(op.target, tokens, features, view.transposed)
        step = _step(op.rounding, self.network.tensor(op.target).type, channels)
        side = Side.LEFT if view.transposed else Side.RIGHT
        self.layers.append(DenseLayer(op.name, view.activation, op.target, side, op.weight, op.weight_type, (step,)))

    def _pair(self, op: Add | Multiply) -> None:
        left, right = self.views[op.left], self.views[op.right]
        stored, other = self._activation(left), self._activation(right)
        if (left.transposed, stored.tokens, stored.features) != (right.transposed, other.tokens, other.features):
            raise UnsupportedModelError(
                f"{op.name}: {op.left} and {op.right} need one of them transposed in memory; operands must have the same shape and pass "
                "through the same number of transposes"
            )
        self._store(op.target, stored.tokens, stored.features, left.transposed)
        zeros = (self.network.tensor(op.left).type.zero_point, self.network.tensor(op.right).type.zero_point)
        steps = (_step(op.rounding, self.network.tensor(op.target).type, stored.features),)
        if isinstance(op, Multiply):
            self.layers.append(MultiplyLayer(op.name, left.activation, right.activation, op.target, *zeros, steps))
        else:
            factors = (op.left_factor, op.right_factor)
            self.layers.append(AddLayer(op.name, left.activation, right.activation, op.target, *zeros, *factors, steps))

    def _function(self, op: Table | Interpolation) -> None:
        view, kind = self.views[op.source], self.network.tensor(op.target).type
        stored = self._activation(view)
        self._store(op.target, stored.tokens, stored.features, view.transposed)
        if isinstance(op, Table):
            self.layers.append(TableLayer(op.name, view.activation, op.target, op.values))
        else:
            layer = InterpolationLayer(op.name, view.activation, op.target, op.nodes, kind.zero_point, op.low, op.high)
            self.layers.append(layer)

    def _normalise(self, op: Normalise) -> None:
        view, kind = self.views[op.source], self.network.tensor(op.target).type
        stored = self._activation(view)
        if view.transposed or stored.features != len(op.gain):
            raise UnsupportedModelError(f"{op.name}: LayerNormalization over tokens is not supported; over the features of a token it is")
        self._store(op.target, stored.tokens, stored.features, transposed=False)
        self.layers.append(
            NormaliseLayer(
                name=op.name,
                source=view.activation,
                target=op.target,
                epsilon=op.epsilon,
                fraction=op.fraction,
                gain=op.gain,
                offset=op.offset,
                offset_up=op.offset_up,
                shift=op.shift,
                zero_point=kind.zero_point,
                low=op.low,
                high=op.high,
            )
        )

    def _chain(self, op: Requantise) -> None:
        """Append the step of `op` to the layer that wrote its source, if nobody else sees that result, else make a layer of it."""
        view = self.views[op.source]
        stored = self._activation(view)
        writer = next((layer for layer in self.layers if layer.target == view.activation), None)
        seen = [n for n, v in self.views.items() if v.activation == view.activation and self._read_outside(n, op)]
        by_channel = max(len(op.rounding.bias), len(op.rounding.multiplier)) > 1
        self._store(op.target, stored.tokens, stored.features, view.transposed)
        left = isinstance(writer, DenseLayer) and writer.side is Side.LEFT
        kind = self.network.tensor(op.target).type
        if isinstance(writer, SteppedLayer) and not seen and (not by_channel or left == view.transposed):
            step = _step(op.rounding, kind, stored.tokens if left else stored.features)
            steps = (*_typed(writer.steps, stored.type.dtype, kind.dtype), step)
            self.layers[self.layers.index(writer)] = replace(writer, target=op.target, steps=steps)
        elif not by_channel or not view.transposed:
            step = _step(op.rounding, kind, stored.features)
            self.layers.append(RequantiseLayer(op.name, view.activation, op.target, (step,)))
        else:
            raise UnsupportedModelError(
                f"{op.name}: constants that vary along the tokens of {op.source} are supported only after a transposed MatMul"
            )

    def _read_outside(self, tensor: str, op: Operation) -> bool:
        """Whether anything but `op` reads `tensor` or a view of it, also a view that comes later in the network."""
        waiting = [tensor]
        while waiting:
            name = waiting.pop()
            if name in self.network.outputs:
                return True
            for reader in self.network.consumers(name):
                if isinstance(reader, Transpose | Reshape):
                    waiting.append(reader.target)
                elif reader is not op:
                    return True
        return False


def _step(rounding: Rounding, target: QuantType, channels: int) -> Step:
    """A rounding as the step of a kernel with so many output channels."""
    relu = rounding.low == target.zero_point == 0
    plain = len(rounding.multiplier) == 1 and rounding.multiplier[0] == 1
    return Step(
        up=rounding.up,
        shift=rounding.shift,
        relu=relu,
        bias=np.broadcast_to(rounding.bias, (channels,)) if np.any(rounding.bias) else None,
        low=None if relu or rounding.low == target.dtype.min else rounding.low,
        high=None if rounding.high == target.dtype.max else rounding.high,
        multiplier=None if plain else rounding.multiplier,
        zero_point=target.zero_point,
        guard=rounding.guard,
        wide=rounding.wide,
    )


def _typed(steps: tuple[Step, ...], made: IntType, target: IntType) -> tuple[Step, ...]:
    """Steps that ended a layer of `made` elements, now that others follow: those without a type of their own get it where it differs."""
    return steps if made is target else tuple(replace(s, dtype=s.dtype or made) for s in steps)


def _matrix(shape: tuple[int, ...]) -> tuple[int, int]:
    """The shape of one sample as tokens by features: leading axes merged."""
    return (math.prod(shape[:-1]), shape[-1]) if shape else (1, 1)
