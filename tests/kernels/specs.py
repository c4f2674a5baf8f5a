"""Every kernel that the catalogue can build: types, roles, mmul shapes, register blocks, sides; and data that finds what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from placer.arithmetic.softmax import exponentials
from placer.contracts.attention_spec import MatMulSpec, MoveSpec, SoftmaxSpec
from placer.contracts.catalog import contract
from placer.contracts.contract import Argument, ArgumentKind, KernelContract
from placer.contracts.kernel_spec import (
    NO_VALUES,
    AddSpec,
    DenseSpec,
    FunctionSpec,
    KernelSpec,
    MultiplySpec,
    NormaliseSpec,
    RequantiseSpec,
    Role,
)
from placer.cubics import SEGMENTS, TERMS, Cubics
from placer.layers import NormaliseLayer, Side, SoftmaxLayer, Step
from placer.mmul import MmulShape, mmul_shapes, register_blocks
from placer.moves import MoveForm, MoveKind
from placer.network import IntArray, IntType
from tests.kernels.harness import Trial

I8, I16, I32 = IntType.INT8, IntType.INT16, IntType.INT32
GENERATIONS = ("aie-ml", "aie-mlv2")
OPERANDS = ((I8, I8), (I16, I8), (I16, I16), (I8, I16))
# Elements of more than 16 bits, and what multiplies them, fill lanes of 64 bits by so little that sums of 24 fit.
WIDE_ELEMENT, WIDE_WEIGHT = 1 << 25, 1 << 15
OUTPUTS = (I8, I16, I32)
ONES = np.ones(1, np.int64)


def chains(output: IntType) -> tuple[tuple[Step, ...], ...]:
    """Chains of steps: plain, with bias and ReLU, clipped, left-shifted, and several steps with types of their own."""
    return (
        (Step(0, 3, False, None),),
        (Step(0, 6, True, ONES),),
        (Step(1, 5, False, ONES, None, -60, 90),),
        (Step(2, 0, False, None, I16), Step(1, 4, True, ONES)),
        (Step(0, 2, False, ONES, I8), Step(3, 1, False, None, output, -100, 77), Step(0, 1, False, ONES)),
    )


def dense_specs(generation: str, every_output: bool = False) -> Iterator[DenseSpec]:
    """Each combination of operand types, shape, register block, side and role; sizes leave a rest of columns, and every other one of rows.

    Output types and chains of steps take turns, unless every_output.
    """
    number = 0
    for left, right in (*OPERANDS, (I32, I32)):
        for shape in mmul_shapes(generation, left, right):
            for block, role in product(register_blocks(shape, generation), Role):
                for side, transposed in ((Side.RIGHT, False), (Side.RIGHT, True), (Side.LEFT, False)):
                    if transposed and (block[0] * shape.m) % 8:
                        continue
                    number += 1
                    every = OUTPUTS if every_output and role.finishes else (OUTPUTS[number % 3],)
                    for output in every:
                        yield _dense(generation, shape, output, block, role, side, transposed, number)


def _dense(
    generation: str, shape: MmulShape, output: IntType, block: tuple[int, int], role: Role, side: Side, transposed: bool, number: int
) -> DenseSpec:
    source, weight = (shape.left, shape.right) if side is Side.RIGHT else (shape.right, shape.left)
    # With a rest of rows, and without one, where one loop runs over all register blocks.
    rows = shape.m * (4 if block[0] == 1 else 2 * block[0]) if number % 2 else shape.m * (2 * block[0] - 1 if block[0] > 1 else 3)
    return DenseSpec(
        generation=generation,
        role=role,
        side=side,
        samples=2 if side is Side.LEFT else 1,
        rows=-(-rows // 8) * 8 if transposed else rows,
        inner=24,
        columns=24,
        input=source,
        weight=weight,
        output=output,
        mmul=shape,
        register_rows=block[0],
        register_columns=block[1],
        steps=chains(output)[number % 5],
        transposed=transposed,
    )


def elementwise_specs(generation: str) -> Iterator[AddSpec | RequantiseSpec]:
    """Sums with shifts of their own and requantisation alone, over types, block rows and chains."""
    for number, (m, left, right, output) in enumerate(product((2, 4, 8), (I8, I16), (I8, I16), OUTPUTS)):
        yield AddSpec(generation, m, 3 * m, 24, output, chains(output)[number % 5], left, right, 1 << number % 4, 1 << (number * 3) % 5)
        if left is right:
            yield RequantiseSpec(generation, m, 3 * m, 24, output, chains(output)[(number + 2) % 5], left)


def rescaled(output: IntType) -> tuple[tuple[Step, ...], ...]:
    """Chains with multipliers: one for all, one a channel, a zero point alone, two steps, a wide sum."""
    one, each = np.array([1_234_567_891]), np.array([1, 2])
    low, high = (-100, 90) if output is I8 else (-20000, 15000)
    zero = 0 if output is I32 else 7
    guard = 0 if output is I32 else 30 - output.bits
    return (
        (Step(0, 38, False, None, None, low, high, one, zero, guard),),
        (Step(3, 40, False, ONES, None, None, None, each, zero, guard),),
        (Step(0, 6, False, ONES, None, None, high, None, zero),),
        (Step(5, 36, False, ONES, I16, None, None, one, 3, 14), Step(1, 3, True, ONES)),
        (Step(0, 44, False, ONES, None, None, None, one, zero, guard, True),),
    )


def rescaling_specs(generation: str) -> Iterator[KernelSpec]:
    """Kernels of networks whose scales are no powers of two: sums, products, functions and LayerNorm, over types and chains."""
    m = 4 if generation == "aie-ml" else 8
    random = np.random.default_rng(1)
    for number, (left, right, output) in enumerate(product((I8, I16), (I8, I16), OUTPUTS)):
        chain = rescaled(output)[number % 5]
        narrow = chain if not chain[0].wide else rescaled(output)[0]
        # Their sums pass 32 bits: only shifted, or wide.
        sums = rescaled(output)[2 + number % 2 * 2]
        yield AddSpec(generation, m, 3 * m, 24, output, sums, left, right, 12_345_678, -987_654, 5, -9)
        yield MultiplySpec(generation, m, 3 * m, 24, output, sums, left, right, -3, 11)
        yield RequantiseSpec(generation, m, 3 * m, 24, output, narrow, left)
    yield AddSpec(generation, m, 3 * m, 24, I16, rescaled(I16)[4], I32, I16, 12_345, -98_765_432)
    yield MultiplySpec(generation, m, 3 * m, 24, I8, rescaled(I8)[4], I16, I32)
    yield RequantiseSpec(generation, m, 3 * m, 24, I16, rescaled(I16)[4], I32)
    for output in OUTPUTS:
        yield FunctionSpec(generation, 8, 24, I8, output, random.integers(output.min, output.max + 1, 256))
    # Rows of which the last batch repeats some; epsilons below one unit, and of more than 31 bits; deviations of more than 16 bits.
    epsilons = ((77, 4), (5 << 40, 4), ((1 << 34) - 3, 34), (1, 34), (7, 0), (3 << 30, 31))
    for output in OUTPUTS:
        if output is not I32:
            for source, bits in ((I16, 8), (I32, 18)):
                yield FunctionSpec(generation, 8, 24, source, output, NO_VALUES, _some_cubics(random, bits), 5, output.min, 100)
        for number, (source, features, rows) in enumerate(product((I8, I16), (24, 19, 150), (8, 40))):
            gain, offset = random.integers(1 << 20, 1 << 26, features), random.integers(-(1 << 28), 1 << 28, features)
            epsilon, bits = epsilons[number % 6] if source is I8 else (77, 4)
            clips = ((3, output.min, output.max), (0, output.min, output.max), (0, -100, 90), (-5, -20, output.max))[number % 4]
            # What fills an int32 has no room for a zero point; elements of 32 bits are held in fewer.
            ends = (0, -WIDE_ELEMENT, WIDE_ELEMENT) if output is I32 else clips
            layer = NormaliseLayer("n", "x", "y", epsilon, bits, 24, gain, offset, 16, 45, *ends)
            yield NormaliseSpec(generation, rows, -(-features // 8) * 8, source, output, layer)


def _some_cubics(random: np.random.Generator, bits: int) -> Cubics:
    """Any coefficients, of further cubics too, of which two lie in one segment."""
    coefficients = random.integers(-(1 << 27), 1 << 27, (SEGMENTS + 4, TERMS))
    starts = (np.array([3, 128, 128, 255]) << bits) + np.array([1, 7, 100, (1 << bits) - 1])
    return Cubics(coefficients, starts, bits, 14, 4, 0.0)


def attention_specs(generation: str) -> Iterator[KernelSpec]:
    """Products of two activations, with and without zero points and a rest in every direction; Softmax; moves from one and two sources."""
    number = 0
    for left, right in OPERANDS:
        for shape in mmul_shapes(generation, left, right):
            for turned, (left_zero, right_zero), inner in product((False, True), ((0, 0), (-7, 0), (0, 5), (-128, 127)), (16, 13)):
                number += 1
                output = OUTPUTS[number % 3]
                # Three accumulators of a 1 x 1 block fit every shape.
                rows, columns = (1, 1) if shape.m * shape.lane_bits > 128 or left_zero else (2, 1)
                # Their sums pass 32 bits: only shifted, or wide.
                chain = rescaled(output)[2 + number % 2 * 2] if left_zero else chains(output)[number % 5]
                ends = (shape, rows, columns, chain)
                yield MatMulSpec(
                    generation, 1 + number % 2, 2, 3 * shape.m, inner, 24, left, right, output, left_zero, right_zero, turned, *ends
                )
    m = 4 if generation == "aie-ml" else 8
    for number, (source, output, (groups, width)) in enumerate(product((I8, I16), (I8, I16), ((1, 24), (3, 8), (2, 13), (1, 5), (1, 75)))):
        clips = ((-8, output.min, 100), (output.min, output.min, output.max), (5, 7, output.max))[number % 3]
        layer = SoftmaxLayer("s", "x", "y", width, groups, exponentials(0.04, source.bits), 1_431_655_765, 23, *clips)
        # Two batches of three groups of four rows, which share one, or one batch.
        rows = 2 * m if number % 2 else 20
        yield SoftmaxSpec(generation, rows, groups * -(-width // 8) * 8, groups, source, output, layer)
    # Two spans of nine groups of four rows; wide rows; shifts that pass the widest.
    for source, shift in product((I8, I16), (23, 36)):
        layer = SoftmaxLayer("s", "x", "y", 130, 1, exponentials(0.11, source.bits), 1_431_655_765, shift, 0, I8.min, I8.max)
        yield SoftmaxSpec(generation, 72, 136, 1, source, I8, layer)
    forms = (
        *(MoveForm(MoveKind.COLUMNS, pieces=pieces, shifted=shifted) for pieces in (1, 2, 5) for shifted in (False, True)),
        *(MoveForm(MoveKind.RUNS, run=run) for run in (8, 16, 32)),
        MoveForm(MoveKind.TURNED),
        MoveForm(MoveKind.ELEMENTS),
    )
    for number, (kind, form) in enumerate(product((I8, I16, I32), forms)):
        if form.kind is MoveKind.TURNED and kind is I32:
            continue
        # One source or two; samples apart where tokens move; four rows left over where blocks have four.
        samples, rows = (1 if form.kind is MoveKind.COLUMNS else 2), 12 if generation == "aie-ml" else 16
        left, right = (rows, rows) if form.kind is MoveKind.COLUMNS else (24, 16)
        second = samples * right * 32 if number % 2 else 0
        yield MoveSpec(generation, samples, rows, 24, kind, samples * left * 32, second, left * 8, right * 8, form)


def kernels(specs: Iterator[DenseSpec] | Iterator[AddSpec | RequantiseSpec] | Iterator[KernelSpec]) -> tuple[KernelContract, ...]:
    """Their contracts."""
    return tuple(contract(s) for s in specs)


def trials(all_kernels: tuple[KernelContract, ...], seed: int = 0) -> tuple[tuple[Trial, ...], ...]:
    """Five calls of each kernel: the whole range; small values, which tie at the shift; all at the minimum; saturation either way."""
    random = np.random.default_rng(seed)

    def values(kernel: KernelContract, kind: str) -> Trial:
        given = [a for a in kernel.arguments if not a.is_output]
        return Trial(tuple(_argument(random, kernel, a, kind) for a in given))

    return tuple(tuple(values(k, kind) for k in all_kernels) for kind in ("random", "small", "low", "up", "down"))


def _argument(random: np.random.Generator, kernel: KernelContract, argument: Argument, kind: str) -> IntArray:
    """Values for one argument; a function's table is the one of its spec."""
    if isinstance(kernel.spec, FunctionSpec | SoftmaxSpec) and argument.kind in {ArgumentKind.WEIGHTS, ArgumentKind.SECOND_WEIGHTS}:
        return kernel.spec.table
    if isinstance(kernel.spec, MoveSpec) and argument.kind is ArgumentKind.WEIGHTS:
        return _move_table(random, kernel.spec)
    if isinstance(kernel.spec, SoftmaxSpec) and kind == "small":
        # Differences on both sides of what the first of two tables holds.
        return np.asarray(random.integers(-64 * kernel.spec.input.bytes**2, 64 * kernel.spec.input.bytes**2, argument.elements))
    values = _values(random, argument.kind, argument.type, argument.elements, kind)
    if argument.type == I32.value and argument.kind in {ArgumentKind.INPUT, ArgumentKind.SECOND_INPUT, ArgumentKind.WEIGHTS}:
        most = WIDE_WEIGHT if argument.kind is ArgumentKind.WEIGHTS else WIDE_ELEMENT
        return np.clip(values, -most, most - 1) if kind != "random" else values % (2 * most) - most
    return values


