"""How a layer is cut over tiles."""

from __future__ import annotations

from dataclasses import dataclass, replace

from placer.layers import Layer, MatMulLayer, Side, side_of
from placer.layout import Partition


@dataclass(frozen=True)
class Split:
    """How a layer is cut over tiles.

    `data` cuts what every channel needs alike (samples, rows; columns when the weights stand on the left), `contraction` is the length of
    a cascade, `channels` the number of cascades that share an input. side: None for layers that hold nothing of the kind. product: two
    activations are multiplied, and whoever writes some rows of a sample reads all rows of the second.
    """

    side: Side | None
    data: Partition
    contraction: int
    channels: int
    product: bool = False

    @property
    def chains(self) -> int:
        return self.data.pieces * self.channels

    @property
    def tiles(self) -> int:
        return self.chains * self.contraction

    @property
    def apart(self) -> bool:
        """Whether every window that is read goes to one tile, which writes the same part of the output."""
        return self.side is None and not self.product

    @property
    def readers(self) -> int:
        """The most tiles that read one window."""
        return self.data.rows if self.product else self.channels

    def input_partition(self, port: int = 0) -> Partition:
        """The windows that the tiles read of a source."""
        if self.product and port == 1:
            return replace(self.data, rows=1)
        match self.side:
            case Side.RIGHT:
                return Partition(self.data.samples, self.data.rows, self.contraction)
            case Side.LEFT:
                return Partition(self.data.samples, self.contraction, self.data.columns)
            case None:
                return self.data

    @property
    def output_partition(self) -> Partition:
        """The windows that the last tiles of the cascades write."""
        match self.side:
            case Side.RIGHT:
                return Partition(self.data.samples, self.data.rows, self.channels)
            case Side.LEFT:
                return Partition(self.data.samples, self.channels, self.data.columns)
            case None:
                return self.data

    def input_piece(self, chain: int, position: int, port: int = 0) -> int:
        """Which window of a source the tile at `position` of cascade `chain` reads (order of Partition.windows)."""
        data = chain // self.channels
        if self.product and port == 1:
            sample, part = divmod(data, self.data.rows * self.data.columns)
            return sample * self.data.columns + part % self.data.columns
        if self.side is Side.LEFT:
            sample, column = divmod(data, self.data.columns)
            return (sample * self.contraction + position) * self.data.columns + column
        return data * self.contraction + position

    def output_piece(self, chain: int) -> int:
        """Which output window cascade `chain` writes (order of Partition.windows)."""
        data, channel = divmod(chain, self.channels)
        if self.side is Side.LEFT:
            sample, column = divmod(data, self.data.columns)
            return (sample * self.channels + channel) * self.data.columns + column
        return chain


def split_of(layer: Layer, data: Partition, contraction: int, channels: int) -> Split:
    """A layer cut into these parts."""
    return Split(side_of(layer), data, contraction, channels, isinstance(layer, MatMulLayer))
