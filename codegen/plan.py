"""Mapping -> GraphPlan: what the templates print, with every index and address worked out. Pure data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from placer.codegen.names import identifiers
from placer.codegen.weights import channel_values, packed_weights, table_values
from placer.contracts.contract import ArgumentKind, KernelContract
from placer.contracts.kernel_spec import DenseSpec, Role
from placer.contracts.tile_kernel import tile_kernel
from placer.device import Device
from placer.layers import DenseLayer, Layer, MoveLayer
from placer.layout import BLOCK_COLUMNS, Box, Layout, Partition, Window
from placer.mapping import BufferAt, MappedEdge, MappedLayer, MappedTile, Mapping
from placer.moves import tables
from placer.network import IntArray
from placer.problem.descriptors import walks_blocks
from placer.problem.formulate import LaidOutGraph
from placer.split import Split, split_of

NOWHERE = BufferAt(-1, -1, 0, -1)
# One stream of 32 bits a cycle (64 on AIE-MLv2) carried by 128 bits of PLIO.
PLIO_BITS = 128


@dataclass(frozen=True)
class TilePlan:
    """A row of a layer's placement table: core, buffers (ping and pong), and which array of packed weights it holds."""

    col: int
    row: int
    input: tuple[BufferAt, BufferAt]
    second_input: tuple[BufferAt, BufferAt]
    output: tuple[BufferAt, BufferAt]
    weights: BufferAt
    bias: BufferAt
    stack: BufferAt
    second_weights: BufferAt
    weights_part: int
    bias_part: int


@dataclass(frozen=True, eq=False)
class RoleKernel:
    """The kernel of one role of a layer."""

    role: str
    contract: KernelContract


@dataclass(frozen=True, eq=False)
class LayerPlan:
    """A layer: its kernel configuration, its tiles in cascade order, and the distinct arrays that they hold.

    kernels: the contract of each role that occurs. weights: [parts, values] of the weight type, without columns where there are none;
    start: [parts, values] int32, the bias at which the first tile of a cascade starts its sums. bias: all other channel values. Both
    without columns where there are none.
    """

    id: str
    name: str
    op: str
    cascade: int
    kernels: tuple[RoleKernel, ...]
    tiles: tuple[TilePlan, ...]
    input_elements: tuple[int, ...]
    output_elements: int
    weights: IntArray
    start: IntArray
    bias: IntArray

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(k.role for k in self.kernels)

    @property
    def has_weights(self) -> bool:
        return self.weights.size > 0

    @property
    def has_second_weights(self) -> bool:
        """Whether a second buffer holds the weights too: the other copy of a table."""
        return self.kernels[0].contract.argument(ArgumentKind.SECOND_WEIGHTS) is not None

    @property
    def has_start(self) -> bool:
        return self.start.size > 0

    @property
    def has_bias(self) -> bool:
        return self.bias.size > 0


@dataclass(frozen=True)
class PortRef:
    """A kernel's port: `layer`, tile number, and index among in[] or out[]; or port `tile` of PLIO array `layer` when `plio`."""

    layer: str
    tile: int
    port: int
    plio: bool


@dataclass(frozen=True)
class StreamPlan:
    """A connection of one writer to one reader; `forced_dma` where both are kernels that could also share a memory."""

    source: PortRef
    target: PortRef
    forced_dma: bool


@dataclass(frozen=True)
class AccessPlan:
    """One port of a memory-tile buffer: its DMA channel, its window as a tiling, and the kernel or PLIO ports at its other end.

    whole: the buffer's dimensions as this port walks them: rows, samples, column blocks; or with the elements of a block before its row
    blocks, where the rows are more than a descriptor counts.
    """

    channel: int
    whole: tuple[int, ...]
    tile: tuple[int, ...]
    offset: tuple[int, ...]
    ends: tuple[PortRef, ...]


@dataclass(frozen=True)
class MemoryPlan:
    """A buffer in one memory tile of elements `type`. dimensions: elements of rows, samples, column blocks; `copy_bytes` apart lie its
    two copies.
    """

    id: str
    tensor: str
    type: str
    col: int
    row: int
    offset: int
    copy_bytes: int
    dimensions: tuple[int, int, int]
    writers: tuple[AccessPlan, ...]
    readers: tuple[AccessPlan, ...]


@dataclass(frozen=True)
class PlioPlan:
    """One PLIO port, number `index` of array `array`."""

    array: str
    index: int
    name: str
    direction: str
    col: int
    channel: int
    window: Window
    tensor: str
    element_bytes: int


@dataclass(frozen=True, eq=False)
class GraphPlan:
    """A whole project, before any text."""

    network: str
    device: Device
    batch: int
    layers: tuple[LayerPlan, ...]
    streams: tuple[StreamPlan, ...]
    memories: tuple[MemoryPlan, ...]
    plio: tuple[PlioPlan, ...]

    def plio_arrays(self) -> tuple[tuple[str, str, int], ...]:
        """(array, direction, ports) of each group of PLIO ports."""
        arrays = dict.fromkeys((p.array, p.direction) for p in self.plio)
        return tuple((a, d, sum(p.array == a for p in self.plio)) for a, d in arrays)