def _move_table(random: np.random.Generator, spec: MoveSpec) -> IntArray:
    """Places of whole elements, runs or blocks of either source."""
    form, count = spec.form, spec.places
    if form.kind is MoveKind.COLUMNS:
        step, size, count = spec.rows * 8, spec.rows * 32, count // 2
    else:
        step = {MoveKind.RUNS: form.run, MoveKind.TURNED: 64, MoveKind.ELEMENTS: 1}[form.kind]
        size = min(spec.left_sample, spec.right_sample)
    places = random.integers(0, size // step, count) * step
    second = random.integers(0, 2, count) if spec.right_elements else np.zeros(count, np.int64)
    if form.kind is not MoveKind.COLUMNS:
        return np.where(second, -1 - places, places)
    # Both blocks of a piece are of one source.
    second = np.repeat(second[::2], 2)
    pairs = np.where(second, -1 - places, places).reshape(-1, 2)
    shifts = random.integers(0, 8, len(pairs)) * form.shifted
    return np.column_stack([pairs, shifts, random.integers(0, 256, len(pairs))]).reshape(-1)


def _values(random: np.random.Generator, role: ArgumentKind, type_name: str, elements: int, kind: str) -> IntArray:
    wide = role in {ArgumentKind.BIAS, ArgumentKind.PARTIAL_IN}
    low, high = (-(1 << 20), (1 << 20) - 1) if wide else (IntType(type_name).min, IntType(type_name).max)
    match kind:
        case "random":
            return random.integers(low, high + 1, elements)
        case "small":
            return random.integers(-3, 4, elements)
        case "low":
            return np.full(elements, low)
        case "up":
            return np.full(elements, high)
        case _:
            return np.full(elements, high if role is ArgumentKind.WEIGHTS else low)
