"""Memory tiles: buffers in tiles that exist, apart from each other, within capacity, channels and descriptors."""

from __future__ import annotations

import re

import pytest

from placer.verify import Family
from tests.mapped import Change, Json, edge, families, rich, text


def memory(data: Json, tensor: str, consumer: str, shard: int = 0) -> Json:
    """A memory tile of an edge."""
    found: Json = edge(data, tensor, consumer)["memory_tiles"][shard]
    return found


def change_memory(tensor: str, consumer: str, shard: int = 0, /, **values: object) -> Change:
    """Change fields of a memory tile of an edge."""
    return lambda data: memory(data, tensor, consumer, shard).update(values)


def both(**values: object) -> Change:
    """Change the memory tile of a1 for both of its readers alike."""

    def change(data: Json) -> None:
        for consumer in ("d1", "add"):
            memory(data, "a1", consumer).update(values)

    return change


def shards(tensor: str, consumer: str, rows: int, columns: int) -> Change:
    """State another cut over memory tiles."""
    return lambda data: edge(data, tensor, consumer).update(shards={"samples": 1, "rows": rows, "columns": columns})


FALSE_TILES = {
    "outside the device": (change_memory("a3", "d2", col=8), r"a3 to d2, memory tile \(8, 0\) does not exist on VE2802"),
    "second row of one": (change_memory("a3", "d2", row=1), r"memory tile \(5, 1\) does not exist"),
    "negative column": (change_memory("a3", "d2", col=-1), r"memory tile \(-1, 0\) does not exist"),
    "single buffered": (both(bytes=512), r"a1 to d1, memory tile \(2, 0\): both copies take 1024 bytes, not 512"),
    "too large": (change_memory("a3", "d2", bytes=2048), "both copies take 1024 bytes, not 2048"),
    "over-full": (both(offset=524288 - 512), r"memory tile \(2, 0\) holds bytes beyond its 524288"),
    "before the memory": (both(offset=-512), r"memory tile \(2, 0\) holds bytes beyond its 524288"),
    "misaligned": (both(offset=2), r"memory tile \(2, 0\): offset 2 is not aligned to 4 bytes"),
    "overlap": (change_memory("a4", "a4.plio_out", offset=512), r"memory tile \(5, 0\): a3 and a4 overlap at offset 512"),
    "same offset": (change_memory("a4", "a4.plio_out", offset=0), r"memory tile \(5, 0\): a[34] and a[34] overlap at offset 0"),
    "channel in doubled": (both(in_channels=[0, 1, 2, 2]), r"memory tile \(2, 0\): a channel in serves two windows"),
    "channel out doubled": (change_memory("a1", "add", out_channels=[1]), r"memory tile \(2, 0\): a channel out serves two windows"),
    "channel of another net": (
        change_memory("a4", "a4.plio_out", in_channels=[0]),
        r"memory tile \(5, 0\): a channel in serves two windows",
    ),
    "channel in out of range": (both(in_channels=[0, 1, 2, 6]), r"memory tile \(2, 0\): channels in go from 0 to 5"),
    "channel out out of range": (change_memory("a1", "add", out_channels=[6]), "channels out go from 0 to 5"),
    "negative channel": (change_memory("a1", "add", out_channels=[-1]), "channels out go from 0 to 5"),
    "lost channel in": (both(in_channels=[0, 1, 2]), "4 windows come in and 2 go out, a channel each"),
    "extra channel out": (change_memory("a3", "d2", out_channels=[0, 1, 3], descriptors=6), "1 windows come in and 2 go out"),
    "false descriptors": (change_memory("a3", "d2", descriptors=4), "its channels take 6 descriptors, not 4"),
    "readers disagree on the column": (change_memory("a1", "add", col=3), "a1: its readers disagree on where shard 0 lies"),
    "readers disagree on the offset": (change_memory("a1", "add", offset=2048), "a1: its readers disagree on where shard 0 lies"),
    "readers disagree on the writers": (
        change_memory("a1", "add", in_channels=[0, 1, 2, 4]),
        "a1: its readers disagree on where shard 0 lies",
    ),
    "more shards than tiles": (shards("a4", "a4.plio_out", 1, 1), "a4 to a4.plio_out: 2 memory tiles hold 1 shards"),
    "windows across shards": (shards("a4", "a4.plio_out", 2, 1), "a4 to a4.plio_out: windows .* do not each lie in one shard"),
    "no shards": (shards("a4", "a4.plio_out", 0, 0), "do not each lie in one shard"),
    "more shards than blocks": (shards("a4", "a4.plio_out", 1, 10**9), "do not each lie in one shard"),
    "lost memory tile": (lambda d: edge(d, "a4", "a4.plio_out")["memory_tiles"].pop(), "1 memory tiles hold 2 shards"),
}


def family_of(sentence: str) -> Family:
    """Whose sentence it is."""
    return Family.DESCRIPTORS if "its channels take" in sentence else Family.MEMORY_TILES


@pytest.mark.parametrize("name", FALSE_TILES)
def test_memory_tiles(name: str) -> None:
    """A buffer that cannot be where, or served as, the mapping says; figures may be wrong besides, nothing else."""
    change, sentence = FALSE_TILES[name]
    found = rich().violations(change)
    assert family_of(sentence) in families(found)
    assert families(found) <= {Family.MEMORY_TILES, Family.DESCRIPTORS, Family.FIGURES}
    assert re.search(sentence, text(found))


@pytest.mark.parametrize("name", [n for n, (_, s) in FALSE_TILES.items() if re.search("channel|bytes|overlap|aligned|descriptors", s)])
def test_only_this_family(name: str) -> None:
    """Capacity, channels and descriptors enter no figure: only their family sees them."""
    change, sentence = FALSE_TILES[name]
    assert families(rich().violations(change)) == {family_of(sentence)}


def test_readers_agree_on_the_cut() -> None:
    """Two shards of rows are not two shards of columns, though both readers state the same tiles, bytes and channels."""

    def cut(data: Json) -> None:
        # d0 writes 2 x 2 windows, so either cut of a1 takes two windows a shard.
        halves = [dict(memory(data, "a1", "d1"), col=c, bytes=512, in_channels=[0, 1], descriptors=6) for c in (2, 3)]
        for consumer, rows, columns, out in (("d1", 2, 1, [0]), ("add", 1, 2, [1])):
            tiles = [dict(half, out_channels=out) for half in halves]
            edge(data, "a1", consumer).update(shards={"samples": 1, "rows": rows, "columns": columns}, memory_tiles=tiles)

    assert "a1: its readers disagree on how it is cut over memory tiles" in text(rich().violations(cut))


def test_other_free_places_will_do() -> None:
    """Another offset, other channels: as legal as the ones that were allotted, though routes must lead to the channels."""
    assert rich().violations(both(offset=4096)) == ()
    assert families(rich().violations(both(in_channels=[5, 4, 3, 2]))) == {Family.STREAMS}
