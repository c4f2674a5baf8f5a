"""How full tiles are, against sums by hand over the mapping."""

from __future__ import annotations

import pytest

from placer.report.usage import core_use, lane_use, memory_tile_use, plio_use
from tests.mapped import Sample, joined, pair, rich
from tests.report.reported import large

SAMPLES = pytest.mark.parametrize("sample", [pair(), rich(), joined()], ids=["pair", "rich", "joined"])


@SAMPLES
def test_core_memory_adds_up(sample: Sample) -> None:
    """All copies of all buffers, a shared one once."""
    places = {
        (at.col, at.row, at.offset): b.bytes for layer in sample.mapping.layers for t in layer.tiles for b in t.buffers for at in b.at
    }
    assert sum(core_use(sample.mapping, sample.device).bytes) == sum(places.values())


@SAMPLES
def test_channels_stay_within_the_device(sample: Sample) -> None:
    """These mappings are legal."""
    use = core_use(sample.mapping, sample.device)
    assert max(use.dma_in) in range(1, sample.device.core.dma_in + 1)
    assert max(use.dma_out) in range(1, sample.device.core.dma_out + 1)


def test_single_tiles() -> None:
    """The cascade (0, 1) -> (1, 1): both read a stream, only the last writes one; the tile (0, 0) is free."""
    sample = pair()
    use, columns = core_use(sample.mapping, sample.device), sample.device.columns
    at = [columns, columns + 1, 0]
    assert [use.dma_in[i] for i in at] == [1, 1, 0]
    assert [use.dma_out[i] for i in at] == [0, 1, 0]
    assert use.bytes[0] == use.busy[0] == 0
    assert use.busy[columns] == round(100 * sample.mapping.layers[0].cycles / sample.mapping.interval_cycles)


def test_memory_tiles() -> None:
    """Buffers of rich() lie in memory tiles 2, 5 and 6; what two edges read is counted once."""
    sample = rich()
    use = memory_tile_use(sample.mapping, sample.device)
    assert [i for i, size in enumerate(use.bytes) if size] == [2, 5, 6]
    assert all(
        (size > 0) == (inward > 0) == (outward > 0) for size, inward, outward in zip(use.bytes, use.dma_in, use.dma_out, strict=True)
    )


def test_plio() -> None:
    """Every port once."""
    mapping, device = large()
    use = plio_use(mapping, device)
    assert sum(use.inward) == sum(use.outward) == 200


@SAMPLES
def test_lanes(sample: Sample) -> None:
    """The fullest direction of each switch, by hand; none above what there is."""
    core, memory, shim = lane_use(sample.mapping, sample.device)
    hops = [h for route in sample.mapping.routes for h in route.hops]
    rows = 1 + sample.device.memory_rows
    for number, lanes in enumerate((*shim.lanes, *memory.lanes, *core.lanes)):
        row, col = divmod(number, sample.device.columns)
        here = [h.direction for h in hops if (h.col, h.row) == (col, row)]
        assert lanes <= max((here.count(d) for d in here), default=0)
        assert (lanes > 0) == bool(here)
    assert max((*core.percent, *memory.percent, *shim.percent)) <= 100
    assert len(core.lanes) == sample.device.core_tiles
    assert len(memory.lanes) == (rows - 1) * sample.device.columns
