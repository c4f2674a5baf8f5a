"""Conv whose windows do not overlap - of one position, or patches as large as their stride: a dense layer over positions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import onnx

from placer.errors import InputError, UnsupportedModelError
from placer.frontend.constants import Attributes
from placer.frontend.graph import Graph
from placer.frontend.operators import stored
from placer.frontend.products import largest_sum, product_of, quantised_weights
from placer.frontend.values import Constant, Movement, NewShape, Permutation, Stored, Value
from placer.network import IntArray

DENSE = "Conv is supported where it is a dense layer over positions: one group, kernel_shape equal to strides, no pads and no dilations"


def conv(graph: Graph, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
    """Conv of a sample [channels, *places] with constant weights [channels out, channels, *kernel] and bias.

    Raises UnsupportedModelError or InputError.
    """
    value, weights, bias = (*operands, None)[:3]
    if value is None or weights is None:
        raise InputError(f"{node.name}: {node.op_type} lacks an operand")
    constant = quantised_weights(node, weights)
    held = stored(graph, node, value, largest_sum(constant))
    kernel = _kernel(node, constant, held.shape)
    channels, places = constant.real.shape[0], tuple(p // k for p, k in zip(held.shape[1:], kernel, strict=True))
    rows = _patches(graph, node, held, kernel)
    found = product_of(graph, node, rows, _matrix(constant))
    if bias is not None:
        if not isinstance(bias, Constant) or bias.real.shape != (channels,) or not np.all(np.isfinite(bias.real)):
            raise UnsupportedModelError(f"{node.name}: the bias of {node.op_type} must be a constant of {channels} elements")
        found = replace(found, bias=found.bias + bias.real)
    last = len(places)
    back = Permutation((last, *range(last)), (*places, channels), (channels, *places))
    return replace(found, shape=back.shape, moves=(back,))


def _kernel(node: onnx.NodeProto, weights: Constant, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The kernel's size along each axis of places, where it is that of its stride."""
    attributes, kernel = Attributes(node), tuple(weights.real.shape[2:])
    if len(shape) < 2 or len(kernel) != len(shape) - 1 or not all(weights.real.shape):
        raise InputError(f"{node.name}: {node.op_type} of a sample {list(shape)} has weights {list(weights.real.shape)}")
    strides = attributes.integers("strides") or (1,) * len(kernel)
    stated = attributes.integers("kernel_shape") or kernel
    apart = strides == kernel == stated and not any(attributes.integers("pads") or ()) and attributes.integer("group", 1) == 1
    plain = all(d == 1 for d in attributes.integers("dilations") or ()) and attributes.text("auto_pad", "NOTSET") in {"NOTSET", "VALID"}
    if not apart or not plain:
        raise UnsupportedModelError(f"{node.name}: {DENSE}")
    if weights.real.shape[1] != shape[0] or any(p < k for p, k in zip(shape[1:], kernel, strict=True)):
        raise InputError(f"{node.name}: {node.op_type} of a sample {list(shape)} has weights {list(weights.real.shape)}")
    if any(p % k for p, k in zip(shape[1:], kernel, strict=True)):
        raise UnsupportedModelError(f"{node.name}: patches of {list(kernel)} do not fill {list(shape[1:])} places; {DENSE}")
    return kernel


def _patches(graph: Graph, node: onnx.NodeProto, held: Stored, kernel: tuple[int, ...]) -> Stored:
    """[*places, channels * kernel] of a sample [channels, *places * kernel], in the order of the weights of one output."""
    before, count = held.shape, len(kernel)
    apart = (before[0], *(d for p, k in zip(before[1:], kernel, strict=True) for d in (p // k, k)))
    perm = (*range(1, 2 * count, 2), 0, *range(2, 2 * count + 1, 2))
    turned = tuple(apart[i] for i in perm)
    after = (*turned[:count], math.prod(turned[count:]))
    if all(k == 1 for k in kernel):
        moves: tuple[Movement, ...] = (Permutation((*range(1, count + 1), 0), before, after),)
    else:
        moves = (NewShape(before, apart), Permutation(perm, apart, turned), NewShape(turned, after))
    name = graph.fresh(f"{node.name}.patches")
    graph.move(node.name, held.tensor, moves, name)
    return Stored(name, after)


def _matrix(weights: Constant) -> Constant:
    """[channels * kernel, channels out] of weights [channels out, channels, *kernel]."""

    def turn(array: IntArray) -> IntArray:
        return array.reshape(len(array), -1).T

    assert weights.integers is not None and weights.scale is not None and weights.zero is not None, "weights are dequantised integers"
    scale = np.broadcast_to(weights.scale, weights.real.shape).reshape(len(weights.real), -1).T
    real = weights.real.reshape(len(weights.real), -1).T
    return replace(weights, real=real, integers=turn(weights.integers), scale=scale, zero=turn(weights.zero))
