"""Channels: a DMA channel of its own for every buffer that a stream fills or empties."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from placer.verify import Family
from tests.mapped import Json, buffer, but_routes, families, joined, move, pair, relocate, rich, text, tile


def test_channels_of_the_tile_that_holds_the_buffer() -> None:
    """A third stream into the add's memory, from the neighbour that may use it: legal but for the DMA channels."""

    def moved(data: Json) -> None:
        relocate(buffer(data, "d2", "input"), 8192)
        for place in buffer(data, "d2", "input")["at"]:
            place["col"] = 3

    found = joined().violations(moved)
    assert families(found) == {Family.CHANNELS}
    assert "channels: core tile (3, 1) needs 3 DMA channels in and has 2" in text(found)


def test_channels_out() -> None:
    """Three cores that all reach memory (1, 1) write there, which has two channels out."""

    def gathered(data: Json, layers: tuple[str, ...]) -> None:
        move(tile(data, "add"), 1, 2)
        for number, name in enumerate(layers):
            relocate(buffer(data, name, "output"), 34816 + 2048 * number)
            buffer(data, name, "output")["channel"] = 1 - number
            for place in buffer(data, name, "output")["at"]:
                place.update(col=1, row=1)

    sample = joined()
    many_locks = replace(sample, device=replace(sample.device, core=replace(sample.device.core, locks=64)))
    assert but_routes(many_locks.violations(lambda d: gathered(d, ("d1",)))) == ()
    found = many_locks.violations(lambda d: gathered(d, ("d1", "add")))
    assert families(found) == {Family.CHANNELS}
    assert "channels: core tile (1, 1) needs 3 DMA channels out and has 2" in text(found)


def test_ping_and_pong_take_turns_on_one_channel() -> None:
    """Copies of a streamed buffer in two memories would need a channel in each."""

    def apart(data: Json) -> None:
        buffer(data, "d1", "input")["at"][1].update(row=3)

    found = pair().violations(apart)
    assert families(found) == {Family.CHANNELS}
    assert "layer d1, tile (1, 2), input: copies in tiles (1, 2) and (1, 3) cannot share a DMA channel" in text(found)


FALSE_CHANNELS = {
    "no channel": (lambda d: buffer(d, "d1", "input").update(channel=None), "layer d1, tile .2, 1., input has no DMA channel and a stream"),
    "a channel of weights": (lambda d: buffer(d, "d1", "weights").update(channel=0), "weights has a DMA channel and no stream"),
    "no such channel in": (lambda d: buffer(d, "d1", "input").update(channel=2), "input: DMA channels in go from 0 to 1, not 2"),
    "no such channel out": (lambda d: buffer(d, "d1", "output").update(channel=-1), "output: DMA channels out go from 0 to 1, not -1"),
    "one channel for two": (
        lambda d: buffer(d, "add", "second_input").update(channel=0),
        r"DMA channel 0 in of core tile \(3, 1\) serves 2 buffers",
    ),
}


@pytest.mark.parametrize("name", FALSE_CHANNELS)
def test_false_channels(name: str) -> None:
    """Only this family sees it."""
    change, sentence = FALSE_CHANNELS[name]
    found = joined().violations(change)
    assert families(found) == {Family.CHANNELS}
    assert re.search(sentence, text(found))


def test_shared_memory_takes_no_channel() -> None:
    """The add's second input lies where d1 writes it."""
    assert "no stream" in text(rich().violations(lambda d: buffer(d, "add", "second_input").update(channel=1)))
