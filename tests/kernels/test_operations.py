"""The operations that contracts list are those of the kernel source: its loads, products and stores counted as it runs on the host."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from placer.catalog import contract
from placer.contract import KernelContract
from placer.kernel_spec import DenseSpec
from tests.kernels.harness import INCLUDE, compiled, numpy_type, source
from tests.kernels.specs import dense_specs, trials

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")

# Calls that the copied source makes instead, and what they count. Accesses are of UNIT bytes, as the load units have them.
COUNTING = """
#pragma once
#include <cstdio>
#include "aie_api/aie.hpp"
namespace counting {
inline long loads, macs, stores;
constexpr long accesses(unsigned bytes) { return (bytes + UNIT - 1) / UNIT; }
template <unsigned N, class T> auto load_v(const T *p) { loads += accesses(N * sizeof(T)); return aie::load_v<N>(p); }
template <class T, class V> void store_v(T *p, const V &v) { stores += accesses(V::size() * sizeof(T)); aie::store_v(p, v); }
template <class M, class A, class B> void mac(M &sum, const A &a, const B &b) { ++macs; sum.mac(a, b); }
inline void report() { std::fprintf(stderr, "%ld %ld %ld\\n", loads, macs, stores); loads = macs = stores = 0; }
}
"""
CALLS = ((r"aie::(load_v|store_v)\b", r"counting::\1"), (r"(sums\[r\]\[c\])\.mac\(", r"counting::mac(\1, "))
# Operands and results pass through these; channel values do not.
COUNTED = ("dense.hpp", "operands.hpp")


def counted(kernels: tuple[KernelContract, ...], folder: Path) -> list[tuple[int, int, int]]:
    """Loads, calls of a product and stores of one call of each kernel."""
    headers = folder / "include"
    shutil.copytree(INCLUDE, headers)
    (headers / "placer" / "counting.hpp").write_text(COUNTING.replace("UNIT", str(kernels[0].spec.load_bytes)))  # type: ignore[union-attr]
    for name in COUNTED:
        path, changes = headers / "placer" / name, 0
        text = path.read_text()
        for pattern, replacement in CALLS:
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
    rows = [tuple(map(int, line.split())) for line in ran.stderr.decode().splitlines()]
    return [(loads, macs, stores) for loads, macs, stores in rows]


def specs(generation: str, every: int) -> tuple[DenseSpec, ...]:
    return tuple(dense_specs(generation))[::every]


def check(chosen: tuple[DenseSpec, ...], folder: Path) -> None:
    """Each count of the source is the contract's."""
    kernels = tuple(contract(s) for s in chosen)
    for kernel, spec, (loads, macs, stores) in zip(kernels, chosen, counted(kernels, folder), strict=True):
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
