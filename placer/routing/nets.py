"""The streams of a solution: from each DMA channel or PLIO that sends to all that receive the same words."""

from __future__ import annotations

from dataclasses import dataclass

from placer.mapping import MappedPlio, StreamPort
from placer.problem.channels import BufferSlot, input_channel
from placer.problem.problem import BlockKind, MappingProblem, Net, Option, Reader, Shape
from placer.problem.solution import EdgeKind, Solution


@dataclass(frozen=True)
class StreamNet:
    """One stream and its branches."""

    tensor: str
    source: StreamPort
    sinks: tuple[StreamPort, ...]


def stream_nets(
    problem: MappingProblem, solution: Solution, slots: tuple[BufferSlot, ...], plio: tuple[MappedPlio, ...]
) -> tuple[StreamNet, ...]:
    """Every stream, net by net: what the producer sends, window by window, then what memory tiles send."""
    finder = _Finder(problem, solution, slots, plio)
    return tuple(stream for number in range(len(problem.nets)) for stream in (*finder.written(number), *finder.read(number)))


class _Finder:
    """The ports of one solution by the windows they write and read."""

    def __init__(self, problem: MappingProblem, solution: Solution, slots: tuple[BufferSlot, ...], plio: tuple[MappedPlio, ...]) -> None:
        self.problem, self.solution, self.slots = problem, solution, slots
        self.plio = {(p.tensor, p.direction, p.piece): StreamPort("plio", p.col, 0, p.channel) for p in plio}

    def written(self, number: int) -> list[StreamNet]:
        """What the producer of a net sends: to direct readers and into memory tiles at once."""
        net, choice = self.problem.nets[number], self.solution.nets[number]
        written = self._option(net.producer).output
        assert written is not None, "the producer of a net writes"
        found = []
        for piece in range(written.pieces):
            sinks = [
                port
                for reader, kind in zip(net.readers, choice.kinds, strict=True)
                if kind is EdgeKind.DMA
                for port in self._readers(net, reader, piece)
            ]
            for shard, slot in enumerate(s for s in self.slots if s.net == number):
                assert choice.shards is not None, "a net with slots is cut over them"
                inside = choice.shards.inside(shard, written)
                sinks += [StreamPort("memory_tile", slot.col, slot.row, slot.in_channels[inside.index(piece)])] if piece in inside else []
            if sinks:
                found.append(StreamNet(net.activation, self._writer(net, piece), tuple(sinks)))
        return found

    def read(self, number: int) -> list[StreamNet]:
        """What the memory tiles of a net send."""
        net, choice = self.problem.nets[number], self.solution.nets[number]
        found = []
        for shard, slot in enumerate(s for s in self.slots if s.net == number):
            assert choice.shards is not None, "a net with slots is cut over them"
            for reader, channels in zip(net.readers, slot.out_channels, strict=True):
                pieces = choice.shards.inside(shard, self._option(reader.block).inputs[reader.port]) if channels else ()
                for channel, piece in zip(channels, pieces, strict=True):
                    source = StreamPort("memory_tile", slot.col, slot.row, channel)
                    found.append(StreamNet(net.activation, source, self._readers(net, reader, piece)))
        return found

    def _option(self, block: int) -> Option:
        return self.problem.blocks[block].options[self.solution.blocks[block].option]

    def _shape(self, block: int) -> Shape:
        return self._option(block).shapes[self.solution.blocks[block].shape]

    def _writer(self, net: Net, piece: int) -> StreamPort:
        if self.problem.blocks[net.producer].kind is not BlockKind.LAYER:
            return self.plio[net.activation, "in", piece]
        split = self._option(net.producer).split
        assert split is not None, "layers are split"
        chain = next(c for c in range(split.chains) if split.output_piece(c) == piece)
        return self._core(net.producer, chain, split.contraction - 1, 0)

    def _readers(self, net: Net, reader: Reader, piece: int) -> tuple[StreamPort, ...]:
        if self.problem.blocks[reader.block].kind is not BlockKind.LAYER:
            return (self.plio[net.activation, "out", piece],)
        split = self._option(reader.block).split
        assert split is not None, "layers are split"
        channel = input_channel(self.problem, self.solution, reader)
        return tuple(
            self._core(reader.block, chain, position, channel, self._option(reader.block).lent)
            for chain in range(split.chains)
            for position in range(split.contraction)
            if split.input_piece(chain, position, reader.port) == piece
        )

    def _core(self, block: int, chain: int, position: int, channel: int, lent: bool = False) -> StreamPort:
        """A DMA channel of a tile, or of the one to its west that lends it memory."""
        choice = self.solution.blocks[block]
        dx, dy = self._shape(block).tile(chain, position)
        return StreamPort("core", choice.column + dx - lent, choice.row + dy, channel)
