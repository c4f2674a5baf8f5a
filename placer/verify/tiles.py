"""Families identity, split, tiles and cascade: the right layers, cut completely, on cores of their own, in cascades that exist."""

from __future__ import annotations

from collections.abc import Iterator

from placer.layers import DenseLayer, MatMulLayer, MoveLayer, NormaliseLayer, Side, SoftmaxLayer
from placer.layout import BLOCK_COLUMNS
from placer.mapping import MappedLayer
from placer.verify.subject import LayerPair, Subject, cuts
from placer.verify.violation import Family, Violation


def check_identity(s: Subject) -> Iterator[Violation]:
    """The mapping names this device, this network, and each of its layers once."""
    if (s.mapping.columns, s.mapping.rows) != (s.device.columns, s.device.rows) or s.mapping.device != s.device.name:
        yield Violation(Family.IDENTITY, f"the mapping is for {s.mapping.device} with {s.mapping.columns} x {s.mapping.rows} tiles")
    if s.mapping.batch < 1:
        yield Violation(Family.IDENTITY, f"a batch of {s.mapping.batch} is less than one sample")
    if s.mapping.network != s.graph.name:
        yield Violation(Family.IDENTITY, f"the mapping is of network {s.mapping.network!r}, not {s.graph.name!r}")
    if [m.name for m in s.mapping.layers] != [layer.name for layer in s.graph.layers]:
        yield Violation(Family.IDENTITY, "the mapped layers are not the network's layers, each once and in order")
    for pair in s.pairs():
        yield from _layer_identity(s, pair)


def _layer_identity(s: Subject, pair: LayerPair) -> Iterator[Violation]:
    layer, mapped = pair.layer, pair.mapped
    inner = 0
    elements = s.graph.activation(layer.sources[0]).type.dtype.value
    kernel = f"{layer.op}_{elements}"
    if isinstance(layer, DenseLayer):
        inner = pair.sources[0].columns if layer.side is Side.RIGHT else pair.sources[0].rows
        kernel = f"dense_{layer.side.value}_{elements}"
    elif isinstance(layer, MatMulLayer):
        inner = layer.inner
    expected = (layer.op, pair.target.samples * pair.target.rows, inner, pair.target.columns, kernel, s.device.mmul)
    if (mapped.op, mapped.m, mapped.k, mapped.n, mapped.kernel, mapped.mmul) != expected:
        yield Violation(Family.IDENTITY, f"layer {layer.name} must be {expected}")
    types = (
        s.graph.activation(layer.sources[0]).type.dtype.value,
        layer.weight_type.value if isinstance(layer, DenseLayer) else "",
        s.graph.activation(layer.target).type.dtype.value,
    )
    if (mapped.dtypes.input, mapped.dtypes.weights, mapped.dtypes.output) != types:
        yield Violation(Family.IDENTITY, f"layer {layer.name} has element types {types}")


def check_splits(s: Subject) -> Iterator[Violation]:
    """Each layer is cut into whole blocks, and each part is on exactly one tile."""
    block_rows = s.device.mmul[0]
    for pair in s.pairs():
        name, split = pair.mapped.name, pair.mapped.split
        if split.m != split.data.pieces or (pair.side is None and (split.k, split.n) != (1, 1)):
            yield Violation(Family.SPLIT, f"layer {name}: parts m, k, n do not agree with its data windows")
        if apart := _torn(pair):
            yield Violation(Family.SPLIT, f"layer {name}: {apart}")
        inner_rows = BLOCK_COLUMNS if pair.side is Side.LEFT else block_rows
        if not all(cuts(pair.read_partition(i), lay, inner_rows) for i, lay in enumerate(pair.sources)) or not cuts(
            pair.written_partition, pair.target, block_rows
        ):
            yield Violation(Family.SPLIT, f"layer {name} does not divide into whole blocks under its split")
        parts = {(t.m_index, t.k_index, t.n_index) for t in pair.mapped.tiles}
        wanted = split.m * split.k * split.n
        inside = all(0 <= m < split.m and 0 <= k < split.k and 0 <= n < split.n for m, k, n in parts)
        if not inside or len(parts) != wanted or len(pair.mapped.tiles) != wanted:
            yield Violation(Family.SPLIT, f"layer {name}: its {len(pair.mapped.tiles)} tiles do not hold each of {wanted} parts once")


