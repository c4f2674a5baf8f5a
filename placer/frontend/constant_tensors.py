"""Constants that vary along more than the last axis (positions, masks, class tokens) as tensors that the array computes.

Streams bring only the model's inputs, and kernels know constants as weights and biases. So a constant is a product: from any input, times
weights of 0, comes a column of row numbers; from it, one-hot rows; and a one-hot row times the constant as weights is the constant's row.
Every value is exact. It takes five small layers, a constant of one row two.
"""

from __future__ import annotations

import math

import numpy as np
import onnx

from placer.arithmetic.fixed_point import FloatArray, single
from placer.errors import InputError, UnsupportedModelError
from placer.frontend.closing import close
from placer.frontend.graph import Graph
from placer.frontend.values import Constant, Mapped, Movement, NewShape, Permutation, Product, Selection, Stored
from placer.network import IntArray, IntType, QuantType

COUNT = QuantType(IntType.INT8, 1.0)
WIDE_COUNT = QuantType(IntType.INT16, 1.0)
# Weights of one constant: more would not stay on chip beside a network.
MAX_CONSTANT = 1 << 20
WHY = "the model leaves this constant in floating point"


def sample_of(graph: Graph, node: onnx.NodeProto, constant: Constant, shape: tuple[int, ...]) -> Constant:
    """A constant beside samples of `shape`, for one sample: without the batch as its first dimension, if it has it.

    Raises UnsupportedModelError where it has more dimensions, another batch, or differs along it.
    """
    real = constant.real
    if real.ndim <= len(shape):
        return constant
    if real.ndim > len(shape) + 1 or real.shape[0] not in {1, graph.batch} or np.any(real != real[:1]):
        raise UnsupportedModelError(
            f"{node.name}: {node.op_type} of a tensor {list(shape)} and a constant {list(real.shape)}, batch included, is not supported; "
            "its samples must be alike"
        )

    integers, scale, zero = constant.integers, constant.scale, constant.zero
    return Constant(
        real[0],
        constant.dtype,
        None if integers is None else integers[0],
        None if scale is None else scale[0],
        None if zero is None else zero[0],
    )


def stored_constant(graph: Graph, node: onnx.NodeProto, constant: Constant, shape: tuple[int, ...]) -> Stored:
    """A tensor [*shape] that holds a constant, which broadcasts to it, in its own integers, or else in 16 bits.

    Raises UnsupportedModelError or InputError.
    """
    if not shape or not math.prod(shape):
        raise UnsupportedModelError(f"{node.name}: {node.op_type} of a constant of shape {list(constant.real.shape)} is not supported")
    integers, kind = _on_a_grid(graph, node, constant)
    values = np.broadcast_to(integers - kind.zero_point, shape)
    if values.size > MAX_CONSTANT:
        raise UnsupportedModelError(f"{node.name}: a constant of {values.size} elements is beyond the {MAX_CONSTANT} that are kept on chip")
    # Leading axes are groups of columns, as heads are.
    rows = shape[-2] if len(shape) > 1 else 1
    lead = shape[:-2]
    matrix = np.moveaxis(values.reshape(*lead, rows, shape[-1]), -2, 0).reshape(rows, -1)
    name = graph.fresh(f"{node.name}.constant")
    _emit(graph, node, matrix, kind, name)
    apart = (rows, *lead, shape[-1])
    moves: list[Movement] = []
    if lead:
        order = (*range(1, len(lead) + 1), 0, len(lead) + 1)
        moves = [NewShape((rows, matrix.shape[1]), apart), Permutation(order, apart, shape)]
    elif len(shape) == 1:
        moves = [NewShape((1, shape[0]), shape)]
    if not moves:
        return Stored(name, shape)
    moved = graph.fresh(f"{name}.shaped")
    graph.move(node.name, name, tuple(moves), moved)
    return Stored(moved, shape)


