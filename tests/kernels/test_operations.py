"""The operations that contracts list are those of the kernel source: its loads, products and stores counted as it runs on the host."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from placer.contracts.attention_spec import MatMulSpec, MoveSpec, SoftmaxSpec
from placer.contracts.catalog import contract
from placer.contracts.contract import ArgumentKind, KernelContract, alignment
from placer.contracts.kernel_spec import (
    AddSpec,
    DenseSpec,
    FunctionSpec,
    KernelSpec,
    MultiplySpec,
    NormaliseSpec,
    RequantiseSpec,
    SteppedSpec,
)
from placer.cycles.block_operations import elementwise_block
from placer.cycles.kernel import step_kinds
from placer.cycles.operations import Bias, ElementwiseBlock, Entry, Operand
from placer.cycles.row_operations import row_stage
from placer.cycles.stages import RowStage, Stage, clip_operations, end_operations
from placer.device import Device, find_device
from placer.moves import MoveKind
from placer.network import IntType
from tests.kernels.harness import INCLUDE, compiled, numpy_type, source
from tests.kernels.specs import attention_specs, dense_specs, elementwise_specs, rescaling_specs, trials

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")

# Calls that the copied source makes instead, and what they count. Accesses are of UNIT bytes, as the load units have them; products are
# those of the hardware: 32 lanes of 32 bits, sixteen of 64; of 32-bit operands those of their halves.
COUNTING = """
#pragma once
#include <cstdio>
#include "aie_api/aie.hpp"
#include "lookup_table.hpp"
namespace counting {
inline long loads, macs, stores, rounds, ups, vectors;
constexpr long accesses(unsigned bytes) { return (bytes + UNIT - 1) / UNIT; }
template <unsigned N, class T> auto load_v(const T *p) { loads += accesses(N * sizeof(T)); return aie::load_v<N>(p); }
template <class T, class V> void store_v(T *p, const V &v) { stores += accesses(V::size() * sizeof(T)); aie::store_v(p, v); }
template <class M, class A, class B> void mac(M &sum, const A &a, const B &b) { ++macs; sum.mac(a, b); }
template <class M, class A, class B> void block(M &sum, const A &a, const B &b) { macs += sizeof(a[0]); sum.mac(a, b); }
template <class T> constexpr unsigned size = sizeof(T);
template <class T, unsigned N> constexpr unsigned size<aie::vector<T, N>> = sizeof(T);
template <class Sums, class A, class B> auto counted(const Sums &sums, const A &, const B &) {
    constexpr unsigned halves = (size<A> == 4 ? 2 : 1) * (size<B> == 4 ? 2 : 1), lanes = sizeof(typename Sums::lane) == 8 ? 16 : 32;
    macs += (Sums::size() + lanes - 1) / lanes * halves;
    // Either half of a vector of 32 bits is a shuffle; those of a constant are there.
    vectors += ((std::is_same_v<A, int32> || size<A> < 4 ? 0 : 2) + (std::is_same_v<B, int32> || size<B> < 4 ? 0 : 2)) * Sums::size() / 16;
    return sums;
}
template <class Tag, class A, class B> auto mul(const A &a, const B &b) { return counted(aie::mul<Tag>(a, b), a, b); }
template <class A, class B> auto mul(const A &a, const B &b) { return counted(aie::mul(a, b), a, b); }
template <class S, class A, class B> auto add(const S &s, const A &a, const B &b) { return counted(aie::mac(s, a, b), a, b); }
template <class S, class A, class B> auto take(const S &s, const A &a, const B &b) { return counted(aie::msc(s, a, b), a, b); }
template <class L, class V> auto fetch(const L &lookup, const V &v) {
    loads += 2 * V::size() / placer::table_accesses;
    return L(lookup).fetch(v);
}
template <class Sums> constexpr unsigned lanes_at_once = sizeof(typename Sums::lane) == 8 ? 16 : 32;
template <class T, class Sums> auto rounded(const Sums &sums, int shift) {
    rounds += Sums::size() / (sizeof(T) == 4 ? 16 : lanes_at_once<Sums>);
    return sums.template to_vector<T>(shift);
}
template <class Tag, class V> auto up(const V &v, int shift) {
    ups += V::size() / 16;
    return aie::accum<Tag, V::size()>(v, shift);
}
template <class V> auto vector(const V &v) { vectors += (V::size() * sizeof(v[0]) + 63) / 64; return v; }
template <class V> auto packed(const V &v) {
    if constexpr (size<V> == 4)
        ups += V::size() / 16, rounds += V::size() / 16;
    else
        vector(v);
    return v.pack();
}
template <class V> auto unpacked(const V &v) { return vector(v.unpack()); }
inline void report() {
    std::fprintf(stderr, "%ld %ld %ld %ld %ld %ld\\n", loads, macs, stores, rounds, ups, vectors);
    loads = macs = stores = rounds = ups = vectors = 0;
}
}
"""
DENSE_CALLS = ((r"aie::(load_v|store_v)\b", r"counting::\1"), (r"(sums\[r\]\[c\])\.mac\(", r"counting::mac(\1, "))
ROW_CALLS = (
    (r"aie::load_v<group>\(x", "counting::load_v<group>(x"),
    (r"aie::store_v\(y \+", "counting::store_v(y +"),
    (r"\bsums\.mac\(", "counting::block(sums, "),
    (r"aie::mul\b", "counting::mul"),
    (r"aie::mac\(", "counting::add("),
    (r"aie::msc\(", "counting::take("),
    (r"\blow\.fetch\(", "counting::fetch(low, "),
    (r"(Power\(table_at\(tables.first \+ table_elements, tables.second \+ table_elements\), 8\))\.fetch\(", r"counting::fetch(\1, "),
)
FUNCTION_CALLS = (
    (r"aie::(load_v|store_v)\b", r"counting::\1"),
    (r"\b(values_of|cubics)\.fetch\(", r"counting::fetch(\1, "),
    (r"aie::mul\b", "counting::mul"),
    (r"aie::mac\(", "counting::add("),
    (r"(\w+)\.template to_vector<(\w+)>\(", r"counting::rounded<\2>(\1, "),
    (r"(aie::(?:bit_and|sub|add)\((?:x|rest|counting::rounded)[^;]*\));", r"counting::vector(\1);"),
    (r"(aie::(?:max|min|add)\(out, Lane\([^;]*\));", r"counting::vector(\1);"),
    (r"segment_of\((aie::sub\(x, rest\))\)", r"segment_of(counting::vector(\1))"),
    (r"\bout\.pack\(\)", "counting::packed(out)"),
)
MOVE_CALLS = ((r"aie::(load_v|store_v)\b", r"counting::\1"),)
STEP_CALLS = (
    (r"aie::(load_v|store_v)\b", r"counting::\1"),
    (r"aie::mul\b", "counting::mul"),
    (r"aie::mac\(", "counting::add("),
    (r"(\w+)\.template to_vector<(\w+)>\(", r"counting::rounded<\2>(\1, "),
    (r"aie::accum<acc64, N>\((?=scaled|out|high|counting)", "counting::up<acc64>("),
    (r"wide\.from_vector\(", "wide = counting::up<acc64>("),
    (r"\bout\.pack\(\)", "counting::packed(out)"),
    (r"\bv\.unpack\(\)", "counting::unpacked(v)"),
    (r"(aie::(?:max|min|add)\(out, Lane\([^;]*\));", r"counting::vector(\1);"),
    (r"(aie::sub\((?:counting::unpacked|widened)\(v\), int(?:16|32)\(Zero\)\));", r"counting::vector(\1);"),
)
# Ones and masks of a last block are constants, whose loads are hoisted.
MATMUL_CALLS = (
    (r"aie::(load_v|store_v)\b(?!<m \* 8>\(call\.(?:mask|ones))", r"counting::\1"),
    (r"([\w\[\]]+)\.mac\(", r"counting::mac(\1, "),
)
# Operands and results pass through these; channel values do not.
DENSE_FILES, ROW_FILES, MOVE_FILES = ("dense.hpp", "operands.hpp"), ("normalise.hpp", "softmax.hpp", "reciprocal_root.hpp"), ("move.hpp",)


def counted(
    kernels: tuple[KernelContract, ...], folder: Path, files: tuple[str, ...], calls: tuple[tuple[str, str], ...]
) -> list[tuple[int, ...]]:
    """Loads, products, stores, roundings, shifts up and vector operations of one call of each kernel."""
    headers = folder / "include"
    shutil.copytree(INCLUDE, headers)
    (headers / "placer" / "counting.hpp").write_text(COUNTING.replace("UNIT", str(alignment(kernels[0].spec))))
    for name in files:
        path, changes = headers / "placer" / name, 0
        text = path.read_text()
        for pattern, replacement in calls:
            text, times = re.subn(pattern, replacement, text)
            changes += times
        assert changes, f"nothing to count in {name}"
        path.write_text(text.replace("#pragma once", '#pragma once\n#include "counting.hpp"', 1))
    program = re.sub(r"(case_\d+\(\);)(?= | \})", r"\1 counting::report();", source(kernels, 1))
    built = compiled(program, folder, kernels[0].spec.generation, f"-I{headers}")
    assert built.returncode == 0, built.stderr
    stimulus = b"".join(
        value.astype(numpy_type(argument)).tobytes()
        for kernel, one in zip(kernels, trials(kernels)[0], strict=True)
        for argument, value in zip([a for a in kernel.arguments if not a.is_output], one.inputs, strict=True)
    )
    ran = subprocess.run([folder / "kernels"], input=stimulus, capture_output=True, check=True)
    return [tuple(map(int, line.split())) for line in ran.stderr.decode().splitlines()]


def specs(generation: str, every: int) -> tuple[DenseSpec, ...]:
    return tuple(dense_specs(generation))[::every]


def check(chosen: tuple[DenseSpec, ...], folder: Path) -> None:
    """Each count of the source is the contract's."""
    kernels = tuple(contract(s) for s in chosen)
    for kernel, spec, (loads, macs, stores, *_) in zip(kernels, chosen, counted(kernels, folder, DENSE_FILES, DENSE_CALLS), strict=True):
        listed = kernel.operations
        found = (loads, macs * spec.mmul.intrinsics, stores)
        assert found == (listed.loads, listed.macs, listed.stores), str(spec)


