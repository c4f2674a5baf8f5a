"""What functions of one element issue: tables, and cubics (kernels/include/placer/lookup.hpp)."""

from __future__ import annotations

from placer.cubics import TERMS
from placer.cycles.stages import BLOCK, HALVES, VECTOR_BYTES, RowStage, clipped
from placer.cycles.vector_code import Sums, Value, VectorCode


def table(code: VectorCode, stage: RowStage) -> None:
    """Values of a block of int8 elements: sixteen lanes of 16 or 32 bits each."""
    keys = code.vector(code.load(BLOCK))
    halves = [code.look_up(keys) for _ in range(HALVES)]
    if stage.output_bytes == 4:
        for half in halves:
            code.store((half,), 64)
        return
    both = code.vector(*halves)
    code.store((code.vector(both) if stage.output_bytes == 1 else both,), BLOCK * stage.output_bytes)


def cubics(code: VectorCode, stage: RowStage) -> None:
    """Elements taken apart; a table of each coefficient, in which further cubics take over; products of sums by places, 16 or 32 bits."""
    narrow = stage.input_bytes == 2
    size = BLOCK * stage.input_bytes
    loads = [code.load(VECTOR_BYTES) for _ in range(size // VECTOR_BYTES)]
    rests = [code.vector(x) for x in loads]
    starts = [code.vector(x, r) for x, r in zip(loads, rests, strict=True)]
    segments = tuple(code.round(code.shift_up(s)) for s in starts)
    parts = [code.vector(r) for r in rests] * (HALVES // len(rests))
    operands = [(p,) if narrow else code.halves(p) for p in parts]
    masks = [_taken_over(code, loads) for _ in range(stage.groups)]
    sums = _coefficients(code, segments, masks)
    for _ in range(TERMS - 2):
        products = [code.round(_by_places(code, s, o, narrow)) for s, o in zip(sums, operands, strict=True)]
        sums = [code.vector(p, c) for p, c in zip(products, _coefficients(code, segments, masks), strict=True)]
    constants = [code.shift_up(c) for c in _coefficients(code, segments, masks)]
    results = [_by_places(code, s, o, narrow, c) for s, o, c in zip(sums, operands, constants, strict=True)]
    clipped(code, results, stage)


def _by_places(code: VectorCode, sums: Value, operands: tuple[Value, ...], narrow: bool, *start: Sums) -> Sums:
    """Sixteen sums of 32 bits times the places of elements in their segments."""
    return code.chain((*code.halves(sums), *operands), 2 if narrow else 4, *start)


def _taken_over(code: VectorCode, loads: list[Value]) -> Value:
    """Whether each element lies between the bounds of a further cubic; masks are joined in scalar registers."""
    bounds = [code.vector(code.scalar_load()) for _ in range(2)]
    return [code.vector(x, bound) for x in loads for bound in bounds][-1]


def _coefficients(code: VectorCode, segments: tuple[Value, ...], masks: list[Value]) -> list[Value]:
    """A coefficient of each element's cubic, from a table or one of the further cubics, for each sixteen of them."""
    found = [code.look_up(*segments) for _ in range(HALVES)]
    for mask in masks:
        value = code.vector(code.scalar_load())
        found = [code.vector(f, value, mask) for f in found]
    return found
