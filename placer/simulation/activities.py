"""Mapping -> the activities of its pipeline: kernels, ping and pong under locks, streams, memory tiles, PLIO.

A cascade runs in step: its tiles wait for each other's partial sums, each `hop_cycles` after the one before. A window leaves a memory on
one channel, to all of its readers at once, when every reader has a free copy. A memory tile's buffer is full when all its windows are
written and free when all are read. Memory-tile banks are interleaved by 16 bytes over 256 (AM020), so that twelve channels, each with one
access in four cycles, never wait for the sixteen banks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from placer.cycles.streams import first_word_cycles, transfer_cycles
from placer.device import Device
from placer.layers import Side
from placer.layout import Partition
from placer.mapping import MappedEdge, MappedLayer, MappedTile, Mapping, StreamPort, TileBuffer
from placer.routing.grid import STEPS, Direction
from placer.simulation.simulate import Activity, ActivityGraph, Kind, Precedence, Use
from placer.split import Split

INPUT_KINDS = ("input", "second_input")
COPIES = 2

Position = tuple[int, int]


@dataclass(frozen=True)
class Reader:
    """A buffer that a window arrives in: `number` frees it `cycles` after it starts, and starts `early` after it is full (0 or less).

    kind, resource: the channel in which a stream arrives.
    """

    number: int
    cycles: int
    early: int
    position: Position
    kind: Kind
    resource: str


@dataclass
class _Graph:
    """Collects activities and precedences."""

    mapping: Mapping
    device: Device
    activities: list[Activity] = field(default_factory=list)
    precedences: list[Precedence] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[tuple[int, int]] = field(default_factory=list)
    switches: dict[tuple[str, Position, Position], int] = field(default_factory=dict)

    def add(self, activity: Activity) -> int:
        """Append an activity, which waits for its own last turn; its number."""
        number = len(self.activities)
        self.activities.append(activity)
        self.wait(number, number, activity.busy, 1)
        return number

    def wait(self, source: int, target: int, cycles: int, runs: int) -> None:
        self.precedences.append(Precedence(source, target, cycles, runs))

    def travel(self, tensor: str, source: Position, target: Position) -> int:
        """Cycles from a channel's start to the first word at the other end, along the stream's route."""
        straight = abs(source[0] - target[0]) + abs(source[1] - target[1]) + 1
        return first_word_cycles(self.switches.get((tensor, source, target), straight))

    def core(self, col: int, row: int) -> Position:
        """A core tile in the grid of all tiles, the shim row at 0."""
        return col, 1 + self.device.memory_rows + row


def activities(mapping: Mapping, device: Device) -> ActivityGraph:
    """The pipeline of a legal mapping."""
    graph = _Graph(mapping, device, switches=_switches(mapping, device))
    cascades = {layer.name: _cascades(graph, layer) for layer in mapping.layers}
    layers = {layer.name: layer for layer in mapping.layers}
    for tensor in dict.fromkeys(e.tensor for e in mapping.edges):
        _Net(graph, layers, cascades, tuple(e for e in mapping.edges if e.tensor == tensor)).connect()
    return ActivityGraph(tuple(graph.activities), tuple(graph.precedences), tuple(graph.inputs), tuple(graph.outputs))


def _cascades(graph: _Graph, layer: MappedLayer) -> tuple[int, ...]:
    """One activity a cascade, in the order of chains. It starts when its first tile does."""
    numbers = []
    for chain in range(layer.split.m * layer.split.n):
        data, channel = divmod(chain, layer.split.n)
        tiles = sorted((t for t in layer.tiles if (t.m_index, t.n_index) == (data, channel)), key=lambda t: t.k_index)
        first, *others = (Use(Kind.KERNEL, f"core ({t.col}, {t.row})", t.k_index * layer.hop_cycles) for t in tiles)
        name = f"{layer.name} [{data}, {channel}]"
        numbers.append(graph.add(Activity(name, Kind.KERNEL, first.resource, layer.name, layer.cycles, tuple(others))))
    return tuple(numbers)


def split_of(layer: MappedLayer) -> Split:
    """How a mapped layer is cut, as the solver's Split."""
    side = Side.LEFT if "_left_" in layer.kernel else Side.RIGHT if "_right_" in layer.kernel or layer.op == "move" else None
    return Split(side, layer.split.data, layer.split.k, layer.split.n, layer.op == "matmul")


