"""Devices: shipped ones, reach, sizes, and files of any content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from placer.device import check_device, find_device, load_device, shipped_devices
from placer.errors import InputError
from tests.graphs import small_device

VEK280 = find_device("VEK280")
SHIPPED = Path(__file__).resolve().parents[1] / "configs" / "devices" / "ve2802.yaml"


def test_shipped_devices() -> None:
    """The four of the documentation, each consistent, with its geometry (facts: AM020, AM027, product tables)."""
    geometry = {d.name: (d.columns, d.rows, d.memory_rows, d.generation) for d in shipped_devices()}
    assert geometry == {
        "2VE3858": (36, 4, 2, "aie-mlv2"),
        "VE2202": (12, 2, 1, "aie-ml"),
        "VE2302": (17, 2, 1, "aie-ml"),
        "VE2802": (38, 8, 2, "aie-ml"),
    }


def test_assumptions_are_stated() -> None:
    """Which columns have PL is not public: every device says that it assumes them."""
    for device in shipped_devices():
        assert any("PL" in a or "plio" in a for a in device.assumptions), device.name


@pytest.mark.parametrize("name", ["VE2802", "ve2802", "VEK280", "vek280"])
def test_found_by_part_or_board(name: str) -> None:
    """In any case."""
    assert find_device(name).name == "VE2802"


def test_unknown_device() -> None:
    """The nearest known one is named."""
    with pytest.raises(InputError, match=r"unknown device 'VEK28' \(did you mean 'VEK280'\?\); known: .*2VE3858"):
        find_device("VEK28")


def test_reach() -> None:
    """Own, western, northern and southern memory; the eastern one never; nothing outside the array (AM020 chapter 2)."""
    reached = {(dx, dy) for dx in range(-2, 3) for dy in range(-2, 3) if VEK280.reaches((5, 3), (5 + dx, 3 + dy))}
    assert reached == {(0, 0), (-1, 0), (0, 1), (0, -1)}
    assert not VEK280.reaches((0, 0), (-1, 0))
    assert not VEK280.reaches((5, 7), (5, 8))


def test_shared_memory() -> None:
    """The producer's memory where the consumer reaches it, else the consumer's."""
    assert VEK280.shared_memory((4, 3), (5, 3)) == (4, 3)
    assert VEK280.shared_memory((5, 3), (4, 3)) == (4, 3)
    assert VEK280.shared_memory((5, 3), (5, 4)) == (5, 3)
    assert VEK280.shared_memory((5, 3), (6, 4)) is None


def test_cascades() -> None:
    """West to east and north to south."""
    fed = {(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if VEK280.cascades((5, 3), (5 + dx, 3 + dy))}
    assert fed == {(1, 0), (0, -1)}
    assert not VEK280.cascades((37, 0), (38, 0))


def test_resized() -> None:
    """A cut array says so, and keeps its PL inside; the same size is the same device."""
    cut = VEK280.resized(10, 4)
    assert (cut.columns, cut.rows, cut.core_tiles, cut.memory_tiles) == (10, 4, 40, 20)
    assert cut.plio.columns == tuple(range(10))
    assert "resized by option from 38 x 8 to 10 x 4" in cut.assumptions[-1]
    assert VEK280.resized(38, None) is VEK280
    assert len(VEK280.resized(60, None).plio.columns) == 28
    with pytest.raises(InputError, match="columns and rows must be at least 1"):
        VEK280.resized(0, 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"generation": "aie"}, "generation must be aie-ml or aie-mlv2"),
        ({"rows": 0}, "columns and rows must be at least 1"),
        ({"memory_rows": -1}, "memory_rows must be at least 0"),
        ({"clock_mhz": 0.0}, "clock_mhz must be positive"),
        ({"clock_mhz": float("nan")}, "clock_mhz must be positive"),
        ({"stream_bytes": 3}, "stream_bytes must be"),
        ({"mmul": (4, 8)}, "mmul must be"),
        ({"mmul": (4, 16, 8)}, "mmul must be"),
        ({"core": replace(VEK280.core, logical_banks=3)}, "core.memory_bytes must be a multiple"),
        ({"core": replace(VEK280.core, logical_banks=0)}, "core.logical_banks must be at least 1"),
        ({"memory_tile": replace(VEK280.memory_tile, buffer_descriptors=47)}, "memory_tile.buffer_descriptors must be even"),
        ({"memory_tile": replace(VEK280.memory_tile, buffer_descriptors=22)}, "memory_tile.buffer_descriptors must be at least 24"),
        ({"memory_tile": replace(VEK280.memory_tile, locks=47)}, "memory_tile.locks must be at least 48"),
        ({"core": replace(VEK280.core, buffer_descriptors=7)}, "core.buffer_descriptors must be at least 8, two a channel"),
        ({"memory_tile": replace(VEK280.memory_tile, dma_in=-6)}, "memory_tile.dma_in must be at least 1"),
        ({"plio": replace(VEK280.plio, columns=(38,))}, "plio.columns must be columns 0 to 37"),
        ({"plio": replace(VEK280.plio, columns=(3, 3))}, "plio.columns must be free of duplicates"),
        ({"plio": replace(VEK280.plio, columns=())}, "plio.columns must be not empty"),
        ({"plio": replace(VEK280.plio, in_channels=0)}, "plio.in_channels must be at least 1"),
    ],
)
def test_inconsistent_device(change: dict[str, object], message: str) -> None:
    """Each check names its field."""
    with pytest.raises(InputError, match=f"^device VE2802: {message}"):
        check_device(replace(VEK280, **change))  # type: ignore[arg-type]


def test_small_device() -> None:
    """The tests' own devices are consistent too."""
    check_device(small_device(3, 2))


