"""One walk over one model: every node gives a value, quantisers close expressions into operations of the network.

The dialects differ in how they write a quantiser: qdq.py, qoperator.py and qonnx.py turn their nodes into `quantise` and `dequantise` here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx

from placer.errors import InputError, UnsupportedModelError
from placer.frontend import batch, moments, operators, pooling, qdq, qonnx, qoperator, reductions, selections
from placer.frontend.closing import close, output_type
from placer.frontend.constants import BATCH, Attributes, fold, plain, shape_constant
from placer.frontend.functions import FUNCTIONS, unary_function
from placer.frontend.graph import Graph
from placer.frontend.onnx_file import GraphInput, Model
from placer.frontend.operators import is_arithmetic
from placer.frontend.products import check_matrix, gemm, matmul
from placer.frontend.scales import ACTIVATIONS
from placer.frontend.shapes import inner_axis, keeps_batch, listed, move_value, reduced_axes, shape_of
from placer.frontend.values import Constant, Named, Normalised, Quantised, RawInput, Statistic, Stored, Turned, Value
from placer.network import IntType, Network, QuantType, Requantise, Rounding

PLAIN_DOMAINS = frozenset({"", "ai.onnx"})
MOVES = frozenset({"Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze"})
QUANTISE_FIRST = "quantise it first, for example with onnxruntime.quantization.quantize_static (QDQ format), brevitas or quark"
FAKE = "it rounds in floating point, as Keras exports of HGQ2 do, where no operator states a scale or a type"
# An input that the model does not quantise: 16 bits, 32 the largest magnitude.
RAW_INPUT = QuantType(IntType.INT16, 2.0**-10)


class Reader:
    """The values of the names read so far, and the network that grows."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.values: dict[str, Named] = {i.name: plain(i.value, f"initialiser {i.name}") for i in model.initialisers}
        self.batch: int | None = None
        self.network_inputs: dict[str, str] = {}
        taken = {i.name for i in model.inputs} | set(self.values)
        taken.update(name for node in model.nodes for name in (node.name, *node.output))
        self.graph = Graph(taken)

    def read(self) -> Network:
        """The network of the model.

        Raises UnsupportedModelError or InputError.
        """
        if not any(is_quantiser(n) for n in self.model.nodes):
            rounds = any(n.op_type in {"Round", "Floor"} for n in self.model.nodes)
            lacks = "it has no QuantizeLinear or Quant" + (f"; {FAKE}" if rounds else "")
            raise UnsupportedModelError(f"model {self.model.name} is not quantised ({lacks}); {QUANTISE_FIRST}")
        for value in self.model.inputs:
            self._input(value)
        for node in self.model.nodes:
            operands = [self._operand(node, name) for name in node.input]
            if batch.concerns(node, operands):
                found = batch.apply(self.graph, node, operands, self.batch, self._results)
            else:
                found = self._first(node, [o for o in operands if not isinstance(o, Turned)])
            self.values.update(zip(node.output, found, strict=False))
        outputs = tuple(self._output(name) for name in self.model.outputs)
        inputs = tuple(self.network_inputs[i.name] for i in self.model.inputs if i.name in self.network_inputs)
        return self.graph.network(self.model.name, self.batch, inputs, outputs)

    # -- the ends of the graph --------------------------------------------------------------------------------------------------

    def _operand(self, node: onnx.NodeProto, name: str) -> Named | None:
        if name and name not in self.values:
            raise UnsupportedModelError(f"{node.name}: reads {name}, a second output of its node; only those of Split are supported")
        return self.values[name] if name else None

    def _input(self, value: GraphInput) -> None:
        dims = value.dims
        if not dims or any(d is None or d < 1 for d in dims[1:]):
            raise UnsupportedModelError(
                f"input {value.name} has shape {[d if d else '?' for d in dims]}; every dimension but the batch must be fixed and positive"
            )
        if value.name != self.model.inputs[0].name and dims[0] != self.batch:
            raise UnsupportedModelError(f"input {value.name} has another batch than the first input; all inputs must share one")
        self.batch = self.graph.batch = dims[0]
        self.values[value.name] = RawInput(value.name, tuple(d for d in dims[1:] if d))

    def _output(self, name: str) -> str:
        value = self.values.get(name)
        if isinstance(value, Turned):
            raise UnsupportedModelError(f"output {name}: the batch must be its first dimension")
        if value is not None and is_arithmetic(value):
            kind = output_type(self.graph, name, value)
            tensor = self.graph.fresh(f"{name}.integers")
            close(self.graph, name, value, kind, tensor)
            self.graph.inserted.append((tensor, "the model leaves this output unrounded"))
            return tensor
        if isinstance(value, Stored | Quantised):
            return value.tensor
        raise UnsupportedModelError(
            f"output {name} is not quantised; the model must end in a quantiser or in arithmetic on quantised values"
        )

    def input_type(self, node: onnx.NodeProto, value: RawInput) -> IntType:
        """The element type of a graph input that holds integers.

        Raises UnsupportedModelError when it holds something else.
        """
        code = next(i.element_type for i in self.model.inputs if i.name == value.name)
        known = {t for t in ACTIVATIONS if onnx.TensorProto.DataType.Value(t.value.upper()) == code}
        if not known:
            raise UnsupportedModelError(f"{node.name}: {node.op_type} of a floating-point value is not supported")
        return known.pop()

    # -- quantisers -------------------------------------------------------------------------------------------------------------

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
        source = self.network_inputs.get(value.name)
        name = node.output[0] if node.output[0] not in self.graph.tensors else self.graph.fresh(node.output[0])
        if source is None:
            source = name if not value.moves else self.graph.fresh(f"{name}.input")
            self.network_inputs[value.name] = source
            dims = next(i.dims for i in self.model.inputs if i.name == value.name)
            self.graph.add_input(source, tuple(d for d in dims[1:] if d), kind)
        if self.graph.type(source) != kind:
            raise UnsupportedModelError(
                f"{node.name}: input {value.name} is quantised twice with different scales; quantise it once and share the result"
            )
        if not value.moves:
            return source
        self.graph.move(node.name, source, value.moves, name)
        return name

    def _real(self, node: onnx.NodeProto, value: Value | None) -> Value:
        """An operand of arithmetic: a raw input, which no quantiser has met, becomes integers of RAW_INPUT."""
        if value is None:
            raise InputError(f"{node.name}: {node.op_type} lacks an input")
        if not isinstance(value, RawInput) or value.moves:
            return value
        name = self.network_inputs.get(value.name)
        if name is None:
            name = self.graph.fresh(f"{value.name}.integers")
            self.network_inputs[value.name] = name
            self.graph.add_input(name, value.shape, RAW_INPUT)
            self.graph.inserted.append((name, "the model does not quantise this input"))
        return Stored(name, value.shape)

    # -- nodes ------------------------------------------------------------------------------------------------------------------

    def _first(self, node: onnx.NodeProto, operands: list[Value | None]) -> tuple[Named, ...]:
        """What a node gives whose operands have the batch first; a reshape may then move it."""
        first = operands[0] if operands else None
        if first is not None and not isinstance(first, Constant):
            if node.op_type == "Gemm":
                check_matrix(node, (0, *first.shape))
            numbers = listed(node, operands) or () if node.op_type == "Reshape" else None
            if numbers is not None and keeps_batch(node, numbers, first.shape, self.batch) is None:
                return (batch.reshaped(self.graph, node, first, numbers, self.batch),)
        return self._results(node, operands)

    def _results(self, node: onnx.NodeProto, operands: list[Value | None]) -> tuple[Value, ...]:
        """What a node gives whose operands have the batch first."""
        first = operands[0] if operands else None
        if node.op_type in selections.SELECTIONS and node.domain in PLAIN_DOMAINS and not isinstance(first, Constant):
            return selections.select(self.graph, node, operands)
        return (self._apply(node, operands),)

    def _apply(self, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
        if node.op_type == "Constant" and node.domain in PLAIN_DOMAINS:
            return Attributes(node).constant()
        constants = tuple(o for o in operands if isinstance(o, Constant))
        if len(constants) == len(operands) and constants and not is_quantiser(node):
            folded = fold(node, constants)
            if folded is not None:
                return folded
        # Absent operands read like empty ones.
        operands = operands + [None] * (2 - len(operands))
        if qdq.handles(node):
            return qdq.apply(self, node, operands)
        if qoperator.handles(node):
            return qoperator.apply(self, node, operands)
        if qonnx.handles(node):
            return qonnx.apply(self, node, operands)
        if node.domain not in PLAIN_DOMAINS and not (node.domain == "com.microsoft" and node.op_type in FUNCTIONS):
            raise unsupported(node)
        return self._float_operator(node, operands)

    def _float_operator(self, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
        first = operands[0]
        if node.op_type in MOVES:
            return move_value(self.graph, node, operands, self.batch)
        if node.op_type == "Concat":
            return selections.concat(self.graph, node, operands)
        match node.op_type:
            case "Identity" | "Dropout" | "Cast":
                return self._same(node, first)
            case "Shape":
                return shape_constant(node, (BATCH if self.batch is None else self.batch, *shape_of(node, first)))
            case "Clip" if isinstance(first, Quantised):
                return self._clip_integers(node, first, operands)
        left = self._real(node, first)
        if isinstance(left, Quantised):
            raise UnsupportedModelError(f"{node.name}: {node.op_type} of integers is not supported; dequantise them first")
        match node.op_type:
            case "Gemm":
                return gemm(self.graph, node, [left, *operands[1:]])
            case "Relu":
                return operators.clip(self.graph, node, left, (0.0, np.inf))
            case "Clip":
                return operators.clip(self.graph, node, left, _bounds(node, operands))
            case "Min" | "Max":
                return operators.clip(self.graph, node, *_one_bound(node, left, operands))
            case "BatchNormalization":
                return operators.batch_normalisation(self.graph, node, left, operands)
            case "ReduceMean" | "ReduceSum":
                axes, keep = reduced_axes(node, operands, len(shape_of(node, left)))
                reduce = reductions.mean if node.op_type == "ReduceMean" else reductions.total
                return reduce(self.graph, node, left, axes, keep)
            case "Softmax":
                return reductions.softmax(self.graph, node, left, inner_axis(node, -1, len(shape_of(node, left)) + 1))
            case "AveragePool" | "GlobalAveragePool":
                return pooling.average_pool(self.graph, node, left)
            case "LayerNormalization":
                return self._normalise(node, left, operands)
            case _ if node.op_type in BINARY:
                return BINARY[node.op_type](self.graph, node, left, self._real(node, operands[1]))
            case "ReduceMax":
                return reductions.maximum(node, left, *reduced_axes(node, operands, len(shape_of(node, left))))
            case _ if node.op_type in FUNCTIONS:
                found = moments.function(node, left, operands) if isinstance(left, Statistic) else None
                return found or operators.unary(self.graph, node, left, unary_function(node, operands))
            case _:
                raise unsupported(node)

    def _same(self, node: onnx.NodeProto, value: Value | None) -> Value:
        if value is None:
            raise InputError(f"{node.name}: {node.op_type} lacks its first input")
        to = Attributes(node).integer("to", 0)
        if node.op_type == "Cast" and to not in {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE}:
            raise unsupported(node)
        return value

    def _clip_integers(self, node: onnx.NodeProto, value: Quantised, operands: list[Value | None]) -> Quantised:
        """Clip between a quantiser's integers and their dequantiser: fewer bits than the type has."""
        low, high = _bounds(node, operands)
        kind = self.graph.type(value.tensor)
        limits = (max(kind.min, round(max(low, kind.min))), min(kind.max, round(min(high, kind.max))))
        return Quantised(self.graph.narrowed(node.name, value.tensor, limits), value.shape)

    def _normalise(self, node: onnx.NodeProto, value: Value, operands: list[Value | None]) -> Normalised:
        held = operators.stored(self.graph, node, value)
        size = held.shape[-1] if held.shape else 0
        axis = Attributes(node).integer("axis", -1)
        if axis not in {-1, len(held.shape)} or not size:
            raise UnsupportedModelError(f"{node.name}: LayerNormalization is supported over the last axis only")
        gain, offset = (operands[i] if len(operands) > i else None for i in (1, 2))
        vectors = []
        for vector, default in ((gain, 1.0), (offset, 0.0)):
            if vector is not None and (
                not isinstance(vector, Constant) or vector.real.size not in {1, size} or not np.all(np.isfinite(vector.real))
            ):
                raise UnsupportedModelError(f"{node.name}: scale and bias of LayerNormalization must be constants of {size} elements")
            vectors.append(np.full(size, default) if vector is None else np.broadcast_to(vector.real.reshape(-1), (size,)))
        epsilon = Attributes(node).real("epsilon", 1e-5)
        if not 0 <= epsilon < 1e6:
            raise InputError(f"{node.name}: epsilon {epsilon} is not a small positive number")
        return Normalised(held.tensor, vectors[0], vectors[1], epsilon, held.shape)


Binary = Callable[[Graph, onnx.NodeProto, Value, Value], Value]
BINARY: dict[str, Binary] = {
    "MatMul": matmul,
    "Add": operators.add,
    "Sub": lambda graph, node, left, right: operators.add(graph, node, left, right, -1.0),
    "Mul": operators.multiply,
    "Div": operators.divide,
}


def is_quantiser(node: onnx.NodeProto) -> bool:
    """Whether a node of any dialect states a rounding point."""
    return qdq.handles(node) or qoperator.handles(node) or qonnx.handles(node)


def unsupported(node: onnx.NodeProto) -> UnsupportedModelError:
    """The error for an operator that no dialect reads."""
    operator = node.op_type if node.domain in PLAIN_DOMAINS else f"{node.domain}.{node.op_type}"
    return UnsupportedModelError(f"{node.name}: operator {operator} is not supported here; docs/models.md lists those that are")


def _one_bound(node: onnx.NodeProto, left: Value, operands: list[Value | None]) -> tuple[Value, tuple[float, float]]:
    """The value that a Min or Max with one constant bounds, and its bounds."""
    value, bound = (operands[1], left) if isinstance(left, Constant) else (left, operands[1])
    if value is None or isinstance(value, Constant) or not isinstance(bound, Constant) or bound.real.size != 1 or len(operands) != 2:
        raise UnsupportedModelError(f"{node.name}: {node.op_type} is supported of a tensor and one constant")
    number = float(bound.real.reshape(()))
    return value, (-np.inf, number) if node.op_type == "Min" else (number, np.inf)


def _bounds(node: onnx.NodeProto, operands: list[Value | None]) -> tuple[float, float]:
    """The bounds of a Clip, from its inputs or (before operator set 11) its attributes."""
    bounds = [Attributes(node).real("min", -np.inf), Attributes(node).real("max", np.inf)]
    for number, operand in enumerate(operands[1:3]):
        if operand is not None:
            if not isinstance(operand, Constant) or operand.real.size != 1:
                raise UnsupportedModelError(f"{node.name}: the bounds of Clip must be constant numbers")
            bounds[number] = float(operand.real.reshape(()))
    if not bounds[0] <= bounds[1]:
        raise InputError(f"{node.name}: Clip from {bounds[0]} to {bounds[1]} has no values")
    return bounds[0], bounds[1]
