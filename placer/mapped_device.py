"""The device of a mapping on disk: told, beside it, or the shipped one of its name."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import TypeAdapter

from placer.device import Device, find_device
from placer.mapping import Mapping

# Beside a mapping for a device of the user's own.
DEVICE = "device.yaml"


def mapped_device(mapping: Mapping, file: Path, told: str | None) -> Device:
    """The device of a mapping that was read from `file`, as large as the mapping says; `told`: a device or file that goes before others.

    Raises InputError.
    """
    beside = file.parent / DEVICE
    return find_device(told or (str(beside) if beside.is_file() else mapping.device)).resized(mapping.columns, mapping.rows)


def device_text(device: Device) -> str:
    """A device as YAML, which load_device reads."""
    return yaml.safe_dump(TypeAdapter(Device).dump_python(device, mode="json"), sort_keys=False)
