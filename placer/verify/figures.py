"""Family figures: interval, latency, tiles and every objective value, recomputed from tiles, edges and layouts."""

from __future__ import annotations

from collections.abc import Iterator

from placer.cycles.kernel import TileWork, hop_cycles, layer_cycles
from placer.cycles.streams import End, Travel, edge_travel, transfer_cycles
from placer.layers import DenseLayer, MatMulLayer, Side, side_of
from placer.layout import LayerLayouts, Partition
from placer.mapping import MappedEdge, MappedTile
from placer.pacing import (
    Stage,
    Stream,
    Wait,
    buffer_waits,
    input_waits,
    output_waits,
    shared_waits,
    smallest_interval,
    stage_waits,
    stream_waits,
)
from placer.simulation.activities import activities
from placer.simulation.simulate import empty_latency, shortest_interval
from placer.verify.subject import LayerPair, Subject
from placer.verify.violation import Family, Violation

LEVELS = ("interval", "latency", "tiles", "transport", "compactness", "published")
# Distances count in hundredths of a column, the weight of a row too.
HUNDREDTHS = 100
# What a row of each layer costs at the level "published", in columns (AIE4ML's constant).
PUBLISHED_HEIGHT = 0.05


def check_figures(s: Subject) -> Iterator[Violation]:
    """What the mapping states against what its parts give."""
    yield from _check_objective(s)
    pairs = {p.mapped.name: p for p in s.pairs()}
    for pair in pairs.values():
        if pair.mapped.cycles != _kernel_cycles(s, pair):
            yield Violation(Family.FIGURES, f"layer {pair.mapped.name} takes {_kernel_cycles(s, pair)} cycles, not {pair.mapped.cycles}")
        if pair.mapped.hop_cycles != _hop_cycles(s, pair):
            sentence = f"layer {pair.mapped.name} takes {_hop_cycles(s, pair)} cycles a cascade hop, not {pair.mapped.hop_cycles}"
            yield Violation(Family.FIGURES, sentence)
    figures = {
        "interval": float(_interval(s, pairs)),
        "latency": float(_latency(s, pairs)),
        "tiles": float(sum(len(p.mapped.tiles) for p in pairs.values())),
        "transport": _transport(s, pairs),
        "compactness": float(_compactness(s)),
        "published": _published(s, pairs),
    }
    if s.mapping.tiles_used != figures["tiles"]:
        yield Violation(Family.FIGURES, f"the mapping's tiles is {figures['tiles']:g}, not {s.mapping.tiles_used}")
    for level in s.mapping.objective:
        if level.level in LEVELS and abs(level.value - figures[level.level]) > 1e-6:
            yield Violation(Family.FIGURES, f"objective {level.level} is {figures[level.level]:g}, not {level.value:g}")


def check_pace(s: Subject) -> Iterator[Violation]:
    """The stated interval and latency against those of all activities, as placed and routed; nothing else may be wrong."""
    pipeline = activities(s.mapping, s.device)
    interval, latency = shortest_interval(pipeline), empty_latency(pipeline)
    if s.mapping.interval_cycles != interval:
        yield Violation(Family.FIGURES, f"the mapping's interval is {interval}, not {s.mapping.interval_cycles}")
    if s.mapping.latency_cycles != latency:
        yield Violation(Family.FIGURES, f"the mapping's latency is {latency}, not {s.mapping.latency_cycles}")


def _check_objective(s: Subject) -> Iterator[Violation]:
    """Levels that exist, each once, with bounds below their values and a status that follows from both."""
    names = [level.level for level in s.mapping.objective]
    if not names or len(set(names)) < len(names):
        yield Violation(Family.FIGURES, f"the objective must be one or more different levels, not {names}")
    if s.mapping.row_weight < 0:
        yield Violation(Family.FIGURES, f"row_weight {s.mapping.row_weight:g} is negative")
    for level in s.mapping.objective:
        if level.level not in LEVELS:
            yield Violation(Family.FIGURES, f"objective level {level.level!r} does not exist")
        if level.bound > level.value + 1e-6:
            yield Violation(Family.FIGURES, f"objective {level.level}: the bound {level.bound:g} is above the value {level.value:g}")
    proven = all(abs(level.value - level.bound) <= 1e-6 for level in s.mapping.objective)
    if s.mapping.status not in {"OPTIMAL", "FEASIBLE"} or (s.mapping.status == "OPTIMAL") != proven:
        yield Violation(Family.FIGURES, f"status {s.mapping.status} does not agree with values and bounds")


