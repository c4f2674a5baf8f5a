"""AveragePool and GlobalAveragePool: products of the flattened places of a channel with a constant matrix."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import onnx

from placer.arithmetic.fixed_point import FloatArray
from placer.errors import InputError, UnsupportedModelError
from placer.frontend.constants import Attributes
from placer.frontend.graph import Graph
from placer.frontend.operators import stored
from placer.frontend.reductions import total
from placer.frontend.values import NewShape, Product, Value
from placer.network import IntArray


def average_pool(graph: Graph, node: onnx.NodeProto, value: Value) -> Value:
    """The averages over windows of a sample [channels, *places], or over all its places, kept with length 1.

    Raises InputError or UnsupportedModelError.
    """
    held = stored(graph, node, value)
    if len(held.shape) < 2:
        raise InputError(f"{node.name}: {node.op_type} takes [batch, channels, places ...], not {len(held.shape) + 1} dimensions")
    if node.op_type == "GlobalAveragePool":
        return total(graph, node, held, tuple(range(1, len(held.shape))), keep=True, average=True)
    channels, places = held.shape[0], held.shape[1:]
    weight, counts, after = _windows(node, places)
    source = held.tensor
    if len(places) > 1:
        source = graph.fresh(f"{node.name}.places")
        graph.move(node.name, held.tensor, (NewShape(held.shape, (channels, math.prod(places))),), source)
    flat, shape = (channels, weight.shape[1]), (channels, *after)
    moves = (NewShape(flat, shape),) if flat != shape else ()
    return Product(source, weight, 1 / counts, "int8", np.zeros(weight.shape[1]), shape, moves=moves)


def _windows(node: onnx.NodeProto, places: tuple[int, ...]) -> tuple[IntArray, FloatArray, tuple[int, ...]]:
    """[places, windows] of ones where a window holds a place, the divisor of each window, and the windows along each axis."""
    attributes, rank = Attributes(node), len(places)
    kernel = attributes.integers("kernel_shape") or ()
    strides = attributes.integers("strides") or (1,) * rank
    pads = attributes.integers("pads") or (0,) * (2 * rank)
    if attributes.text("auto_pad", "NOTSET") not in {"NOTSET", "VALID"} or attributes.integer("ceil_mode", 0):
        raise UnsupportedModelError(f"{node.name}: AveragePool is supported with stated pads and without ceil_mode")
    if any(d != 1 for d in attributes.integers("dilations") or ()):
        raise UnsupportedModelError(f"{node.name}: AveragePool with dilations is not supported")
    if not len(kernel) == len(strides) == len(pads) // 2 == rank or min(*kernel, *strides) < 1 or min(pads) < 0:
        raise InputError(f"{node.name}: AveragePool of {rank} axes has kernel {list(kernel)}, strides {list(strides)}, pads {list(pads)}")
    after = tuple((p + pads[i] + pads[i + rank] - kernel[i]) // strides[i] + 1 for i, p in enumerate(places))
    if min(after) < 1 or any(pad >= k for pad, k in zip(pads, kernel * 2, strict=True)):
        raise InputError(f"{node.name}: windows of {list(kernel)} do not fit {list(places)} places with pads {list(pads)}")
    if math.prod(places) * math.prod(after) > 1 << 24:
        raise UnsupportedModelError(f"{node.name}: AveragePool of {math.prod(places)} places into {math.prod(after)} is too large")
    weight = np.ones((1, 1), np.int64)
    for i, p in enumerate(places):
        weight = np.kron(weight, _axis_windows(p, after[i], kernel[i], strides[i], pads[i]))
    whole = attributes.integer("count_include_pad", 0)
    counts = np.full(weight.shape[1], math.prod(kernel), np.float64) if whole else weight.sum(axis=0).astype(np.float64)
    return weight, counts, after


def _axis_windows(places: int, windows: int, kernel: int, stride: int, pad: int) -> IntArray:
    """[places, windows]: ones where a window of one axis holds a place."""
    weight = np.zeros((places, windows), np.int64)
    for window, offset in product(range(windows), range(kernel)):
        at = window * stride + offset - pad
        if 0 <= at < places:
            weight[at, window] = 1
    return weight