def _torn(pair: LayerPair) -> str:
    """What a layer's cut takes apart that its kernel needs in one tile, in words; "" where it does not."""
    layer, data = pair.layer, pair.mapped.split.data
    match layer:
        case NormaliseLayer():
            return "a LayerNorm needs all features of a token in one tile" if data.columns != 1 else ""
        case SoftmaxLayer():
            return "a Softmax needs all columns of a group in one tile" if layer.groups % data.columns else ""
        case MatMulLayer():
            return "a product of two activations needs whole groups of columns in one tile" if layer.groups % data.columns else ""
        case MoveLayer():
            whole = (data.columns, pair.mapped.split.k) == (1, 1) and (layer.by_token or data.rows == 1)
            return "" if whole else "each tile of a move reads all features, and all tokens of a sample where it moves between them"
        case _:
            return ""


def check_replicas(s: Subject) -> Iterator[Violation]:
    """Replicas have equal parts of every layer and buffer, and each is the first one moved."""
    count = s.mapping.replicas
    parts = [(m.name, m.split.m) for m in s.mapping.layers] + [(e.tensor, len(e.memory_tiles)) for e in s.mapping.edges]
    uneven = [name for name, number in parts if count < 1 or number % count]
    if uneven:
        yield Violation(Family.REPLICAS, f"{count} replicas do not have equal parts of {', '.join(uneven)}")
        return
    for copy in range(1, count):
        moves = {move for m in s.mapping.layers for move in _moves(m, copy, count)}
        if len(moves) > 1:
            yield Violation(
                Family.REPLICAS, f"replica {copy} is not the first one moved: its tiles lie {', '.join(map(str, sorted(moves)))} away"
            )


def _moves(mapped: MappedLayer, copy: int, count: int) -> set[tuple[int, int]]:
    """By how many columns and rows the tiles of a replica lie away from those of the first."""
    parts = mapped.split.m // count
    first = {(t.m_index, t.k_index, t.n_index): (t.col, t.row) for t in mapped.tiles}
    return {
        (t.col - col, t.row - row)
        for t in mapped.tiles
        if t.m_index // parts == copy
        for col, row in [first[t.m_index - copy * parts, t.k_index, t.n_index]]
    }


def check_tiles(s: Subject) -> Iterator[Violation]:
    """Every core is in the array and runs one kernel."""
    users: dict[tuple[int, int], str] = {}
    for mapped in s.mapping.layers:
        for tile in mapped.tiles:
            place = (tile.col, tile.row)
            if not s.device.has_core(*place):
                yield Violation(Family.TILES, f"layer {mapped.name} uses core tile {place}, outside {s.device.columns} x {s.device.rows}")
            if place in users:
                yield Violation(Family.TILES, f"core tile {place} runs {users[place]} and {mapped.name}")
            users[place] = mapped.name


def check_cascades(s: Subject) -> Iterator[Violation]:
    """The tiles of a cascade follow each other west to east or north to south, with the roles of their positions."""
    for mapped in s.mapping.layers:
        by_part = {(t.m_index, t.k_index, t.n_index): t for t in mapped.tiles}
        for (m, k, n), tile in by_part.items():
            last = mapped.split.k - 1
            role = "single" if last == 0 else "first" if k == 0 else "last" if k == last else "middle"
            if tile.role != role:
                yield Violation(Family.CASCADE, f"layer {mapped.name}: tile ({tile.col}, {tile.row}) must be {role}, not {tile.role}")
            follower = by_part.get((m, k + 1, n))
            if follower and not s.device.cascades((tile.col, tile.row), (follower.col, follower.row)):
                yield Violation(
                    Family.CASCADE,
                    f"layer {mapped.name}: no cascade runs from ({tile.col}, {tile.row}) to ({follower.col}, {follower.row})",
                )
