"""Identity, split, tiles and cascade: each false statement is rejected in a sentence that says what and where."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from placer.verify import Family, verify
from tests.mapped import Change, Json, Sample, but_routes, families, joined, layer, move, pair, rich, text, tile


@pytest.mark.parametrize("sample", [pair, rich, joined])
def test_the_samples_are_legal(sample: Callable[[], Sample]) -> None:
    """What the mutations start from has no violation."""
    assert verify(sample().mapping, sample().device, sample().graph) == ()


def update(name: str, /, **values: object) -> Change:
    """Change fields of a layer."""
    return lambda data: layer(data, name).update(values)


def top(**values: object) -> Change:
    """Change fields of the mapping."""
    return lambda data: data.update(values)


IDENTITY = {
    "another device": (top(device="VE2302"), "the mapping is for VE2302 with 8 x 4 tiles"),
    "another width": (top(columns=9), "VE2802 with 9 x 4 tiles"),
    "another height": (top(rows=8), "VE2802 with 8 x 8 tiles"),
    "another network": (top(network="other"), "network 'other', not 'net'"),
    "another batch": (top(batch=2), "layer d0 must be"),
    "no batch": (top(batch=0), "a batch of 0 is less than one sample"),
    "layers in another order": (lambda d: d["layers"].reverse(), "not the network's layers, each once and in order"),
    "lost layer": (lambda d: d["layers"].pop(), "not the network's layers"),
    "doubled layer": (lambda d: d["layers"].append(d["layers"][0]), "not the network's layers"),
    "wrong name": (update("d1", name="d9"), "not the network's layers"),
    "wrong operation": (update("d1", op="add"), "layer d1 must be"),
    "wrong kernel": (update("d1", kernel="dense_right_int8"), "layer d1 must be .*dense_left_int8"),
    "wrong shape": (update("d1", k=8), "layer d1 must be"),
    "wrong mmul": (update("d0", mmul=[8, 8, 8]), r"layer d0 must be .*\(4, 8, 8\)"),
    "wrong input type": (lambda d: layer(d, "d0")["dtypes"].update(input="uint8"), "layer d0 has element types"),
    "wrong weight type": (lambda d: layer(d, "add")["dtypes"].update(weights="int8"), "layer add has element types"),
    "wrong output type": (lambda d: layer(d, "d2")["dtypes"].update(output="int16"), "layer d2 has element types"),
}


@pytest.mark.parametrize("name", IDENTITY)
def test_identity(name: str) -> None:
    """A mapping of something else, or of only a part."""
    change, sentence = IDENTITY[name]
    found = rich().violations(change)
    assert families(found) == {Family.IDENTITY}
    assert re.search(sentence, text(found))


def split(name: str, /, **values: object) -> Change:
    """Change fields of a layer's split."""
    return lambda data: layer(data, name)["split"].update(values)


def data_part(name: str, /, **values: object) -> Change:
    """Change the data windows of a layer's split."""
    return lambda data: layer(data, name)["split"]["data"].update(values)


def swap_part(data: Json) -> None:
    """Give the second tile of d1 the part of the first."""
    tile(data, "d1", 1)["k_index"] = 0


SPLIT = {
    "other number of parts": (split("d0", m=1), "layer d0: parts m, k, n do not agree"),
    "longer cascade": (split("d0", k=4), "layer d0: its 8 tiles do not hold each of 16 parts once"),
    "cascade of an add": (split("add", k=2), "layer add: parts m, k, n do not agree"),
    "channels of an add": (split("add", n=2), "layer add: parts m, k, n do not agree"),
    "more chains": (split("d0", n=4), "layer d0: its 8 tiles do not hold each of 16 parts once"),
    "half blocks of rows": (lambda d: (data_part("d0", rows=8)(d), split("d0", m=8)(d)), "layer d0 does not divide into whole blocks"),
    "half blocks of columns": (split("d0", k=8), "layer d0 does not divide into whole blocks"),
    "rows that do not divide": (lambda d: (data_part("d0", rows=3)(d), split("d0", m=3)(d)), "does not divide into whole blocks"),
    "samples that are not there": (lambda d: (data_part("d0", samples=2)(d), split("d0", m=4)(d)), "does not divide into whole blocks"),
    "no parts": (lambda d: (data_part("d0", rows=0)(d), split("d0", m=0)(d)), "does not divide into whole blocks"),
    "no channels": (split("d0", n=0), "does not divide into whole blocks"),
    "a billion channels": (split("d0", n=10**9), "does not divide into whole blocks"),
    "lost tile": (lambda d: layer(d, "d0")["tiles"].pop(), "layer d0: its 7 tiles do not hold each of 8 parts once"),
    "doubled tile": (lambda d: layer(d, "d0")["tiles"].append(tile(d, "d0")), "its 9 tiles do not hold each of 8 parts once"),
    "doubled part": (swap_part, "layer d1: its 2 tiles do not hold each of 2 parts once"),
    "part that is not there": (lambda d: tile(d, "d1").update(n_index=1), "layer d1: its 2 tiles"),
    "negative part": (lambda d: tile(d, "d1").update(m_index=-1), "layer d1: its 2 tiles"),
}


