"""The normative arithmetic: a Network evaluated in exact integers.

Every operation computes an exact integer and rounds as network.py states. Everything else - kernels, host, onnxruntime - is compared with
this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from placer.arithmetic.integers import exact_matmul, interpolated, scaled
from placer.arithmetic.normalised import normalised
from placer.arithmetic.softmax import softened
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
    Rounding,
    Softmax,
    Table,
    Take,
    Tensor,
    Transpose,
)


@dataclass(frozen=True, eq=False)
class NamedValue:
    """The integers of one tensor for a batch: [batch, *shape]."""

    tensor: str
    value: IntArray


def evaluate(network: Network, inputs: tuple[IntArray, ...]) -> tuple[IntArray, ...]:
    """The network's outputs, [batch, *shape] each, for inputs of [batch, *shape] integers in the order of network.inputs.

    Raises ValueError when the inputs do not match the network.
    """
    by_name = {v.tensor: v.value for v in evaluate_all(network, inputs)}
    return tuple(by_name[name] for name in network.outputs)


def evaluate_all(network: Network, inputs: tuple[IntArray, ...]) -> tuple[NamedValue, ...]:
    """Every input and every operation's result, in the order of computation (evaluate)."""
    if len(inputs) != len(network.inputs):
        raise ValueError(f"{network.name} takes {len(network.inputs)} inputs, not {len(inputs)}")
    values: dict[str, IntArray] = {}
    for name, value in zip(network.inputs, inputs, strict=True):
        _check_input(network.tensor(name), value)
        values[name] = value.astype(np.int64)
    for op in network.operations:
        values[op.target] = _apply(network, op, tuple(values[s] for s in op.sources))
    return tuple(NamedValue(name, value) for name, value in values.items())


def rounded(value: IntArray, rounding: Rounding, target: QuantType) -> IntArray:
    """An exact integer as Rounding says, its channels along the last axis."""
    total = (value << rounding.up) + rounding.bias
    result = scaled(total, rounding.multiplier, rounding.shift, rounding.guard, rounding.wide)
    return np.clip(result + target.zero_point, rounding.low, rounding.high)


def _check_input(tensor: Tensor, value: IntArray) -> None:
    if value.ndim != len(tensor.shape) + 1 or value.shape[1:] != tensor.shape:
        raise ValueError(f"input {tensor.name} must have shape [batch, {', '.join(map(str, tensor.shape))}], not {list(value.shape)}")
    dtype = tensor.type.dtype
    if value.size and (int(value.min()) < dtype.min or int(value.max()) > dtype.max):
        raise ValueError(f"input {tensor.name} holds values outside {dtype.value}")


def _apply(network: Network, op: Operation, operands: tuple[IntArray, ...]) -> IntArray:
    target = network.tensor(op.target)
    sources = [network.tensor(s).type for s in op.sources]
    first = operands[0]
    match op:
        case Dense():
            return rounded(exact_matmul(first, op.weight), op.rounding, target.type)
        case Add():
            left, right = (v - t.zero_point for v, t in zip(operands, sources, strict=True))
            return rounded(left * op.left_factor + right * op.right_factor, op.rounding, target.type)
        case Multiply():
            left, right = (v - t.zero_point for v, t in zip(operands, sources, strict=True))
            return rounded(left * right, op.rounding, target.type)
        case MatMul():
            left, right = (v - t.zero_point for v, t in zip(operands, sources, strict=True))
            return rounded(exact_matmul(left, right), op.rounding, target.type)
        case Requantise():
            return rounded(first, op.rounding, target.type)
        case Table():
            return op.values[first - sources[0].dtype.min]
        case Interpolation():
            least = op.cubics.least if sources[0].dtype.signed else 0
            return np.clip(interpolated(first - least, op.cubics) + target.type.zero_point, op.low, op.high)
        case Normalise():
            return _normalised(op, first, target.type)
        case Softmax():
            found = softened(first, op.exponentials, op.gain, op.shift, target.type.dtype.bits)
            return np.clip(found + target.type.zero_point, op.low, op.high)
        case Take():
            return first.take(op.indices, axis=op.axis + 1)
        case Concat():
            return np.concatenate(operands, axis=op.axis + 1)
        case Transpose():
            return first.transpose(0, *(axis + 1 for axis in op.perm))
        case Reshape():
            return first.reshape(len(first), *target.shape)


def _normalised(op: Normalise, source: IntArray, target: QuantType) -> IntArray:
    found = normalised(source, source.shape[-1], op, op.gain, op.offset << op.offset_up)
    return np.clip(found + target.zero_point, op.low, op.high)
