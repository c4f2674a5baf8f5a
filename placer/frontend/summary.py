"""An imported network in words: what `placer inspect` prints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from placer.network import (
    Add,
    Dense,
    Interpolation,
    MatMul,
    Multiply,
    Network,
    Normalise,
    Operation,
    QuantType,
    Requantise,
    Rounding,
    Softmax,
    Table,
    Take,
)


@dataclass(frozen=True)
class OperationRow:
    """One operation: its kind with sizes, what it reads and writes, and how its result is rounded ("" where nothing is computed)."""

    name: str
    kind: str
    sources: tuple[str, ...]
    target: str
    rounding: str


@dataclass(frozen=True)
class TensorRow:
    """One tensor: the shape of a sample, and the affine map of its integers."""

    name: str
    shape: tuple[int, ...]
    type: str
    scale: str
    zero_point: int
    least: int
    most: int


def operation_rows(network: Network) -> tuple[OperationRow, ...]:
    """The operations, in order."""
    return tuple(OperationRow(op.name, _kind(op), op.sources, op.target, _rounding(op, network)) for op in network.operations)


def tensor_rows(network: Network) -> tuple[TensorRow, ...]:
    """The tensors, in order."""
    return tuple(
        TensorRow(t.name, t.shape, t.type.dtype.value, _scale(t.type), t.type.zero_point, t.type.min, t.type.max) for t in network.tensors
    )


def _kind(op: Operation) -> str:
    name = type(op).__name__
    match op:
        case Dense():
            return f"{name} {op.weight.shape[0]} -> {op.weight.shape[1]}, {op.weight_type.value} weights"
        case Table():
            return f"{name} of {len(op.values)} values"
        case Interpolation():
            return f"{name} by {len(op.cubics.coefficients)} cubics"
        case Take():
            return f"{name} {len(op.indices)} along axis {op.axis}"
        case _:
            return name


def _scale(kind: QuantType) -> str:
    return f"{kind.scale:.6g}" if kind.exponent is None else f"2^{kind.exponent}"


def _rounding(op: Operation, network: Network) -> str:
    kind = network.tensor(op.target).type
    match op:
        case Dense() | Add() | Multiply() | MatMul() | Requantise():
            return _arithmetic(op.rounding, kind)
        case Table():
            return "to a table, exact"
        case Interpolation():
            return f"half to even, within {op.cubics.error:.2g} of a step, {_bounds(op.low, op.high, kind)}"
        case Normalise():
            return f"half to even / 2^{op.shift}, {_bounds(op.low, op.high, kind)}"
        case Softmax():
            return f"half to even, {_bounds(op.low, op.high, kind)}"
        case _:
            return ""


def _arithmetic(rounding: Rounding, kind: QuantType) -> str:
    multiplier = "" if np.all(rounding.multiplier == 1) else " x multiplier"
    by_channel = " a channel" if len(rounding.multiplier) > 1 else ""
    bias = " + bias" if np.any(rounding.bias) else ""
    wide = ", 64 bits" if rounding.wide else ""
    return f"half to even{bias}{multiplier}{by_channel} / 2^{rounding.shift}, {_bounds(rounding.low, rounding.high, kind)}{wide}"


def _bounds(low: int, high: int, kind: QuantType) -> str:
    return "saturated" if (low, high) == (kind.dtype.min, kind.dtype.max) else f"clamped to {low}..{high}"
