"""Families streams and lanes: every stream that the edges ask for is routed from its source to all sinks, on lanes of its own.

Switch rows count from the shim: row 0, then the memory tiles, then the core tiles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from placer.mapping import MappedEdge, MappedHop, MappedRoute, MappedTile, StreamPort
from placer.verify.subject import INPUT_KINDS, Subject
from placer.verify.violation import Family, Violation

STEPS = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)}


@dataclass(frozen=True)
class Branch:
    """One demand: words of `tensor` from a source to one sink."""

    tensor: str
    source: StreamPort
    sink: StreamPort


def check_streams(s: Subject) -> Iterator[Violation]:
    """The routes carry what the edges ask for, no more, and each source once."""
    wanted = Counter(branch for edge in s.mapping.edges for branch in set(_demands(s, edge)))
    found = Counter(Branch(r.tensor, r.source, sink) for r in s.mapping.routes for sink in r.sinks)
    for branch in sorted(set(wanted) - set(found), key=str):
        yield Violation(Family.STREAMS, f"{branch.tensor} has no route from {_name(branch.source)} to {_name(branch.sink)}")
    for branch in sorted(set(found) - set(wanted), key=str):
        yield Violation(
            Family.STREAMS, f"a route carries {branch.tensor} from {_name(branch.source)} to {_name(branch.sink)}, which no edge asks for"
        )
    for branch, count in sorted(found.items(), key=str):
        if count > 1:
            yield Violation(Family.STREAMS, f"{branch.tensor} has {count} routes from {_name(branch.source)} to {_name(branch.sink)}")
    for source, count in sorted(Counter(r.source for r in s.mapping.routes).items(), key=str):
        if count > 1:
            yield Violation(Family.STREAMS, f"{_name(source)} is the source of {count} routes: one channel sends one stream")


def _name(port: StreamPort) -> str:
    return f"{port.kind} ({port.col}, {port.row}) channel {port.channel}"


def _demands(s: Subject, edge: MappedEdge) -> Iterator[Branch]:
    """Every pair of a sending and a receiving port that an edge joins."""
    if edge.kind == "shared_memory":
        return
    if edge.shards is None:
        for piece in range(edge.written.pieces):
            for sink in _readers(s, edge, piece):
                yield Branch(edge.tensor, _writer(s, edge, piece), sink)
        return
    for shard, tile in enumerate(edge.memory_tiles):
        for channel, piece in zip(tile.in_channels, edge.shards.inside(shard, edge.written), strict=False):
            yield Branch(edge.tensor, _writer(s, edge, piece), StreamPort("memory_tile", tile.col, tile.row, channel))
        for channel, piece in zip(tile.out_channels, edge.shards.inside(shard, edge.read), strict=False):
            for sink in _readers(s, edge, piece):
                yield Branch(edge.tensor, StreamPort("memory_tile", tile.col, tile.row, channel), sink)


def _writer(s: Subject, edge: MappedEdge, piece: int) -> StreamPort:
    pair = s.pair(edge.producer)
    if pair is None:
        return _plio(s, edge.tensor, "in", piece)
    return next(_core(t, "output") for t in pair.mapped.tiles if t.k_index == pair.mapped.split.k - 1 and pair.written_piece(t) == piece)


def _readers(s: Subject, edge: MappedEdge, piece: int) -> list[StreamPort]:
    pair = s.pair(edge.consumer)
    if pair is None:
        return [_plio(s, edge.tensor, "out", piece)]
    return [_core(t, INPUT_KINDS[edge.port]) for t in pair.mapped.tiles if pair.read_piece(t, edge.port) == piece]


def _plio(s: Subject, tensor: str, direction: str, piece: int) -> StreamPort:
    """The port of a window at the border; where there is none, family plio says so."""
    port = next((p for p in s.mapping.plio if (p.tensor, p.direction, p.piece) == (tensor, direction, piece)), None)
    return StreamPort("plio", port.col, 0, port.channel) if port else StreamPort("plio", -1, 0, -1)


def _core(tile: MappedTile, kind: str) -> StreamPort:
    """The DMA channel of a buffer; where it has none, family channels says so."""
    buffer = next((b for b in tile.buffers if b.kind == kind and b.at), None)
    if buffer is None or buffer.channel is None:
        return StreamPort("core", tile.col, tile.row, -1)
    return StreamPort("core", buffer.at[0].col, buffer.at[0].row, buffer.channel)


def check_lanes(s: Subject) -> Iterator[Violation]:
    """Each route is a tree of lanes that exist, from its source to its sinks; no lane carries two; memory tiles pass a lane straight on."""
    users: dict[MappedHop, str] = {}
    for route in s.mapping.routes:
        yield from _check_tree(s, route)
        for hop in route.hops:
            if hop in users:
                yield Violation(Family.LANES, f"{_hop(hop)} carries {users[hop]} and {route.tensor}")
            users[hop] = route.tensor


def _hop(hop: MappedHop) -> str:
    return f"lane {hop.lane} {hop.direction} of switch ({hop.col}, {hop.row})"


def _check_tree(s: Subject, route: MappedRoute) -> Iterator[Violation]:
    """Hop by hop: out of a switch already reached, over a lane that exists, into one not yet reached."""
    where = f"route of {route.tensor} from {_name(route.source)}"
    reached: dict[tuple[int, int], MappedHop | None] = {_switch(s, route.source): None}
    for hop in route.hops:
        if hop.direction not in STEPS:
            yield Violation(Family.LANES, f"{where}: direction {hop.direction!r} does not exist")
            return
        dx, dy = STEPS[hop.direction]
        here, there = (hop.col, hop.row), (hop.col + dx, hop.row + dy)
        if not 0 <= hop.lane < _lanes(s, hop) or not _is_switch(s, there):
            yield Violation(Family.LANES, f"{where}: {_hop(hop)} does not exist")
        if here not in reached:
            yield Violation(Family.LANES, f"{where}: {_hop(hop)} starts where the route has not come")
            return
        if there in reached:
            yield Violation(Family.LANES, f"{where}: {_hop(hop)} comes again to a switch that the route has reached")
        before = reached[here]
        if before and _is_memory(s, here) and before.direction == hop.direction and before.lane != hop.lane:
            yield Violation(Family.LANES, f"{where}: {_hop(hop)} changes lanes in a memory tile")
        reached[there] = hop
    ends = {_switch(s, sink) for sink in route.sinks}
    if not ends <= reached.keys():
        yield Violation(Family.LANES, f"{where} does not come to switch {min(ends - reached.keys())}")
    passed = {(h.col, h.row) for h in route.hops}
    for there in sorted(reached.keys() - passed - ends):
        if reached[there]:
            yield Violation(Family.LANES, f"{where} ends at switch {there}, where nothing takes it")


def _switch(s: Subject, port: StreamPort) -> tuple[int, int]:
    below = {"plio": 0, "memory_tile": 1, "core": 1 + s.device.memory_rows}
    return port.col, below.get(port.kind, 0) + port.row


def _is_memory(s: Subject, switch: tuple[int, int]) -> bool:
    return 1 <= switch[1] <= s.device.memory_rows


def _is_switch(s: Subject, switch: tuple[int, int]) -> bool:
    return 0 <= switch[0] < s.device.columns and 0 <= switch[1] <= s.device.memory_rows + s.device.rows


def _lanes(s: Subject, hop: MappedHop) -> int:
    """How many lanes leave a switch in a direction; none east and west of a memory tile."""
    if hop.direction in {"east", "west"} and _is_memory(s, (hop.col, hop.row)):
        return 0
    lanes = {"north": s.device.streams.north, "south": s.device.streams.south, "east": s.device.streams.east, "west": s.device.streams.west}
    return lanes[hop.direction]
