"""Families buffers, reach and overlap: every buffer that the kernels need, where its core reaches it, none over another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from placer.layers import DenseLayer, InterpolationLayer, Layer, MoveLayer, NormaliseLayer, Side, SoftmaxLayer, TableLayer
from placer.mapping import MappedTile, TileBuffer
from placer.moves import stored_places
from placer.verify.subject import LayerPair, Subject
from placer.verify.violation import Family, Violation

# Biases, multipliers, gains and nodes are int32.
VALUE_BYTES = 4
# Tables of 256 values, in elements of at least 16 bits, are held so often in each of two buffers that a core reads several at once.
TABLE_COPIES = 2


@dataclass(frozen=True)
class Region:
    """Bytes of one core tile's memory, and who uses them."""

    memory: tuple[int, int]
    start: int
    end: int
    owner: str


def check_buffers(s: Subject) -> Iterator[Violation]:
    """Kinds, sizes and copies as the kernels need them; addresses inside memories that the core reaches, aligned, in the bank they name."""
    for pair in s.pairs():
        for tile in pair.mapped.tiles:
            needed = _needs(s, pair, tile)
            found = sorted((b.kind, b.bytes, b.copies) for b in tile.buffers)
            if found != sorted(needed):
                yield Violation(Family.BUFFERS, f"{_where(pair, tile)} needs buffers {sorted(needed)}, not {found}")
            for buffer in tile.buffers:
                yield from _check_places(s, pair, tile, buffer)


def _where(pair: LayerPair, tile: MappedTile) -> str:
    return f"layer {pair.mapped.name}, tile ({tile.col}, {tile.row})"


def _needs(s: Subject, pair: LayerPair, tile: MappedTile) -> list[tuple[str, int, int]]:
    """(kind, bytes, copies) of each buffer of a tile, from the layer's shape and split."""
    layer, split = pair.layer, pair.mapped.split
    needs = [("stack", s.device.core.stack_bytes, 1)]
    for port, (kind, source) in enumerate(zip(("input", "second_input"), pair.sources, strict=False)):
        needs.append((kind, pair.read_partition(port).window_bytes(source), 2))
    finishes = tile.k_index == split.k - 1
    if finishes:
        needs.append(("output", pair.written_partition.window_bytes(pair.target), 2))
    read, written = pair.read_partition().window(pair.sources[0]), pair.written_partition.window(pair.target)
    channels = written.columns
    if isinstance(layer, DenseLayer):
        inner = read.columns
        if layer.side is Side.LEFT:
            inner, channels = read.rows, written.rows
        needs.append(("weights", inner * channels * layer.weight_type.bytes, 1))
    if table := _table_bytes(pair):
        needs.append(("weights", table, 1))
    if isinstance(layer, TableLayer | InterpolationLayer | SoftmaxLayer):
        needs.append(("second_weights", table, 1))
    planes = _planes_held(layer, tile.k_index == 0, finishes)
    if planes:
        needs.append(("bias", channels * planes * VALUE_BYTES, 1))
    return needs


def _planes_held(layer: Layer, begins: bool, finishes: bool) -> int:
    """Values a channel in one tile of a cascade: a bias that sums can start at is in the first one, all others are in the last."""
    first = layer.steps[0] if isinstance(layer, DenseLayer) else None
    started = int(first is not None and first.bias is not None and first.up == 0 and not first.wide)
    return (started if begins else 0) + (_planes(layer) - started if finishes else 0)


def _table_bytes(pair: LayerPair) -> int:
    """Results for each int8 value, int32 coefficients or exponentials, or the places that a move takes its elements from."""
    match pair.layer:
        case TableLayer():
            return TABLE_COPIES * 256 * max(2, pair.target.element_bytes)
        case InterpolationLayer():
            # Four tables; of each further cubic also its first and last place.
            return (TABLE_COPIES * 4 * 256 + 6 * len(pair.layer.cubics.starts)) * VALUE_BYTES
        case SoftmaxLayer():
            return TABLE_COPIES * len(pair.layer.exponentials) * VALUE_BYTES
        case MoveLayer():
            window = pair.written_partition.window(pair.target)
            form = stored_places(pair.layer, pair.sources, pair.target).form
            places = form.places(window.rows, window.columns)
            largest = max(pair.read_partition().window_bytes(s) // s.element_bytes for s in pair.sources)
            return places * (2 if largest <= 1 << 15 else VALUE_BYTES)
        case _:
            return 0


def _planes(layer: Layer) -> int:
    """Values a channel: a gain and an offset of a LayerNorm; a bias, a second word of a wide one and a multiplier for each step."""
    if isinstance(layer, TableLayer | InterpolationLayer | SoftmaxLayer | MoveLayer):
        return 0
    if isinstance(layer, NormaliseLayer):
        return 2
    biases = sum((2 if step.wide else 1) for step in layer.steps if step.bias is not None)
    return biases + sum(step.multiplier is not None and len(step.multiplier) != 1 for step in layer.steps)


def _check_places(s: Subject, pair: LayerPair, tile: MappedTile, buffer: TileBuffer) -> Iterator[Violation]:
    core, where = s.device.core, f"{_where(pair, tile)}, {buffer.kind}"
    if len(buffer.at) != buffer.copies:
        yield Violation(Family.BUFFERS, f"{where} has {len(buffer.at)} places for {buffer.copies} copies")
    for at in buffer.at:
        if not s.device.reaches((tile.col, tile.row), (at.col, at.row)):
            yield Violation(Family.REACH, f"{where} lies in tile ({at.col}, {at.row}), which its core cannot reach")
        if at.offset < 0 or at.offset + buffer.bytes > core.memory_bytes:
            yield Violation(Family.BUFFERS, f"{where} at offset {at.offset} leaves the {core.memory_bytes} bytes of its memory")
        if at.offset % core.vector_alignment:
            yield Violation(Family.BUFFERS, f"{where} at offset {at.offset} is not aligned to {core.vector_alignment} bytes")


def check_overlaps(s: Subject) -> Iterator[Violation]:
    """No two buffers share a byte, except the two ends of a shared-memory edge, which are one buffer."""
    shared = _shared_ends(s)
    regions: list[Region] = []
    for mapped in s.mapping.layers:
        for tile in mapped.tiles:
            for buffer in tile.buffers:
                if (mapped.name, buffer.kind) in shared:
                    continue
                owner = f"{mapped.name} ({tile.col}, {tile.row}) {buffer.kind}"
                regions += [Region((a.col, a.row), a.offset, a.offset + buffer.bytes, owner) for a in buffer.at]
    regions.sort(key=lambda r: (r.memory, r.start, r.end))
    for a, b in pairwise(regions):
        if a.memory == b.memory and b.start < a.end:
            yield Violation(Family.OVERLAP, f"{a.owner} and {b.owner} overlap in tile {a.memory} at offset {b.start}")


def _shared_ends(s: Subject) -> set[tuple[str, str]]:
    """(consumer, input kind) of each shared-memory edge: a second name for its producer's output buffer."""
    kinds = ("input", "second_input")
    return {(e.consumer, kinds[e.port]) for e in s.mapping.edges if e.kind == "shared_memory" and e.port < len(kinds)}
