"""How a layer is cut over tiles."""

from __future__ import annotations

from dataclasses import dataclass

from placer.layers import Side
from placer.layout import Partition


@dataclass(frozen=True)
class Split:
    """How a layer is cut over tiles.

    `data` cuts what every channel needs alike (samples, rows; columns when the weights stand on the left), `contraction` is the length of
    a cascade, `channels` the number of cascades that share an input. side: None for elementwise layers.
    """

    side: Side | None
    data: Partition
    contraction: int
    channels: int

    @property
    def chains(self) -> int:
        return self.data.pieces * self.channels

    @property
    def tiles(self) -> int:
        return self.chains * self.contraction

    @property
    def input_partition(self) -> Partition:
        """The windows that the tiles read."""
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

    def input_piece(self, chain: int, position: int) -> int:
        """Which input window the tile at `position` of cascade `chain` reads (order of Partition.windows)."""
        data = chain // self.channels
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
