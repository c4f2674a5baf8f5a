"""Replicas: cells of the array, copies that are legal mappings, and what the verifier says where they are none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from placer.device import Device, find_device
from placer.layers import LayerGraph
from placer.mapping import Mapping
from placer.problem.formulate import formulate, lay_out
from placer.problem.goals import Required, Scale
from placer.problem.problem import Copies, Level
from placer.problem.solution import Evaluation
from placer.solvers.replicas import cells, is_replicable, separable
from placer.solvers.scale import Question, Scaled
from placer.verify import Family, verify
from tests.graphs import chain, residual, small_device
from tests.mapped import Json, Sample, families
from tests.solving import ALL_LEVELS, assembled, scaled, stated

VEK280 = find_device("VEK280")
NOTHING = Required()


def solved(graph: LayerGraph, device: Device, batch: int, replicas: int | None, required: Required = NOTHING) -> Scaled | None:
    """Replicas of a graph on a device."""
    _, problem = stated(graph, device, batch, ALL_LEVELS)
    question = Question(graph, problem, lambda samples: required.limits(samples, device))
    return scaled(question, Scale((batch,), replicas))


def mapped(found: Scaled) -> Mapping:
    """The mapping of all replicas."""
    return assembled(found.laid_out, found.problem, found.result)


@pytest.fixture(scope="module")
def pair() -> Sample:
    """Two replicas of two layers."""
    graph, device = chain((16, 32, 16), tokens=4), small_device(4, 2)
    found = solved(graph, device, 1, 2)
    assert found is not None
    return Sample(mapped(found), device, graph)


@pytest.mark.parametrize("device", [VEK280, small_device(5, 3), small_device(7, 4, memory_rows=0)], ids=lambda d: f"{d.columns}x{d.rows}")
@pytest.mark.parametrize("replicas", [None, 1, 2, 3, 8])
def test_cells_lie_apart_inside_the_array(device: Device, replicas: int | None) -> None:
    """Cores, memory tiles and PLIO ports of all cells are no more than there are."""
    for cell in cells(device, replicas):
        corners = [cell.copies.offset(i) for i in range(cell.count)]
        assert len(set(corners)) == cell.count
        assert all(c + cell.device.columns <= device.columns and r + cell.device.rows <= device.rows for c, r in corners)
        assert all(c % cell.device.columns == 0 and r % cell.device.rows == 0 for c, r in corners)
        if cell.device.memory_rows:
            below = [cell.memory_copies.offset(i) for i in range(cell.count)]
            assert len(set(below)) == cell.count
            assert all(r + cell.device.memory_rows <= device.memory_rows for _, r in below)
        ports = len(cell.device.plio.columns) * cell.device.plio.in_channels
        assert cell.count * ports <= len(device.plio.columns) * device.plio.in_channels
        assert replicas in {None, cell.count}


def test_copies_are_row_by_row() -> None:
    """Three across, 2 x 4 tiles apart."""
    assert [Copies(4, 3, 2, 4).offset(i) for i in range(4)] == [(0, 0), (2, 0), (4, 0), (0, 4)]


@pytest.mark.parametrize("graph", [chain((16, 32, 16), tokens=4), residual(16, 8)], ids=["chain", "residual"])
@pytest.mark.parametrize("replicas", [2, 4])
def test_replicas_are_a_legal_mapping(graph: LayerGraph, replicas: int) -> None:
    """Verified as any mapping, at the pace of one of them, with as many tiles and samples as all take."""
    device = small_device(8, 4, memory_rows=2)
    one, found = solved(graph, device, 2, 1), solved(graph, device, 2, replicas)
    assert one is not None
    assert found is not None
    mapping = mapped(found)
    assert verify(mapping, device, graph) == ()
    assert (mapping.replicas, mapping.batch) == (replicas, 2 * replicas)
    assert mapping.tiles_used % replicas == 0
    assert mapping.interval_cycles >= mapped(one).interval_cycles
    assert {len(m.tiles) % replicas for m in mapping.layers} == {0}


def test_as_many_as_give_most() -> None:
    """No fixed number that maps gives more samples a cycle."""
    graph, device = chain((16, 32, 16), tokens=4), small_device(4, 2)
    auto = solved(graph, device, 1, None)
    assert auto is not None
    rates = [m.batch / m.interval_cycles for n in (1, 2, 3, 4) if (f := solved(graph, device, 1, n)) for m in [mapped(f)]]
    assert rates
    best = mapped(auto)
    assert best.batch / best.interval_cycles == pytest.approx(max(rates))
    assert best.replicas > 1


def test_demands_are_of_all_replicas() -> None:
    """A number of tiles is shared, and a rate is met together."""
    graph, device = chain((16, 32, 16), tokens=4), small_device(4, 2)
    few = solved(graph, device, 1, 2, Required(tiles=4))
    assert few is not None
    assert mapped(few).tiles_used <= 4
    assert solved(graph, device, 1, 2, Required(tiles=3)) is None
    interval = mapped(few).interval_cycles
    assert solved(graph, device, 1, 2, Required(tiles=4, inferences_per_second=2 * device.clock_mhz * 1e6 / interval)) is not None


def test_samples_that_share_a_block_of_rows_cannot_be_cut_apart() -> None:
    """One row of four a sample: four samples fill a block."""
    graph = chain((16, 16), tokens=1)
    for batch, whole in ((1, False), (4, True), (6, False), (8, True)):
        one, every = lay_out(graph, batch, VEK280), lay_out(graph, 3 * batch, VEK280)
        assert is_replicable(one, every, 3) is whole
    assert solved(graph, small_device(4, 2), 1, 2) is None


def test_windows_that_hang_over_the_samples_are_no_options() -> None:
    """Five blocks of rows in two parts hold padding that the next replica's rows would follow."""
    graph, device = chain((16, 16), tokens=20), small_device(4, 2)
    _, problem = stated(graph, device, 1)
    kept = separable(problem)
    assert kept is not None
    assert {o.output.rows for b in problem.blocks for o in b.options if o.output} == {1, 3}
    assert {o.output.rows for b in kept.blocks for o in b.options if o.output} == {1}


