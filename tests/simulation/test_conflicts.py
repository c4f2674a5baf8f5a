"""What bank conflicts with streams and neighbours could add to a call: tiles small enough to count by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.device import find_device
from placer.mapping import BufferAt, MappedTile, TileBuffer
from placer.simulation.conflicts import most_conflicts, with_every_conflict
from placer.simulation.profile import profiled
from tests.mapped import rich

VEK280 = find_device("VEK280")
BANK = VEK280.core.bank_bytes


def buffer(kind: str, size: int, *offsets: int, channel: int | None = None, col: int = 0) -> TileBuffer:
    return TileBuffer(kind, size, len(offsets), tuple(BufferAt(col, 0, o // BANK, o) for o in offsets), channel)


def conflicts(*buffers: TileBuffer) -> int:
    return most_conflicts(MappedTile(0, 0, "single", 0, 0, 0, buffers), VEK280)


WEIGHTS = buffer("weights", 1024, 2 * BANK)


def test_copies_apart_never_meet() -> None:
    """The stream fills one bank while the core reads another; stack and bias do not count."""
    beside = buffer("bias", 64, 8192), buffer("stack", 1024, BANK + 8192)
    assert conflicts(buffer("input", 4096, 0, BANK, channel=0), WEIGHTS, *beside) == 0


def test_an_input_beside_its_other_copy() -> None:
    """Every access of the stream, 16 bytes each, may meet a load."""
    assert conflicts(buffer("input", 4096, 0, 4096, channel=0), WEIGHTS) == 256
    assert conflicts(buffer("input", 4100, 0, 4128, channel=0), WEIGHTS) == 257


def test_an_output_beside_its_other_copy() -> None:
    """No more than the core stores, 32 bytes at a time."""
    assert conflicts(buffer("output", 4096, 0, 4096, channel=0), WEIGHTS) == 128


def test_a_copy_beside_something_else() -> None:
    """Loads of weights meet every access, in the one of two phases in which the stream is there."""
    assert conflicts(buffer("output", 4096, 0, 2 * BANK + 8192, channel=0), WEIGHTS) == 256


def test_a_neighbour() -> None:
    """It stores, or reads what was stored, a vector at a time: in a memory elsewhere too."""
    assert conflicts(buffer("input", 4096, 0, 4096), WEIGHTS) == 128
    assert conflicts(buffer("input", 4096, 0, BANK), WEIGHTS) == 0
    assert conflicts(buffer("input", 4096, 0, 2 * BANK, col=1), WEIGHTS) == 0


def test_the_worst_phase_counts() -> None:
    """Of two streams that meet weights in different phases, one; in the same phase both."""
    first, second = buffer("input", 1600, 0, 2 * BANK + 4096, channel=0), buffer("second_input", 800, 2 * BANK + 8192, BANK, channel=1)
    assert conflicts(first, second, WEIGHTS) == 100
    assert conflicts(first, replace(second, at=second.at[::-1]), WEIGHTS) == 150


def test_a_profile_states_the_worst() -> None:
    """Never better than without conflicts; kernels longer by the most of their tiles."""
    mapping, device = rich().mapping, rich().device
    found = profiled(mapping, device)
    assert found.worst_interval >= found.interval
    assert found.worst_latency >= found.steady_latency
    longer = with_every_conflict(mapping, device)
    assert [a.cycles - b.cycles for a, b in zip(longer.layers, mapping.layers, strict=True)] == [x.conflicts for x in found.layers]
    everywhere = replace(mapping, layers=tuple(replace(layer, cycles=layer.cycles + 7) for layer in mapping.layers))
    assert profiled(everywhere, device).interval == pytest.approx(found.interval + 7)
