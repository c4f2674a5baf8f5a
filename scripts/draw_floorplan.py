"""Draw the terminal summary of a mapping as SVG, for the README.

python scripts/draw_floorplan.py out/mlpmixer/mapping.json docs/mlpmixer.svg
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from rich.console import Console

from placer.device import find_device
from placer.mapping import read_mapping
from placer.report.terminal import summary

WIDTH = 84


def main(mapping_path: Path, picture: Path) -> None:
    """Read a mapping and write its picture."""
    mapping = read_mapping(mapping_path.read_text(encoding="utf-8"), str(mapping_path))
    device = find_device(mapping.device).resized(mapping.columns, mapping.rows)
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(summary(mapping, device))
    console.save_svg(str(picture), title=f"placer solve: {mapping.network} on {mapping.device}", unique_id="floorplan")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
