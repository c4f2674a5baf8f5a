"""What moves issue (kernels/include/placer/move.hpp)."""

from __future__ import annotations

from placer.cycles.operations import Unit
from placer.cycles.stages import BLOCK, VECTOR_BYTES, RowStage
from placer.cycles.vector_code import Value, VectorCode

# Scalar operations that choose between two sources: the sign of a place, the place in either, its start.
CHOICE_SCALARS = 3


def pieces(code: VectorCode, stage: RowStage) -> None:
    """Vectors of 32 elements, of 32-bit ones sixteen: two blocks interleaved, rotated and thinned out, or one as it is; then a choice."""
    size = 16 * 4 if stage.input_bytes == 4 else BLOCK * stage.input_bytes
    found: tuple[Value, ...] = ()
    for number in range(stage.groups):
        parts = [code.load(size)]
        if stage.padded:
            parts.append(code.load(size))
            for operations in (2 * size, 2 * size, size):
                parts = [code.vector(*parts) for _ in range(-(-operations // VECTOR_BYTES))]
        found = tuple(code.vector(*parts, *found) for _ in range(-(-size // VECTOR_BYTES))) if number else tuple(parts)
    code.store(found, size)


def runs(code: VectorCode, stage: RowStage) -> None:
    """A place, then what lies there: vectors, or two words where that is eight bytes."""
    place, size = code.scalar_load(), stage.groups * stage.input_bytes
    if size >= 16:
        code.store((code.load(size, Unit.BANK_INPUT, place),), size)
        return
    for _ in range(size // 4):
        code.store((code.scalar_load(place),), 4)


def element(code: VectorCode, stage: RowStage) -> None:
    """A place, which becomes an address, what lies there, and a push into a vector, which is stored once it is full: listed with each
    element, beside two loads. Of two sources one is chosen.
    """
    place = code.scalar_load()
    for _ in range(CHOICE_SCALARS if stage.padded else 0):
        place = code.scalar(place)
    gathered = code.vector(code.scalar_load(code.vector(place)))
    code.carried(gathered)
    code.store((gathered,))


def turned(code: VectorCode, stage: RowStage) -> None:
    """A place, the block that lies there, a shuffle a vector."""
    size = 64 * stage.input_bytes
    block = code.load(size, Unit.BANK_INPUT, code.scalar_load())
    code.store(tuple(code.vector(block) for _ in range(size // VECTOR_BYTES)), size)
