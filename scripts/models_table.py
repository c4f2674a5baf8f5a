"""The table of docs/models.md: every quantised model of a folder compared with what defines it, mapped, and run on this computer.

    python -m scripts.models_table MODEL_FOLDER --step exact --step local --step map --write

What each step finds is kept in the records folder, a JSON file a model and step, and not computed again: stop and start at will, delete
a record (or the folder, after a change of code) to renew it. --write puts the rows of all records between the markers of docs/models.md;
what a mapping gave stays as the document has it for models without a record of the step `map`.

exact   the reference against the evaluator that defines the model, onnxruntime at ORT_ENABLE_BASIC or qonnx, on random inputs over the
        whole range of the input type: output elements that differ, and the largest difference in steps of the output. Both also against
        the model computed in float64 (scripts/float64.py): which of them is off.
local   where differences start: each operation alone, on the integers that onnxruntime has in front of it; outputs that differ, a million,
        by kind of operation. Deep networks spread each of them.
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
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnx

from placer.codegen.stimulus import random_inputs, random_samples
from placer.config import Settings
from placer.errors import PlacerError, UnsupportedModelError
from placer.frontend import read_model
from placer.host import onnxruntime_check
from placer.host.run import find_subject, run_on_host
from placer.network import IntArray, IntType, Movement, Network
from placer.output import write_outcome
from placer.pipeline.stages import Stage, run
from placer.reference import evaluate
from scripts import float64

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "models.md"
START, END = "<!-- table: scripts/models_table.py -->", "<!-- end of table -->"
HEADINGS = (
    "file", "exporter", "operations", "tiles", "interval", "against", "differ", "of", "by at most", "float64: ours", "theirs",
    "a million of one", "by at most", "host", "of",
)  # fmt: skip
# Samples at a time, deterministic seconds of search a model, and runs of the project.
CHUNK, WORK, RUNS = 500, 5.0, 8
LOCAL_SAMPLES, LOCAL_CHUNK = 2000, 200
# What is demanded of one operation of 8 bits on the same operands: outputs that may differ, a million, and by how many steps.
ALLOWED_RATE, ALLOWED_STEPS = 100.0, 1
DEVICE = "VEK280"


@dataclass(frozen=True)
class Exactness:
    """Output elements of the reference compared with `evaluator`'s, those that differ, and the largest difference in steps.

    ours_off, theirs_off: the reference's and the evaluator's that differ from the model in float64; None where that does not take it.
    """

    sha256: str
    operations: int
    evaluator: str
    compared: int
    differ: int
    largest: int
    ours_off: int | None
    theirs_off: int | None


@dataclass(frozen=True)
class Local:
    """Output elements that differ where each operation alone is compared: by kind of operation, in words ("" where none does or nothing was
    compared); of the worst kind, a million; and by how many steps at most.
    """

    sha256: str
    words: str
    worst: float
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


Record = TypeVar("Record", Exactness, Local, Mapped)


def exporter(path: Path) -> str:
    """What wrote a model, as far as its name or the file says."""
    for word in ("quark", "brevitas", "qkeras"):
        if word in path.stem:
            return word
    return str(onnx.load(path, load_external_data=False).producer_name) or "?"


def compare(path: Path, network: Network, samples: int) -> Exactness:
    """The step `exact`."""
    evaluator = onnxruntime_check.evaluator(path)
    compared = differ = largest = ours_off = theirs_off = 0
    for start in range(0, samples, CHUNK):
        given = random_samples(network, min(CHUNK, samples - start), 1, start)
        theirs = onnxruntime_check.outputs(path, network, given.inputs)
        exact = float64.outputs(path, network, given.inputs) if evaluator == "onnxruntime" else given.outputs
        for a, b, c in zip(given.outputs, theirs, exact, strict=True):
            off = np.abs(a - b)
            compared, differ, largest = compared + off.size, differ + int(np.count_nonzero(off)), max(largest, int(off.max(initial=0)))
            ours_off, theirs_off = ours_off + int(np.count_nonzero(a != c)), theirs_off + int(np.count_nonzero(b != c))
    known = (ours_off, theirs_off) if evaluator == "onnxruntime" else (None, None)
    return Exactness(_sha256(path), len(network.operations), evaluator, compared, differ, largest, *known)


def compare_operations(path: Path, network: Network, samples: int) -> Local:
    """The step `local`: for models of onnxruntime only."""
    if onnxruntime_check.evaluator(path) == "qonnx":
        return Local(_sha256(path), "", 0, 0)
    kinds: dict[str, list[int]] = {}
    for start in range(0, samples, LOCAL_CHUNK):
        given = random_inputs(network, min(LOCAL_CHUNK, samples - start), start)
        known = _intermediate(path, network, given)
        made = dict.fromkeys(known, "")
        for op in network.operations:
            sources = tuple(dict.fromkeys(op.sources))
            alone = replace(network, inputs=sources, outputs=(op.target,), operations=(op,))
            ours = evaluate(alone, tuple(known[name] for name in sources))[0]
            # What only moves a tensor that onnxruntime does not have is part of what made that.
            made[op.target] = next((made[s] for s in sources if isinstance(op, Movement) and made[s]), type(op).__name__)
            if op.target in known:
                off = np.abs(ours - known[op.target])
                found = kinds.setdefault(made[op.target], [0, 0, 0])
                found[:] = found[0] + int(np.count_nonzero(off)), found[1] + ours.size, max(found[2], int(off.max(initial=0)))
                made[op.target] = ""
            known.setdefault(op.target, ours)
    words = ", ".join(f"{kind} {1e6 * wrong / size:.3g}" for kind, (wrong, size, _) in kinds.items() if wrong)
    worst = max((1e6 * wrong / size for wrong, size, _ in kinds.values()), default=0.0)
    return Local(_sha256(path), words, round(worst, 3), max((most for *_, most in kinds.values()), default=0))


def _intermediate(path: Path, network: Network, inputs: tuple[IntArray, ...]) -> dict[str, IntArray]:
    """The integers of every tensor that the network has by the model's own name, as onnxruntime computes them."""
    model = onnx.load(path)
    outputs = {o.name for o in model.graph.output}
    made = {name for node in model.graph.node for name in node.output}
    shown = tuple(t.name for t in network.tensors if t.name in made)
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in shown if name not in outputs)
    if not shown:
        return dict(zip(network.inputs, inputs, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder) / path.name
        onnx.save_model(model, probe)
        values = onnxruntime_check.outputs(probe, network, inputs, names=shown)
    return dict(zip((*network.inputs, *shown), (*inputs, *values), strict=True))


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


def recorded(file: Path, path: Path, kind: type[Record], work: Callable[[], Record] | None) -> Record | None:
    """The record of a model in `file`; if there is none or the model has changed, what `work` gives, which is then recorded."""
    if file.is_file():
        found = kind(**json.loads(file.read_text(encoding="utf-8")))
        if found.sha256 == _sha256(path):
            return found
    if work is None:
        return None
    made = work()
    file.write_text(json.dumps(asdict(made), indent=1) + "\n", encoding="utf-8")
    return made


def records(
    path: Path, network: Network, folder: Path, steps: list[str], samples: int
) -> tuple[Exactness | None, Local | None, Mapped | None]:
    """What is recorded of a model, after the steps that were asked for."""

    def file(step: str) -> Path:
        return folder / f"{path.stem}.{step}.json"

    exact = recorded(file("exact"), path, Exactness, (lambda: compare(path, network, samples)) if "exact" in steps else None)
    local = recorded(file("local"), path, Local, (lambda: compare_operations(path, network, LOCAL_SAMPLES)) if "local" in steps else None)
    placed = recorded(file("map"), path, Mapped, (lambda: map_and_run(path, network)) if "map" in steps else None)
    return exact, local, placed


def row(path: Path, exact: Exactness | None, local: Local | None, placed: Mapped | None, before: list[str]) -> str:
    """The line of one model in Markdown; "-" where a step was not run. before: the cells of the document's line, whose mapping is kept."""
    cells = [path.stem, exporter(path), str(exact.operations) if exact else "-"]
    if placed is None:
        cells += before[3:5] or ["-", "-"]
    else:
        cells += [placed.problem, ""] if placed.problem else [str(placed.tiles), str(placed.interval)]
    cells += [exact.evaluator, str(exact.differ), str(exact.compared), str(exact.largest)] if exact else ["-"] * 4
    cells += ["" if off is None else str(off) for off in (exact.ours_off, exact.theirs_off)] if exact else ["-"] * 2
    cells += [local.words, str(local.largest)] if local else ["-", "-"]
    if placed is None:
        cells += before[-2:] or ["-", "-"]
    else:
        cells += ["-", "-"] if placed.problem else [str(placed.differ), str(placed.compared)]
    return f"| {' | '.join(cells)} |"


def lines() -> dict[str, list[str]]:
    """The cells of the document's lines, by model."""
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text[text.index(START) : text.index(END)].splitlines()]
    return {cells[0]: cells for cells in rows if cells}


