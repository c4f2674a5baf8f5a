"""LayerNorm in integers, shared by the normative evaluator and the kernel's reference."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from placer.arithmetic.integers import half_even, half_even_each, reciprocal_root
from placer.network import IntArray


class Precision(Protocol):
    """The integers of a LayerNorm that all rows share (network.Normalise)."""

    @property
    def epsilon(self) -> int: ...
    @property
    def epsilon_bits(self) -> int: ...
    @property
    def fraction(self) -> int: ...
    @property
    def shift(self) -> int: ...


def normalised(source: IntArray, size: int, how: Precision, gain: IntArray, offset: IntArray) -> IntArray:
    """(source - mean) / sqrt(variance + epsilon) * gain + offset over the first `size` elements of the last axis.

    With N = size elements of sum S: deviation d = N * q - S, spread V = N * sum(q^2) - S^2 + epsilon, exact in epsilon_bits fraction bits;
    d / sqrt(V) has `fraction` fraction bits, gain and offset bring it to `shift` of them, and the result is rounded half to even.
    """
    real = source[..., :size]
    total = real.sum(axis=-1, keepdims=True)
    spread = ((size * (real * real).sum(axis=-1, keepdims=True) - total * total) << how.epsilon_bits) + how.epsilon
    root, down = reciprocal_root(np.maximum(spread, 1 << how.epsilon_bits))
    unit = half_even_each((source * size - total) * root, down - how.fraction - how.epsilon_bits // 2)
    return half_even(unit * gain + offset, how.shift)
