"""The schedule of one run: it ends when the mapping says, and its longest path has no gaps."""

from __future__ import annotations

import pytest

from placer.report.schedule import schedule
from tests.mapped import Sample, joined, pair, rich


@pytest.mark.parametrize("sample", [pair(), rich(), joined()], ids=["pair", "rich", "joined"])
def test_it_ends_at_the_mappings_latency(sample: Sample) -> None:
    """Two computations of one figure: this one and the evaluation of the solution."""
    assert schedule(sample.mapping, sample.device).latency == sample.mapping.latency_cycles


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
