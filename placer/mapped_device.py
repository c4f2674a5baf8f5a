"""Mappings on disk: where they lie, and their device: told, beside them, or the shipped one of their name."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import TypeAdapter

from placer.device import Device, find_device
from placer.errors import InputError
from placer.mapping import Mapping, read_mapping

# Beside a mapping for a device of the user's own.
DEVICE = "device.yaml"
MAPPING = "mapping.json"


def mapping_file(path: Path) -> Path:
    """The mapping meant by `path`: itself, or the one in the output folder of a solve."""
    return path / MAPPING if path.is_dir() else path


def load_mapping(file: Path) -> Mapping:
    """The mapping in `file`.

    Raises InputError.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read mapping {file}: {getattr(error, 'strerror', None) or 'not text'}") from error
    return read_mapping(text, str(file))


def mapped_device(mapping: Mapping, file: Path, told: str | None) -> Device:
    """The device of a mapping that was read from `file`, as large as the mapping says; `told`: a device or file that goes before others.

    Raises InputError.
    """
    beside = file.parent / DEVICE
    return find_device(told or (str(beside) if beside.is_file() else mapping.device)).resized(mapping.columns, mapping.rows)


def device_text(device: Device) -> str:
    """A device as YAML, which load_device reads."""
    return yaml.safe_dump(TypeAdapter(Device).dump_python(device, mode="json"), sort_keys=False)
