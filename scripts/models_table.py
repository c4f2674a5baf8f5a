"""The table of docs/models.md: every quantised model of a folder compared with what defines it, mapped, and run on this computer.

    python -m scripts.models_table MODEL_FOLDER [--step exact] [--step map] [--samples 10000] [--records out/models_table] [--write]

What each step finds is kept in the records folder, a JSON file a model and step, and not computed again: stop and start at will, delete
a record (or the folder, after a change of code) to renew it. --write puts the rows of all records between the markers of docs/models.md.

exact   the reference against the evaluator that defines the model, onnxruntime at ORT_ENABLE_BASIC or qonnx, on random inputs over the
        whole range of the input type: output elements that differ, and the largest difference in steps of the output.
map     import, solve on a VEK280, verify, emit, build with g++, run: tiles and modelled interval; output elements of the built project
        that differ from the reference. A model that leaves its batch open is mapped for 8 vectors or for 1 matrix a run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
from placer.codegen.stimulus import random_samples

from placer import onnxruntime_check
from placer.config import Settings
from placer.errors import PlacerError, UnsupportedModelError
from placer.frontend import read_model
from placer.network import Network
from placer.output import write_outcome
from placer.pipeline import Stage, run
from placer.run import find_subject, run_on_host

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "models.md"
START, END = "<!-- table: scripts/models_table.py -->", "<!-- end of table -->"
HEADINGS = ("file", "exporter", "operations", "tiles", "interval", "against", "differ", "of", "by at most", "host differs", "of")
# Samples at a time, deterministic seconds of search a model, and runs of the project.
CHUNK, WORK, RUNS = 500, 5.0, 8
DEVICE = "VEK280"


@dataclass(frozen=True)
class Exactness:
    """Output elements of the reference compared with `evaluator`'s, those that differ, and the largest difference in steps."""

    sha256: str
    operations: int
    evaluator: str
    compared: int
    differ: int
    largest: int


@dataclass(frozen=True)
class Mapped:
    """A mapping's tiles and modelled interval in cycles, and its project on this computer against the reference; or the `problem`."""

    sha256: str
    batch: int
    tiles: int
    interval: int
    compared: int
    differ: int
    seconds: float
    problem: str = ""


def exporter(path: Path) -> str:
    """What wrote a model, as far as its name or the file says."""
    for word in ("quark", "brevitas", "qkeras"):
        if word in path.stem:
            return word
    return str(onnx.load(path, load_external_data=False).producer_name) or "?"


def compare(path: Path, network: Network, samples: int) -> Exactness:
    """The step `exact`."""
    compared = differ = largest = 0
    for start in range(0, samples, CHUNK):
        given = random_samples(network, min(CHUNK, samples - start), 1, start)
        theirs = onnxruntime_check.outputs(path, network, given.inputs)
        for a, b in zip(given.outputs, theirs, strict=True):
            off = np.abs(a - b)
            compared, differ, largest = compared + off.size, differ + int(np.count_nonzero(off)), max(largest, int(off.max(initial=0)))
    return Exactness(_sha256(path), len(network.operations), onnxruntime_check.evaluator(path), compared, differ, largest)


def map_and_run(path: Path, network: Network) -> Mapped:
    """The step `map`."""
    batch = network.batch or (8 if len(network.tensor(network.inputs[0]).shape) == 1 else 1)
    started = time.process_time()
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(network=path, device=DEVICE, output=Path(name), iterations=1, batch=batch, work=WORK)
        try:
            outcome = run(settings, Stage.EMIT, lambda *_: None)
            seconds = round(time.process_time() - started, 1)
            write_outcome(outcome, settings)
            check = run_on_host(find_subject(Path(name)), None, RUNS, True).check
        except PlacerError as error:
            return Mapped(_sha256(path), batch, 0, 0, 0, 0, round(time.process_time() - started, 1), str(error))
    assert outcome.mapping is not None and check is not None, "the emit stage has a mapping, and a check was asked for"
    found = check.reference
    return Mapped(
        _sha256(path), batch, outcome.mapping.tiles_used, outcome.mapping.interval_cycles, found.compared, found.mismatches, seconds
    )


def recorded(file: Path, path: Path, kind: type[Exactness] | type[Mapped]) -> Exactness | Mapped | None:
    """The record of a model in `file`, unless there is none or the model has changed."""
    if not file.is_file():
        return None
    found = kind(**json.loads(file.read_text(encoding="utf-8")))
    return found if found.sha256 == _sha256(path) else None


def row(path: Path, exact: Exactness | None, placed: Mapped | None) -> str:
    """The line of one model in Markdown; "-" where a step was not run."""
    cells = [path.stem, exporter(path), str(exact.operations) if exact else "-"]
    if placed is None:
        cells += ["-", "-"]
    else:
        cells += [placed.problem, ""] if placed.problem else [str(placed.tiles), str(placed.interval)]
    cells += [exact.evaluator, str(exact.differ), str(exact.compared), str(exact.largest)] if exact else ["-"] * 4
    cells += [str(placed.differ), str(placed.compared)] if placed and not placed.problem else ["-", "-"]
    return f"| {' | '.join(cells)} |"


def write(rows: list[str]) -> None:
    """Put the table between the markers of the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, after = text[: text.index(START) + len(START)], text[text.index(END) :]
    head = (f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}")
    DOCUMENT.write_text("\n".join((before, "", *head, *rows, "", after)), encoding="utf-8")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Make records and the table from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--step", action="append", choices=("exact", "map"), default=[])
    parser.add_argument("--samples", type=int, default=10000)
    parser.add_argument("--records", type=Path, default=Path("out/models_table"))
    parser.add_argument("--only", default="*", help="A pattern of file names, without .onnx.")
    parser.add_argument("--write", action="store_true", help="Write docs/models.md.")
    options = parser.parse_args()
    options.records.mkdir(parents=True, exist_ok=True)
    steps: tuple[tuple[str, type[Exactness] | type[Mapped], Callable[[Path, Network], Exactness | Mapped]], ...] = (
        ("exact", Exactness, lambda path, network: compare(path, network, options.samples)),
        ("map", Mapped, map_and_run),
    )
    rows = []
    for path in sorted(options.folder.glob(f"{options.only}.onnx")):
        try:
            network = read_model(path)
        except UnsupportedModelError as error:
            print(f"{path.stem}: {error}", flush=True)
            continue
        records: list[Exactness | Mapped | None] = []
        for step, kind, work in steps:
            file = options.records / f"{path.stem}.{step}.json"
            found = recorded(file, path, kind)
            if found is None and step in options.step:
                found = work(path, network)
                file.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
            records.append(found)
        exact, placed = records
        assert not isinstance(exact, Mapped) and not isinstance(placed, Exactness), "records are read as what they were written"
        rows.append(row(path, exact, placed))
        print(rows[-1], flush=True)
    if options.write:
        write(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