def _on_a_grid(graph: Graph, node: onnx.NodeProto, constant: Constant) -> tuple[IntArray, QuantType]:
    """Integers and their type: those of the model where they have one scale, else 16 bits over the constant's range."""
    if constant.scale is not None and constant.integers is not None and constant.zero is not None and constant.scale.size:
        scale, zero = float(constant.scale.reshape(-1)[0]), int(constant.zero.reshape(-1)[0])
        one = np.all(constant.scale == scale) and np.all(constant.zero == zero)
        if one and constant.dtype in {"int8", "uint8", "int16", "uint16"}:
            return constant.integers, QuantType(IntType(constant.dtype), scale, zero)
    real = single(constant.real)
    if not np.all(np.isfinite(real)):
        raise InputError(f"{node.name}: its constant holds {float(real[~np.isfinite(real)][0])}")
    largest = max(float(np.abs(real).max(initial=0)), 1e-30)
    step = math.ldexp(1.0, math.ceil(math.log2(largest / IntType.INT16.max)))
    graph.inserted.append((f"{node.name}.constant", WHY))
    return np.rint(real / step).astype(np.int64), QuantType(IntType.INT16, step)


def _emit(graph: Graph, node: onnx.NodeProto, matrix: IntArray, kind: QuantType, name: str) -> None:
    """The operations that end in `matrix` [rows, columns] (less the zero point of `kind`) as tensor `name`."""
    rows, columns = matrix.shape
    source, shape = _any_input(graph, node)
    if rows == 1:
        every = graph.fresh(f"{name}.rows")
        _product(graph, node, source, np.zeros((shape[1], columns), np.int64), matrix[0] * kind.scale, kind, every, shape[0])
        graph.move(node.name, every, (Selection(0, (0,), (shape[0], columns), (1, columns)),), name)
        return
    numbers = np.arange(rows) - rows // 2
    kinds = COUNT if rows <= 1 << COUNT.dtype.bits else WIDE_COUNT
    column, turned, row, down = (graph.fresh(f"{name}.{part}") for part in ("none", "none.turned", "number", "number.turned"))
    _product(graph, node, source, np.zeros((shape[1], 1), np.int64), np.zeros(1), COUNT, column, shape[0])
    graph.move(node.name, column, (Permutation((1, 0), (shape[0], 1), (1, shape[0])),), turned)
    _product(graph, node, turned, np.zeros((shape[0], rows), np.int64), numbers * 1.0, kinds, row, 1)
    graph.move(node.name, row, (Permutation((1, 0), (1, rows), (rows, 1)),), down)
    away, hot = graph.fresh(f"{name}.away"), graph.fresh(f"{name}.one_hot")
    _product(graph, node, down, np.ones((1, rows), np.int64), -numbers * 1.0, COUNT, away, rows)
    close(graph, node.name, Mapped(away, (graph.reals(away) == 0) * 1.0, (rows, rows)), COUNT, hot)
    # Integers less their zero point may need 17 bits; less their middle they fit a weight.
    middle = (int(matrix.max()) + int(matrix.min())) // 2 if np.abs(matrix).max() > IntType.INT16.max else 0
    _product(graph, node, hot, matrix - middle, np.full(1, middle * kind.scale), kind, name, rows, kind.scale)


def _product(
    graph: Graph, node: onnx.NodeProto, source: str, weight: IntArray, bias: FloatArray, kind: QuantType, name: str, rows: int,
    scale: float | None = None,
) -> None:  # fmt: skip
    """source @ weight + bias in the steps of `kind`; `scale`: the real step of a weight, else that of `kind` over the source's."""
    step = kind.scale / graph.type(source).scale if scale is None else scale
    columns = weight.shape[1]
    dtype = "int8" if np.abs(weight).max(initial=0) <= IntType.INT8.max else "int16"
    value = Product(source, weight, np.full(columns, step), dtype, np.broadcast_to(bias, (columns,)), (rows, columns))
    close(graph, node.name, value, kind, name)


def _any_input(graph: Graph, node: onnx.NodeProto) -> tuple[str, tuple[int, int]]:
    """A tensor that depends on no operation, as a matrix, and its shape."""
    name = graph.inputs[0]
    shape = graph.tensors[name].shape
    flat = (math.prod(shape[:-1]), shape[-1])
    if shape == flat:
        return name, flat
    moved = graph.fresh(f"{node.name}.any")
    graph.move(node.name, name, (NewShape(shape, flat),), moved)
    return moved, flat
