"""Channels, offsets and columns that any legal solution leaves free: taken in a fixed order, nearest first.

The solver bounds counts; which of a memory tile's channels serves which window, and which shim column which PLIO, is settled here.
"""

from __future__ import annotations

from dataclasses import dataclass

from placer.device import Device, Plio
from placer.errors import InfeasibleError
from placer.layout import Partition
from placer.mapping import MappedPlio
from placer.problem.problem import BlockKind, MappingProblem, Reader
from placer.problem.solution import EdgeKind, Evaluation, Solution
from placer.problem.tile_memory import BufferKind

# 128-bit PLIO at a quarter of the array clock carries as much as one 32-bit stream (facts: AM020 chapter 3).
PLIO_WIDTH_BITS = 128
# The 64-bit channels 3 and 7 of a column lack an interface register and are slower (UG1603), so the pairs that hold them come last.
SLOW_IN_CHANNELS = (1, 3)

# Ports of one direction in a column that the lanes around it carry without a detour.
UNCROWDED_PORTS = 3
# The buffer of each input port of a kernel.
INPUT_KINDS = (BufferKind.INPUT, BufferKind.SECOND_INPUT)


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
        box = evaluation.shard(number)
        for shard in range(choice.shards.pieces):
            col, row = choice.place(shard)
            here = [s for s in slots if (s.col, s.row) == (col, row)]
            first_in = sum(len(s.in_channels) for s in here)
            first_out = sum(len(channels) for s in here for channels in s.out_channels)
            ends = [first_out + sum(readers[: i + 1]) for i in range(len(readers))]
            slots.append(
                BufferSlot(
                    net=number,
                    col=col,
                    row=row,
                    bytes=2 * box.bytes(net.layout.element_bytes),
                    offset=sum(s.bytes for s in here),
                    in_channels=tuple(range(first_in, first_in + writers)),
                    out_channels=tuple(tuple(range(end - count, end)) for end, count in zip(ends, readers, strict=True)),
                )
            )
    return tuple(slots)


def input_channel(problem: MappingProblem, solution: Solution, reader: Reader) -> int:
    """The DMA channel of a streamed input: earlier streamed inputs of the block have the lower ones. Outputs have channel 0."""
    return sum(
        r.block == reader.block and r.port < reader.port and kind is not EdgeKind.SHARED_MEMORY
        for net, choice in zip(problem.nets, solution.nets, strict=True)
        for r, kind in zip(net.readers, choice.kinds, strict=True)
    )


def allot_plio(problem: MappingProblem, solution: Solution, slots: tuple[BufferSlot, ...]) -> tuple[MappedPlio, ...]:
    """A shim column and channel for every window that enters or leaves: near its other ends, in columns not yet crowded.

    Raises InfeasibleError when the columns with PL run out of channels.
    """
    plio = problem.device.plio
    free = {
        "in": {c: _in_channels(problem.device) for c in plio.columns},
        "out": {c: list(range(plio.out_channels)) for c in plio.columns},
    }
    ports = []
    for net_number, net in enumerate(problem.nets):
        for block in (net.producer, *(r.block for r in net.readers)):
            kind = problem.blocks[block].kind
            if kind is BlockKind.LAYER:
                continue
            direction = "in" if kind is BlockKind.INPUT else "out"
            option = Evaluation(problem, solution).option(block)
            windows = option.output or option.inputs[0]
            for piece in range(windows.pieces):
                wanted = _other_ends(problem, solution, slots, net_number, direction, windows, piece)
                open_columns = [c for c, channels in free[direction].items() if channels]
                if not open_columns:
                    raise InfeasibleError(
                        f"more PLIO ports {direction} are needed than the {len(free[direction])} columns with PL have channels"
                    )
                col = min(open_columns, key=lambda c: (abs(c - wanted) + _crowding(free[direction][c], plio, direction), c))
                channel = free[direction][col].pop(0)
                ports.append(
                    MappedPlio(f"{net.activation}_{direction}{piece}", net.activation, piece, direction, col, channel, PLIO_WIDTH_BITS)
                )
    return tuple(ports)


def _in_channels(device: Device) -> list[int]:
    return sorted(range(device.plio.in_channels), key=lambda c: (c in SLOW_IN_CHANNELS, c))


def _crowding(free: list[int], plio: Plio, direction: str) -> int:
    """Columns that a port had rather go aside than be one more in a column that has so many."""
    used = (plio.in_channels if direction == "in" else plio.out_channels) - len(free)
    return max(0, 2 * (used - UNCROWDED_PORTS + 1))


def _other_ends(
    problem: MappingProblem,
    solution: Solution,
    slots: tuple[BufferSlot, ...],
    number: int,
    direction: str,
    windows: Partition,
    piece: int,
) -> float:
    """The mean column of what a port's window comes from or goes to."""
    net, choice = problem.nets[number], solution.nets[number]
    columns: list[int] = []
    for reader, kind in zip(net.readers, choice.kinds, strict=True):
        here = problem.blocks[reader.block].kind
        if (direction == "out") != (here is BlockKind.OUTPUT):
            continue
        if kind is EdgeKind.MEMORY_TILE and choice.shards:
            shards = [s for s in slots if s.net == number]
            columns += [s.col for i, s in enumerate(shards) if piece in choice.shards.inside(i, windows)]
        else:
            columns += _reading(problem, solution, reader, piece) if direction == "in" else _writing(problem, solution, net.producer, piece)
    return sum(columns) / len(columns) if columns else 0.0


def _reading(problem: MappingProblem, solution: Solution, reader: Reader, piece: int) -> list[int]:
    """The columns of the tiles that read a window which comes in; none for a border."""
    choice = solution.blocks[reader.block]
    option = problem.blocks[reader.block].options[choice.option]
    if option.split is None:
        return []
    split, shape = option.split, option.shapes[choice.shape]
    places = [(c, p) for c in range(split.chains) for p in range(split.contraction) if split.input_piece(c, p, reader.port) == piece]
    return [choice.column + shape.tile(chain, position)[0] for chain, position in places]


def _writing(problem: MappingProblem, solution: Solution, block: int, piece: int) -> list[int]:
    """The columns of the tiles that write a window which goes out; none for a border."""
    choice = solution.blocks[block]
    option = problem.blocks[block].options[choice.option]
    if option.split is None:
        return []
    split, shape = option.split, option.shapes[choice.shape]
    places = [(c, split.contraction - 1) for c in range(split.chains) if split.output_piece(c) == piece]
    return [choice.column + shape.tile(chain, position)[0] for chain, position in places]
