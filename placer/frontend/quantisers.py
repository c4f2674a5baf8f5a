"""Where real numbers become integer tensors of a network, and integers real numbers again: what the quantisers of every dialect do."""

from __future__ import annotations

import numpy as np
import onnx

from placer.errors import InputError, UnsupportedModelError
from placer.frontend import moments, operators
from placer.frontend.closing import close
from placer.frontend.graph import Graph
from placer.frontend.onnx_file import GraphInput
from placer.frontend.scales import ACTIVATIONS
from placer.frontend.values import Constant, Quantised, RawInput, Statistic, Stored, Value
from placer.network import IntType, QuantType, Requantise, Rounding

# An input that the model does not quantise: 16 bits, 32 the largest magnitude.
RAW_INPUT = QuantType(IntType.INT16, 2.0**-10)


class Quantisers:
    """The rounding points of the network that grows in `graph`, and what its inputs are, which the first quantiser of each decides."""

    def __init__(self, graph: Graph, inputs: tuple[GraphInput, ...]) -> None:
        self.graph = graph
        self._inputs = {i.name: i for i in inputs}
        self._tensors: dict[str, str] = {}

    @property
    def network_inputs(self) -> tuple[str, ...]:
        """The tensors of the model's inputs, in its order, of those that something reads."""
        return tuple(self._tensors[name] for name in self._inputs if name in self._tensors)

    def input_type(self, node: onnx.NodeProto, value: RawInput) -> IntType:
        """The element type of a graph input that holds integers.

        Raises UnsupportedModelError when it holds something else.
        """
        code = self._inputs[value.name].element_type
        known = {t for t in ACTIVATIONS if onnx.TensorProto.DataType.Value(t.value.upper()) == code}
        if not known:
            raise UnsupportedModelError(f"{node.name}: {node.op_type} of a floating-point value is not supported")
        return known.pop()

    def quantise(self, node: onnx.NodeProto, value: Value, kind: QuantType) -> Quantised:
        """`value` rounded to `kind`, as the tensor that `node` names.

        Raises UnsupportedModelError.
        """
        name = node.output[0]
        match value:
            case RawInput():
                return Quantised(self._quantised_input(node, value, kind), value.shape)
            case Stored(tensor, shape) if self.graph.type(tensor) == kind:
                return Quantised(tensor, shape)
            case Stored():
                close(self.graph, node.name, operators.as_scaled(value), kind, name)
            case Statistic():
                return self.quantise(node, moments.computed(self.graph, node, value), kind)
            case Quantised() | Constant():
                raise UnsupportedModelError(f"{node.name}: {node.op_type} of integers is not supported")
            case _:
                close(self.graph, node.name, value, kind, name)
        return Quantised(name, value.shape)

    def dequantise(self, node: onnx.NodeProto, value: Quantised | RawInput, kind: QuantType) -> Stored:
        """The real numbers of integers under `kind`, which may differ from what quantised them: then only their meaning changes.

        Raises UnsupportedModelError.
        """
        if isinstance(value, RawInput):
            return Stored(self._quantised_input(node, value, kind), value.shape)
        made = self.graph.type(value.tensor)
        if made.dtype is not kind.dtype:
            raise UnsupportedModelError(f"{node.name}: {node.op_type} takes {kind.dtype.value}, but its input is {made.dtype.value}")
        if (made.scale, made.zero_point) == (kind.scale, kind.zero_point):
            return Stored(value.tensor, value.shape)
        zero, one = np.zeros(1, np.int64), np.ones(1, np.int64)
        # The rounding adds the new zero point, which must not move the integers.
        same = Rounding(0, zero - kind.zero_point, one, 0, 0, made.min, made.max, wide=False)
        name = self.graph.fresh(f"{node.name}.reinterpreted")
        self.graph.emit(Requantise(self.graph.fresh(f"{node.name}.op"), value.tensor, name, same), value.shape, kind)
        return Stored(name, value.shape)

    def _quantised_input(self, node: onnx.NodeProto, value: RawInput, kind: QuantType) -> str:
        """The tensor of a graph input at its quantiser, moved as the expression says."""
        source = self._tensors.get(value.name)
        name = node.output[0] if node.output[0] not in self.graph.tensors else self.graph.fresh(node.output[0])
        if source is None:
            source = name if not value.moves else self.graph.fresh(f"{name}.input")
            self._tensors[value.name] = source
            self.graph.add_input(source, tuple(d for d in self._inputs[value.name].dims[1:] if d), kind)
        if self.graph.type(source) != kind:
            raise UnsupportedModelError(
                f"{node.name}: input {value.name} is quantised twice with different scales; quantise it once and share the result"
            )
        if not value.moves:
            return source
        self.graph.move(node.name, source, value.moves, name)
        return name

    def real(self, node: onnx.NodeProto, value: Value | None) -> Value:
        """An operand of arithmetic: a raw input, which no quantiser has met, becomes integers of RAW_INPUT.

        Raises InputError where there is none.
        """
        if value is None:
            raise InputError(f"{node.name}: {node.op_type} lacks an input")
        if not isinstance(value, RawInput) or value.moves:
            return value
        name = self._tensors.get(value.name)
        if name is None:
            name = self.graph.fresh(f"{value.name}.integers")
            self._tensors[value.name] = name
            self.graph.add_input(name, value.shape, RAW_INPUT)
            self.graph.inserted.append((name, "the model does not quantise this input"))
        return Stored(name, value.shape)
