"""Costs and overlaps of one block at all of its places, as array operations over many placements at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from placer.placement.instance import Instance, Link, Span

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class EdgeTable:
    """Costs of one edge, in units: across[partner's column, own column], along[partner's row, own row]."""

    partner: int
    across: Floats
    along: Floats


@dataclass(frozen=True)
class Partner:
    """A block with which a keep-out may be shared: own place minus its place then, and the tiles that both extents cover."""

    number: int
    columns: int
    rows: int
    shared: int


@dataclass(frozen=True)
class BlockTables:
    """All that a block's places cost. width, height: numbers of places; barred: places it may not take, or None.

    west: columns of running sum west of its extent at place 0; ramps: its share of the running sums, [place, column or row].
    """

    number: int
    width: int
    height: int
    movable: bool
    barred: NDArray[np.bool_] | None
    west: int
    extent_columns: int
    extent_rows: int
    column_ramp: NDArray[np.int16]
    row_ramp: NDArray[np.int16]
    row_costs: Floats
    edges: tuple[EdgeTable, ...]
    partners: tuple[Partner, ...]

    @property
    def extent(self) -> int:
        """Tiles of the extent."""
        return self.extent_columns * self.extent_rows

    @property
    def sum_shape(self) -> tuple[int, int]:
        """Shape of the running sums."""
        return self.column_ramp.shape[1], self.row_ramp.shape[1]

    def random_places(self, random: np.random.Generator, chains: int) -> tuple[Integers, Integers]:
        """A column and a row for each chain, of the places that the block may take."""
        allowed = np.arange(self.width * self.height) if self.barred is None else np.flatnonzero(~self.barred)
        return np.divmod(random.choice(allowed, chains), self.height)

    def costs(self, columns: Integers, rows: Integers, among: set[int] | None) -> tuple[Floats, Floats]:
        """Cost of each column, [chain, place], and of each row, in units; of edges to `among` only, if given."""
        chains = columns.shape[0]
        across = np.zeros((chains, self.width), dtype=np.float32)
        along = np.repeat(self.row_costs[None, :], chains, axis=0)
        for edge in self.edges:
            if among is None or edge.partner in among:
                across += edge.across[columns[:, edge.partner]]
                along += edge.along[rows[:, edge.partner]]
        return across, along

    def sums(self, x: Integers, y: Integers) -> NDArray[np.int16]:
        """The block's share of the running sums, [chain, column, row], when it stands at (x, y)."""
        return self.column_ramp[x][:, :, None] * self.row_ramp[y][:, None, :]

    def window(self, sums: NDArray[np.signedinteger]) -> Floats:
        """Tiles of others under the extent at every place, [chain, column, row]."""
        west, east = sums[:, self.west : self.west + self.width], sums[:, self.west + self.extent_columns :][:, : self.width]
        across = east - west
        shared: Floats = np.subtract(
            across[:, :, self.extent_rows : self.extent_rows + self.height], across[:, :, : self.height], dtype=np.float32
        )
        return shared


def block_tables(instance: Instance) -> tuple[BlockTables, ...]:
    """The tables of every block, in order."""
    keepout = max((b.keepout_left for b in instance.blocks), default=0)
    return tuple(_tables(instance, number, keepout) for number in range(len(instance.blocks)))


def _tables(instance: Instance, number: int, keepout: int) -> BlockTables:
    block = instance.blocks[number]
    width, height = instance.width - block.width + 1, instance.height - block.height + 1
    west, columns = keepout - block.keepout_left, block.keepout_left + block.width
    barred = _barred(instance, number, width, height)
    return BlockTables(
        number=number,
        width=width,
        height=height,
        movable=block.anchor is None,
        barred=barred if barred.any() else None,
        west=west,
        extent_columns=columns,
        extent_rows=block.height,
        column_ramp=_ramp(np.arange(width) + west, columns, keepout + instance.width),
        row_ramp=_ramp(np.arange(height), block.height, instance.height),
        row_costs=(instance.height_units * np.arange(height)).astype(np.float32),
        edges=tuple(_edge_table(instance, link, number) for link in instance.links if number in {link.producer, link.consumer}),
        partners=_partners(instance, number),
    )


def _partners(instance: Instance, number: int) -> tuple[Partner, ...]:
    """Blocks to share a keep-out with; two edges between the same two are one partner."""
    links = {(link.producer, link.consumer): link for link in instance.links if link.may_share and number in {link.producer, link.consumer}}
    return tuple(_partner(instance, link, number) for link in links.values())


def _barred(instance: Instance, number: int, width: int, height: int) -> NDArray[np.bool_]:
    """Places at which the block would stand on a forbidden region."""
    block = instance.blocks[number]
    barred = np.zeros((width, height), dtype=np.bool_)
    for r in instance.forbidden:
        barred[max(0, r.x - block.width + 1) : r.x + r.width, max(0, r.y - block.height + 1) : r.y + r.height] = True
    return barred


def _ramp(starts: Integers, length: int, limit: int) -> NDArray[np.int16]:
    """[place, i]: how much of [start, start + length) lies below i, for i from 0 to `limit`."""
    ramp: NDArray[np.int16] = np.clip(np.arange(limit + 1)[None, :] - starts[:, None], 0, length).astype(np.int16)
    return ramp


def _edge_table(instance: Instance, link: Link, number: int) -> EdgeTable:
    producer, consumer = instance.blocks[link.producer], instance.blocks[link.consumer]
    own, other = (producer, consumer) if number == link.producer else (consumer, producer)
    ends = (producer.output_face, consumer.input_face) if number == link.producer else (consumer.input_face, producer.output_face)
    across = _gaps(
        ends[1].columns(other.width), ends[0].columns(own.width), instance.width - other.width + 1, instance.width - own.width + 1
    )
    along = _gaps(
        ends[1].rows(other.height), ends[0].rows(own.height), instance.height - other.height + 1, instance.height - own.height + 1
    )
    partner = link.consumer if number == link.producer else link.producer
    return EdgeTable(partner, (instance.scale * across).astype(np.float32), (instance.row_units * along).astype(np.float32))


def _gaps(other: Span, own: Span, others: int, owns: int) -> Integers:
    """[other's place, own place]: steps between the two spans."""
    a, b = np.arange(others)[:, None], np.arange(owns)[None, :]
    gaps: Integers = np.maximum(0, np.maximum(b + own[0] - a - other[1], a + other[0] - b - own[1]))
    return gaps


def _partner(instance: Instance, link: Link, number: int) -> Partner:
    producer, consumer = instance.blocks[link.producer], instance.blocks[link.consumer]
    x, y = instance.shared_at(link)
    rows = min(producer.height, y + consumer.height) - max(0, y)
    shared = min(consumer.keepout_left, producer.keepout_left + producer.width) * rows
    return Partner(link.consumer, -x, -y, shared) if number == link.producer else Partner(link.producer, x, y, shared)