def make_plan(mapping: Mapping, laid_out: LaidOutGraph, device: Device) -> GraphPlan:
    """The plan of a legal mapping of `laid_out` on `device`."""
    return _Planner(mapping, laid_out, device).plan()


class _Planner:
    """The pieces of one mapping that several parts of the plan look up."""

    def __init__(self, mapping: Mapping, laid_out: LaidOutGraph, device: Device) -> None:
        self.mapping, self.laid_out, self.device = mapping, laid_out, device
        tensors = tuple(dict.fromkeys(e.tensor for e in mapping.edges))
        names = identifiers((*(m.name for m in mapping.layers), *tensors))
        self.layer_id = dict(zip((m.name for m in mapping.layers), names, strict=False))
        self.tensor_id = dict(zip(tensors, names[len(mapping.layers) :], strict=True))
        self.mapped = {m.name: m for m in mapping.layers}
        self.layer = {layer.name: layer for layer in laid_out.graph.layers}

    def plan(self) -> GraphPlan:
        streams, memories = [], []
        for tensor in self.tensor_id:
            edges = [e for e in self.mapping.edges if e.tensor == tensor]
            buffered = [e for e in edges if e.kind == "memory_tile"]
            streams += [s for e in edges if e.kind != "memory_tile" for s in self._streams(e)]
            memories += self._memories(buffered)
        layers = tuple(self._layer(m) for m in self.mapping.layers)
        return GraphPlan(self.mapping.network, self.device, self.mapping.batch, layers, tuple(streams), tuple(memories), self._plio())

    # -- layers -----------------------------------------------------------------------------------------------------------------

    def _layer(self, mapped: MappedLayer) -> LayerPlan:
        layer = self.layer[mapped.name]
        layouts = self.laid_out.of_layer(layer)
        split = self._split(mapped)
        positions = {t.role: t.k_index for t in reversed(mapped.tiles)}
        roles = tuple(dict.fromkeys(t.role for t in mapped.tiles))
        kernels = tuple(RoleKernel(role, tile_kernel(layer, split, layouts, positions[role], self.device)) for role in roles)
        spec = kernels[0].contract.spec
        if isinstance(layer, DenseLayer) and isinstance(spec, DenseSpec):
            weights = packed_weights(layer, layouts, split, spec.mmul)
        elif isinstance(layer, MoveLayer):
            weights = tables(layer, layouts, split)
        else:
            weights = table_values(spec)[np.newaxis]
        return LayerPlan(
            id=self.layer_id[mapped.name],
            name=mapped.name,
            op=mapped.op,
            cascade=split.contraction,
            kernels=kernels,
            tiles=tuple(self._tile(t, layer, split) for t in mapped.tiles),
            input_elements=tuple(split.input_partition(i).window_bytes(s) // s.element_bytes for i, s in enumerate(layouts.sources)),
            output_elements=split.output_partition.window_bytes(layouts.target) // layouts.target.element_bytes,
            weights=weights,
            start=channel_values(layer, layouts.target, split, Role.FIRST if split.contraction > 1 else Role.MIDDLE),
            bias=channel_values(layer, layouts.target, split, Role.LAST if split.contraction > 1 else Role.SINGLE),
        )

    def _split(self, mapped: MappedLayer) -> Split:
        return split_of(self.layer[mapped.name], mapped.split.data, mapped.split.k, mapped.split.n)

    def _tile(self, tile: MappedTile, layer: Layer, split: Split) -> TilePlan:
        def two(kind: str) -> tuple[BufferAt, BufferAt]:
            found = next((b.at for b in tile.buffers if b.kind == kind), (NOWHERE, NOWHERE))
            return found[0], found[1]

        def one(kind: str) -> BufferAt:
            return next((b.at[0] for b in tile.buffers if b.kind == kind), NOWHERE)

        column_part = tile.m_index % split.data.columns
        return TilePlan(
            tile.col,
            tile.row,
            two("input"),
            two("second_input"),
            two("output"),
            one("weights"),
            one("bias"),
            one("stack"),
            one("second_weights"),
            weights_part=tile.n_index * split.contraction + tile.k_index,
            bias_part=tile.n_index if isinstance(layer, DenseLayer) else column_part,
        )

    # -- connections ------------------------------------------------------------------------------------------------------------

    def _writer(self, edge: MappedEdge, piece: int) -> PortRef:
        """The port that writes window `piece` of an edge's activation."""
        mapped = self.mapped.get(edge.producer)
        if mapped is None:
            return PortRef(f"{self.tensor_id[edge.tensor]}_in", piece, 0, True)
        split = self._split(mapped)
        for number, tile in enumerate(mapped.tiles):
            if tile.k_index == split.contraction - 1 and split.output_piece(tile.m_index * split.channels + tile.n_index) == piece:
                return PortRef(self.layer_id[mapped.name], number, 0, False)
        raise ValueError(f"{edge.tensor}: no tile of {edge.producer} writes window {piece}")

    def _readers(self, edge: MappedEdge, piece: int) -> tuple[PortRef, ...]:
        """The ports that read window `piece` of an edge's activation."""
        mapped = self.mapped.get(edge.consumer)
        if mapped is None:
            return (PortRef(f"{self.tensor_id[edge.tensor]}_out", piece, 0, True),)
        split = self._split(mapped)
        return tuple(
            PortRef(self.layer_id[mapped.name], number, edge.port, False)
            for number, tile in enumerate(mapped.tiles)
            if split.input_piece(tile.m_index * split.channels + tile.n_index, tile.k_index, edge.port) == piece
        )

    def _streams(self, edge: MappedEdge) -> list[StreamPlan]:
        return [
            StreamPlan(self._writer(edge, piece), reader, edge.kind == "dma")
            for piece in range(edge.written.pieces)
            for reader in self._readers(edge, piece)
        ]

    def _memories(self, edges: list[MappedEdge]) -> list[MemoryPlan]:
        """The memory-tile buffers of one activation: one a shard, with the ports of all edges that go through it."""
        if not edges or edges[0].shards is None:
            return []
        layout = self.laid_out.layout(edges[0].tensor)
        element = self.laid_out.graph.activation(edges[0].tensor).type.dtype.value
        plans = []
        box = edges[0].shards.shard((edges[0].written, *(e.read for e in edges)), layout)
        for number, whole in enumerate(edges[0].shards.windows(layout)):
            shard = replace(whole, samples=box.samples, rows=box.rows, columns=box.columns)
            place = edges[0].memory_tiles[number]
            writers = self._accesses(layout, shard, edges[0].written, place.in_channels, edges[0], True)
            readers = [a for e in edges for a in self._accesses(layout, shard, e.read, e.memory_tiles[number].out_channels, e, False)]
            dimensions = (shard.rows * BLOCK_COLUMNS, shard.samples, shard.columns // BLOCK_COLUMNS)
            plans.append(
                MemoryPlan(
                    f"{self.tensor_id[edges[0].tensor]}_memory{number}",
                    edges[0].tensor,
                    element,
                    place.col,
                    place.row,
                    place.offset,
                    place.bytes // 2,
                    dimensions,
                    tuple(writers),
                    tuple(readers),
                )
            )
        return plans

    def _accesses(
        self, layout: Layout, shard: Window, partition: Partition, channels: tuple[int, ...], edge: MappedEdge, writing: bool
    ) -> list[AccessPlan]:
        """One access a window of `partition` inside `shard`, in the order of windows."""
        inside = [(piece, w) for piece, w in enumerate(partition.windows(layout)) if _inside(w, shard)]
        whole = Box(shard.samples, shard.rows, shard.columns)
        by_blocks = walks_blocks(partition.window(layout), whole, layout, self.device.memory_tile)

        def dimensions(rows: int, samples: int, columns: int, first: int) -> tuple[int, ...]:
            """Counts, or an offset, whose first dimension is inside a block (`first`) and then of row blocks, or of elements of rows."""
            inner = (first, rows // layout.block_rows) if by_blocks else (rows * BLOCK_COLUMNS,)
            return (*inner, samples, columns // BLOCK_COLUMNS)

        block = layout.block_rows * BLOCK_COLUMNS
        return [
            AccessPlan(
                channel,
                dimensions(whole.rows, whole.samples, whole.columns, block),
                dimensions(w.rows, w.samples, w.columns, block),
                dimensions(w.row - shard.row, w.sample - shard.sample, w.column - shard.column, 0),
                (self._writer(edge, piece),) if writing else self._readers(edge, piece),
            )
            for channel, (piece, w) in zip(channels, inside, strict=True)
        ]

    def _plio(self) -> tuple[PlioPlan, ...]:
        plans = []
        for port in self.mapping.plio:
            layout = self.laid_out.layout(port.tensor)
            border = f"{port.tensor}.plio_{port.direction}"
            edge = next(e for e in self.mapping.edges if border in {e.producer, e.consumer})
            partition = edge.written if port.direction == "in" else edge.read
            array = f"{self.tensor_id[port.tensor]}_{port.direction}"
            window = partition.windows(layout)[port.piece]
            name = f"{array}{port.piece}"
            where = (port.direction, port.col, port.channel)
            plans.append(PlioPlan(array, port.piece, name, *where, window, port.tensor, layout.element_bytes))
        return tuple(plans)


def _inside(window: Window, shard: Window) -> bool:
    return (
        shard.sample <= window.sample < shard.sample + shard.samples
        and shard.row <= window.row < shard.row + shard.rows
        and shard.column <= window.column < shard.column + shard.columns
    )
