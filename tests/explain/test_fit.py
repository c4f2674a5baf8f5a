"""`placer fit`: the search over arrays, with a network that maps from so many tiles on."""

from __future__ import annotations

from pathlib import Path

import pytest

from placer.config import Settings
from placer.explain.fit import Array, fit
from placer.pipeline.imported import target_device


@pytest.mark.parametrize(
    ("tiles", "array"),
    [
        (1, Array(1, 1)),
        (100, Array(20, 5)),
        (303, Array(38, 8)),
        (304, Array(38, 8)),
        (305, Array(39, 8)),
        (1000, Array(125, 8)),
        (1217, None),
    ],
)
def test_smallest_array(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiles: int, array: Array | None) -> None:
    """Least tiles first, then most rows; beyond the 38 x 8 of the device more columns, up to four times as many."""
    settings = Settings(network=tmp_path / "any.onnx", device="VEK280", output=tmp_path)
    monkeypatch.setattr("placer.explain.fit.fewest_tiles", lambda _: 1)
    monkeypatch.setattr("placer.explain.fit.maps", lambda s: target_device(s).core_tiles >= tiles)
    found = fit(settings, lambda _: None)
    assert found.array == array
    assert (found.device is None) == (tiles > 304)
