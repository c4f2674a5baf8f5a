"""A mapping beside what it claims to map: the network's layers, laid out for the mapping's batch."""

from __future__ import annotations

from dataclasses import dataclass

from placer.device import Device
from placer.layers import Layer, LayerGraph, MatMulLayer, Side, side_of
from placer.layout import Layout, Partition, layouts
from placer.mapping import MappedLayer, MappedTile, Mapping

# The buffer of each input port of a kernel.
INPUT_KINDS = ("input", "second_input")


@dataclass(frozen=True, eq=False)
class Subject:
    """Everything a check may look at. layouts: in the order of graph.activations."""

    mapping: Mapping
    device: Device
    graph: LayerGraph
    layouts: tuple[Layout, ...]

    def layout(self, activation: str) -> Layout | None:
        """The layout of an activation, or None when the network has none of that name."""
        for known, layout in zip(self.graph.activations, self.layouts, strict=True):
            if known.name == activation:
                return layout
        return None

    def pairs(self) -> tuple[LayerPair, ...]:
        """Each layer of the network with the mapped layer of its name, for those that are mapped."""
        mapped = {m.name: m for m in self.mapping.layers}
        return tuple(self._pair(layer, mapped[layer.name]) for layer in self.graph.layers if layer.name in mapped)

    def pair(self, name: str) -> LayerPair | None:
        """The mapped layer of a name beside the network's, or None: a border."""
        return next((pair for pair in self.pairs() if pair.mapped.name == name), None)

    def _pair(self, layer: Layer, mapped: MappedLayer) -> LayerPair:
        sources = tuple(lay for s in layer.sources if (lay := self.layout(s)))
        target = self.layout(layer.target)
        assert target is not None, "a layer's activations have layouts"
        return LayerPair(layer, mapped, sources, target)


@dataclass(frozen=True, eq=False)
class LayerPair:
    """A layer of the network, how it is mapped, and the layouts it reads and writes."""

    layer: Layer
    mapped: MappedLayer
    sources: tuple[Layout, ...]
    target: Layout

    @property
    def side(self) -> Side | None:
        return side_of(self.layer)

    def read_partition(self, port: int = 0) -> Partition:
        """The windows its tiles read of a source, by the rule of docs/problem.md."""
        split = self.mapped.split
        if self._whole_rows(port):
            return Partition(split.data.samples, 1, split.data.columns)
        if self.side is Side.RIGHT:
            return Partition(split.data.samples, split.data.rows, split.k)
        if self.side is Side.LEFT:
            return Partition(split.data.samples, split.k, split.data.columns)
        return split.data

    @property
    def written_partition(self) -> Partition:
        """The windows its last tiles write."""
        split = self.mapped.split
        if self.side is Side.RIGHT:
            return Partition(split.data.samples, split.data.rows, split.n)
        if self.side is Side.LEFT:
            return Partition(split.data.samples, split.n, split.data.columns)
        return split.data

    def _whole_rows(self, port: int) -> bool:
        """Whether each tile reads all rows of a source, which its product contracts, whatever rows it writes."""
        return port == 1 and isinstance(self.layer, MatMulLayer)

    def read_piece(self, tile: MappedTile, port: int = 0) -> int:
        """The number of the window a tile reads of a source (columns fastest, then rows, then samples)."""
        split = self.mapped.split
        if self._whole_rows(port):
            rows, column = divmod(tile.m_index, split.data.columns)
            return rows // split.data.rows * split.data.columns + column
        if self.side is Side.LEFT:
            sample, column = divmod(tile.m_index, split.data.columns)
            return (sample * split.k + tile.k_index) * split.data.columns + column
        return tile.m_index * split.k + tile.k_index

    def written_piece(self, tile: MappedTile) -> int:
        """The number of the window a last tile writes."""
        split = self.mapped.split
        if self.side is Side.LEFT:
            sample, column = divmod(tile.m_index, split.data.columns)
            return (sample * split.n + tile.n_index) * split.data.columns + column
        return tile.m_index * split.n + tile.n_index


def cuts(partition: Partition, layout: Layout, block_rows: int) -> bool:
    """Whether each window of `partition` holds some of the layout, in whole blocks."""
    return partition.cuts(layout) and partition.window(layout).rows % block_rows == 0


def make_subject(mapping: Mapping, device: Device, graph: LayerGraph) -> Subject:
    """Lay the network out for the mapping's batch."""
    return Subject(mapping, device, graph, layouts(graph, mapping.batch, device.mmul[0]))
