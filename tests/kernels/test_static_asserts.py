"""A config that a template cannot serve does not compile, and the compiler says what to change; the spec's check says the same."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from placer.codegen.kernel_text import config_struct
from placer.contracts.catalog import contract
from placer.contracts.kernel_spec import DenseSpec, Role
from placer.layers import Side, Step
from placer.mmul import mmul_shapes
from placer.network import IntType
from tests.kernels.harness import compiled

I8 = IntType.INT8
GOOD = DenseSpec(
    "aie-ml", Role.SINGLE, Side.RIGHT, 1, 8, 16, 16, I8, I8, I8, mmul_shapes("aie-ml", I8, I8)[0], 2, 2, (Step(0, 4, False, None),)
)
BAD = (
    (replace(GOOD, rows=6), "rows must be padded to the rows of the mmul shape", "rows must be a multiple of 4, not 6"),
    (replace(GOOD, inner=12), "the contraction must be padded to 8", "the contraction must be a multiple of 8, not 12"),
    (replace(GOOD, columns=4), "columns must be padded to 8", "columns must be a multiple of 8, not 4"),
    (replace(GOOD, register_rows=3, register_columns=3), "needs more accumulators than the core has", "needs 9 accumulators of 8"),
    (replace(GOOD, transposed=True, register_rows=1), "a transposed input is read 8 rows at a time", "a transposed input is read 8 rows"),
    (replace(GOOD, transposed=True, side=Side.LEFT), "weights on the left read a transposed input already", "read a transposed input"),
    (
        replace(GOOD, mmul=replace(GOOD.mmul, m=3), rows=9),
        "no matrix product of this shape for these types",
        "no 3x8x8 product of int8 by int8: there are 4x8x8, 2x8x8, 8x8x8",
    ),
)


@pytest.mark.parametrize(("spec", "assertion", "sentence"), BAD, ids=lambda v: v[:20] if isinstance(v, str) else "")
def test_the_spec_is_refused(spec: DenseSpec, assertion: str, sentence: str) -> None:
    """In words, before any compiler runs."""
    with pytest.raises(ValueError, match=sentence):
        contract(spec)


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_the_compiler_says_what_is_wrong(tmp_path: Path) -> None:
    """Each static_assert is reached, by name; the good config passes."""
    text = '#include "placer/dense.hpp"\n'
    for i, spec in enumerate((GOOD, *(b[0] for b in BAD))):
        text += f"{config_struct(f'config_{i}', spec)}\nconstexpr unsigned size_{i} = placer::Geometry<config_{i}>::a_step;\n"
    said = compiled(text, tmp_path, "aie-ml", "-fsyntax-only").stderr
    for _, assertion, _ in BAD:
        assert assertion in said
    assert "config_0" not in said
