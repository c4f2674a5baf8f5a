"""The schedule of one run: it ends with the solver's latency, and its longest path has no gaps."""

from __future__ import annotations

import pytest

from placer.cycles.streams import End, travel_cycles
from placer.report.schedule import schedule
from tests.mapped import Sample, joined, pair, rich


def test_it_ends_at_the_objectives_latency() -> None:
    """Two computations of one figure: this one and the evaluation of the solution."""
    sample = rich()
    latency = next(level.value for level in sample.mapping.objective if level.level == "latency")
    assert schedule(sample.mapping, sample.device).latency == latency


def test_a_schedule_by_hand() -> None:
    """512 bytes a whole window at 4 a cycle, in halves into a cascade with one hop of 20, then through one tile."""
    sample = pair()
    d0, d1 = sample.mapping.layers
    ends = ((End.SHIM, End.CORE), (End.CORE, End.CORE), (End.CORE, End.SHIM))
    travel = sum(travel_cycles(source, target, sample.device) for source, target in ends)
    assert schedule(sample.mapping, sample.device).latency == 64 + d0.cycles + 20 + 128 + d1.cycles + 128 + travel


@pytest.mark.parametrize("sample", [pair(), rich(), joined()], ids=["pair", "rich", "joined"])
def test_the_longest_path_has_no_gap(sample: Sample) -> None:
    """Its spans follow each other from 0 to the latency."""
    plan = schedule(sample.mapping, sample.device)
    path = sorted((s.start, s.end) for s in plan.spans if s.critical and s.end > s.start)
    assert path[0][0] == 0
    assert path[-1][1] == plan.latency
    assert [end for _, end in path[:-1]] == [start for start, _ in path[1:]]


def test_every_layer_and_edge_has_a_span() -> None:
    """And none is critical that ends early and feeds nothing that is."""
    sample = rich()
    plan = schedule(sample.mapping, sample.device)
    assert len([s for s in plan.spans if s.edge]) == len(sample.mapping.edges)
    assert {s.what for s in plan.spans if not s.edge} == {layer.name for layer in sample.mapping.layers}
    assert not all(s.critical for s in plan.spans)


def test_a_circle_of_edges_ends() -> None:
    """A file may hold anything; the layers of the circle have no span."""
    sample = pair()

    def circle(data: dict[str, object]) -> None:
        edges = data["edges"]
        assert isinstance(edges, list)
        edges[0]["producer"] = "d1"

    assert schedule(sample.changed(circle), sample.device).latency == 0
