"""The emitted text of a tiny project, as it was last looked at.

Rewrite it with `python -m tests.codegen.golden`, and look at the difference.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.projects import tiny_outcome

FOLDER = Path(__file__).parent / "golden"
# What a reader of the project looks at; weights and data are numbers, kernels are copies.
TEXTS = ("graph.hpp", "graph.cpp", "placement.hpp", "config.hpp", "aie.cfg", "Makefile", "kernels/layers.hpp")


def emitted() -> dict[str, str]:
    """The text of each file of the tiny project."""
    with tempfile.TemporaryDirectory() as folder:
        return {file.path: file.text for file in tiny_outcome(Path(folder)).files}


def main() -> None:
    """Rewrite the golden texts."""
    files = emitted()
    FOLDER.mkdir(exist_ok=True)
    for name in TEXTS:
        (FOLDER / name.replace("/", "_")).write_text(files[name])


if __name__ == "__main__":
    main()