def _work(pair: LayerPair) -> TileWork:
    """One tile's share of a layer, from its layouts and split."""
    read, written = pair.read_partition().window(pair.sources[0]), pair.written_partition.window(pair.target)
    inner = 0
    if isinstance(pair.layer, DenseLayer):
        inner = read.columns if pair.layer.side is Side.RIGHT else read.rows
    return TileWork(written.samples, written.rows, inner, written.columns)


def _kernel_cycles(s: Subject, pair: LayerPair) -> int:
    """Modelled cycles of one call of a layer's kernel, with the stalls that it states (family banks says whether these are enough)."""
    cycles = layer_cycles(pair.layer, _work(pair), pair.mapped.split.k, LayerLayouts(pair.sources, pair.target), s.device)
    return cycles + pair.mapped.stall_cycles


def _hop_cycles(s: Subject, pair: LayerPair) -> int:
    """Modelled cycles by which each next tile of a layer's cascades runs late."""
    return hop_cycles(pair.layer, _work(pair), pair.mapped.split.k, pair.sources[0].element_bytes, s.device)


def _window_cycles(s: Subject, tensor: str, partition: Partition) -> int:
    layout = s.layout(tensor)
    return transfer_cycles(partition.window_bytes(layout), s.device) if layout else 0


def _interval(s: Subject, pairs: dict[str, LayerPair]) -> int:
    """The smallest interval that keeps all waits of the pipeline, layer by layer."""
    stages = {name: _stage(s, pair) for name, pair in pairs.items()}
    waits = [wait for stage in stages.values() for wait in stage_waits(stage)]
    for tensor in dict.fromkeys(e.tensor for e in s.mapping.edges):
        waits += _net_waits(s, stages, [e for e in s.mapping.edges if e.tensor == tensor])
    return smallest_interval(tuple(waits))


def _stage(s: Subject, pair: LayerPair) -> Stage:
    late = (pair.mapped.split.k - 1) * _hop_cycles(s, pair)
    return Stage(pair.layer.name, _kernel_cycles(s, pair), late, side_of(pair.layer) is None and not isinstance(pair.layer, MatMulLayer))


def _net_waits(s: Subject, stages: dict[str, Stage], edges: list[MappedEdge]) -> Iterator[Wait]:
    first = edges[0]
    source, target = stages.get(first.producer), stages.get(first.consumer)
    if first.kind == "shared_memory":
        if source and target:
            yield from shared_waits(source, target)
        return
    out = Stream(f"{first.tensor}.out", _window_cycles(s, first.tensor, first.written))
    yield from stream_waits(out)
    if source:
        yield from output_waits(source, out)
    for number, edge in enumerate(edges):
        reader, into, travel = stages.get(edge.consumer), out, _travel(s, edge)
        if edge.kind == "memory_tile":
            into = Stream(f"{edge.tensor}.{number}", _window_cycles(s, edge.tensor, edge.read))
            yield from stream_waits(into)
            yield from buffer_waits(out, into, travel.written)
        if reader:
            yield from input_waits(into, reader, travel.direct if into is out else travel.read)


def _latency(s: Subject, pairs: dict[str, LayerPair]) -> int:
    """The longest path, layer by layer: each waits for its whole input."""
    done: dict[str, int] = {}
    for layer in s.graph.layers:
        incoming = [e for e in s.mapping.edges if e.consumer == layer.name]
        start = max((done.get(e.producer, 0) + _edge_cycles(s, e) for e in incoming), default=0)
        pair = pairs.get(layer.name)
        done[layer.name] = start + (_kernel_cycles(s, pair) + (pair.mapped.split.k - 1) * _hop_cycles(s, pair) if pair else 0)
    leaving = [e for e in s.mapping.edges if e.consumer.endswith(".plio_out")]
    return max((done.get(e.producer, 0) + _edge_cycles(s, e) for e in leaving), default=0)