def stated(cells: list[str]) -> Local | None:
    """What a line of the document says of the step `local`."""
    words, largest = cells[HEADINGS.index("a million of one")], cells[HEADINGS.index("a million of one") + 1]
    if largest == "-":
        return None
    return Local("", words, max((float(part.split()[-1]) for part in words.split(", ") if part), default=0.0), int(largest))


def bits(network: Network) -> int:
    """Of the widest tensor that the model itself rounds."""
    inserted = {name for name, _ in network.inserted}
    return max(t.type.dtype.bits for t in network.tensors if t.name not in inserted)


def summary(found: list[tuple[str, Local]]) -> str:
    """What the step `local` says of the models of 8 bits, in one sentence."""
    if not found:
        return ""
    worst, local = max(found, key=lambda f: f[1].worst)
    kept = sum(one.worst <= ALLOWED_RATE and one.largest <= ALLOWED_STEPS for _, one in found)
    return (
        f"Operation by operation, on ONNX Runtime's own operands, {kept} of the {len(found)} files of 8 bits differ from it in at most "
        f"{ALLOWED_RATE:g} of a million outputs of any kind of operation, by at most {ALLOWED_STEPS} step; the worst, {worst}, in "
        f"{local.worst:g}."
    )


def write(rows: list[str], sentence: str) -> None:
    """Put the table between the markers of the document, and a sentence below it."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, after = text[: text.index(START) + len(START)], text[text.index(END) :]
    head = (f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}")
    DOCUMENT.write_text("\n".join((before, "", *head, *rows, "", sentence, "", after)), encoding="utf-8")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Make records and the table from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--step", action="append", choices=("exact", "local", "map"), default=[])
    parser.add_argument("--samples", type=int, default=10000)
    parser.add_argument("--records", type=Path, default=Path("out/models_table"))
    parser.add_argument("--only", default="*", help="A pattern of file names, without .onnx; the others' lines stay.")
    parser.add_argument("--write", action="store_true", help="Write docs/models.md.")
    options = parser.parse_args()
    options.records.mkdir(parents=True, exist_ok=True)
    rows, narrow, before = list[str](), list[tuple[str, Local]](), lines()
    for path in sorted(options.folder.glob("*.onnx")):
        chosen, cells = fnmatch(path.stem, options.only), before.get(path.stem, [])
        try:
            network = read_model(path)
        except UnsupportedModelError as error:
            print(f"{path.stem}: {error}", flush=True)
            continue
        if chosen:
            exact, local, placed = records(path, network, options.records, options.step, options.samples)
            rows.append(row(path, exact, local, placed, cells))
            print(rows[-1], flush=True)
        elif cells:
            local = stated(cells)
            rows.append(f"| {' | '.join(cells)} |")
        else:
            continue
        if local and onnxruntime_check.evaluator(path) == "onnxruntime" and bits(network) <= IntType.INT8.bits:
            narrow.append((path.stem, local))
    if options.write:
        write(rows, summary(narrow))
    return 0


if __name__ == "__main__":
    sys.exit(main())
