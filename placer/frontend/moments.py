"""LayerNorm and Softmax written as separate operators: recognised where nothing is rounded between them, else computed one by one.

A Statistic (values.py) is a part of such a chain that no quantiser has met. Where the chain ends otherwise it becomes ordinary arithmetic:
a row's deviations are a product with the integers N I - J (J all ones), exact in 16 bits for 8-bit rows of up to 129 elements, in 32
for any and for 16-bit rows of up to 65; of their squares, 32 bits hold all or the first 30.
"""

from __future__ import annotations

import math

import numpy as np
import onnx

from placer.errors import UnsupportedModelError
from placer.frontend.closing import close
from placer.frontend.extremes import extreme
from placer.frontend.graph import Graph
from placer.frontend.values import Applied, Constant, Moment, Normalised, Product, Scaled, Softened, Statistic, Stored, Times, Value
from placer.network import IntType, QuantType

# Rows whose deviations would need a matrix of more weights than a tile holds are not worth computing one by one.
MAX_ROW = 1 << 10
# Bits of a deviation, so that its square fits the sums of a product, and of a square, so that a row of them does.
DEVIATION_BITS, SQUARE_BITS = 22, 30
# What subtracting a Statistic from its own source gives, and what the quotient of two is.
DIFFERENCES = {Moment.MEAN: Moment.DEVIATION, Moment.MAXIMUM: Moment.BELOW}


def difference(left: Value, right: Value) -> Statistic | None:
    """left - right where right is the mean or maximum of left's rows."""
    if not isinstance(left, Stored) or not isinstance(right, Statistic) or right.source != left.tensor or right.kind not in DIFFERENCES:
        return None
    return Statistic(left.tensor, DIFFERENCES[right.kind], 0.0, left.shape)


def quotient(left: Value, right: Value) -> Normalised | Softened | None:
    """left / right where both are the ends of a LayerNorm or a Softmax."""
    if not isinstance(left, Statistic) or not isinstance(right, Statistic) or left.source != right.source:
        return None
    match left.kind, right.kind:
        case Moment.DEVIATION, Moment.ROOT:
            size = left.shape[-1]
            return Normalised(left.source, np.ones(size), np.zeros(size), right.epsilon, left.shape)
        case Moment.POWER, Moment.TOTAL:
            return Softened(left.source, 1.0, left.shape)
    return None


def function(node: onnx.NodeProto, value: Statistic, operands: list[Value | None]) -> Statistic | None:
    """Sqrt, Exp or the square of a Statistic, as another; None where it is none."""
    power = operands[1] if len(operands) > 1 else None
    squares = node.op_type == "Pow" and isinstance(power, Constant) and power.real.size == 1 and float(power.real.reshape(())) == 2
    match node.op_type, value.kind:
        case "Sqrt", Moment.VARIANCE:
            return Statistic(value.source, Moment.ROOT, value.epsilon, value.shape)
        case "Exp", Moment.BELOW:
            return Statistic(value.source, Moment.POWER, 0.0, value.shape)
        case "Pow", Moment.DEVIATION if squares:
            return Statistic(value.source, Moment.SQUARE, 0.0, value.shape)
    return None


def computed(graph: Graph, node: onnx.NodeProto, value: Statistic) -> Product | Scaled | Times | Applied:
    """A Statistic as ordinary arithmetic.

    Raises UnsupportedModelError for rows that are too long, and for parts of a Softmax.
    """
    size, row = value.shape[-1], (*value.shape[:-1], 1)
    ones, share = np.ones((size, 1), np.int64), np.full(1, 1.0 / size)
    match value.kind:
        case Moment.MEAN:
            return Product(value.source, ones, share, "int8", np.zeros(1), row)
        case Moment.DEVIATION:
            if size > MAX_ROW:
                raise UnsupportedModelError(f"{node.name}: a row of {size} elements less its mean is supported inside a LayerNorm only")
            weight = size * np.eye(size, dtype=np.int64) - 1
            return Product(value.source, weight, np.full(size, 1.0 / size), "int16", np.zeros(size), value.shape)
        case Moment.SQUARE:
            deviation = _deviations(graph, node, value)
            return Times(deviation, deviation, 1.0, value.shape)
        case Moment.VARIANCE:
            return Product(_squares(graph, node, value), ones, share, "int8", np.full(1, value.epsilon), row)
        case Moment.ROOT:
            return Applied(Product(_squares(graph, node, value), ones, share, "int8", np.full(1, value.epsilon), row), np.sqrt, row)
        case Moment.MAXIMUM:
            held = extreme(graph, node, Stored(value.source, value.shape), (len(row) - 1,), keep=True, sign=1)
            return Scaled(held.tensor, np.ones(1), np.zeros(1), held.shape)
    raise UnsupportedModelError(f"{node.name}: the {value.kind.value} of a row is supported inside a Softmax only")


def _deviations(graph: Graph, node: onnx.NodeProto, value: Statistic) -> str:
    """The tensor of source - mean, in its own steps of 1 / N of the source's, or in coarser ones that fit DEVIATION_BITS."""
    known = graph.deviations.get(value.source)
    if known is not None:
        return known
    kind, size = graph.type(value.source), value.shape[-1]
    most = (size - 1) * (kind.max - kind.min)
    coarser = max(0, math.ceil(math.log2(most / (1 << DEVIATION_BITS)))) if most else 0
    limit = -(-most >> coarser)
    held = IntType.INT16 if limit <= IntType.INT16.max else IntType.INT32
    name = graph.fresh(f"{node.name}.deviation")
    part = computed(graph, node, Statistic(value.source, Moment.DEVIATION, 0.0, value.shape))
    assert isinstance(part, Product), "a deviation is a product"
    close(graph, node.name, part, QuantType(held, kind.scale / size * 2.0**coarser, 0, (-limit, limit)), name)
    graph.inserted.append((name, "a LayerNorm that the model rounds inside is computed one operator after the other"))
    graph.deviations[value.source] = name
    return name


def _squares(graph: Graph, node: onnx.NodeProto, value: Statistic) -> str:
    """The tensor of squared deviations: 32 bits from 0 on."""
    deviation = _deviations(graph, node, value)
    kind = graph.type(deviation)
    coarser = max(0, math.ceil(math.log2(kind.largest**2 / (1 << SQUARE_BITS)))) if kind.largest else 0
    name = graph.fresh(f"{node.name}.square")
    wide = QuantType(IntType.INT32, kind.scale**2 * 2.0**coarser, 0, (0, -(-(kind.largest**2) >> coarser)))
    close(graph, node.name, Times(deviation, deviation, 1.0, value.shape), wide, name)
    graph.inserted.append((name, "a LayerNorm that the model rounds inside is computed one operator after the other"))
    return name


def stored_deviations(graph: Graph, node: onnx.NodeProto, value: Statistic) -> Stored | None:
    """A deviation as a tensor, exact where 16 bits hold it; None for other statistics."""
    return Stored(_deviations(graph, node, value), value.shape) if value.kind is Moment.DEVIATION else None
