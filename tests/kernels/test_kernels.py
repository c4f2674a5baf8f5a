"""Every kernel of the catalogue against its reference, bit for bit, on random and extreme data."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from placer.contracts.contract import KernelContract
from tests.kernels.harness import mismatches
from tests.kernels.specs import GENERATIONS, attention_specs, dense_specs, elementwise_specs, kernels, rescaling_specs, trials

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


def check(chosen: tuple[KernelContract, ...], folder: Path, *flags: str) -> None:
    """No call of a kernel differs from its reference."""
    assert chosen
    assert mismatches(chosen, trials(chosen), folder, *flags) == []


def test_a_sample_of_kernels(tmp_path: Path) -> None:
    """Some of all kinds, spread over every combination."""
    check((*kernels(dense_specs("aie-ml"))[::37], *kernels(elementwise_specs("aie-ml"))[::17]), tmp_path)


def test_a_sample_of_rescaling_kernels(tmp_path: Path) -> None:
    """Multipliers, zero points, functions and LayerNorm."""
    check(kernels(rescaling_specs("aie-ml"))[::11], tmp_path)


def test_a_sample_of_attention_kernels(tmp_path: Path) -> None:
    """Products of two activations, Softmax, moves."""
    check(kernels(attention_specs("aie-ml"))[::9], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("part", range(4))
def test_every_kernel(generation: str, part: int, tmp_path: Path) -> None:
    """Types x shapes x register blocks x sides x roles; scripts/check_kernels.py adds every output type to the product."""
    specs = (dense_specs, elementwise_specs, rescaling_specs, attention_specs)
    everything = tuple(kernel for some in specs for kernel in kernels(some(generation)))
    check(everything[part::4], tmp_path)
