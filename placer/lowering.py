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
from placer.layers import Activation, AddLayer, DenseLayer, HostView, Layer, LayerGraph, RequantiseLayer, Side, Step
from placer.network import Add, Dense, IntArray, Network, Operation, QuantType, Requantise, Reshape, Transpose

# A value shifted left into a 32-bit accumulator: 8 value bits, one bit for the sum, one for the sign of the bias.
MAX_UP_SHIFT = 22
ACCUMULATOR_LIMIT = 1 << 31
# Shifting a 32-bit value further gives 0 all the same; the hardware's limit is 59.
MAX_DOWN_SHIFT = 34


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
        self.network = network
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
                case Add():
                    self._add(op)
                case Requantise():
                    self._requantise(op)
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
        return HostView(name, self.network.tensor(name).shape, view.activation, view.transposed)

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
        source, target = self.network.tensor(op.source).type, self.network.tensor(op.target).type
        exponent = source.exponent + op.weight_type.exponent - op.bias_fraction_bits
        largest = int((np.abs(op.weight).sum(axis=0) * -source.dtype.min << op.bias_fraction_bits).max(initial=0))
        step = _step(op.name, op.bias_fraction_bits, target.exponent - exponent, op.relu, op.bias, largest)
        side = Side.LEFT if view.transposed else Side.RIGHT
        self.layers.append(DenseLayer(op.name, view.activation, op.target, side, op.weight, op.weight_type, (step,)))

    def _add(self, op: Add) -> None:
        constant = self.network.tensor(op.right).value
        if constant is not None:
            self._add_constant(op, constant)
            return
        left, right = self.views[op.left], self.views[op.right]
        stored, other = self._activation(left), self._activation(right)
        if (left.transposed, stored.tokens, stored.features) != (right.transposed, other.tokens, other.features):
            raise UnsupportedModelError(
                f"{op.name}: Add of {op.left} and {op.right} needs one of them transposed in memory; its operands must have the same "
                "shape and pass through the same number of transposes"
            )
        up_left, up_right, shift = self._aligned(op, self.network.tensor(op.right).type)
        self._store(op.target, stored.tokens, stored.features, left.transposed)
        step = _step(op.name, 0, shift, op.relu, None, (128 << up_left) + (128 << up_right))
        if step.up:
            up_left, up_right, step = up_left + step.up, up_right + step.up, replace(step, up=0)
        self.layers.append(AddLayer(op.name, left.activation, right.activation, op.target, up_left, up_right, (step,)))

    def _add_constant(self, op: Add, constant: IntArray) -> None:
        view = self.views[op.left]
        if constant.size != constant.shape[-1]:
            raise UnsupportedModelError(
                f"{op.name}: Add of a constant of shape {list(constant.shape)} is not supported; it may vary along the last axis only"
            )
        up, up_constant, shift = self._aligned(op, self.network.tensor(op.right).type)
        self._chain(op, view, _step(op.name, up, shift, op.relu, constant.reshape(-1) << up_constant, 128 << up))

    def _requantise(self, op: Requantise) -> None:
        source, target = self.network.tensor(op.source).type, self.network.tensor(op.target).type
        self._chain(op, self.views[op.source], _step(op.name, 0, target.exponent - source.exponent, op.relu, None, 128))

    def _aligned(self, op: Add, right: QuantType) -> tuple[int, int, int]:
        """Left shifts that bring both operands of an addition to the finer scale, and the right shift of their sum."""
        left, target = self.network.tensor(op.left).type.exponent, self.network.tensor(op.target).type.exponent
        finer = min(left, right.exponent)
        ups = (left - finer, right.exponent - finer)
        if max(ups) > MAX_UP_SHIFT:
            raise UnsupportedModelError(
                f"{op.name}: the scales of the operands of Add differ by 2^{max(ups)}; at most 2^{MAX_UP_SHIFT} fits a 32-bit accumulator"
            )
        return (*ups, target - finer)

    def _chain(self, op: Add | Requantise, view: _View, step: Step) -> None:
        """Append `step` to the layer that wrote the source, if nobody else sees its result, else make a layer of it."""
        name = op.left if isinstance(op, Add) else op.source
        stored = self._activation(view)
        writer = next((layer for layer in self.layers if layer.target == view.activation), None)
        seen = [n for n, v in self.views.items() if v.activation == view.activation and self._read_outside(n, op)]
        self._store(op.target, stored.tokens, stored.features, view.transposed)
        channels_match = step.bias is None or _bias_on_channels(writer, view)
        if writer is not None and not seen and channels_match:
            self.layers[self.layers.index(writer)] = replace(writer, target=op.target, steps=(*writer.steps, step))
        elif step.bias is None or not view.transposed:
            self.layers.append(RequantiseLayer(op.name, view.activation, op.target, (step,)))
        else:
            raise UnsupportedModelError(f"{op.name}: a constant added to {name} along tokens is supported only after a transposed MatMul")

    def _read_outside(self, tensor: str, op: Operation) -> bool:
        """Whether anything but `op` reads `tensor` or a view of it, also a view that comes later in the network."""
        if tensor in self.network.outputs:
            return True
        readers = (r for r in self.network.consumers(tensor) if r is not op)
        return any(self._read_outside(r.target, op) if isinstance(r, Transpose | Reshape) else True for r in readers)


def _step(name: str, up: int, shift: int, relu: bool, bias: IntArray | None, largest: int) -> Step:
    """A step as the core can run it: shifts right by 0 to MAX_DOWN_SHIFT, left shifts before the bias, sums within 32 bits.

    largest: bound of the shifted value's magnitude. Raises UnsupportedModelError when a left shift overflows.
    """
    largest += 0 if bias is None else int(np.abs(bias).max(initial=0))
    if shift < 0:
        # A lone value of one bit or more saturates int8 when shifted by 8, so a larger shift says the same.
        more = min(-shift, 8) if bias is None and largest <= 128 else -shift
        up, shift, largest = up + more, 0, largest << more
        bias = None if bias is None else bias << more
    if largest >= ACCUMULATOR_LIMIT:
        raise UnsupportedModelError(f"{name}: its sums can reach {largest} once aligned to the output scale, beyond a 32-bit accumulator")
    return Step(up, min(shift, MAX_DOWN_SHIFT), relu, bias)


def _matrix(shape: tuple[int, ...]) -> tuple[int, int]:
    """The shape of one sample as tokens by features: leading axes merged."""
    return (math.prod(shape[:-1]), shape[-1]) if shape else (1, 1)


def _bias_on_channels(writer: Layer | None, view: _View) -> bool:
    """Whether a constant along the view's last axis lies along the output channels of the layer that wrote it."""
    if isinstance(writer, DenseLayer):
        return (writer.side is Side.LEFT) == view.transposed
    return not view.transposed
