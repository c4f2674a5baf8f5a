"""Unsigned tensors as signed ones: q - 128 with zero point - 128 stands for the same real number, so that kernels know signed types only.

Nothing is rounded differently: the shift moves into biases, clamps and tables. The host adds it again (layers.HostView.offset).
"""

from __future__ import annotations

from dataclasses import replace

from placer.network import (
    Add,
    Concat,
    Dense,
    IntArray,
    Interpolation,
    IntType,
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
    Transpose,
)

SIGNED = {IntType.UINT8: IntType.INT8, IntType.UINT16: IntType.INT16}


def offset(kind: QuantType) -> int:
    """What is taken from the integers of a type."""
    return 0 if kind.dtype.signed else -kind.dtype.min + (1 << (kind.dtype.bits - 1))


def signed(network: Network) -> Network:
    """`network` with signed tensors only."""
    tensors = tuple(replace(t, type=_signed_type(t.type)) for t in network.tensors)
    return replace(network, tensors=tensors, operations=tuple(_shifted(network, op) for op in network.operations))


def _signed_type(kind: QuantType) -> QuantType:
    if kind.dtype.signed:
        return kind
    by = offset(kind)
    limits = None if kind.limits is None else (kind.limits[0] - by, kind.limits[1] - by)
    return QuantType(SIGNED[kind.dtype], kind.scale, kind.zero_point - by, limits)


def _shifted(network: Network, op: Operation) -> Operation:
    source, target = (offset(network.tensor(name).type) for name in (op.sources[0], op.target))
    match op:
        case Dense():
            return replace(op, rounding=_rounding(op.rounding, op.weight.sum(axis=0) * source, target))
        case Add() | Multiply() | MatMul():
            # These subtract the zero points themselves.
            return replace(op, rounding=_clamp(op.rounding, target))
        case Requantise():
            return replace(op, rounding=_rounding(op.rounding, op.rounding.bias[:1] * 0 + source, target))
        case Table():
            return replace(op, values=op.values - target)
        case Interpolation() | Normalise() | Softmax():
            return replace(op, low=op.low - target, high=op.high - target)
        case Transpose() | Reshape() | Take() | Concat():
            return op


def _rounding(rounding: Rounding, less: IntArray, target: int) -> Rounding:
    """For a value that has become smaller by `less`."""
    return replace(_clamp(rounding, target), bias=rounding.bias + (less << rounding.up))


def _clamp(rounding: Rounding, target: int) -> Rounding:
    return replace(rounding, low=rounding.low - target, high=rounding.high - target)
