"""Cycles of a stream: its bytes on a channel, and how late its first word is at the other end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from placer.device import Device

# From a free channel to the first word on the stream: lock, buffer descriptor, memory (xdna-emu, author's estimates).
DMA_START_CYCLES = 11
# A stream's first word takes 4 cycles through a switch, 3 through the last one, into a memory (AM020 chapter 2).
SWITCH_CYCLES, LAST_SWITCH_CYCLES = 4, 3
# ASSUMPTION: the most columns that a stream goes sideways, where places are not known.
COLUMNS_ASIDE = 2


class End(Enum):
    """The kind of tile at an end of a stream."""

    CORE = "core"
    MEMORY_TILE = "memory tile"
    SHIM = "shim"


@dataclass(frozen=True)
class Travel:
    """Cycles until the first word of an edge is there: straight, or into memory tiles (`written`) and out of them (`read`)."""

    direct: int
    written: int
    read: int

    @property
    def buffered(self) -> int:
        """Of both streams through memory tiles."""
        return self.written + self.read

    @property
    def longest(self) -> int:
        """Of either kind."""
        return max(self.direct, self.buffered)


def transfer_cycles(size: int, device: Device) -> int:
    """Cycles in which one stream, DMA channel or PLIO port moves `size` bytes."""
    return -(-size // device.stream_bytes)


def first_word_cycles(switches: int) -> int:
    """Cycles from a channel's start to the first word at the other end of a way over so many switches, those of both ends included."""
    return DMA_START_CYCLES + SWITCH_CYCLES * (switches - 1) + LAST_SWITCH_CYCLES


def edge_travel(source: End, target: End, device: Device) -> Travel:
    """Of an edge between layers and PLIO, where places are not known yet."""
    written, read = travel_cycles(source, End.MEMORY_TILE, device), travel_cycles(End.MEMORY_TILE, target, device)
    return Travel(travel_cycles(source, target, device), written, read)


def travel_cycles(source: End, target: End, device: Device) -> int:
    """As first_word_cycles, where places are not known yet.

    ASSUMPTION: from one kind of tile to another it climbs from the middle of the rows of one to the middle of those of the other; between
    two core tiles, the mean distance of two rows. Sideways it goes the mean distance of two columns, but at most two.
    """
    climb = _mean_distance(device.rows) if source is target is End.CORE else abs(_middle(source, device) - _middle(target, device))
    return first_word_cycles(1 + min(COLUMNS_ASIDE, _rounded(_mean_distance(device.columns))) + _rounded(climb))


def _mean_distance(count: int) -> float:
    """Of two rows, or two columns, out of so many."""
    return (count * count - 1) / (3 * count)


def _rounded(value: float) -> int:
    return int(value + 0.5)


def _middle(end: End, device: Device) -> float:
    """The middle of the rows of a kind of tile above the shim's."""
    match end:
        case End.SHIM:
            return 0
        case End.MEMORY_TILE:
            return (1 + device.memory_rows) / 2
        case End.CORE:
            return device.memory_rows + (1 + device.rows) / 2
