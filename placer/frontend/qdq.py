"""The QDQ dialect: QuantizeLinear and DequantizeLinear around floating-point operators.

Between a DequantizeLinear and the next QuantizeLinear the model computes in real numbers. The reader keeps those as exact expressions
(values.py) and closes each at its QuantizeLinear into one operation with one rounding point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx

from placer.errors import InputError, UnsupportedModelError
from placer.frontend.constants import BATCH, Attributes, fold, plain, shape_constant
from placer.frontend.onnx_file import Model
from placer.frontend.rounding import check_sum, close_bias, constant_type, dequant_type, quant_type, quantised_constant
from placer.frontend.shapes import new_shape, sample_permutation
from placer.frontend.values import (
    Constant,
    Movement,
    NewShape,
    Pending,
    Permutation,
    Product,
    Quantised,
    RawInput,
    Rectified,
    Stored,
    Sum,
    Value,
)
from placer.network import Add, Dense, IntArray, Network, Operation, QuantType, Requantise, Reshape, Tensor, Transpose

SUPPORTED = (
    "QuantizeLinear, DequantizeLinear, Gemm, MatMul with constant weights, Add, Relu, Transpose, Reshape, Flatten, Squeeze, Unsqueeze, "
    "Identity and Dropout"
)
QUANTISERS = frozenset({"QuantizeLinear", "DequantizeLinear"})
QUANTISE_FIRST = (
    "quantise it first, for example with onnxruntime.quantization.quantize_static (QDQ format, int8, symmetric, power-of-two scales)"
)


class QdqReader:
    """One walk over one model; its fields grow node by node."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.values: dict[str, Value] = {i.name: plain(i.value, f"initialiser {i.name}") for i in model.initialisers}
        self.batch: int | None = None
        self.quantised_inputs: dict[str, str] = {}
        self.taken = {i.name for i in model.inputs} | set(self.values)
        self.taken.update(name for node in model.nodes for name in (node.name, *node.output))
        self.tensors: dict[str, Tensor] = {}
        self.operations: list[Operation] = []

    def read(self) -> Network:
        """The network of the model.

        Raises UnsupportedModelError or InputError.
        """
        if not any(n.op_type in QUANTISERS for n in self.model.nodes):
            raise UnsupportedModelError(f"model {self.model.name} is not quantised (it has no QuantizeLinear); {QUANTISE_FIRST}")
        for value in self.model.inputs:
            self._input(value.name, value.dims)
        for node in self.model.nodes:
            self.values[node.output[0]] = self._apply(node, [self._operand(node, name) for name in node.input])
        inputs = tuple(self.quantised_inputs[i.name] for i in self.model.inputs if i.name in self.quantised_inputs)
        outputs = tuple(self._output(name) for name in self.model.outputs)
        return Network(self.model.name, self.batch, inputs, outputs, tuple(self.tensors.values()), tuple(self.operations))

    def _operand(self, node: onnx.NodeProto, name: str) -> Value | None:
        if name and name not in self.values:
            raise UnsupportedModelError(f"{node.name}: reads {name}, a second output of its node; only first outputs are supported")
        return self.values[name] if name else None

    def _fresh(self, name: str) -> str:
        """`name`, or with a number where the model or an earlier operation already uses it."""
        unique, number = name, 1
        while unique in self.taken:
            number += 1
            unique = f"{name}_{number}"
        self.taken.add(unique)
        return unique

    def _input(self, name: str, dims: tuple[int | None, ...]) -> None:
        if not dims or any(d is None or d < 1 for d in dims[1:]):
            raise UnsupportedModelError(
                f"input {name} has shape {[d if d else '?' for d in dims]}; every dimension but the batch must be fixed and positive"
            )
        if name != self.model.inputs[0].name and dims[0] != self.batch:
            raise UnsupportedModelError(f"input {name} has another batch than the first input; all inputs must share one")
        self.batch = dims[0]
        self.values[name] = RawInput(name, tuple(d for d in dims[1:] if d))

    def _output(self, name: str) -> str:
        value = self.values.get(name)
        if isinstance(value, Stored | Quantised):
            return value.tensor
        raise UnsupportedModelError(f"output {name} is not quantised; the model must end in QuantizeLinear (and DequantizeLinear)")

    def _apply(self, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
        if node.domain not in {"", "ai.onnx"} and (node.domain != "com.microsoft" or node.op_type not in QUANTISERS):
            raise _unsupported(node)
        if node.op_type == "Constant":
            return Attributes(node).constant()
        constants = tuple(o for o in operands if isinstance(o, Constant))
        if len(constants) == len(operands) and constants and node.op_type not in QUANTISERS:
            folded = fold(node, constants)
            if folded is not None:
                return folded
        # Absent operands read like empty ones.
        operands = operands + [None] * (2 - len(operands))
        match node.op_type:
            case "QuantizeLinear":
                return self._quantise(node, operands)
            case "DequantizeLinear":
                return self._dequantise(node, operands)
            case "MatMul" | "Gemm":
                return self._product(node, operands)
            case "Add":
                return self._sum(node, operands)
            case "Relu":
                return self._relu(node, operands[0])
            case "Identity" | "Dropout":
                return _present(node, operands[0])
            case "Transpose" | "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze":
                return self._move(node, operands)
            case "Shape":
                return shape_constant(node, (BATCH if self.batch is None else self.batch, *_shape_of(node, operands[0])))
            case _:
                raise _unsupported(node)

    # -- quantise and dequantise ------------------------------------------------------------------------------------------------

    def _quantise(self, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
        if isinstance(operands[0], Constant):
            return quantised_constant(node, operands)
        kind = quant_type(node, operands, per_channel=False)
        name = node.output[0]
        match operands[0]:
            case RawInput() as value:
                name = self._add_input(node, value, kind, name)
            case Stored(tensor) if self.tensors[tensor].type == kind:
                return Quantised(tensor, self.tensors[tensor].shape)
            case Stored(tensor, shape):
                self._emit(Requantise(node.name, tensor, name, relu=False), shape, kind)
            case Rectified(source) as value:
                self._close(value, kind, name, lambda target: Requantise(node.name, source, target, relu=True))
            case Sum(left, right, relu) as value:
                check_sum(node, self.tensors[left], self.tensors[right])
                self._close(value, kind, name, lambda target: Add(node.name, left, right, target, relu))
            case Product() as value:
                bias, bits = close_bias(node, value, self.tensors[value.source].type, kind)
                self._close(
                    value,
                    kind,
                    name,
                    lambda target: Dense(node.name, value.source, target, value.weight, value.weight_type, bias, bits, value.relu),
                )
            case _:
                raise UnsupportedModelError(f"{node.name}: QuantizeLinear of integers is not supported")
        return Quantised(name, self.tensors[name].shape)

    def _add_input(self, node: onnx.NodeProto, value: RawInput, kind: QuantType, name: str) -> str:
        """The tensor of a graph input at its QuantizeLinear, moved as the expression says."""
        source = self.quantised_inputs.get(value.name)
        if source is None:
            source = name if not value.moves else self._fresh(f"{name}.input")
            self.quantised_inputs[value.name] = source
            self.tensors[source] = Tensor(source, self._raw_shape(value.name), kind)
        if self.tensors[source].type != kind:
            raise UnsupportedModelError(
                f"{node.name}: input {value.name} is quantised twice with different scales; quantise it once and share the result"
            )
        self._apply_moves(node.name, source, value.moves, kind, name)
        return name if value.moves else source

    def _raw_shape(self, name: str) -> tuple[int, ...]:
        dims = next(i.dims for i in self.model.inputs if i.name == name)
        return tuple(d for d in dims[1:] if d)

    def _close(self, value: Pending, kind: QuantType, name: str, make: Callable[[str], Operation]) -> None:
        """Emit the operation of an expression at its rounding point, then the movements it carries."""
        first = name if not value.moves else self._fresh(f"{name}.rounded")
        shape = _shape_before(value)
        self._emit(make(first), shape, kind)
        self._apply_moves(name, first, value.moves, kind, name)

    def _apply_moves(self, where: str, source: str, moves: tuple[Movement, ...], kind: QuantType, name: str) -> None:
        for number, move in enumerate(moves):
            target = name if number == len(moves) - 1 else self._fresh(f"{name}.moved{number}")
            op_name = self._fresh(f"{where}.move{number}")
            op = Transpose(op_name, source, target, move.perm) if isinstance(move, Permutation) else Reshape(op_name, source, target)
            self._emit(op, move.shape, kind)
            source = target

    def _emit(self, op: Operation, shape: tuple[int, ...], kind: QuantType) -> None:
        self.operations.append(op)
        self.tensors[op.target] = Tensor(op.target, shape, kind)

    def _dequantise(self, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
        match operands[0]:
            case Quantised(tensor, shape):
                kind = dequant_type(node, operands)
                if kind != self.tensors[tensor].type:
                    raise UnsupportedModelError(
                        f"{node.name}: DequantizeLinear must use the scale and zero point of the QuantizeLinear before it"
                    )
                return Stored(tensor, shape)
            case Constant(integers=integers) if integers is not None:
                kind = constant_type(node, operands)
                return Constant((integers * kind.scale).astype(np.float64), kind.dtype.value, integers, kind)
            case RawInput():
                raise UnsupportedModelError(f"{node.name}: integer graph inputs are not supported; the model must quantise its own inputs")
            case _:
                raise UnsupportedModelError(f"{node.name}: DequantizeLinear of a floating-point value is not supported")

    # -- arithmetic -------------------------------------------------------------------------------------------------------------

    def _product(self, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
        attributes = Attributes(node)
        left, right = operands[0], operands[1]
        if attributes.integer("transA", 0) or attributes.real("alpha", 1.0) != 1.0 or attributes.real("beta", 1.0) != 1.0:
            raise UnsupportedModelError(f"{node.name}: Gemm with transA, alpha or beta is not supported; alpha = beta = 1 and transB are")
        if not isinstance(left, Stored) or not isinstance(right, Constant) or right.type is None or right.integers is None:
            raise UnsupportedModelError(f"{node.name}: {node.op_type} is supported for a quantised tensor times constant int8 weights only")
        if node.op_type == "Gemm" and len(left.shape) != 1:
            raise UnsupportedModelError(f"{node.name}: Gemm takes a matrix [batch, features], not {len(left.shape) + 1} dimensions")
        weight = right.integers.T if node.op_type == "Gemm" and attributes.integer("transB", 0) else right.integers
        if weight.ndim != 2 or not left.shape or weight.shape[0] != left.shape[-1]:
            raise UnsupportedModelError(
                f"{node.name}: {node.op_type} of a tensor [batch, {', '.join(map(str, left.shape))}] with weights {list(weight.shape)} is "
                "not supported; weights must be a matrix with as many rows as the tensor's last dimension"
            )
        product = Product(left.tensor, weight, right.type, None, False, (*left.shape[:-1], weight.shape[1]))
        bias = operands[2] if len(operands) > 2 else None
        return product if bias is None else _with_bias(node, product, bias)

    def _sum(self, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
        left, right = operands[0], operands[1]
        if isinstance(left, Constant):
            left, right = right, left
        match left, right:
            case Product(), Constant():
                return _with_bias(node, left, right)
            case Stored(tensor, shape), Stored(other, other_shape) if shape == other_shape:
                return Sum(tensor, other, False, shape)
            case Stored(tensor, shape), Constant(integers=integers, type=kind) if integers is not None and kind is not None:
                value = _constant_term(node, integers, shape)
                name = self._fresh(f"{node.name}.constant")
                self.tensors[name] = Tensor(name, value.shape, kind, value)
                return Sum(tensor, name, False, shape)
            case _:
                raise UnsupportedModelError(
                    f"{node.name}: Add is supported for a bias after MatMul and for two quantised tensors of one shape only"
                )

    def _relu(self, node: onnx.NodeProto, value: Value | None) -> Value:
        match value:
            case Product() | Sum():
                return replace(value, relu=True)
            case Stored(tensor, shape):
                return Rectified(tensor, shape)
            case Rectified():
                return value
            case _:
                raise UnsupportedModelError(f"{node.name}: Relu is supported after MatMul, Gemm, Add or a quantised tensor, not here")

    # -- movement ---------------------------------------------------------------------------------------------------------------

    def _move(self, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
        value = _present(node, operands[0])
        if isinstance(value, Constant):
            raise _unsupported(node)
        shape = _shape_of(node, value)
        if node.op_type == "Transpose":
            perm = sample_permutation(node, len(shape))
            move: Movement = Permutation(perm, shape, tuple(shape[p] for p in perm))
        else:
            move = NewShape(shape, new_shape(node, operands, shape, self.batch))
        if isinstance(value, Stored | Quantised):
            name = node.output[0]
            self._apply_moves(node.name, value.tensor, (move,), self.tensors[value.tensor].type, name)
            return replace(value, tensor=name, shape=move.shape)
        return replace(value, shape=move.shape, moves=(*value.moves, move))


def _with_bias(node: onnx.NodeProto, product: Product, bias: Value) -> Product:
    if not isinstance(bias, Constant) or product.bias is not None or product.relu or product.moves:
        raise UnsupportedModelError(f"{node.name}: a bias must be one constant added straight after the product")
    columns = product.weight.shape[1]
    # One value a column, or one for all; more axes than the product has would widen it.
    one_a_column = bias.real.size == 1 or (bias.real.size == columns and bias.real.shape[-1] == columns)
    if not one_a_column or bias.real.ndim > len(product.shape) + 1:
        raise UnsupportedModelError(
            f"{node.name}: a bias of shape {list(bias.real.shape)} is not supported; one value a column ({columns}) is"
        )
    return replace(product, bias=np.broadcast_to(bias.real.reshape(-1), (columns,)))


def _constant_term(node: onnx.NodeProto, integers: IntArray, shape: tuple[int, ...]) -> IntArray:
    """The constant operand of an Add to a tensor of `shape`: [last dimension], or of the whole shape."""
    last = shape[-1:]
    if integers.ndim <= len(shape) + 1 and last:
        if integers.size == 1:
            return np.broadcast_to(integers.reshape(-1), last)
        if integers.shape[-1:] == last and integers.size == last[0]:
            return integers.reshape(-1)
        if integers.shape == shape:
            return integers
    raise UnsupportedModelError(f"{node.name}: Add of a constant {list(integers.shape)} to a tensor {list(shape)} is not supported")


def _shape_before(value: Pending) -> tuple[int, ...]:
    """The shape of an expression before the movements it carries."""
    return value.moves[0].before if value.moves else value.shape


def _shape_of(node: onnx.NodeProto, value: Value | None) -> tuple[int, ...]:
    value = _present(node, value)
    if isinstance(value, Constant):
        return tuple(value.real.shape)
    return value.shape


def _present(node: onnx.NodeProto, value: Value | None) -> Value:
    if value is None:
        raise InputError(f"{node.name}: {node.op_type} lacks its first input")
    return value


def _unsupported(node: onnx.NodeProto) -> UnsupportedModelError:
    operator = node.op_type if node.domain in {"", "ai.onnx"} else f"{node.domain}.{node.op_type}"
    return UnsupportedModelError(f"{node.name}: operator {operator} is not supported here; supported are {SUPPORTED}")
