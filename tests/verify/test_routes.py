"""Streams and lanes: every edge's words are led from source to sinks, on lanes that exist and carry nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from placer.verify import Family, verify
from tests.mapped import Json, families, joined, pair, rich, text


def route(data: Json, tensor: str, number: int = 0) -> Json:
    """A route by its tensor."""
    found: Json = [r for r in data["routes"] if r["tensor"] == tensor][number]
    return found


def extended(data: Json) -> None:
    """Lead the stream of a1 one switch further than its reader."""
    hops = route(data, "a1")["hops"]
    last = hops[-1]
    dx, dy = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)}[last["direction"]]
    hops.append(dict(last, col=last["col"] + dx, row=last["row"] + dy))


def doubled_source(data: Json) -> None:
    """A second route from the source of the first."""
    data["routes"].append(dict(route(data, "a1"), sinks=[]))


STREAMS = {
    "no route": (lambda d: d["routes"].remove(route(d, "a1")), r"streams: a1 has no route from core \(1, 1\) channel 0 to core"),
    "a sink left out": (lambda d: route(d, "a1")["sinks"].pop(), "streams: a1 has no route from core"),
    "another tensor": (lambda d: route(d, "a1").update(tensor="a2"), "a route carries a2 from core .* which no edge asks for"),
    "another source": (lambda d: route(d, "a1")["source"].update(channel=1), r"a1 has no route from core \(1, 1\) channel 0"),
    "another kind of source": (lambda d: route(d, "a1")["source"].update(kind="memory_tile"), "which no edge asks for"),
    "a route twice": (lambda d: d["routes"].append(route(d, "a1")), "a1 has 2 routes from core"),
    "a source twice": (doubled_source, "is the source of 2 routes: one channel sends one stream"),
}
LANES = {
    "lane that does not exist": (lambda d: route(d, "a1")["hops"][0].update(lane=6), "lane 6 .* does not exist"),
    "negative lane": (lambda d: route(d, "a1")["hops"][0].update(lane=-1), "lane -1 .* does not exist"),
    "direction that does not exist": (lambda d: route(d, "a1")["hops"][0].update(direction="up"), "direction 'up' does not exist"),
    "starts elsewhere": (lambda d: route(d, "a1")["hops"][0].update(col=0), "starts where the route has not come"),
    "does not arrive": (lambda d: route(d, "a1")["hops"].pop(), "does not come to switch"),
    "goes on": (extended, "ends at switch .* where nothing takes it"),
}


@pytest.mark.parametrize("name", STREAMS)
def test_streams(name: str) -> None:
    """Routes are those that the edges ask for."""
    change, sentence = STREAMS[name]
    found = joined().violations(change)
    assert Family.STREAMS in families(found)
    assert re.search(sentence, text(found))


@pytest.mark.parametrize("name", LANES)
def test_lanes(name: str) -> None:
    """A hop that cannot be: only this family sees it."""
    change, sentence = LANES[name]
    found = joined().violations(change)
    assert families(found) == {Family.LANES}
    assert re.search(sentence, text(found))


def test_one_stream_a_lane() -> None:
    """Two streams that leave one switch in one direction take different lanes."""
    sample = rich()
    hops = [(h.col, h.row, h.direction) for r in sample.mapping.routes for h in r.hops]
    crowded = next(h for h in hops if hops.count(h) > 1)

    def merged(data: Json) -> None:
        for hop in (h for r in data["routes"] for h in r["hops"] if (h["col"], h["row"], h["direction"]) == crowded):
            hop["lane"] = 0

    found = sample.violations(merged)
    assert families(found) == {Family.LANES}
    assert "lanes: lane 0" in text(found)
    assert "carries" in text(found)


def test_a_memory_tile_keeps_the_lane() -> None:
    """What passes a memory tile leaves it on the lane on which it came; a crossbar may change it."""
    sample = pair()

    def changed(data: Json, row: int) -> None:
        hop = next(h for h in route(data, "a0")["hops"] if h["row"] == row and h["direction"] == "north")
        hop["lane"] = 5

    found = sample.violations(lambda d: changed(d, 1))
    assert families(found) == {Family.LANES}
    assert "changes lanes in a memory tile" in text(found)
    assert any(h.row == 2 and h.direction == "north" for r in sample.mapping.routes for h in r.hops)


def test_no_lanes_sideways_between_memory_tiles() -> None:
    """The mapping of a device without the lanes it uses is illegal there: no lane east, none north."""
    sample = rich()
    for field in ("north", "east", "south", "west"):
        none = replace(sample.device, streams=replace(sample.device.streams, **{field: 0}))
        uses = any(h.direction == field for r in sample.mapping.routes for h in r.hops)
        assert (families(verify(sample.mapping, none, sample.graph)) == {Family.LANES}) == uses
