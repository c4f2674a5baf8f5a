"""Semaphores of a tile: what guards buffers whose producer and consumer run by themselves.

ASSUMPTION: each copy of a buffer takes two, one that says full and one that says empty (the fewest that serve any order of both ends;
mlir-aie gets by with two for all copies), in a memory tile two for each channel that reaches it. A parameter counts as one copy.
"""

from __future__ import annotations

LOCKS_A_COPY = 2


def core_locks(activation_copies: int, parameters: int) -> int:
    """Locks of a core tile whose memory holds so many copies of activations, and so many parameters."""
    return LOCKS_A_COPY * (activation_copies + parameters)


def memory_tile_locks(channels: int, copies: int = 2) -> int:
    """Locks of a memory tile with so many channels in and out, each to every copy of its buffer."""
    return LOCKS_A_COPY * copies * channels
