"""Edges and channels: every activation reaches each of its readers, by a way that exists, within the cores' DMA channels."""

from __future__ import annotations

import re

import pytest

from placer.verify import Family
from tests.mapped import Change, Json, buffer, edge, families, joined, rich, text


def change_edge(tensor: str, consumer: str, /, **values: object) -> Change:
    """Change fields of an edge."""
    return lambda data: edge(data, tensor, consumer).update(values)


def windows(samples: int, rows: int, columns: int) -> Json:
    """A partition as JSON."""
    return {"samples": samples, "rows": rows, "columns": columns}


def border_windows(data: Json) -> None:
    """Let a0 enter in three windows of rows."""
    edge(data, "a0", "d0").update(written=windows(1, 3, 1))


FALSE_EDGES = {
    "lost edge": (lambda d: d["edges"].pop(1), "a1 from d0 to input 0 of d1 is missing"),
    "lost output": (lambda d: d["edges"].pop(), "a4 from d2 to input 0 of a4.plio_out is missing"),
    "doubled edge": (lambda d: d["edges"].append(d["edges"][1]), "a1 from d0 to input 0 of d1 is not in the network"),
    "extra edge": (
        lambda d: d["edges"].append({**edge(d, "a2", "add"), "consumer": "d2"}),
        "a2 from d1 to input 0 of d2 is not in the network|a2 from d1 to input 1 of d2 is not in the network",
    ),
    "wrong port": (change_edge("a2", "add", port=0), "a2 from d1 to input 1 of add is missing"),
    "port that does not exist": (change_edge("a2", "add", port=7), "input 7 of add is not in the network"),
    "negative port": (change_edge("a2", "add", port=-1), "input -1 of add is not in the network"),
    "wrong producer": (change_edge("a2", "add", producer="d0"), "a2 from d1 to input 1 of add is missing"),
    "wrong consumer": (change_edge("a3", "d2", consumer="d1"), "a3 from add to input 0 of d1 is not in the network"),
    "wrong tensor": (change_edge("a3", "d2", tensor="a2"), "a3 from add to input 0 of d2 is missing"),
    "unknown tensor": (change_edge("a3", "d2", tensor="zz"), "zz from add to input 0 of d2 is not in the network"),
    "input that skips the border": (change_edge("a0", "d0", producer="d2"), "a0 from d2 to input 0 of d0 is not in the network"),
    "windows that are not written": (
        change_edge("a3", "d2", written=windows(1, 2, 1)),
        "a3: add has windows .*rows=1.*, the edge states .*rows=2",
    ),
    "windows that are not read": (change_edge("a3", "d2", read=windows(1, 2, 1)), "a3: d2 has windows"),
    "border windows of half blocks": (
        change_edge("a4", "a4.plio_out", read=windows(1, 8, 2)),
        "a4: the windows .*rows=8.* of a4.plio_out do not divide what it holds into whole blocks",
    ),
    "border windows that do not divide": (
        border_windows,
        "a0: the windows .*rows=3.* of a0.plio_in do not divide what it holds into whole blocks",
    ),
    "no border windows": (
        change_edge("a4", "a4.plio_out", read=windows(1, 0, 2)),
        "a4: the windows .* of a4.plio_out do not divide what it holds into whole blocks",
    ),
    "readers that disagree": (
        change_edge("a1", "add", written=windows(1, 1, 1)),
        "a1 is written in different windows for different readers",
    ),
}


@pytest.mark.parametrize("name", FALSE_EDGES)
def test_edges_of_the_network(name: str) -> None:
    """Each edge of the network once and no other, with the windows of both ends."""
    change, sentence = FALSE_EDGES[name]
    found = rich().violations(change)
    assert families(found) == {Family.EDGES}
    assert re.search(sentence, text(found))


KINDS = {
    "unknown kind": (change_edge("a1", "d1", kind="carrier_pigeon"), "a1 to d1: kind 'carrier_pigeon' does not exist"),
    "direct through nothing": (
        change_edge("a3", "d2", kind="memory_tile"),
        "a3 to d2: memory tiles belong to edges of kind memory_tile, and to all of them",
    ),
    "plio inside": (change_edge("a3", "d2", kind="plio"), "a3 to d2: kind plio is for edges that enter or leave"),
    "dma at the border": (change_edge("a0", "d0", kind="dma"), "a0 to d0: kind plio is for edges that enter or leave"),
    "shared memory at the border": (change_edge("a4", "a4.plio_out", kind="shared_memory"), "a4 to a4.plio_out: kind plio is for"),
    "shared memory with two readers": (
        change_edge("a1", "d1", kind="shared_memory"),
        "a1 to d1: shared memory feeds one reader from one writer",
    ),
    "shared memory without sharing": (
        change_edge("a3", "d2", kind="shared_memory"),
        r"a3 to d2: tile \(4, 1\) does not read the buffer that its producer writes",
    ),
    "shards of a direct edge": (
        change_edge("a3", "d2", shards=windows(1, 1, 1)),
        "a3 to d2: memory tiles belong to edges of kind memory_tile",
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_kinds(name: str) -> None:
    """A kind that cannot carry the edge."""
    change, sentence = KINDS[name]
    found = joined().violations(change)
    assert Family.EDGES in families(found)
    assert re.search(sentence, text(found))


@pytest.mark.parametrize(("tensor", "consumer"), [("a1", "d1"), ("a3", "d2")])
def test_direct_edges_need_equal_windows(tensor: str, consumer: str) -> None:
    """What memory tiles re-cut cannot go straight."""
    for kind in ("dma", "shared_memory"):
        found = rich().violations(change_edge(tensor, consumer, kind=kind, shards=None, memory_tiles=[]))
        assert re.search(f"{tensor} to {consumer}: a {kind} edge carries windows as they are", text(found))


def test_shared_memory_is_one_buffer() -> None:
    """The reader's end moved to the pong of the writer: different buffers."""

    def crossed(data: Json) -> None:
        buffer(data, "add", "second_input")["at"].reverse()

    found = rich().violations(crossed)
    assert families(found) == {Family.EDGES}
    assert "a2 to add: tile (4, 0) does not read the buffer that its producer writes" in text(found)
