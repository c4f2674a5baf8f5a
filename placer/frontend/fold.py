"""Folding after import, only where it is provably exact: what nobody reads goes, and a clamp joins what it follows.

A ReLU or Clip with a rounding point of its own only clamps when its scale and zero point equal those of what it reads: it then belongs to
the operation before it, if nobody else reads the unclamped result, or to the network input.
"""

from __future__ import annotations

from dataclasses import replace

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
    Softmax,
    Table,
)


def fold_clamps(network: Network) -> Network:
    """Merge each operation that only clamps into the only operation before it, or into an input's type."""
    operations: list[Operation] = []
    inputs, types = list(network.inputs), dict[str, QuantType]()
    for op in network.operations:
        if not isinstance(op, Requantise) or not _only_clamps(network, op):
            operations.append(op)
            continue
        low, high = op.rounding.low, op.rounding.high
        writer = next((i for i, w in enumerate(operations) if w.target == op.source), None)
        if writer is None and op.source in inputs:
            kind = network.tensor(op.source).type
            types[op.target] = replace(kind, limits=(max(low, kind.min), min(high, kind.max)))
            inputs[inputs.index(op.source)] = op.target
        elif writer is not None and (joined := _clamped(operations[writer], op.target, low, high)):
            operations[writer] = joined
        else:
            operations.append(op)
    tensors = tuple(replace(t, type=types.get(t.name, t.type)) for t in network.tensors)
    return replace(network, inputs=tuple(inputs), tensors=tensors, operations=tuple(operations))


def drop_unread(network: Network) -> Network:
    """Without the operations, inputs, tensors and notes that no output depends on."""
    needed, operations = set(network.outputs), list[Operation]()
    for op in reversed(network.operations):
        if op.target in needed:
            needed.update(op.sources)
            operations.append(op)
    return replace(
        network,
        inputs=tuple(name for name in network.inputs if name in needed),
        tensors=tuple(t for t in network.tensors if t.name in needed),
        operations=tuple(reversed(operations)),
        inserted=tuple(note for note in network.inserted if note[0] in needed),
    )


def _only_clamps(network: Network, op: Requantise) -> bool:
    """Whether `op` maps integers to themselves but for its clamp, and nobody else reads what it reads."""
    if op.source in network.outputs or len(network.consumers(op.source)) != 1:
        return False
    source, target = network.tensor(op.source), network.tensor(op.target)
    if (source.type.dtype, source.type.scale, source.type.zero_point) != (target.type.dtype, target.type.scale, target.type.zero_point):
        return False
    r = op.rounding
    return len(r.bias) == 1 and (r.up, r.shift, *r.bias, *r.multiplier) == (0, 0, -target.type.zero_point, 1)


def _clamped(op: Operation, target: str, low: int, high: int) -> Operation | None:
    """`op` with a tighter clamp and another target, or None where it has no clamp."""

    def both(least: int, most: int) -> tuple[int, int]:
        return min(max(least, low), high), max(min(most, high), low)

    match op:
        case Dense() | Add() | Multiply() | MatMul() | Requantise():
            least, most = both(op.rounding.low, op.rounding.high)
            return replace(op, target=target, rounding=replace(op.rounding, low=least, high=most))
        case Interpolation() | Normalise() | Softmax():
            least, most = both(op.low, op.high)
            return replace(op, target=target, low=least, high=most)
        case Table():
            return replace(op, target=target, values=op.values.clip(low, high))
        case _:
            return None