@dataclass(frozen=True)
class _Net:
    """One activation from its writer to all its readers."""

    graph: _Graph
    layers: dict[str, MappedLayer]
    cascades: dict[str, tuple[int, ...]]
    edges: tuple[MappedEdge, ...]

    def connect(self) -> None:
        """Add the streams of this activation and all that waits for them."""
        shared = self.edges[0].kind == "shared_memory"
        shards = next((e.shards for e in self.edges if e.shards), None)
        reads = self._read_shards(shards) if shards else {}
        for piece in range(self.edges[0].written.pieces):
            if shared:
                self._share(piece)
                continue
            readers = [r for e in self.edges if e.kind != "memory_tile" for r in self._readers(e, piece)]
            if shards:
                shard, rank = _within(self.edges[0].written, piece, shards)
                place = next(e for e in self.edges if e.shards).memory_tiles[shard]
                where = f"memory tile ({place.col}, {place.row}) in {place.in_channels[rank]}"
                readers += [replace(r, resource=where) for r in reads[shard]]
            self._stream_out(piece, readers)

    def _share(self, piece: int) -> None:
        """The reader's buffer is the writer's: full at its end, free when read."""
        writer, end = self._writer(piece)
        for reader in self._readers(self.edges[0], piece):
            self.graph.wait(writer, reader.number, end + reader.early, 0)
            self.graph.wait(reader.number, writer, reader.cycles - self._start_of_tail(), COPIES)

    def _stream_out(self, piece: int, readers: list[Reader]) -> None:
        """The stream of one written window: out of a core tile, or from PLIO."""
        graph, edge = self.graph, self.edges[0]
        busy = transfer_cycles(edge.written_bytes, graph.device)
        if edge.producer in self.layers:
            tile = self._tail(piece)
            output = _buffer(tile, "output")
            number = graph.add(Activity(f"{edge.tensor} [{piece}]", Kind.CORE_OUT, channel_name(output), edge.producer, busy))
            writer, end = self._writer(piece)
            graph.wait(writer, number, end, 0)
            # The output's copy is free when it has left; the tail needs it when it starts.
            graph.wait(number, writer, busy - self._start_of_tail(), COPIES)
            position = graph.core(output.at[0].col, output.at[0].row)
        else:
            port = next(p for p in graph.mapping.plio if (p.tensor, p.piece, p.direction) == (edge.tensor, piece, "in"))
            where = f"column {port.col} in {port.channel}"
            number = graph.add(Activity(f"{edge.tensor} [{piece}]", Kind.PLIO_IN, where, edge.producer, busy))
            graph.inputs.append(number)
            position = (port.col, 0)
        self._deliver(number, busy, position, readers)

    def _deliver(self, stream: int, busy: int, source: Position, readers: list[Reader]) -> None:
        """Readers wait for the stream's last word; the stream waits for a free copy with each of them.

        Its first words wait for the copy at the reader's door: the switches on the way hold as many as they delay.
        """
        arrivals = {}
        for reader in readers:
            travel = self.graph.travel(self.edges[0].tensor, source, reader.position)
            full = busy + travel
            arrivals[reader.resource] = Use(reader.kind, reader.resource, travel)
            if reader.number < 0:
                self.graph.outputs.append((stream, full))
                continue
            self.graph.wait(stream, reader.number, full + reader.early, 0)
            self.graph.wait(reader.number, stream, reader.cycles - travel, COPIES)
        self.graph.activities[stream] = replace(self.graph.activities[stream], also=tuple(arrivals.values()))

    def _readers(self, edge: MappedEdge, piece: int) -> list[Reader]:
        """Who reads window `piece` of a direct edge, or of what leaves memory tiles towards `edge`."""
        if edge.consumer not in self.layers:
            ports = [p for p in self.graph.mapping.plio if (p.tensor, p.piece, p.direction) == (edge.tensor, piece, "out")]
            return [Reader(-1, 0, 0, (p.col, 0), Kind.PLIO_OUT, f"column {p.col} out {p.channel}") for p in ports]
        layer = self.layers[edge.consumer]
        split = split_of(layer)
        readers = []
        for tile in layer.tiles:
            chain, late = tile.m_index * split.channels + tile.n_index, tile.k_index * layer.hop_cycles
            if split.input_piece(chain, tile.k_index, edge.port) == piece:
                number = self.cascades[layer.name][chain]
                buffer = _buffer(tile, INPUT_KINDS[edge.port])
                position = self.graph.core(buffer.at[0].col, buffer.at[0].row)
                readers.append(Reader(number, late + layer.cycles, -late, position, Kind.CORE_IN, channel_name(buffer)))
        return readers

    def _read_shards(self, shards: Partition) -> dict[int, list[Reader]]:
        """One activity a window read out of each shard; as seen from a writer of the shard, its readers."""
        found: dict[int, list[Reader]] = {shard: [] for shard in range(shards.pieces)}
        for edge in (e for e in self.edges if e.kind == "memory_tile"):
            for piece in range(edge.read.pieces):
                shard, rank = _within(edge.read, piece, shards)
                place = edge.memory_tiles[shard]
                position = (place.col, 1 + place.row)
                busy = transfer_cycles(edge.read_bytes, self.graph.device)
                where = f"memory tile ({place.col}, {place.row}) out {place.out_channels[rank]}"
                number = self.graph.add(Activity(f"{edge.tensor} [{piece}]", Kind.MEMORY_OUT, where, edge.consumer, busy))
                self._deliver(number, busy, position, self._readers(edge, piece))
                found[shard].append(Reader(number, busy, 0, position, Kind.MEMORY_IN, ""))
        return found

    def _tail(self, piece: int) -> MappedTile:
        """The core tile that writes window `piece`."""
        layer = self.layers[self.edges[0].producer]
        split = split_of(layer)
        return next(
            t
            for t in layer.tiles
            if t.k_index == split.contraction - 1 and split.output_piece(t.m_index * split.channels + t.n_index) == piece
        )

    def _start_of_tail(self) -> int:
        """Cycles from a cascade's start to its last tile's."""
        layer = self.layers[self.edges[0].producer]
        return (layer.split.k - 1) * layer.hop_cycles

    def _writer(self, piece: int) -> tuple[int, int]:
        """The activity that writes window `piece`, and the cycles from its start to the window's end."""
        layer, tile = self.layers[self.edges[0].producer], self._tail(piece)
        return self.cascades[layer.name][tile.m_index * layer.split.n + tile.n_index], self._start_of_tail() + layer.cycles


