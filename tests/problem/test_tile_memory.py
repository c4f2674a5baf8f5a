"""Where a core's buffers lie, and what shared banks cost."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placer.device import find_device
from placer.problem.tile_memory import CONCURRENT, BufferKind, BufferNeed, TileMemory, place_buffers, stall_cycles

CORE = find_device("VEK280").core
INPUT, WEIGHTS, OUTPUT, BIAS, STACK = BufferKind.INPUT, BufferKind.WEIGHTS, BufferKind.OUTPUT, BufferKind.BIAS, BufferKind.STACK


def needs(inputs: int, weights: int, outputs: int, bias: int = 0) -> tuple[BufferNeed, ...]:
    """The buffers of a dense kernel, with ping and pong; accesses are easy to tell apart."""
    return (
        BufferNeed(INPUT, inputs, 2, 100),
        BufferNeed(WEIGHTS, weights, 1, 1000),
        BufferNeed(BIAS, bias, 1),
        BufferNeed(OUTPUT, outputs, 2, 10),
        BufferNeed(STACK, 1024, 1),
    )


def regions(memory: TileMemory) -> list[tuple[int, int, BufferKind]]:
    """First byte, end and kind of every copy."""
    return [(offset, offset + place.need.bytes, place.need.kind) for place in memory.places for offset in place.offsets]


def banks(memory: TileMemory, kind: BufferKind) -> set[int]:
    """The logical banks that a kind touches."""
    return {b for start, end, k in regions(memory) if k is kind for b in range(start // CORE.bank_bytes, (end - 1) // CORE.bank_bytes + 1)}


def copies_apart(memory: TileMemory, kind: BufferKind) -> bool:
    """Whether the two copies of a kind touch no bank together."""
    first, second = ({start // CORE.bank_bytes, (end - 1) // CORE.bank_bytes} for start, end, k in regions(memory) if k is kind)
    return not first & second


def test_banks_of_their_own() -> None:
    """Where banks suffice nothing stalls, and the one to spare keeps those copies apart of which stream and core would meet the most."""
    memory = place_buffers(needs(4096, 16384, 4096), CORE)
    assert memory is not None
    assert memory.stalls == 0
    assert copies_apart(memory, INPUT)
    assert not copies_apart(memory, OUTPUT)
    assert banks(memory, OUTPUT) == {3}
    assert not banks(memory, INPUT) & banks(memory, WEIGHTS)


def test_few_accesses_need_no_bank_apart() -> None:
    """An input of one vector and a large output: the output's copies are kept apart."""
    small = (BufferNeed(INPUT, 32, 2, 100), BufferNeed(WEIGHTS, 1024, 1, 1000), BufferNeed(OUTPUT, 4096, 2, 128))
    memory = place_buffers(small, CORE)
    assert memory is not None
    assert copies_apart(memory, OUTPUT)
    assert not copies_apart(memory, INPUT)


def test_copies_of_more_than_half_a_bank() -> None:
    """24 KB of copies take two banks either way: one each, from its first byte."""
    memory = place_buffers(needs(12288, 16384, 4096), CORE)
    assert memory is not None
    assert next(p.offsets for p in memory.places if p.need.kind is INPUT) == (0, 16384)


def test_copies_stay_together_where_the_rest_needs_it() -> None:
    """A bias that no gap holds beside copies in banks of their own."""
    memory = place_buffers(needs(12288, 16384, 6016, 5000), CORE)
    assert memory is not None
    assert memory.stalls == 0
    assert next(p.offsets for p in memory.places if p.need.kind is INPUT) == (0, 12288)


def test_weights_span_banks() -> None:
    """Three banks of weights leave one to the input and the output, whose stores then wait for loads."""
    memory = place_buffers(needs(4096, 45056, 2816, 704), CORE)
    assert memory is not None
    assert memory.stalls == 10
    assert banks(memory, INPUT) == banks(memory, OUTPUT)
    assert len(banks(memory, WEIGHTS)) == 3


def test_the_last_byte() -> None:
    """All of 64 KB can be used, at the price of every stall; one vector more does not fit."""
    full = CORE.memory_bytes - 1024 - 2 * 4128 - 2 * 4096
    memory = place_buffers(needs(4128, full, 4096), CORE)
    assert memory is not None
    assert memory.stalls == 110
    assert place_buffers(needs(4128, full + 32, 4096), CORE) is None


@pytest.mark.parametrize(("accesses", "stalls"), [((), 0), ((7,), 0), ((7, 3), 3), ((3, 7), 3), ((5, 3, 4), 7)])
def test_stall_cycles(accesses: tuple[int, ...], stalls: int) -> None:
    """Every access but those of the busiest buffer may wait once."""
    assert stall_cycles(accesses) == stalls


@given(st.integers(1, 9000), st.integers(1, 60000), st.integers(1, 9000), st.integers(1, 2000))
def test_places_are_sound(inputs: int, weights: int, outputs: int, bias: int) -> None:
    """Aligned, apart, inside the tile; kinds that share no bank are the ones that cost nothing."""
    memory = place_buffers(needs(inputs, weights, outputs, bias), CORE)
    if memory is None:
        return
    spans = sorted(regions(memory), key=lambda r: r[:2])
    assert all(start % CORE.vector_alignment == 0 and end <= CORE.memory_bytes for start, end, _ in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    shared = [(a, b) for a, b in combinations(CONCURRENT, 2) if banks(memory, a) & banks(memory, b)]
    assert bool(shared) <= bool(memory.stalls)
    assert len([s for s in spans if s[2] is WEIGHTS]) == 1
