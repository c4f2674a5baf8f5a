"""Products with constant weights: MatMul and Gemm, and the bias that follows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx

from placer.arithmetic.fixed_point import FloatArray
from placer.errors import UnsupportedModelError
from placer.frontend.constants import Attributes
from placer.frontend.graph import Graph
from placer.frontend.operators import add_constant, stored, term, times_constant
from placer.frontend.values import Constant, Matrices, Permutation, Product, Stored, Value
from placer.network import IntArray


def matmul(graph: Graph, node: onnx.NodeProto, left: Value, right: Value) -> Value:
    """left @ right, one of them constant weights or both computed.

    Raises UnsupportedModelError.
    """
    if isinstance(left, Constant):
        return _weights_first(graph, node, left, right)
    if not isinstance(right, Constant):
        return _computed(graph, node, left, right)
    return product_of(graph, node, left, quantised_weights(node, right))


def _computed(graph: Graph, node: onnx.NodeProto, a: Value, b: Value) -> Matrices:
    """The product of two computed tensors, whose leading axes agree."""
    (left, left_gain), (right, right_gain) = term(graph, node, a), term(graph, node, b)
    if len(left.shape) < 2 or left.shape[:-2] != right.shape[:-2] or left.shape[-1] != right.shape[-2]:
        raise UnsupportedModelError(
            f"{node.name}: {node.op_type} of two computed tensors is supported for samples of the same leading axes and "
            f"contraction, not for {list(left.shape)} and {list(right.shape)}"
        )
    return Matrices(left.tensor, right.tensor, left_gain * right_gain, left.shape[-1], (*left.shape[:-1], right.shape[-1]))


def check_matrix(node: onnx.NodeProto, shape: tuple[int, ...]) -> None:
    """Raise UnsupportedModelError unless a tensor of so many dimensions is what Gemm takes."""
    if len(shape) != 2:
        raise UnsupportedModelError(f"{node.name}: Gemm takes a matrix [batch, features], not {len(shape)} dimensions")


def gemm(graph: Graph, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
    """alpha * left @ right + beta * bias with constant right and bias; transB as the node says.

    Raises UnsupportedModelError.
    """
    attributes = Attributes(node)
    left, right, bias = operands[0], operands[1], operands[2] if len(operands) > 2 else None
    if attributes.integer("transA", 0):
        raise UnsupportedModelError(f"{node.name}: Gemm with transA would move the batch axis, which must stay first")
    if left is None or right is None:
        raise UnsupportedModelError(f"{node.name}: Gemm lacks an operand")
    weights = quantised_weights(node, right)
    if attributes.integer("transB", 0):
        weights = transposed(weights)
    product = times_constant(graph, node, product_of(graph, node, left, weights), np.full(1, attributes.real("alpha", 1.0)))
    if bias is None:
        return product
    if not isinstance(bias, Constant):
        raise UnsupportedModelError(f"{node.name}: the bias of Gemm must be constant")
    return add_constant(graph, node, product, replace(bias, real=bias.real * attributes.real("beta", 1.0)))


def transposed(weights: Constant) -> Constant:
    """A matrix of weights with rows and columns exchanged."""

    def turn(array: IntArray | None) -> IntArray | None:
        return None if array is None else array.T

    scale: FloatArray | None = None if weights.scale is None else weights.scale.T
    return replace(weights, real=weights.real.T, integers=turn(weights.integers), scale=scale, zero=turn(weights.zero))


def quantised_weights(node: onnx.NodeProto, value: Value) -> Constant:
    """Constant weights with their integers and scales.

    Raises UnsupportedModelError for any other.
    """
    if not isinstance(value, Constant):
        raise UnsupportedModelError(f"{node.name}: {node.op_type} of two computed tensors is not supported; constant weights are")
    if value.integers is None or value.scale is None:
        raise UnsupportedModelError(f"{node.name}: its weights are floating point; {node.op_type} is supported with quantised weights only")
    return value


def _weights_first(graph: Graph, node: onnx.NodeProto, left: Constant, right: Value) -> Value:
    """W @ x of a sample x [K, F]: the transpose of x^T @ W^T."""
    weights = quantised_weights(node, left)
    held = stored(graph, node, right, largest_sum(weights))
    if len(held.shape) != 2 or weights.real.ndim != 2:
        raise UnsupportedModelError(f"{node.name}: MatMul of constant weights by a tensor is supported for samples that are matrices")
    tokens, features = held.shape
    source = graph.fresh(f"{node.name}.transposed")
    graph.move(node.name, held.tensor, (Permutation((1, 0), held.shape, (features, tokens)),), source)
    product = product_of(graph, node, Stored(source, (features, tokens)), transposed(weights))
    shape = product.shape[::-1]
    return replace(product, shape=shape, moves=(Permutation((1, 0), product.shape, shape),))


def largest_sum(weights: Constant) -> int:
    """What the magnitudes of a matrix's integers add up to along either axis, at most."""
    assert weights.integers is not None and weights.zero is not None, "weights are dequantised integers"
    matrix = np.atleast_2d(np.abs(weights.integers - weights.zero))
    return int(max(matrix.sum(axis=0).max(initial=0), matrix.sum(axis=1).max(initial=0)))


def product_of(graph: Graph, node: onnx.NodeProto, value: Value, weights: Constant) -> Product:
    """A tensor times a constant matrix on its right.

    Raises UnsupportedModelError.
    """
    left = stored(graph, node, value, largest_sum(weights))
    integers, scale, zero = weights.integers, weights.scale, weights.zero
    assert integers is not None and scale is not None and zero is not None, "weights are dequantised integers"
    if integers.ndim == 1 and left.shape:
        integers, scale, zero = integers[:, None], scale[:, None], zero[:, None]
    if integers.ndim != 2 or not left.shape or integers.shape[0] != left.shape[-1] or not integers.size:
        raise UnsupportedModelError(
            f"{node.name}: {node.op_type} of a tensor [batch, {', '.join(map(str, left.shape))}] with weights {list(integers.shape)} is "
            "not supported; weights must be a matrix with as many rows as the tensor's last dimension"
        )
    if np.any(scale != scale[:1]):
        raise UnsupportedModelError(
            f"{node.name}: weight scales that differ along the contracted axis are not supported; per column they are"
        )
    columns = integers.shape[1]
    shape = left.shape[:-1] if weights.real.ndim == 1 else (*left.shape[:-1], columns)
    return Product(left.tensor, integers - zero, scale[0], weights.dtype, np.zeros(columns), shape)
