"""Channels, offsets and columns that any legal solution leaves free: taken in a fixed order, nearest first.

The solver bounds counts; which of a memory tile's channels serves which window, and which shim column which PLIO, is settled here.
"""

from __future__ import annotations

from dataclasses import dataclass

from placer.device import Device
from placer.errors import InfeasibleError
from placer.mapping import MappedPlio
from placer.problem import BlockKind, MappingProblem, Net
from placer.solution import EdgeKind, Evaluation, Solution

# 128-bit PLIO at a quarter of the array clock carries as much as one 32-bit stream (facts: AM020 chapter 3).
PLIO_WIDTH_BITS = 128
# Streams 3 and 7 of a column lack an interface register and are slower (UG1603), so they come last.
SLOW_IN_CHANNELS = (3, 7)


@dataclass(frozen=True)
class BufferSlot:
    """One shard of net number `net` in a memory tile; out_channels holds one tuple a reader, empty for those not served here."""

    net: int
    col: int
    row: int
    bytes: int
    offset: int
    in_channels: tuple[int, ...]
    out_channels: tuple[tuple[int, ...], ...]


def allot_memory_tiles(problem: MappingProblem, solution: Solution) -> tuple[BufferSlot, ...]:
    """Offsets and channels of every shard, in the order of nets: lowest first in each memory tile."""
    slots: list[BufferSlot] = []
    evaluation = Evaluation(problem, solution)
    for number, (net, choice) in enumerate(zip(problem.nets, solution.nets, strict=True)):
        if choice.shards is None:
            continue
        written = evaluation.option(net.producer).output
        assert written is not None, "the producer of a net writes"
        writers = written.pieces // choice.shards.pieces
        readers = [
            evaluation.option(r.block).inputs[r.port].pieces // choice.shards.pieces if kind is EdgeKind.MEMORY_TILE else 0
            for r, kind in zip(net.readers, choice.kinds, strict=True)
        ]
        for shard in range(choice.shards.pieces):
            col = choice.column + shard
            here = [s for s in slots if (s.col, s.row) == (col, choice.row)]
            first_in = sum(len(s.in_channels) for s in here)
            first_out = sum(len(channels) for s in here for channels in s.out_channels)
            ends = [first_out + sum(readers[: i + 1]) for i in range(len(readers))]
            slots.append(
                BufferSlot(
                    net=number,
                    col=col,
                    row=choice.row,
                    bytes=2 * choice.shards.window_bytes(net.layout),
                    offset=sum(s.bytes for s in here),
                    in_channels=tuple(range(first_in, first_in + writers)),
                    out_channels=tuple(tuple(range(end - count, end)) for end, count in zip(ends, readers, strict=True)),
                )
            )
    return tuple(slots)


def allot_plio(problem: MappingProblem, solution: Solution) -> tuple[MappedPlio, ...]:
    """A shim column and channel for every window that enters or leaves: the nearest free one to where its data go.

    Raises InfeasibleError when the columns with PL run out of channels.
    """
    evaluation = Evaluation(problem, solution)
    free = {
        "in": {c: _in_channels(problem.device) for c in problem.device.plio.columns},
        "out": {c: list(range(problem.device.plio.out_channels)) for c in problem.device.plio.columns},
    }
    ports = []
    for net_number, net in enumerate(problem.nets):
        borders = [net.producer, *(r.block for r in net.readers)]
        for block in borders:
            kind = problem.blocks[block].kind
            if kind is BlockKind.LAYER:
                continue
            direction = "in" if kind is BlockKind.INPUT else "out"
            option = evaluation.option(block)
            pieces = (option.output or option.inputs[0]).pieces
            for piece in range(pieces):
                wanted = _wanted_column(problem, solution, net_number, net, piece * 2 + 1, pieces * 2)
                open_columns = [c for c, channels in free[direction].items() if channels]
                if not open_columns:
                    raise InfeasibleError(
                        f"more PLIO ports {direction} are needed than the {len(free[direction])} columns with PL have channels"
                    )
                col = min(open_columns, key=lambda c: (abs(c - wanted), c))
                channel = free[direction][col].pop(0)
                name = f"{net.activation}_{direction}{piece}"
                ports.append(MappedPlio(name, net.activation, piece, direction, col, channel, PLIO_WIDTH_BITS))
    return tuple(ports)


def _in_channels(device: Device) -> list[int]:
    return sorted(range(device.plio.in_channels), key=lambda c: (c in SLOW_IN_CHANNELS, c))


def _wanted_column(problem: MappingProblem, solution: Solution, net_number: int, net: Net, numerator: int, denominator: int) -> int:
    """The column a port's data go to or come from: a fraction of the way along the memory tiles, or along the layer at the other end."""
    evaluation, choice = Evaluation(problem, solution), solution.nets[net_number]
    if choice.shards is not None:
        west, east = choice.column, choice.column + choice.shards.pieces - 1
    else:
        boxes = [evaluation.head_box(r.block) for r in net.readers] + [evaluation.tail_box(net.producer)]
        placed = [b for b in boxes if b]
        if not placed:
            return 0
        west, east = min(b.west for b in placed), max(b.east for b in placed)
    return west + (east - west) * numerator // denominator
