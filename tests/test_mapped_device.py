"""The device of a mapping on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from placer.device import find_device, load_device
from placer.errors import InputError
from placer.mapped_device import device_text, mapped_device
from tests.command_line import CommandLine
from tests.mapped import pair
from tests.projects import tiny_config


def own_device(folder: Path) -> Path:
    """A device file with a name that no shipped device has."""
    path = folder / "mine.yaml"
    path.write_text(device_text(replace(find_device("VEK280").resized(6, 4), name="mine", boards=())))
    return path


def test_text(tmp_path: Path) -> None:
    """What is written is read."""
    assert load_device(own_device(tmp_path)) == replace(find_device("VEK280").resized(6, 4), name="mine", boards=())


def test_a_device_of_ones_own_lies_beside_its_mapping(placer: CommandLine, tmp_path: Path) -> None:
    """Verifying needs no option; a later solve for a shipped device leaves none behind."""
    own_device(tmp_path)
    assert placer("solve", tiny_config(tmp_path, device="mine.yaml"), "--no-check").code == 0
    assert placer("verify", tmp_path / "out" / "mapping.json").code == 0
    assert placer("solve", tiny_config(tmp_path), "--no-check").code == 0
    assert not (tmp_path / "out" / "device.yaml").exists()


def test_an_unknown_device(tmp_path: Path) -> None:
    """Neither told, beside it, nor shipped."""
    with pytest.raises(InputError, match="unknown device 'mine'"):
        mapped_device(replace(pair().mapping, device="mine"), tmp_path / "mapping.json", None)
