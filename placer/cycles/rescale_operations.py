"""What a requantisation step issues that does more than shift (kernels/include/placer/finish.hpp, rescaled and clipped)."""

from __future__ import annotations

from placer.cycles.operations import Multiplier, Scaling
from placer.cycles.vector_code import LANES, Sums, Value, VectorCode

# Lanes of 16 bits in a vector register, and of 32 bits in an accumulator.
SHORT_LANES = 32


def rescaled(code: VectorCode, sums: Sums, lanes: int, lane_bits: int, step: Scaling, multipliers: list[Value]) -> list[tuple[Value, ...]]:
    """The results of `lanes` biased sums, as what each stored or following vector is made of: 32 lanes of 8 or 16 bits, sixteen of 32.

    multipliers: one vector, or one for each sixteen lanes, where the step has one a channel.
    """
    parts = lanes // LANES
    if step.multiplier is not Multiplier.NONE:
        constants = [code.halves(m) for m in multipliers] or [()]
        products = [_product(code, sums, lane_bits, step, constants[i % len(constants)]) for i in range(parts)]
    elif step.guarded or (step.lane_bytes == 4 and lane_bits == 32):
        products = [code.shift_up(code.copy_out(sums)) if lane_bits == 32 else sums for _ in range(parts)]
    else:
        # Shifted, rounded and saturated as it is: up to 32 lanes of 32 bits at a time.
        products = [sums] * (parts if lane_bits == 64 else lanes // SHORT_LANES)
    if step.guarded:
        products = [code.shift_up(code.round(p)) for p in products]
    return _clipped(code, [code.round(p) for p in products], lanes, step)


def _product(code: VectorCode, sums: Sums, lane_bits: int, step: Scaling, constant: tuple[Value, ...]) -> Sums:
    """Sixteen sums by their multipliers, whose halves are there."""
    if not step.wide:
        value = code.copy_out(sums) if lane_bits == 32 else code.round(sums)
        return code.chain((*code.halves(value), *constant), 4)
    high = code.round(sums)
    low = code.round(code.add(sums, code.shift_up(high)))
    rest = code.round(code.chain((*code.halves(low), *constant), 4))
    return code.add(code.chain((*code.halves(high), *constant), 4), code.shift_up(rest))


def _clipped(code: VectorCode, rounded: list[Value], lanes: int, step: Scaling) -> list[tuple[Value, ...]]:
    """Bounds and zero point, in lanes of 16 or 32 bits; packed where results are narrower."""
    if step.lane_bytes == 4:
        values = rounded
        for _ in range(step.clips):
            values = [code.vector(v) for v in values]
        if step.output_bytes == 4:
            return [(v,) for v in values]
        packed = [code.round(code.shift_up(v)) for v in values]
        return [tuple(packed[i : i + 2]) for i in range(0, len(packed), 2)]
    share = len(rounded) * SHORT_LANES // lanes
    vectors = [tuple(rounded[i : i + share]) for i in range(0, len(rounded), share)]
    for _ in range(step.clips + (step.output_bytes == 1)):
        vectors = [(code.vector(*v),) for v in vectors]
    return vectors


def multiplier_vectors(code: VectorCode, kind: Multiplier, rows: int) -> list[Value]:
    """The multipliers of a block of `rows` rows by eight columns, for each sixteen lanes or for all alike; none where one serves all."""
    if kind in {Multiplier.NONE, Multiplier.ONE}:
        return []
    if kind is Multiplier.COLUMN:
        return [code.vector(code.load(32, None))]
    spread = [code.vector(code.scalar_load()) for _ in range(rows)]
    return [code.vector(*spread[i : i + 2]) for i in range(0, rows, 2)]


def centred(code: VectorCode, size: int, lanes: int, taken: bool, loads: list[Value]) -> list[Value]:
    """A block of elements of `size` bytes less their zero point, for each sixteen lanes: of 8 bits as 16, of which 32 are a vector."""
    if size == 1:
        vectors = [code.vector(load) for load in loads for _ in range(max(1, lanes // SHORT_LANES // len(loads)))]
        vectors = [code.vector(v) for v in vectors] if taken else vectors
        return [vectors[i * LANES // SHORT_LANES] for i in range(lanes // LANES)]
    found = [loads[i * len(loads) // (lanes // LANES)] for i in range(lanes // LANES)]
    if not taken:
        return found
    wide = [code.vector(v) for v in found] if size == 2 else found
    return [code.vector(v) for v in wide]