def _enclosing(fine: Partition, piece: int, coarse: Partition) -> int:
    """The window of `coarse` in which window `piece` of `fine` lies (columns fastest, then rows, then samples)."""
    rest, column = divmod(piece, fine.columns)
    sample, row = divmod(rest, fine.rows)
    s, r, c = (
        sample * coarse.samples // fine.samples,
        row * coarse.rows // fine.rows,
        column * coarse.columns // fine.columns,
    )
    return (s * coarse.rows + r) * coarse.columns + c


def _within(fine: Partition, piece: int, coarse: Partition) -> tuple[int, int]:
    """The window of `coarse` in which window `piece` of `fine` lies, and how many windows of it there come before."""
    window = _enclosing(fine, piece, coarse)
    return window, sum(_enclosing(fine, earlier, coarse) == window for earlier in range(piece))


def _buffer(tile: MappedTile, kind: str) -> TileBuffer:
    """A tile's buffer of this kind."""
    return next(b for b in tile.buffers if b.kind == kind)


def channel_name(buffer: TileBuffer) -> str:
    """The channel that fills or empties a core's buffer: of the tile in whose memory it lies."""
    way = "out" if buffer.kind == "output" else "in"
    return f"core ({buffer.at[0].col}, {buffer.at[0].row}) {way} {buffer.channel}"


def _switches(mapping: Mapping, device: Device) -> dict[tuple[str, Position, Position], int]:
    """How many switches each stream passes, both ends included; of several between the same tiles the most."""
    found: dict[tuple[str, Position, Position], int] = {}
    for route in mapping.routes:
        start = _switch(device, route.source)
        passed = {start: 1}
        # A tree grows from its source, but its hops are listed in the order of the sinks that they were found for.
        pending = list(route.hops)
        while pending:
            later = []
            for hop in pending:
                here, (east, north) = (hop.col, hop.row), STEPS[Direction(hop.direction)]
                if here in passed:
                    passed.setdefault((hop.col + east, hop.row + north), passed[here] + 1)
                else:
                    later.append(hop)
            if len(later) == len(pending):
                break
            pending = later
        for sink in route.sinks:
            key = (route.tensor, start, _switch(device, sink))
            found[key] = max(found.get(key, 0), passed.get(key[2], 1))
    return found


def _switch(device: Device, port: StreamPort) -> Position:
    """Where a port is in the grid of all tiles, the shim row at 0."""
    return port.col, {"plio": 0, "memory_tile": 1 + port.row, "core": 1 + device.memory_rows + port.row}[port.kind]