def swapped(data: Json) -> None:
    """The first tiles of both replicas of the first layer change places."""
    tiles: list[dict[str, Any]] = data["layers"][0]["tiles"]
    half = len(tiles) // 2
    tiles[0]["m_index"], tiles[half]["m_index"] = tiles[half]["m_index"], tiles[0]["m_index"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d.update(replicas=3), "3 replicas do not have equal parts of"),
        (lambda d: d.update(replicas=0), "0 replicas do not have equal parts of"),
        (swapped, "replica 1 is not the first one moved"),
    ],
    ids=["uneven", "none", "swapped"],
)
def test_the_verifier_refuses(pair: Sample, change: Any, sentence: str) -> None:
    """Counts that the parts do not have, and copies that are none; nothing else objects first."""
    assert pair.violations(lambda d: None) == ()
    violations = pair.violations(change)
    assert families(violations) == {Family.REPLICAS}
    assert sentence in str(violations[0])


def test_a_replicated_problem_is_consistent(pair: Sample) -> None:
    """Its levels are those of the mapping, and it goes through JSON."""
    found = solved(pair.graph, pair.device, 1, 2)
    assert found is not None
    assert found.result.solution is not None
    evaluation = Evaluation(found.problem, found.result.solution)
    assert [r.value for r in found.result.levels] == [evaluation.value(level) for level in ALL_LEVELS]
    assert type(found.problem).from_json(found.problem.to_json()) == found.problem
    assert replace(found.problem, replicas=1) != found.problem
    assert formulate(found.laid_out, pair.device, (Level.TILES,), 1.0).batch == 2