def test_file_round_trip(tmp_path: Path) -> None:
    """A copy of a shipped file is the same device."""
    path = tmp_path / "mine.yaml"
    path.write_text(SHIPPED.read_text())
    assert find_device(str(path)) == VEK280


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "unknown key": ({"colums": 3}, "unknown key 'colums' (did you mean 'columns'?)"),
    "word for a number": ({"columns": "many"}, "columns: 'many' is not allowed: input should be a valid integer"),
    "fraction": ({"rows": 1.5}, "rows: 1.5 is not allowed"),
    "word for a list": ({"boards": "VEK280"}, "boards: 'VEK280' is not allowed"),
    "number for a list": ({"mmul": 8}, "mmul: 8 is not allowed"),
    "number for a section": ({"core": 8}, "core must be a mapping of keys to values"),
    "section without keys": ({"plio": {}}, "plio: key 'columns' is missing"),
    "unknown key in a section": ({"plio": {"column": [1]}}, "plio: unknown key 'column' (did you mean 'columns'?)"),
    "words in a section": ({"plio": {"columns": ["a"], "in_channels": 8, "out_channels": 6}}, "plio.columns.0: 'a' is not allowed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_values_in_a_file(tmp_path: Path, name: str) -> None:
    """The file, the key and what is allowed, in one sentence."""
    changes, message = WRONG[name]
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(SHIPPED.read_text()), **changes}))
    with pytest.raises(InputError) as caught:
        load_device(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [", "is not YAML: "), ("- 1", "must be a mapping of keys to values"), ("", "must be a mapping"), ("\x00", "is not YAML")],
)
def test_other_files(tmp_path: Path, text: str, message: str) -> None:
    """Whatever lies in the file."""
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_device(path)


def test_missing_file(tmp_path: Path) -> None:
    """The message names the path and the reason."""
    with pytest.raises(InputError, match=r"cannot read device file .*none\.yaml: No such file or directory"):
        find_device(str(tmp_path / "none.yaml"))


def test_missing_keys(tmp_path: Path) -> None:
    """The first one that is not there."""
    values = yaml.safe_load(SHIPPED.read_text())
    del values["rows"]
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(values))
    with pytest.raises(InputError, match="key 'rows' is missing"):
        load_device(path)
