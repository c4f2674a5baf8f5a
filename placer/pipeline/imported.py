"""A model as a config asks for it: read, lowered and laid out for a batch on a device."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from placer.config import Settings
from placer.device import Device, find_device
from placer.errors import InputError
from placer.frontend import read_model, self_contained
from placer.layers import Relay
from placer.lowering.lower import lower
from placer.network import Network
from placer.problem.formulate import LaidOutGraph, lay_out
from placer.relays import relayed


@dataclass(frozen=True, eq=False)
class Imported:
    """A model, its layers laid out for a batch on a device. model: the ONNX file, with all its data."""

    network: Network
    laid_out: LaidOutGraph
    device: Device
    model: bytes

    @property
    def sha256(self) -> str:
        """Hash of the model with all its data."""
        return hashlib.sha256(self.model).hexdigest()


def import_network(model: Path, device: Device, batch: int | None, relays: tuple[Relay, ...] = ()) -> Imported:
    """Read, check and lower a model for `batch` samples a run (None: the model's own batch), with the relays of a mapping.

    Raises InputError or UnsupportedModelError, also when neither states the batch.
    """
    network = read_model(model)
    samples = network.batch if batch is None else batch
    if samples is None:
        raise InputError(f"{model}: the model leaves its batch open; state the samples a run with --batch or the key 'batch', or 'auto'")
    return Imported(network, lay_out(relayed(lower(network), relays), samples, device), device, self_contained(model))


def target_device(settings: Settings) -> Device:
    """The device of `settings`, cut to its columns and rows, at its clock.

    Raises InputError.
    """
    device = find_device(settings.device).resized(settings.columns, settings.rows)
    return device if settings.clock_mhz is None else replace(device, clock_mhz=settings.clock_mhz)
