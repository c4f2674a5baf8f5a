"""The table of docs/models.md: every quantised model of a folder, imported, compared with what defines it, and mapped.

    python -m scripts.models_table MODEL_FOLDER [--samples 10000] [--qonnx-samples 1000] [--map] [--host] [--write]

Columns: exporter, operations of the imported network; tiles and interval on a VEK280 (modelled; --map); output elements that differ from
onnxruntime (ORT_ENABLE_BASIC) or qonnx, and the largest difference; with --host, mismatches between the project run on this computer and
the reference. The rows go to stdout; --write puts them into docs/models.md between its markers.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from placer.codegen.stimulus import random_samples

from placer import onnxruntime_check
from placer.config import Settings
from placer.errors import PlacerError
from placer.frontend import read_model
from placer.network import Network
from placer.output import write_outcome
from placer.pipeline import Stage, run
from placer.run import find_subject, run_on_host

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "models.md"
START, END = "<!-- table: scripts/models_table.py -->", "<!-- end of table -->"
HEADINGS = ("file", "exporter", "operations", "tiles", "interval", "differences", "largest", "against", "host")
# Samples at a time, and deterministic seconds of search a model.
CHUNK, WORK = 500, 6.0
BATCH = 8


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    cells: tuple[str, ...]

    def text(self) -> str:
        """The line in Markdown."""
        return f"| {' | '.join(self.cells)} |"


def exporter(path: Path) -> str:
    """What wrote a model, as far as the file says."""
    model = onnx.load(path, load_external_data=False)
    for word in ("quark", "brevitas", "qkeras"):
        if word in path.stem:
            return word
    return model.producer_name or "?"


def differences(path: Path, network: Network, samples: int) -> tuple[int, int, int]:
    """(output elements, those that differ, largest difference in steps) on random inputs."""
    compared = wrong = largest = 0
    for start in range(0, samples, CHUNK):
        given = random_samples(network, min(CHUNK, samples - start), 1, start)
        theirs = onnxruntime_check.outputs(path, network, given.inputs)
        for a, b in zip(given.outputs, theirs, strict=True):
            off = np.abs(a - b)
            compared, wrong, largest = compared + off.size, wrong + int(np.count_nonzero(off)), max(largest, int(off.max(initial=0)))
    return compared, wrong, largest


def mapped(path: Path, network: Network, host: bool) -> tuple[str, str, str]:
    """(tiles, interval, mismatches on the host) on a VEK280; what prevents a mapping in place of the figures."""
    batch = BATCH if network.batch is None else None
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(network=path, device="VEK280", output=Path(name), iterations=1, batch=batch, work=WORK)
        try:
            outcome = run(settings, Stage.EMIT, lambda *_: None)
        except PlacerError as error:
            return "-", str(error)[:60], "-"
        mapping = outcome.mapping
        assert mapping is not None, "the emit stage has a mapping"
        found = "-"
        if host:
            write_outcome(outcome, settings)
            check = run_on_host(find_subject(Path(name)), None, 2, True).check
            found = f"{check.reference.mismatches} of {check.reference.compared}" if check else "-"
        return str(mapping.tiles_used), str(mapping.interval_cycles), found


def row(path: Path, options: argparse.Namespace) -> Row | None:
    """The line of one model; None for one that is not quantised."""
    try:
        network = read_model(path)
    except PlacerError:
        return None
    evaluator = onnxruntime_check.evaluator(path)
    samples = options.qonnx_samples if evaluator == "qonnx" else options.samples
    compared, wrong, largest = differences(path, network, samples)
    tiles, interval, on_host = mapped(path, network, options.host) if options.map or options.host else ("-", "-", "-")
    figures = (str(len(network.operations)), tiles, interval, f"{wrong} of {compared}", str(largest), evaluator, on_host)
    return Row((path.stem, exporter(path), *figures))


def write(rows: list[Row]) -> None:
    """Put the table between the markers of the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, after = text[: text.index(START) + len(START)], text[text.index(END) :]
    head = (Row(HEADINGS), Row(("---",) * len(HEADINGS)))
    DOCUMENT.write_text("\n".join((before, "", *(r.text() for r in (*head, *rows)), "", after)), encoding="utf-8")


def main() -> int:
    """Make the table from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=10000)
    parser.add_argument("--qonnx-samples", type=int, default=1000)
    parser.add_argument("--map", action="store_true", help="Map every model on a VEK280.")
    parser.add_argument("--host", action="store_true", help="Build and run every project: a minute a model.")
    parser.add_argument("--write", action="store_true", help="Write docs/models.md.")
    options = parser.parse_args()
    rows = []
    for path in sorted(options.folder.glob("*.onnx")):
        found = row(path, options)
        if found:
            rows.append(found)
            print(found.text(), flush=True)
    if options.write:
        write(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