def test_a_sample_of_kernels(tmp_path: Path) -> None:
    """Sides, roles and rests of rows take turns; and a transposed input of which a step loads less than one access."""
    narrow = next(s for s in dense_specs("aie-ml") if s.transposed and s.mmul.k == 1)
    check((*specs("aie-ml", 41), narrow), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("generation", ["aie-ml", "aie-mlv2"])
def test_many_kernels(generation: str, tmp_path: Path) -> None:
    """Every seventh of all combinations."""
    check(specs(generation, 7), tmp_path)


def check_rows(chosen: tuple[KernelSpec, ...], folder: Path) -> None:
    """LayerNorm and Softmax: loads of the source and of tables, products and stores of the result."""
    kernels = tuple(contract(s) for s in chosen)
    for kernel, (loads, macs, stores, *_) in zip(kernels, counted(kernels, folder, ROW_FILES, ROW_CALLS), strict=True):
        listed = kernel.operations
        # Gains and offsets are loaded as channel values are.
        channels = listed.second_loads if kernel.argument(ArgumentKind.BIAS) else 0
        assert (loads, macs, stores) == (listed.loads - channels, listed.macs, listed.stores), str(kernel.spec)


def row_specs(generation: str) -> tuple[KernelSpec, ...]:
    everything = (*rescaling_specs(generation), *attention_specs(generation))
    return tuple(s for s in everything if isinstance(s, NormaliseSpec | SoftmaxSpec))


def test_a_sample_of_kernels_of_rows(tmp_path: Path) -> None:
    """Types, rests and batches that overlap take turns."""
    check_rows(row_specs("aie-ml")[::7], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("generation", ["aie-ml", "aie-mlv2"])
def test_every_kernel_of_rows(generation: str, tmp_path: Path) -> None:
    """All of them."""
    check_rows(row_specs(generation), tmp_path)


@pytest.mark.parametrize("generation", ["aie-ml", "aie-mlv2"])
def test_moves_in_vectors(generation: str, tmp_path: Path) -> None:
    """Loads and stores of all that move vectors; the places that they come from are scalars."""
    chosen = [s for s in attention_specs(generation) if isinstance(s, MoveSpec)]
    vectors = [s for s in chosen if s.form.kind is not MoveKind.RUNS or s.form.run * s.type.bytes >= 16]
    kernels = tuple(contract(s) for s in vectors)
    for kernel, spec, (loads, _, stores, *_) in zip(kernels, vectors, counted(kernels, tmp_path, MOVE_FILES, MOVE_CALLS), strict=True):
        places = 0 if spec.form.kind is MoveKind.COLUMNS else spec.samples * spec.places
        # Single elements are loaded as scalars, as places are.
        places += spec.elements if spec.form.kind is MoveKind.ELEMENTS else 0
        assert (loads, stores) == (kernel.operations.loads - places, kernel.operations.stores), str(spec)


def check_products(specs: tuple[MatMulSpec, ...], folder: Path) -> None:
    """Products of two activations: loads of both operands, products, those that correct zero points among them, and stores."""
    kernels = tuple(contract(s) for s in specs)
    for kernel, spec, found in zip(kernels, specs, counted(kernels, folder, ("matmul.hpp",), MATMUL_CALLS), strict=True):
        loads, macs, stores, *_ = found
        listed = kernel.operations
        assert (loads, macs * spec.mmul.intrinsics, stores) == (listed.loads, listed.macs, listed.stores), str(spec)


def matmul_specs(generation: str) -> tuple[MatMulSpec, ...]:
    return tuple(s for s in attention_specs(generation) if isinstance(s, MatMulSpec))


def test_a_sample_of_products_of_activations(tmp_path: Path) -> None:
    """Shapes, zero points and transposed operands take turns."""
    check_products(matmul_specs("aie-ml")[::61], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("generation", ["aie-ml", "aie-mlv2"])
def test_many_products_of_activations(generation: str, tmp_path: Path) -> None:
    """Every fifth."""
    check_products(matmul_specs(generation)[::5], tmp_path)


def check_elementwise(specs: tuple[SteppedSpec, ...], folder: Path) -> None:
    """Loads of every operand and stores, whatever comes between them."""
    kernels = tuple(contract(s) for s in specs)
    for kernel, (loads, _, stores, *_) in zip(kernels, counted(kernels, folder, ("elementwise.hpp",), MOVE_CALLS), strict=True):
        assert (loads, stores) == (kernel.operations.loads, kernel.operations.stores), str(kernel.spec)


def elementwise(generation: str) -> tuple[SteppedSpec, ...]:
    everything = (*elementwise_specs(generation), *rescaling_specs(generation))
    return tuple(s for s in everything if isinstance(s, AddSpec | MultiplySpec | RequantiseSpec))


def test_a_sample_of_elementwise_kernels(tmp_path: Path) -> None:
    """Sums, products and roundings take turns."""
    check_elementwise(elementwise("aie-ml")[::31], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("generation", ["aie-ml", "aie-mlv2"])
def test_every_elementwise_kernel(generation: str, tmp_path: Path) -> None:
    """All of them."""
    check_elementwise(elementwise(generation), tmp_path)


def step_specs(generation: str) -> tuple[SteppedSpec, ...]:
    """Kernels that end in one step that does more than shift."""
    found = (s for s in rescaling_specs(generation) if isinstance(s, AddSpec | MultiplySpec | RequantiseSpec))
    return tuple(s for s in found if len(s.steps) == 1 and s.output is not IntType.INT32 and all(t.bits < 32 for t in s.inputs))


def step_block(spec: SteppedSpec) -> ElementwiseBlock:
    """What is listed of a block of such a kernel."""
    kinds = step_kinds(spec.steps, Bias.COLUMN, spec.output.bytes, dense=False)
    zeros = (0,) if isinstance(spec, RequantiseSpec) else (spec.left_zero, spec.right_zero)
    sources = tuple(Operand(t.bytes, zero != 0) for t, zero in zip(spec.inputs, zeros, strict=True))
    entry = {AddSpec: Entry.SCALED, MultiplySpec: Entry.PRODUCT, RequantiseSpec: Entry.SHIFTED}[type(spec)]
    return ElementwiseBlock(sources, kinds, entry, spec.output.bytes)


def check_steps(specs: tuple[SteppedSpec, ...], device: Device, tmp_path: Path) -> None:
    """Products, stores, roundings, shifts up and vector operations of steps that do more than shift, and of what comes before them."""
    kernels = tuple(contract(s) for s in specs)
    for spec, found in zip(specs, counted(kernels, tmp_path, ("finish.hpp", "elementwise.hpp"), STEP_CALLS), strict=True):
        code, blocks = elementwise_block(step_block(spec), device), spec.elements // (spec.m * 8)
        listed = [blocks * code.count(name) for name in ("multiply", "store", "round", "shift up", "vector")]
        # Sums of 32 bits are copied out of their accumulators, which the source spells as a rounding.
        listed[2] += blocks * code.count("copy")
        multipliers = spec.steps[0].multiplier
        if multipliers is not None and len(multipliers) > 1:
            # The source spreads a column's multipliers over the rows of a block; their halves, the same for each row, are listed once.
            listed[4] += blocks * (2 * spec.m * 8 // 16 - 3)
        assert list(found[1:]) == listed, str(spec)


def test_a_sample_of_steps_that_scale(tmp_path: Path) -> None:
    """Types and chains take turns."""
    check_steps(step_specs("aie-ml")[::5], find_device("VEK280"), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("device", ["VEK280", "VEK385"])
def test_every_step_that_scales(device: str, tmp_path: Path) -> None:
    """All of them."""
    check_steps(step_specs(find_device(device).generation), find_device(device), tmp_path)


@pytest.mark.parametrize("generation", ["aie-ml", "aie-mlv2"])
def test_functions(generation: str, tmp_path: Path) -> None:
    """Loads and stores of tables and cubics, and of cubics all else but what look-ups and further cubics take."""
    specs = tuple(s for s in rescaling_specs(generation) if isinstance(s, FunctionSpec))
    kernels = tuple(contract(s) for s in specs)
    for kernel, spec, found in zip(kernels, specs, counted(kernels, tmp_path, ("lookup.hpp", "finish.hpp"), FUNCTION_CALLS), strict=True):
        listed = kernel.operations
        assert (found[0], found[2]) == (listed.loads, listed.stores), str(spec)
        if spec.cubics is None:
            continue
        clips = clip_operations(spec.output.bytes, spec.zero_point, spec.low, spec.high, positive=False)
        exact = end_operations(spec.output.bytes, spec.zero_point, spec.low, spec.high, positive=False)
        code = row_stage(RowStage(Stage.CUBICS, spec.input.bytes, spec.output.bytes, clips=clips), generation)
        # Four tables, sixteen lanes at a time: keys are shifted up, rounded and looked up, and what is found is shuffled together.
        fetches = 8
        lanes_of_clips = 2 if spec.output.bytes == 2 and spec.zero_point else 1
        # Places of 32 bits are halved once for three products, which the source spells with each.
        halves = 0 if spec.input.bytes == 2 else 8
        vectors = code.count("vector") - (clips - exact) * lanes_of_clips + halves
        rounds = code.count("round") - fetches
        assert found[1] == listed.macs
        assert (found[3], found[5]) == tuple(spec.elements // 32 * n for n in (rounds, vectors)), str(spec)
