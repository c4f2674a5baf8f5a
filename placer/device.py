"""The device: geometry, memories, channels, streams, and the one authority on what may reach what.

Numbers come from YAML files (configs/devices, shipped as placer.devices), each with its source beside it. Core-tile coordinates count from
(0, 0) at the south-west core tile; memory tiles and the shim row have rows of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from placer.errors import InputError, nearest_name
from placer.locks import memory_tile_locks
from placer.yaml_file import read_yaml


@dataclass(frozen=True)
class CoreTile:
    """One compute tile. Sizes in bytes, rates in bytes a cycle. descriptor_length: words that one buffer descriptor moves at most."""

    memory_bytes: int
    logical_banks: int
    program_bytes: int
    dma_in: int
    dma_out: int
    buffer_descriptors: int
    locks: int
    stack_bytes: int
    vector_alignment: int
    macs_int8: int
    load_bytes_per_cycle: int
    descriptor_length: int = 16383

    @property
    def bank_bytes(self) -> int:
        return self.memory_bytes // self.logical_banks


@dataclass(frozen=True)
class MemoryTile:
    """One memory tile. Buffer descriptors split in two pools by channel parity.

    One descriptor walks nested loops of 32-bit words: descriptor_wrap is the most that a loop counts (the outermost one is free),
    descriptor_step its longest step, descriptor_length the most words in all.
    """

    memory_bytes: int
    dma_in: int
    dma_out: int
    buffer_descriptors: int
    locks: int
    descriptor_wrap: int = 1023
    descriptor_step: int = 131072
    descriptor_length: int = 131071


@dataclass(frozen=True)
class Plio:
    """Programmable-logic I/O of one shim column; `columns` are those that have it. A channel is a pair of 64-bit ones: one 128-bit port."""

    columns: tuple[int, ...]
    in_channels: int
    out_channels: int


@dataclass(frozen=True)
class Streams:
    """Lanes that leave one switch in each direction. Memory tiles have none east and west, and keep the lane of what passes them."""

    north: int
    south: int
    east: int
    west: int


@dataclass(frozen=True)
class Device:
    """A rectangular AI Engine array.

    name: the part; boards: what it is also called. generation: "aie-ml" or "aie-mlv2". clock_mhz: the array clock that turns cycles into
    seconds. stream_bytes: bytes a cycle of one stream or DMA channel. mmul: rows, inner and columns of the int8 matrix multiply.
    assumptions: what no public source states, in words.
    """

    name: str
    boards: tuple[str, ...]
    generation: str
    columns: int
    rows: int
    memory_rows: int
    clock_mhz: float
    stream_bytes: int
    mmul: tuple[int, int, int]
    core: CoreTile
    memory_tile: MemoryTile
    plio: Plio
    streams: Streams
    assumptions: tuple[str, ...]

    @property
    def core_tiles(self) -> int:
        return self.columns * self.rows

    @property
    def memory_tiles(self) -> int:
        return self.columns * self.memory_rows

    def has_core(self, col: int, row: int) -> bool:
        """Whether (col, row) is a core tile of this device."""
        return 0 <= col < self.columns and 0 <= row < self.rows

    def has_memory_tile(self, col: int, row: int) -> bool:
        """Whether (col, row) is a memory tile; memory row 0 is the southern one."""
        return 0 <= col < self.columns and 0 <= row < self.memory_rows

    def reaches(self, core: tuple[int, int], memory: tuple[int, int]) -> bool:
        """Whether the core at `core` can load and store in the data memory of tile `memory`.

        Own, western, northern and southern memory, never the eastern one (AM020 chapter 2).
        """
        dx, dy = memory[0] - core[0], memory[1] - core[1]
        return self.has_core(*core) and self.has_core(*memory) and (dx, dy) in {(0, 0), (-1, 0), (0, 1), (0, -1)}

    def shared_memory(self, producer: tuple[int, int], consumer: tuple[int, int]) -> tuple[int, int] | None:
        """The tile whose memory both cores of a shared-memory edge use, or None.

        The producer's own memory where the consumer reaches it, else the consumer's.
        """
        if self.reaches(consumer, producer):
            return producer
        return consumer if self.reaches(producer, consumer) else None

    def cascades(self, source: tuple[int, int], target: tuple[int, int]) -> bool:
        """Whether the cascade port of `source` feeds that of `target`: west to east or north to south (AM020 chapter 2)."""
        dx, dy = target[0] - source[0], target[1] - source[1]
        return self.has_core(*source) and self.has_core(*target) and (dx, dy) in {(1, 0), (0, -1)}

    def resized(self, columns: int | None, rows: int | None) -> Device:
        """This device cut to fewer columns or rows, or imagined with more, for sweeps over sizes.

        The new array is assumed to have PL in a centred run of as many columns as the device has, or in all of its columns.
        Raises InputError when nothing is left.
        """
        width = self.columns if columns is None else columns
        height = self.rows if rows is None else rows
        if (width, height) == (self.columns, self.rows):
            return self
        with_pl = min(width, len(self.plio.columns))
        first = (width - with_pl) // 2
        kept = tuple(range(first, first + with_pl))
        note = f"array resized by option from {self.columns} x {self.rows} to {width} x {height} tiles, PL in {with_pl} centred columns"
        resized = replace(self, columns=width, rows=height, plio=replace(self.plio, columns=kept), assumptions=(*self.assumptions, note))
        check_device(resized)
        return resized


def check_device(device: Device) -> None:
    """Check that a device description is consistent with itself.

    Raises InputError naming the field.
    """

    def require(condition: bool, where: str, allowed: str) -> None:
        if not condition:
            raise InputError(f"device {device.name}: {where} must be {allowed}")

    sizes = [(f"{part}.{k}", v) for part in ("core", "memory_tile", "streams") for k, v in vars(getattr(device, part)).items()]
    for where, size in (*sizes, ("plio.in_channels", device.plio.in_channels), ("plio.out_channels", device.plio.out_channels)):
        require(size >= 1, where, "at least 1")
    require(device.generation in {"aie-ml", "aie-mlv2"}, "generation", "aie-ml or aie-mlv2")
    require(device.columns >= 1 and device.rows >= 1, "columns and rows", "at least 1")
    require(device.memory_rows >= 0, "memory_rows", "at least 0")
    require(0 < device.clock_mhz < math.inf, "clock_mhz", "positive")
    require(device.stream_bytes in {4, 8}, "stream_bytes", "4 (AIE-ML) or 8 (AIE-MLv2)")
    require(device.core.memory_bytes % device.core.logical_banks == 0, "core.memory_bytes", "a multiple of core.logical_banks")
    require(device.memory_tile.buffer_descriptors % 2 == 0, "memory_tile.buffer_descriptors", "even: two pools by channel parity")
    _check_channels(device, require)
    require(all(0 <= c < device.columns for c in device.plio.columns), "plio.columns", f"columns 0 to {device.columns - 1}")
    require(len(set(device.plio.columns)) == len(device.plio.columns), "plio.columns", "free of duplicates")
    require(bool(device.plio.columns), "plio.columns", "not empty: nothing could enter or leave the array")
    require(device.mmul in {(4, 8, 8), (8, 8, 8)}, "mmul", "[4, 8, 8] or [8, 8, 8]")


def _check_channels(device: Device, require: Callable[[bool, str, str], None]) -> None:
    """Every channel has its descriptors and, in a memory tile, its locks, both for two copies: then no mapping can run out of them."""
    core, tile = device.core, device.memory_tile
    least = 2 * (core.dma_in + core.dma_out)
    require(core.buffer_descriptors >= least, "core.buffer_descriptors", f"at least {least}, two a channel")
    pool = 2 * (-(-tile.dma_in // 2) + -(-tile.dma_out // 2))
    require(tile.buffer_descriptors // 2 >= pool, "memory_tile.buffer_descriptors", f"at least {2 * pool}, two a channel of each parity")
    locks = memory_tile_locks(tile.dma_in + tile.dma_out)
    require(tile.locks >= locks, "memory_tile.locks", f"at least {locks}, two for each copy and channel")


def _check_keys(kind: type, values: Any, where: str) -> None:
    """Refuse unknown and missing keys of the frozen dataclass `kind` in a YAML mapping."""
    if not isinstance(values, dict):
        raise InputError(f"{where} must be a mapping of keys to values")
    known = [f.name for f in fields(kind)]
    for key in values:
        if key not in known:
            raise InputError(f"{where}: unknown key {key!r}{nearest_name(str(key), known)}")
    missing = [f.name for f in fields(kind) if f.name not in values and f.default is MISSING]
    if missing:
        raise InputError(f"{where}: key {missing[0]!r} is missing")


def load_device(path: Path) -> Device:
    """Read one device YAML.

    Raises InputError with the file, the key and what is allowed.
    """
    values = read_yaml(path, "device file")
    if values is None:
        raise InputError(f"device file {path} must be a mapping of keys to values")
    for name, kind in (("core", CoreTile), ("memory_tile", MemoryTile), ("plio", Plio), ("streams", Streams)):
        if name in values:
            _check_keys(kind, values[name], f"device file {path}, {name}")
    _check_keys(Device, values, f"device file {path}")
    try:
        device = TypeAdapter(Device).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        key, reason = ".".join(map(str, first["loc"])), first["msg"][0].lower() + first["msg"][1:]
        raise InputError(f"device file {path}: {key}: {first['input']!r} is not allowed: {reason}") from error
    check_device(device)
    return device


@cache
def shipped_devices() -> tuple[Device, ...]:
    """Every device that comes with the package, by name."""
    folder = Path(str(resources.files("placer.devices")))
    return tuple(load_device(p) for p in sorted(folder.glob("*.yaml")))


def find_device(name: str) -> Device:
    """The shipped device called `name` (part or board, in any case), or the one in the YAML file of that path.

    Raises InputError naming the nearest known device.
    """
    if name.endswith((".yaml", ".yml")):
        return load_device(Path(name))
    devices = shipped_devices()
    for device in devices:
        if name.lower() in {device.name.lower(), *(b.lower() for b in device.boards)}:
            return device
    known = [n for d in devices for n in (d.name, *d.boards)]
    raise InputError(f"unknown device {name!r}{nearest_name(name, known)}; known: {', '.join(known)}, or the path of a device YAML")
