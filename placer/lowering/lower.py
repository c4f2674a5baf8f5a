"""Network -> LayerGraph: transposes, reshapes and slices vanish into views, requantisation chains form, nothing is rounded differently.

Every network tensor becomes a view (views.py) of a stored activation [tokens, features]. A product with weights contracts over features
(weights on the right) or over tokens (weights on the left) where its view's last axis runs along them. Heads are groups of columns. What no
view and no kernel expresses is moved first (store.py).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from placer.layers import (
    AddLayer,
    DenseLayer,
    HostView,
    InterpolationLayer,
    Layer,
    LayerGraph,
    MatMulLayer,
    MultiplyLayer,
    NormaliseLayer,
    RequantiseLayer,
    Side,
    SoftmaxLayer,
    Step,
    SteppedLayer,
    TableLayer,
)
from placer.lowering.chains import along, by_group, step_of, typed
from placer.lowering.signed import offset, signed
from placer.lowering.store import Store
from placer.lowering.views import View, heads, line, merged, permuted, plain, reshaped, taken
from placer.network import (
    Add,
    Concat,
    Dense,
    IntArray,
    Interpolation,
    MatMul,
    Multiply,
    Network,
    Normalise,
    Operation,
    QuantType,
    Requantise,
    Reshape,
    Softmax,
    Table,
    Take,
    Transpose,
)


def lower(network: Network) -> LayerGraph:
    """Lower a network to layers."""
    return _Lowering(network).run()


class _Lowering:
    """The walk over one network; its store and views grow as operations are lowered."""

    def __init__(self, network: Network) -> None:
        self.offsets = {name: offset(network.tensor(name).type) for name in (*network.inputs, *network.outputs)}
        self.network = signed(network)
        self.store = Store()
        self.views: dict[str, View] = {}
        self.host_reshaped: set[str] = set()

    def run(self) -> LayerGraph:
        for name in self.network.inputs:
            self._input(name)
        for op in self.network.operations:
            self._lower(op)
        inputs = tuple(self._host_view(name) for name in self.network.inputs)
        outputs = tuple(self._output_view(name) for name in self.network.outputs)
        layers = self._read_layers({view.activation for view in outputs})
        kept = {n for layer in layers for n in (*layer.sources, layer.target)} | {view.activation for view in (*inputs, *outputs)}
        return LayerGraph(
            name=self.network.name,
            inputs=inputs,
            outputs=outputs,
            activations=tuple(a for a in self.store.activations if a.name in kept),
            layers=layers,
        )

    def _lower(self, op: Operation) -> None:
        match op:
            case Dense():
                self._dense(op)
            case Add() | Multiply():
                self._pair(op)
            case MatMul():
                self._matmul(op)
            case Requantise():
                self._chain(op)
            case Table() | Interpolation():
                self._function(op)
            case Normalise():
                self._normalise(op)
            case Softmax():
                self._softmax(op)
            case Transpose():
                self.views[op.target] = permuted(self.views[op.source], op.perm)
            case Reshape():
                self._reshape(op)
            case Take():
                self._take(op)
            case Concat():
                self._concat(op)

    def _read_layers(self, outputs: set[str]) -> tuple[Layer, ...]:
        """The layers that an output depends on."""
        needed, layers = set(outputs), list[Layer]()
        for layer in reversed(self.store.layers):
            if layer.target in needed:
                needed.update(layer.sources)
                layers.append(layer)
        return tuple(reversed(layers))

    # -- views ------------------------------------------------------------------------------------------------------------------

    def _input(self, name: str) -> None:
        """Store a network input; a reshape that alone reads it is left to the host, which sends any order."""
        tensor = self.network.tensor(name)
        shape, last = tensor.shape, name
        readers = self.network.consumers(name)
        while len(readers) == 1 and isinstance(readers[0], Reshape) and last not in self.network.outputs:
            last = readers[0].target
            self.host_reshaped.add(last)
            shape = self.network.tensor(last).shape
            readers = self.network.consumers(last)
        self.store.add(name, math.prod(shape[:-1]), math.prod(shape[-1:]), tensor.type)
        self.views[name] = self.views[last] = plain(name, shape)

    def _stored(self, name: str, tokens: int, features: int, view: View, groups: int = 1) -> None:
        """Add the activation of a network tensor, which lies in it as `view` lies in its own."""
        self.store.add(name, tokens, features, self._type(name), groups)
        self.views[name] = replace(view, activation=name)

    def _type(self, name: str) -> QuantType:
        return self.network.tensor(name).type

    def _host_view(self, name: str) -> HostView:
        """How the host sees a tensor that fills its activation."""
        view = self.views[name]
        ordered = sorted(view.atoms, key=lambda a: (not a.by_row, -a.stride))
        perm = tuple(ordered.index(atom) for atom in view.atoms)
        shape = self.network.tensor(name).shape
        return HostView(name, shape, view.activation, tuple(a.size for a in ordered), perm, self.offsets[name])

    def _output_view(self, name: str) -> HostView:
        if not self.store.whole(self.views[name]):
            self.views[name] = self.store.laid_plain(f"{name}.output", self.views[name])
        if self.store.writer(self.views[name].activation) is None:
            # A PLIO takes its element type from the kernel port behind it (UG1079), so there is one.
            self.views[name] = self.store.copied(self.views[name])
        return self._host_view(name)

    def _reshape(self, op: Reshape) -> None:
        if op.target in self.host_reshaped:
            return
        view, shape = self.views[op.source], self.network.tensor(op.target).shape
        found = reshaped(view, shape)
        if found is None and op.target in self.network.outputs and not self.network.consumers(op.target):
            # The host reshapes what leaves.
            found = view
        self.views[op.target] = found or self._moved_reshape(op, view, shape)

    def _moved_reshape(self, op: Reshape, view: View, shape: tuple[int, ...]) -> View:
        """A reshape that cuts rows or columns unevenly: moved to where its result lies plainly."""
        stored = self.store.activation(view.activation)
        rows, columns = view.places()
        index = (rows * stored.features + columns).reshape(math.prod(shape[:-1]), math.prod(shape[-1:]))
        return plain(self.store.move(op.name, (stored,), index), shape)

    def _take(self, op: Take) -> None:
        view = self.views[op.source]
        found = taken(view, op.axis, op.indices)
        if found is None:
            stored = self.store.activation(view.activation)
            rows, columns = (places.take(op.indices, axis=op.axis) for places in view.places())
            shape = self.network.tensor(op.target).shape
            index = (rows * stored.features + columns).reshape(math.prod(shape[:-1]), math.prod(shape[-1:]))
            found = plain(self.store.move(op.name, (stored,), index), shape)
        self.views[op.target] = self.store.narrowed(op.name, found)

    def _concat(self, op: Concat) -> None:
        """Two parts at a time, each pair into an activation of its own."""
        view = self.views[op.parts[0]]
        for number, part in enumerate(op.parts[1:]):
            other = self.views[part]
            first, second = self.store.activation(view.activation), self.store.activation(other.activation)
            (rows, columns), (more_rows, more_columns) = view.places(), other.places()
            index = rows * first.features + columns
            # The same activation twice is one source.
            base = 0 if first.name == second.name else first.tokens * first.features
            index = np.concatenate([index, base + more_rows * second.features + more_columns], axis=op.axis)
            matrix = index.reshape(math.prod(index.shape[:-1]), math.prod(index.shape[-1:]))
            parts = (first,) if first.name == second.name else (first, second)
            view = plain(self.store.move(f"{op.name}.{number}", parts, matrix), index.shape)
        self.views[op.target] = view

    # -- layers -----------------------------------------------------------------------------------------------------------------

    def _dense(self, op: Dense) -> None:
        view = self.views[op.source]
        stored = self.store.activation(view.activation)
        inner, channels = op.weight.shape
        along_rows = view.axes[-1] == line(True, inner) and stored.tokens == inner
        along_columns = view.axes[-1] == line(False, inner) and stored.features == inner
        if self.store.whole(view) and along_rows and not along_columns:
            view_of_target = replace(view, axes=(*view.axes[:-1], line(True, channels)))
            self._stored(op.target, channels, stored.features, view_of_target, stored.groups)
            step = step_of(op.rounding, self._type(op.target), channels)
            self._append_dense(op, view, Side.LEFT, op.weight, step)
            return
        weight, rounding = op.weight, op.rounding
        if not (self.store.whole(view) and along_columns):
            grouped = by_group(op, view, stored)
            weight, rounding, view = grouped or (weight, rounding, self.store.laid_plain(f"{op.name}.input", view))
            stored = self.store.activation(view.activation)
        view_of_target = replace(view, axes=(*view.axes[:-1], line(False, channels)), row=0, column=0)
        self._stored(op.target, stored.tokens, weight.shape[1], view_of_target)
        self._append_dense(op, view, Side.RIGHT, weight, step_of(rounding, self._type(op.target), weight.shape[1]))

    def _append_dense(self, op: Dense, view: View, side: Side, weight: IntArray, step: Step) -> None:
        self.store.layers.append(DenseLayer(op.name, view.activation, op.target, side, weight, op.weight_type, (step,)))

    def _pair(self, op: Add | Multiply) -> None:
        left, right = self._alike(op.name, self.views[op.left], self.views[op.right])
        stored = self.store.activation(left.activation)
        self._stored(op.target, stored.tokens, stored.features, left, stored.groups)
        zeros = (self._type(op.left).zero_point, self._type(op.right).zero_point)
        steps = (step_of(op.rounding, self._type(op.target), stored.features),)
        if isinstance(op, Multiply):
            self.store.layers.append(MultiplyLayer(op.name, left.activation, right.activation, op.target, *zeros, steps))
        else:
            factors = (op.left_factor, op.right_factor)
            self.store.layers.append(AddLayer(op.name, left.activation, right.activation, op.target, *zeros, *factors, steps))

    def _alike(self, name: str, left: View, right: View) -> tuple[View, View]:
        """Both operands as they lie in activations of the same size: where they do not, the right one is moved, or both are."""
        if not self.store.whole(left) and self.store.whole(right):
            right, left = self._alike(name, right, left)
            return left, right
        if not self.store.whole(left):
            left = self.store.laid_plain(f"{name}.left", left)
        stored, other = self.store.activation(left.activation), self.store.activation(right.activation)
        same = replace(right, activation=left.activation) == left and (stored.tokens, stored.features) == (other.tokens, other.features)
        if same and stored.groups != other.groups:
            same = self.store.regroup(right.activation, stored.groups) or self.store.regroup(left.activation, other.groups)
        if not same:
            right = self.store.moved_to(f"{name}.right", right, stored.tokens, stored.features, left, stored.groups)
        return left, right

    def _matmul(self, op: MatMul) -> None:
        left, right = self.views[op.left], self.views[op.right]
        tokens, inner = left.shape[-2:]
        columns = right.shape[-1]
        groups = math.prod(left.shape[:-2])
        # A right operand that lies as its transpose is turned in registers.
        turned = bool(right.axes[-1]) and all(atom.by_row for atom in right.axes[-1])
        if turned:
            right = replace(right, axes=(*right.axes[:-2], right.axes[-1], right.axes[-2]))
        left = self._grouped(f"{op.name}.left", left, groups)
        right = self._grouped(f"{op.name}.right", right, groups)
        batch = left.axes[:-2]
        layer = MatMulLayer(
            name=op.name,
            left=left.activation,
            right=right.activation,
            target=op.target,
            left_zero=self._type(op.left).zero_point,
            right_zero=self._type(op.right).zero_point,
            groups=groups,
            inner=inner,
            outer=columns,
            turned=turned,
            steps=(step_of(op.rounding, self._type(op.target), groups * columns),),
        )
        self.store.add(op.target, tokens, groups * columns, self._type(op.target), groups)
        self.views[op.target] = heads(op.target, tuple(math.prod(a.size for a in axis) for axis in batch), tokens, columns)
        self.store.layers.append(layer)

    def _grouped(self, name: str, view: View, groups: int) -> View:
        """`view` [..., rows, columns] with rows along the rows, and its leading axes as groups of columns."""
        stored = self.store.activation(view.activation)
        expected = (line(True, stored.tokens), line(False, stored.features))
        lies = self.store.whole(view) and (view.axes[-2], merged((*view.axes[:-2], view.axes[-1]))) == expected
        if lies and self.store.regroup(view.activation, groups):
            return view
        *batch, rows, columns = view.shape
        return self.store.moved_to(name, view, rows, groups * columns, heads("", tuple(batch), rows, columns), groups)

    def _function(self, op: Table | Interpolation) -> None:
        view, kind = self.views[op.source], self._type(op.target)
        stored = self.store.activation(view.activation)
        self._stored(op.target, stored.tokens, stored.features, view, stored.groups)
        if isinstance(op, Table):
            self.store.layers.append(TableLayer(op.name, view.activation, op.target, op.values))
        else:
            layer = InterpolationLayer(op.name, view.activation, op.target, op.cubics, kind.zero_point, op.low, op.high)
            self.store.layers.append(layer)

    def _normalise(self, op: Normalise) -> None:
        view, kind = self.store.laid_plain(f"{op.name}.input", self.views[op.source]), self._type(op.target)
        stored = self.store.activation(view.activation)
        self._stored(op.target, stored.tokens, stored.features, view)
        self.store.layers.append(
            NormaliseLayer(
                name=op.name,
                source=view.activation,
                target=op.target,
                epsilon=op.epsilon,
                epsilon_bits=op.epsilon_bits,
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

    def _softmax(self, op: Softmax) -> None:
        view, kind = self.views[op.source], self._type(op.target)
        width = view.shape[-1]
        stored = self.store.activation(view.activation)
        groups = stored.features // width
        inside = view.axes[-1] == line(False, width) and stored.features % width == 0 and self.store.whole(view)
        if not inside or not self.store.regroup(view.activation, groups):
            view = self.store.laid_plain(f"{op.name}.input", view)
            stored, groups = self.store.activation(view.activation), 1
        self._stored(op.target, stored.tokens, stored.features, view, groups)
        ends = (kind.zero_point, op.low, op.high)
        self.store.layers.append(
            SoftmaxLayer(op.name, view.activation, op.target, width, groups, op.exponentials, op.gain, op.shift, *ends)
        )

    def _chain(self, op: Requantise) -> None:
        """Append the step of `op` to the layer that wrote its source, if nobody else sees that result, else make a layer of it."""
        view = self.views[op.source]
        writer = self.store.writer(view.activation)
        seen = [n for n, v in self.views.items() if v.activation == view.activation and self._read_outside(n, op)]
        left = isinstance(writer, DenseLayer) and writer.side is Side.LEFT
        joins = isinstance(writer, SteppedLayer) and not seen and not any(view.activation in layer.sources for layer in self.store.layers)
        rounding = along(op.rounding, view, self.store.activation(view.activation), by_row=left) if joins else None
        if rounding is None:
            joins, rounding = False, along(op.rounding, view, self.store.activation(view.activation), by_row=False)
        if rounding is None:
            view = self.store.laid_plain(f"{op.name}.input", view)
            rounding = op.rounding
        stored = self.store.activation(view.activation)
        self._stored(op.target, stored.tokens, stored.features, view, stored.groups)
        kind = self._type(op.target)
        step = step_of(rounding, kind, stored.tokens if joins and left else stored.features)
        if joins and isinstance(writer, SteppedLayer):
            steps = (*typed(writer.steps, stored.type.dtype, kind.dtype), step)
            self.store.layers[self.store.layers.index(writer)] = replace(writer, target=op.target, steps=steps)
        else:
            self.store.layers.append(RequantiseLayer(op.name, view.activation, op.target, (step,)))

    def _read_outside(self, tensor: str, op: Operation) -> bool:
        """Whether anything but `op` reads `tensor` or a view of it, also a view that comes later in the network."""
        waiting = [tensor]
        while waiting:
            name = waiting.pop()
            if name in self.network.outputs:
                return True
            for reader in self.network.consumers(name):
                if isinstance(reader, Transpose | Reshape | Take):
                    waiting.append(reader.target)
                elif reader is not op:
                    return True
        return False
