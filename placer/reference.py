"""The normative arithmetic: a Network evaluated in exact integers.

Every operation computes its real result exactly and rounds once (network.py). Everything else - kernels, host, onnxruntime - is compared
with this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from placer.network import Add, Dense, IntArray, Network, Operation, QuantType, Requantise, Reshape, Tensor, Transpose

# Sums below this are exact in float64, whose matrix product is far faster than numpy's integer one.
FLOAT64_EXACT = 1 << 53


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
        values[op.target] = _apply(network, op, tuple(_operand(network, values, s) for s in op.sources))
    return tuple(NamedValue(name, value) for name, value in values.items())


def requantise(total: IntArray, shift: int, target: QuantType, relu: bool) -> IntArray:
    """total / 2^shift rounded half to even, saturated to the target's type, then max(0, .) when `relu`. A negative shift multiplies."""
    if shift <= 0:
        # Saturating first says the same and cannot overflow: what is out of range stays out of range, and its bits fit.
        rounded = np.clip(total, target.dtype.min, target.dtype.max) << min(-shift, target.dtype.bits) if shift else total
    else:
        rounded = round_shift(total, shift)
    low = max(0, target.dtype.min) if relu else target.dtype.min
    return np.clip(rounded, low, target.dtype.max)


def round_shift(total: IntArray, shift: int) -> IntArray:
    """total / 2^shift rounded half to even, for a shift of 0 or more."""
    if shift == 0:
        return total
    # Half to even: add just under a half, and the lowest kept bit tips the exact halves.
    shift = min(shift, 62)
    return (total + ((1 << (shift - 1)) - 1) + ((total >> shift) & 1)) >> shift


def _check_input(tensor: Tensor, value: IntArray) -> None:
    if value.ndim != len(tensor.shape) + 1 or value.shape[1:] != tensor.shape:
        raise ValueError(f"input {tensor.name} must have shape [batch, {', '.join(map(str, tensor.shape))}], not {list(value.shape)}")
    dtype = tensor.type.dtype
    if value.size and (int(value.min()) < dtype.min or int(value.max()) > dtype.max):
        raise ValueError(f"input {tensor.name} holds values outside {dtype.value}")


def _operand(network: Network, values: dict[str, IntArray], name: str) -> IntArray:
    constant = network.tensor(name).value
    return values[name] if constant is None else constant[np.newaxis]


def _apply(network: Network, op: Operation, operands: tuple[IntArray, ...]) -> IntArray:
    target = network.tensor(op.target)
    exponents = [network.tensor(s).type.exponent for s in op.sources]
    match op:
        case Dense():
            total = exact_matmul(operands[0], op.weight) << op.bias_fraction_bits
            if op.bias is not None:
                total = total + op.bias
            exponent = exponents[0] + op.weight_type.exponent - op.bias_fraction_bits
            return requantise(total, target.type.exponent - exponent, target.type, op.relu)
        case Add():
            finer = min(exponents)
            left, right = (value << (e - finer) for value, e in zip(operands, exponents, strict=True))
            return requantise(left + right, target.type.exponent - finer, target.type, op.relu)
        case Requantise():
            return requantise(operands[0], target.type.exponent - exponents[0], target.type, op.relu)
        case Transpose():
            return operands[0].transpose(0, *(axis + 1 for axis in op.perm))
        case Reshape():
            return operands[0].reshape(len(operands[0]), *target.shape)


def exact_matmul(left: IntArray, right: IntArray) -> IntArray:
    """left[..., K] @ right[K, N] in exact integers, through float64 where every partial sum stays below 2^53."""
    bound = int(np.abs(left).max(initial=0)) * int(np.abs(right).max(initial=0)) * right.shape[0]
    if bound < FLOAT64_EXACT:
        return (left.astype(np.float64) @ right.astype(np.float64)).astype(np.int64)
    return left @ right
