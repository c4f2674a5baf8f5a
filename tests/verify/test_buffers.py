"""Buffers and banks: what each kernel needs, where its core reaches it, apart from all others and from its rivals."""

from __future__ import annotations

import re

import pytest

from placer.verify import Family
from tests.mapped import Change, Json, buffer, families, joined, pair, relocate, rich, text, tile


def first_place(name: str, kind: str, **values: int) -> Change:
    """Change where the first copy of a buffer of a layer's first tile lies."""
    return lambda data: buffer(data, name, kind)["at"][0].update(values)


def resize(kind: str, size: int) -> Change:
    """State another size of a buffer of d1."""
    return lambda data: buffer(data, "d1", kind).update(bytes=size)


def without(kind: str) -> Change:
    """Drop a buffer of d1."""
    return lambda data: tile(data, "d1").update(buffers=[b for b in tile(data, "d1")["buffers"] if b["kind"] != kind])


def one_copy(data: Json) -> None:
    """Keep only the ping of d1's input."""
    buffer(data, "d1", "input").update(copies=1, at=buffer(data, "d1", "input")["at"][:1])


def added(name: str, new: Json, col: int, row: int, offset: int) -> Change:
    """Give a layer's first tile one more buffer."""
    place = {"col": col, "row": row, "bank": offset // 16384, "offset": offset}
    return lambda data: tile(data, name)["buffers"].append({**new, "at": [place]})


NEEDS = {
    "short input": resize("input", 256),
    "long output": resize("output", 1024),
    "short weights": resize("weights", 512),
    "short bias": resize("bias", 64),
    "small stack": resize("stack", 512),
    "lost bias": without("bias"),
    "lost stack": without("stack"),
    "no pong": one_copy,
    "doubled stack": added("d1", {"kind": "stack", "bytes": 1024, "copies": 1}, 1, 2, 36864),
    "table that nobody needs": added("d1", {"kind": "table", "bytes": 64, "copies": 1}, 1, 2, 36864),
    "second input that nobody reads": added("d1", {"kind": "second_input", "bytes": 64, "copies": 1}, 1, 2, 36864),
    "bias on a first tile": added("d0", {"kind": "bias", "bytes": 128, "copies": 1}, 0, 1, 36864),
}


@pytest.mark.parametrize("name", NEEDS)
def test_needs(name: str) -> None:
    """Kinds, sizes and copies are those of the layer's shape and split."""
    found = pair().violations(NEEDS[name])
    assert Family.BUFFERS in families(found)
    assert families(found) <= {Family.BUFFERS, Family.OVERLAP}
    assert re.search(r"layer d[01], tile \([01], [12]\) needs buffers \[.*\], not \[", text(found))


PLACES = {
    "fewer places than copies": (lambda d: buffer(d, "d1", "input")["at"].pop(), "d1.*input has 1 places for 2 copies"),
    "more places than copies": (
        lambda d: buffer(d, "d1", "weights")["at"].append({"col": 1, "row": 2, "bank": 2, "offset": 40960}),
        "d1.*weights has 2 places for 1 copies",
    ),
    "misaligned": (lambda d: relocate(buffer(d, "d1", "weights"), 32768 + 16), "weights at offset 32784 is not aligned to 32 bytes"),
    "eastern memory": (first_place("d1", "weights", col=2), r"weights lies in tile \(2, 2\), which its core cannot reach"),
    "far memory": (first_place("d1", "bias", row=0), r"bias lies in tile \(1, 0\), which its core cannot reach"),
    "memory outside the array": (first_place("d0", "stack", col=-1), r"stack lies in tile \(-1, 1\), which its core cannot reach"),
    "beyond the memory": (lambda d: relocate(buffer(d, "d1", "stack"), 65536 - 512), "stack at offset 65024 leaves the 65536 bytes"),
    "before the memory": (lambda d: relocate(buffer(d, "d1", "stack"), -1024), "stack at offset -1024 leaves the 65536 bytes"),
    "ping on pong": (
        lambda d: buffer(d, "d1", "input")["at"].__setitem__(1, buffer(d, "d1", "input")["at"][0]),
        r"d1 \(1, 2\) input and d1 \(1, 2\) input overlap in tile \(1, 2\) at offset 0",
    ),
    "stack on output": (
        lambda d: relocate(buffer(d, "d1", "stack"), 49152 + 256),
        r"d1 \(1, 2\) output and d1 \(1, 2\) stack overlap in tile \(1, 2\)",
    ),
    "bias in another layer's weights": (
        first_place("d1", "bias", row=1, bank=1, offset=16384),
        r"overlap in tile \(1, 1\) at offset 16384",
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_places(name: str) -> None:
    """Each copy somewhere, where its core reaches it, aligned, inside, and on bytes of its own: only its family sees it."""
    change, sentence = PLACES[name]
    found = pair().violations(change)
    wanted = Family.REACH if "reach" in sentence else Family.OVERLAP if "overlap" in sentence else Family.BUFFERS
    assert families(found) == {wanted}
    assert re.search(sentence, text(found))


def test_a_neighbours_memory_will_do() -> None:
    """West, north and south; the weights may lie in any bank there."""
    for col, row in ((0, 2), (1, 3), (1, 1)):
        change = first_place("d1", "weights", col=col, row=row, bank=1, offset=20480)
        assert pair().violations(change) == ()


def across_banks(data: Json) -> None:
    """Let the weights reach into the bank of the output, below it."""
    relocate(buffer(data, "d1", "weights"), 49152 - 512)
    buffer(data, "d1", "output")["at"][0]["offset"] += 4096


BANKS = {
    "wrong bank": (first_place("d1", "weights", bank=1), "weights at offset 32768 is in bank 2, not 1"),
    "bank that does not exist": (first_place("d1", "stack", bank=4), "stack at offset 512 is in bank 0, not 4"),
    "weights with input": (
        lambda d: relocate(buffer(d, "d1", "weights"), 8192),
        r"layer d1, tile \(1, 2\): input and weights share banks, which stalls up to \d+ cycles a call, and the layer counts 0",
    ),
    "output with weights": (lambda d: relocate(buffer(d, "d1", "output"), 40960), "weights and output share banks"),
    "weights across two banks": (across_banks, "weights and output share banks"),
}


@pytest.mark.parametrize("name", BANKS)
def test_banks(name: str) -> None:
    """What the inner loop touches in one cycle lies in different banks: only this family sees it."""
    change, sentence = BANKS[name]
    found = pair().violations(change)
    assert families(found) == {Family.BANKS}
    assert re.search(sentence, text(found))


def test_two_inputs_in_one_bank() -> None:
    """An add reads both of its inputs in one cycle."""
    found = joined().violations(lambda d: relocate(buffer(d, "add", "second_input"), 4096))
    assert families(found) == {Family.BANKS}
    assert "layer add, tile (3, 1): input and second_input share banks" in text(found)


def test_bias_and_stack_may_share_a_bank() -> None:
    """They are touched outside the inner loop."""
    assert pair().violations(lambda d: relocate(buffer(d, "d1", "stack"), 4096)) == ()


def test_the_far_end_of_shared_memory_is_no_overlap_but_a_third_buffer_is() -> None:
    """The add's second input is d1's output, one buffer; nothing else may lie there."""

    def third(data: Json) -> None:
        buffer(data, "d1", "stack", 1)["at"][0].update(bank=3, offset=49152 + 256)

    found = rich().violations(third)
    assert families(found) == {Family.OVERLAP}
    assert "d1 (3, 0) output and d1 (3, 0) stack overlap" in text(found)
