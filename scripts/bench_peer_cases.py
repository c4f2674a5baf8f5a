"""The table of docs/benchmarks.md on whole solves: the networks whose compile times the reference system states, each solved and verified.

    python scripts/bench_peer_cases.py [CASE ...]

Seconds of processor time and of wall clock from the model file to a verified mapping with its routes; a table goes to stdout.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from placer.config import Settings
from placer.pipeline.stages import Stage, run
from tests.qdq_models import QdqBuilder

FEATURES, HIDDEN, TOKENS = 64, 128, 32
SEED = 7
# What is added to a rounding point's exponent for weights, and for biases: their products fill the accumulator.
WEIGHTS_EXPONENT, BIAS_EXPONENT = -9, -13


@dataclass(frozen=True)
class Case:
    """A network and the samples of a run. reference: seconds that AIE4ML 0.2.1 takes to search and place, without the vendor's tools; None
    where no figure is known.
    """

    name: str
    batch: int
    build: Callable[[QdqBuilder], str]
    reference: float | None


def stack(*widths: int) -> Callable[[QdqBuilder], str]:
    """Dense layers with ReLU between them."""

    def build(b: QdqBuilder) -> str:
        x = b.qdq(b.input(widths[0]))
        for number, (rows, columns) in enumerate(pairwise(widths)):
            x = dense(b, x, rows, columns, number < len(widths) - 2)
        return x

    return build


def residual(blocks: int) -> Callable[[QdqBuilder], str]:
    """Blocks of Dense, ReLU, Dense, and the sum with the block's input."""

    def build(b: QdqBuilder) -> str:
        x = b.qdq(b.input(FEATURES))
        for _ in range(blocks):
            x = b.qdq(b.node("Add", x, dense(b, dense(b, x, FEATURES, HIDDEN, True), HIDDEN, FEATURES, False)))
        return x

    return build


def dense(b: QdqBuilder, x: str, rows: int, columns: int, relu: bool) -> str:
    """A dense layer of random int8 weights with bias, rounded."""
    generator = np.random.default_rng([SEED, b.count])
    weights = b.weights(generator.integers(-127, 128, (rows, columns)).astype(np.int8), WEIGHTS_EXPONENT)
    bias = b.dequantise(b.constant(generator.integers(-2000, 2000, (columns,)), "int32"), BIAS_EXPONENT, "int32")
    y = b.node("Add", b.node("MatMul", x, weights), bias)
    return b.qdq(b.node("Relu", y) if relu else y)


CASES = (
    Case("784-256-128-10", 16, stack(784, 256, 128, 10), 13.9),
    Case("7 x 512x512", 16, stack(*[512] * 8), 129),
    *(
        Case(f"residual {blocks}", TOKENS, residual(blocks), seconds)
        for blocks, seconds in ((1, 54), (2, 82), (3, 116), (4, 191), (5, None), (6, 286))
    ),
)


def row(case: Case) -> str:
    """Solve a case and say how it went."""
    with tempfile.TemporaryDirectory() as folder:
        builder = QdqBuilder()
        network = builder.save(Path(folder), case.build(builder))
        started, busy = time.perf_counter(), time.process_time()
        outcome = run(Settings(network=network, batch=case.batch, output=Path(folder)), Stage.VERIFY, lambda _: None)
        busy, seconds = time.process_time() - busy, time.perf_counter() - started
    m = outcome.mapping
    assert m is not None, "a run to VERIFY has a mapping"
    bound = next(o.bound for o in m.objective if o.level == "interval")
    value = next(o.value for o in m.objective if o.level == "interval")
    theirs = "" if case.reference is None else f"{case.reference:g}"
    return f"| {case.name} | {case.batch} | {theirs} | {busy:.1f} | {seconds:.1f} | {value:g} | {bound:g} | {m.tiles_used} | {m.status} |"


def main(names: list[str]) -> None:
    """Print the table of the named cases, or of all."""
    print("| network | batch | reference, s | ours, processor s | wall s | interval | bound | tiles | status |")
    print("|---|---|---|---|---|---|---|---|---|")
    for case in CASES:
        if not names or case.name in names:
            print(row(case), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