def _edge_cycles(s: Subject, edge: MappedEdge) -> int:
    read, travel = _window_cycles(s, edge.tensor, edge.read), _travel(s, edge)
    match edge.kind:
        case "shared_memory":
            return 0
        case "memory_tile":
            return travel.buffered + _window_cycles(s, edge.tensor, edge.written) + read
        case _:
            return travel.direct + read


def _travel(s: Subject, edge: MappedEdge) -> Travel:
    layers = {layer.name for layer in s.mapping.layers}
    source, target = (End.CORE if name in layers else End.SHIM for name in (edge.producer, edge.consumer))
    return edge_travel(source, target, s.device)


def _transport(s: Subject, pairs: dict[str, LayerPair]) -> float:
    """Of every replica by itself."""
    return sum(_transport_of(s, pairs, copy, s.mapping.replicas) for copy in range(s.mapping.replicas))


def _transport_of(s: Subject, pairs: dict[str, LayerPair], copy: int, replicas: int) -> float:
    total = 0.0
    for edge in s.mapping.edges:
        ends = _ends(s, pairs, edge, copy)
        if edge.kind == "memory_tile" and edge.memory_tiles:
            here = range(copy * len(edge.memory_tiles) // replicas, (copy + 1) * len(edge.memory_tiles) // replicas)
            columns = [edge.memory_tiles[i].col for i in here]
            total += sum(_gap(_columns(t), columns) + _row_weight(s) * (min(x.row for x in t) + 1) for t in ends)
        elif len(ends) == 2:
            total += _distance(s, *ends)
    return total


def _published(s: Subject, pairs: dict[str, LayerPair]) -> float:
    """Distances between the faces of layers that share an activation, and the lowest row of each layer, in the first replica."""
    ends = [_ends(s, pairs, edge, 0) for edge in s.mapping.edges]
    heights = sum(min(t.row for t in _tiles_of(p, 0, s.mapping.replicas)) for p in pairs.values())
    return sum(_distance(s, *e) for e in ends if len(e) == 2) + PUBLISHED_HEIGHT * heights


def _ends(s: Subject, pairs: dict[str, LayerPair], edge: MappedEdge, copy: int) -> list[list[MappedTile]]:
    """The last tiles of an edge's producer and the first of its consumer, as far as they are layers, in one replica."""
    ends = []
    if edge.producer in pairs:
        last = pairs[edge.producer].mapped.split.k - 1
        ends.append([t for t in _tiles_of(pairs[edge.producer], copy, s.mapping.replicas) if t.k_index == last])
    if edge.consumer in pairs:
        ends.append([t for t in _tiles_of(pairs[edge.consumer], copy, s.mapping.replicas) if t.k_index == 0])
    return ends


def _tiles_of(pair: LayerPair, copy: int, replicas: int) -> list[MappedTile]:
    """The tiles of one replica: its part of the samples comes after those of the copies before it."""
    parts = pair.mapped.split.m // replicas
    return [t for t in pair.mapped.tiles if t.m_index // parts == copy]


def _distance(s: Subject, a: list[MappedTile], b: list[MappedTile]) -> float:
    return _gap(_columns(a), _columns(b)) + _row_weight(s) * _gap([t.row for t in a], [t.row for t in b])


def _row_weight(s: Subject) -> float:
    return round(HUNDREDTHS * s.mapping.row_weight) / HUNDREDTHS


def _columns(tiles: list[MappedTile]) -> list[int]:
    return [t.col for t in tiles]


def _gap(a: list[int], b: list[int]) -> int:
    """Distance between the ranges of two lists of coordinates."""
    return max(0, min(b) - max(a), min(a) - max(b))


def _compactness(s: Subject) -> int:
    """Columns plus rows of the box around all tiles."""
    tiles = [t for m in s.mapping.layers for t in m.tiles]
    if not tiles:
        return 0
    columns, rows = [t.col for t in tiles], [t.row for t in tiles]
    return max(columns) - min(columns) + max(rows) - min(rows) + 2