@pytest.mark.parametrize("name", SPLIT)
def test_split(name: str) -> None:
    """Layers cut into other than whole blocks, or parts on no tile or on two."""
    change, sentence = SPLIT[name]
    found = rich().violations(change)
    assert families(found) == {Family.SPLIT}
    assert re.search(sentence, text(found))


def test_two_layers_on_one_tile() -> None:
    """Core (1, 1) runs two kernels, though all buffers are apart and reachable: no other family sees it."""
    found = pair().violations(lambda d: tile(d, "d1").update(row=1))
    assert families(found) == {Family.TILES}
    assert text(found) == "tiles: core tile (1, 1) runs d0 and d1"


def test_moved_on_top_of_another() -> None:
    """The same with the buffers moved along, which then lie on top of each other too."""
    found = pair().violations(lambda d: move(tile(d, "d1"), 1, 1))
    assert families(found) >= {Family.TILES, Family.OVERLAP}


def test_two_tiles_of_a_layer_on_one_core() -> None:
    """A core runs one kernel of its own layer either."""
    found = rich().violations(lambda d: move(tile(d, "d2", 2), 5, 0))
    assert "core tile (5, 0) runs d2 and d2" in text(found)


@pytest.mark.parametrize(("col", "row"), [(4, 2), (1, 4), (-1, 2), (1, -1)])
def test_outside_the_device(col: int, row: int) -> None:
    """A core that is not there, in any direction."""
    found = pair().violations(lambda d: move(tile(d, "d1"), col, row))
    assert Family.TILES in families(found)
    assert f"layer d1 uses core tile ({col}, {row}), outside 4 x 4" in text(found)


def swapped(data: Json) -> None:
    """Exchange the places of the two tiles of the cascade."""
    first, last = layer(data, "d0")["tiles"]
    move(first, 1, 1)
    move(last, 0, 1)


def northward(data: Json) -> None:
    """Stand the cascade up with its first tile at the bottom."""
    first, last = layer(data, "d0")["tiles"]
    move(first, 0, 0)
    move(last, 0, 1)


def apart(data: Json) -> None:
    """Move the first tile one more to the west and the other one away."""
    move(tile(data, "d0", 1), 2, 1)


CASCADES = {
    "swapped, so it runs west": (swapped, r"layer d0: no cascade runs from \(1, 1\) to \(0, 1\)"),
    "runs north": (northward, r"layer d0: no cascade runs from \(0, 0\) to \(0, 1\)"),
    "apart": (apart, r"layer d0: no cascade runs from \(0, 1\) to \(2, 1\)"),
    "diagonal": (lambda d: move(tile(d, "d0", 1), 1, 0), r"no cascade runs from \(0, 1\) to \(1, 0\)"),
    "first is middle": (lambda d: tile(d, "d0").update(role="middle"), r"layer d0: tile \(0, 1\) must be first, not middle"),
    "last is single": (lambda d: tile(d, "d0", 1).update(role="single"), r"tile \(1, 1\) must be last, not single"),
    "single is last": (lambda d: tile(d, "d1").update(role="last"), r"layer d1: tile \(1, 2\) must be single, not last"),
    "no role": (lambda d: tile(d, "d1").update(role=""), r"must be single, not "),
}


@pytest.mark.parametrize("name", CASCADES)
def test_cascade(name: str) -> None:
    """Neighbours in the wrong direction, no neighbours, or wrong roles: only this family sees it."""
    change, sentence = CASCADES[name]
    found = pair().violations(change)
    assert families(found) == {Family.CASCADE}
    assert re.search(sentence, text(found))


def test_cascade_southward() -> None:
    """North to south is a cascade too."""

    def upright(data: Json) -> None:
        move(tile(data, "d0", 0), 0, 1)
        move(tile(data, "d0", 1), 0, 0)

    assert but_routes(pair().violations(upright)) == ()
