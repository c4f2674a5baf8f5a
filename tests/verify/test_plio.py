"""PLIO: a port for each window that enters or leaves, in columns with PL, each on a channel of its own."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from placer.verify import Family, verify
from tests.mapped import Change, Json, but_routes, families, rich, text


def port(data: Json, name: str) -> Json:
    """A PLIO port of a mapping's JSON."""
    found: Json = next(p for p in data["plio"] if p["name"] == name)
    return found


def change_port(name: str, /, **values: object) -> Change:
    """Change fields of a port."""
    return lambda data: port(data, name).update(values)


def doubled(data: Json) -> None:
    """Put the second port of a0 where the first is."""
    port(data, "a0_in1").update(col=port(data, "a0_in0")["col"], channel=port(data, "a0_in0")["channel"])


NOT_ONCE = "windows enter or leave the array, and the PLIO ports do not serve each of them once"
PORTS = {
    "missing": (lambda d: d["plio"].pop(), NOT_ONCE),
    "none": (lambda d: d["plio"].clear(), f"6 {NOT_ONCE}"),
    "serving twice": (change_port("a0_in1", piece=0), NOT_ONCE),
    "serving a window that is not there": (change_port("a0_in1", piece=4), NOT_ONCE),
    "of another tensor": (change_port("a0_in1", tensor="a1"), NOT_ONCE),
    "in that should go out": (change_port("a4_out0", direction="in", col=7, channel=3), NOT_ONCE),
    "sideways": (change_port("a4_out0", direction="left"), NOT_ONCE),
    "outside the array": (change_port("a0_in0", col=8), "a0_in0 is in column 8, which has no PL"),
    "west of the array": (change_port("a0_in0", col=-1), "a0_in0 is in column -1, which has no PL"),
    "channel out of range in": (change_port("a0_in0", channel=4), "a0_in0 is on channel 4; channels in go from 0 to 3"),
    "channel out of range out": (change_port("a4_out0", channel=3), "a4_out0 is on channel 3; channels out go from 0 to 2"),
    "negative channel": (change_port("a4_out0", channel=-1), "a4_out0 is on channel -1"),
    "channel doubled": (doubled, r"a0_in1 doubles channel \d in of column \d"),
    "narrow": (change_port("a0_in0", width_bits=64), "a0_in0 must be 128 bits wide to carry one stream"),
    "name doubled": (change_port("a0_in1", name="a0_in0"), "two PLIO ports are called a0_in0"),
}


@pytest.mark.parametrize("name", PORTS)
def test_ports(name: str) -> None:
    """A port that is missing, doubled, or where it cannot be: only this family sees it."""
    change, sentence = PORTS[name]
    found = rich().violations(change)
    assert families(found) == {Family.PLIO}
    assert re.search(sentence, text(found))


def test_extra_port() -> None:
    """A port that serves nothing new is one too many."""

    def extra(data: Json) -> None:
        data["plio"].append({**port(data, "a0_in0"), "name": "spare", "col": 7, "channel": 7})

    found = rich().violations(extra)
    assert families(found) == {Family.PLIO}


def test_columns_without_pl() -> None:
    """A column inside the array, on a device that has no PL there."""
    sample = rich()
    used = sorted({p.col for p in sample.mapping.plio})
    elsewhere = tuple(c for c in range(8) if c != used[0])
    device = replace(sample.device, plio=replace(sample.device.plio, columns=elsewhere))
    found = verify(sample.mapping, device, sample.graph)
    assert families(found) == {Family.PLIO}
    assert f"is in column {used[0]}, which has no PL" in text(found)


def test_in_and_out_have_channels_of_their_own() -> None:
    """The same column and channel number may serve one port each way."""

    def beside(data: Json) -> None:
        port(data, "a4_out0").update(col=port(data, "a0_in0")["col"], channel=port(data, "a0_in0")["channel"])

    assert but_routes(rich().violations(beside)) == ()
