"""Layers whose inputs lie in the memory of the tiles to their west, because nothing else fits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from placer.config import load_settings
from placer.frontend import read_model
from placer.lowering.lower import lower
from placer.model.edges import add_edges
from placer.model.packing import add_packing
from placer.pipeline.stages import Stage, run
from placer.problem.formulate import LaidOutGraph, lay_out
from placer.problem.options import layer_options
from placer.problem.problem import Option
from placer.problem.solution import Solution
from placer.problem.tile_memory import BufferKind, BufferNeed, place_with_lender
from placer.verify import Family
from tests.graphs import small_device
from tests.mapped import Sample, families
from tests.pinning import accepts
from tests.problems import BORDER, DMA, SHARED, at, layer, option, pipeline, tiny_device
from tests.projects import ignore
from tests.qdq_models import QdqBuilder

DEVICE = small_device(6, 4)


QUERIES = 16


def scores(folder: Path, tokens: int, size: int = 64) -> Path:
    """q k^T of a few queries and so many keys, which no split takes apart."""
    b = QdqBuilder()
    q, k = b.qdq(b.input(QUERIES, size, name="q")), b.qdq(b.input(tokens, size, name="k"))
    return b.save(folder, b.qdq(b.node("MatMul", q, b.node("Transpose", k, perm=[0, 2, 1])), -1))


def options(folder: Path, tokens: int) -> tuple[Option, ...]:
    """The ways to run the product."""
    laid_out: LaidOutGraph = lay_out(lower(read_model(scores(folder, tokens))), 1, DEVICE)
    product = laid_out.graph.layers[0]
    return layer_options(product, laid_out.of_layer(product), DEVICE)


@pytest.mark.parametrize(("tokens", "lent"), [(448, False), (480, True), (496, True)])
def test_borrowing_is_for_what_nothing_else_fits(tmp_path: Path, tokens: int, lent: bool) -> None:
    """Two copies of 480 x 64 bytes of keys and of four rows of queries and scores are more than a tile."""
    found = options(tmp_path, tokens)
    assert {o.lent for o in found} == {lent}
    assert {s.width for o in found for s in o.shapes if s.height == o.tiles} == {2 if lent else 1}


def test_inputs_go_to_the_lender() -> None:
    """They may fill its banks; what stays home must fit there."""
    inputs = (BufferNeed(BufferKind.INPUT, 16384, 2), BufferNeed(BufferKind.SECOND_INPUT, 16384, 2))
    home = (BufferNeed(BufferKind.OUTPUT, 31744, 2), BufferNeed(BufferKind.STACK, 1024, 1))
    memory = place_with_lender((*inputs, *home), DEVICE.core)
    assert memory is not None
    assert {p.need.kind for p in memory.places if p.lent} == {BufferKind.INPUT, BufferKind.SECOND_INPUT}
    assert place_with_lender((replace(inputs[0], bytes=16416), inputs[1], *home), DEVICE.core) is None
    assert place_with_lender((*inputs, replace(home[0], bytes=32768), home[1]), DEVICE.core) is None


def lent_option() -> Option:
    """One tile with a lender."""
    plain = option()
    return replace(plain, lent=True, shapes=tuple(replace(s, lenders=1) for s in plain.shapes))


def test_a_lender_runs_no_kernel() -> None:
    """Two columns are the layer's own."""
    problem = pipeline(tiny_device(3, 2), layer("a", lent_option()), layer("b"))
    for b, fits in ((at(2), True), (at(0), False), (at(1), False), (at(0, 1), True)):
        assert accepts(problem, Solution((at(0), b, BORDER, BORDER), (DMA, DMA, DMA)), add_packing) is fits
    assert not accepts(problem, Solution((at(2), at(0), BORDER, BORDER), (DMA, DMA, DMA)), add_packing)


def test_a_lender_is_out_of_the_producers_reach() -> None:
    """What streams fill lies there, so a shared buffer cannot; an output at home can be one."""
    for a, b, fits in ((option(), lent_option(), False), (lent_option(), option(), True)):
        problem = pipeline(tiny_device(4, 2), layer("a", a), layer("b", b))
        places = (at(2, 0), at(1, 1)) if fits is False else (at(0, 0), at(1, 1))
        assert accepts(problem, Solution((*places, BORDER, BORDER), (DMA, SHARED, DMA)), add_edges) is fits


def test_the_mapping(tmp_path: Path) -> None:
    """Legal, its inputs one column to the west of its core; two are out of its reach."""
    outcome = run(load_settings(scores(tmp_path, 480)).overridden(batch=1, columns=6, rows=4), Stage.VERIFY, ignore)
    assert outcome.mapping is not None
    sample = Sample(outcome.mapping, outcome.imported.device, outcome.imported.laid_out.graph)
    tile = outcome.mapping.layers[0].tiles[0]
    at_west = {b.kind for b in tile.buffers if {a.col for a in b.at} == {tile.col - 1}}
    assert at_west == {"input", "second_input"}

    def further(data: dict[str, object]) -> None:
        for buffer in data["layers"][0]["tiles"][0]["buffers"]:  # type: ignore[index]
            for place in buffer["at"]:
                place["col"] += 1 if buffer["kind"] == "output" else 0

    assert sample.violations(lambda _: None) == ()
    assert families(sample.violations(further)) == {Family.REACH}
