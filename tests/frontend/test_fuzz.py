"""A slice of scripts/fuzz_import.py: mutated models get an answer or one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.fuzz_import import fuzz, mutant

MODELS = sorted((Path(__file__).resolve().parents[2] / "configs" / "models").glob("*.onnx"))


def sources() -> tuple[bytes, ...]:
    """The smaller shipped models."""
    return tuple(p.read_bytes() for p in MODELS if p.stat().st_size < 200_000)


def test_mutants_are_the_same_each_time() -> None:
    """By number and seed."""
    assert mutant(sources(), 3, 0) == mutant(sources(), 3, 0)
    assert mutant(sources(), 3, 0) != mutant(sources(), 4, 0)


@pytest.mark.slow
def test_mutated_models_never_crash() -> None:
    """No crash, no hang, no read outside the folder, one sentence."""
    assert list(fuzz(sources(), 1000, 0)) == []
