"""Reading instances, and what is said of those that are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from placer.errors import InputError
from placer.placement.instance import read_instances

BENCH = Path(__file__).resolve().parents[3] / "shared" / "bench" / "placement"


def node(name: str, **changes: Any) -> dict[str, Any]:
    """A node as a generator writes it."""
    faces = {"input_face": {"side": "left", "start": 0, "end": 1}, "output_face": {"side": "right", "start": 0, "end": 1}}
    return {"name": name, "w": 3, "h": 2, "keepout_left": 1, **faces, **changes}


def instance(**changes: Any) -> dict[str, Any]:
    """An instance of two nodes."""
    edge = {"src": "a", "dst": "b", "direct": True, "producer_exclusive": False}
    return {"name": "i", "W": 9, "H": 4, "lam": 1.0, "mu": 0.05, "nodes": [node("a"), node("b")], "edges": [edge], **changes}


def test_reads_the_stable_format() -> None:
    """With notes of the generator, an anchor and a forbidden region."""
    data = instance(note="x", fill_tiles=0.3, nodes=[node("a", anchor=[0, 0]), node("b")], forbidden=[{"x": 1, "y": 2, "w": 3, "h": 1}])
    (found,) = read_instances(json.dumps([data]), "here")
    assert (found.width, found.height, found.blocks[0].anchor, found.blocks[1].width) == (9, 4, (0, 0), 3)
    assert (found.forbidden[0].width, found.links[0].producer, found.links[0].consumer) == (3, 0, 1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"W": 0}, "here: [0].W: input should be greater than or equal to 1"),
        ({"mu": -1}, "here: [0].mu: input should be greater than or equal to 0"),
        ({"lam": 0.1234567}, "here: [0]: lam has more than 6 decimals"),
        ({"nodes": [node("a"), node("a")]}, "here: [0]: two nodes are named 'a'"),
        ({"nodes": [node("a"), node("bb")]}, "here: [0]: edges[0] names 'b', which is no node (did you mean 'bb'?)"),
        (
            {"nodes": [node("a", h=1), node("b")]},
            "here: [0].nodes[0]: input_face from 0 to 1 must lie within 0 to 0, its side of block 'a'",
        ),
        ({"nodes": [node("a", widht=1), node("b")]}, "here: [0].nodes[0].widht: unexpected keyword argument"),
        ({"edges": [{"src": "a", "dst": "a", "direct": True, "producer_exclusive": True}]}, "here: [0]: edges[0] leads from 'a' to itself"),
    ],
)
def test_says_what_is_wrong(changes: dict[str, Any], sentence: str) -> None:
    """One sentence, with the place in the file."""
    with pytest.raises(InputError) as caught:
        read_instances(json.dumps([instance(**changes)]), "here")
    assert str(caught.value) == sentence


def test_refuses_what_is_not_json_and_equal_names() -> None:
    """The file as a whole."""
    with pytest.raises(InputError, match="here: invalid JSON"):
        read_instances("{", "here")
    with pytest.raises(InputError, match="two instances are named 'i'"):
        read_instances(json.dumps([instance(), instance()]), "here")


@pytest.mark.skipif(not BENCH.is_dir(), reason="the benchmark's instances are not here")
@pytest.mark.parametrize("name", ["instances.json", "tight.json"])
def test_reads_the_benchmark(name: str) -> None:
    """All of it."""
    path = BENCH / name
    assert len(read_instances(path.read_bytes(), name)) == len(json.loads(path.read_bytes()))
