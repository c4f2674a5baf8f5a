"""Folding after import, only where it is provably exact: what nobody reads goes, and a ReLU joins what it follows.

A ReLU with a rounding point of its own changes nothing but the sign when its scale equals that of what it reads: it then belongs to the
operation before it, if nobody else reads the unrectified result.
"""

from __future__ import annotations

from dataclasses import replace

from placer.network import Add, Dense, Network, Operation, Requantise


def fold_relu(network: Network) -> Network:
    """Merge each Requantise(relu) of unchanged type into the only operation before it."""
    operations: list[Operation] = []
    for op in network.operations:
        writer = _foldable(network, operations, op)
        if writer is None:
            operations.append(op)
        else:
            operations[operations.index(writer)] = replace(writer, target=op.target, relu=True)
    return replace(network, operations=tuple(operations))


def drop_unread(network: Network) -> Network:
    """Without the operations, inputs and tensors that no output depends on."""
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
    )


def _foldable(network: Network, done: list[Operation], op: Operation) -> Dense | Add | Requantise | None:
    """The operation that can take over the ReLU `op`, or None."""
    if not isinstance(op, Requantise) or not op.relu or network.tensor(op.source).type != network.tensor(op.target).type:
        return None
    if op.source in network.outputs or len(network.consumers(op.source)) != 1:
        return None
    writer = next((w for w in done if w.target == op.source), None)
    return writer if isinstance(writer, Dense | Add | Requantise) else None
