"""Reports as files: read a mapping with what lies beside it, write HTML, SVG and PNG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from placer.device import Device
from placer.errors import InputError, MissingExtraError
from placer.mapped_device import load_mapping, mapped_device, mapping_file
from placer.mapping import Mapping
from placer.report.floorplan import floorplan_svg
from placer.run_record import RunRecord, read_run_record

# Pixels of a PNG to a unit of the drawing: 38 columns give 1,900 pixels, a printed page at 250 dots an inch.
PNG_SCALE = 2


@dataclass(frozen=True, eq=False)
class Reported:
    """A mapping from a file, its device, and its run if run.json lies beside it."""

    mapping: Mapping
    device: Device
    record: RunRecord | None


def read_text(path: Path, what: str) -> str:
    """The text of a file; `what` names it in the error.

    Raises InputError.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {what} {path}: {getattr(error, 'strerror', None) or 'not text'}") from error


def read_reported(path: Path, device: str | None) -> Reported:
    """A mapping.json, or the output folder of a solve. device: where the mapping's own is not a shipped one.

    Raises InputError.
    """
    file = mapping_file(path)
    mapping = load_mapping(file)
    target = mapped_device(mapping, file, device)
    beside = file.parent / "run.json"
    record = read_run_record(read_text(beside, "run record"), str(beside)) if beside.is_file() else None
    return Reported(mapping, target, record)


def floorplan_png(mapping: Mapping, device: Device) -> bytes:
    """The floorplan with its legend as a PNG.

    Raises MissingExtraError when the drawing library is not installed.
    """
    return png(floorplan_svg(mapping, device, legend=True))


def png(svg: str) -> bytes:
    """An SVG document of ours as a PNG.

    Raises MissingExtraError when the drawing library is not installed.
    """
    try:
        import resvg_py  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError("PNG needs resvg-py: install placer[plots], or write SVG instead") from error
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=PNG_SCALE))
