"""What a check reports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Family(Enum):
    """The constraint families of docs/problem.md."""

    IDENTITY = "identity"
    SPLIT = "split"
    TILES = "tiles"
    CASCADE = "cascade"
    BUFFERS = "buffers"
    REACH = "reach"
    OVERLAP = "overlap"
    BANKS = "banks"
    PROGRAM = "program"
    LOCKS = "locks"
    EDGES = "edges"
    CHANNELS = "channels"
    MEMORY_TILES = "memory_tiles"
    DESCRIPTORS = "descriptors"
    PLIO = "plio"
    STREAMS = "streams"
    LANES = "lanes"
    REPLICAS = "replicas"
    FIGURES = "figures"


@dataclass(frozen=True)
class Violation:
    """One broken rule, in one sentence."""

    family: Family
    message: str

    def __str__(self) -> str:
        return f"{self.family.value}: {self.message}"
