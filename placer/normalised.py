"""LayerNorm in integers, shared by the normative evaluator and the kernel's reference."""

from __future__ import annotations

import numpy as np

from placer.arithmetic import half_even, half_even_each, reciprocal_root
from placer.network import IntArray


def normalised(source: IntArray, size: int, epsilon: int, fraction: int, gain: IntArray, offset: IntArray, shift: int) -> IntArray:
    """(source - mean) / sqrt(variance + epsilon) * gain + offset over the first `size` elements of the last axis.

    With N = size elements of sum S: deviation d = N * q - S, spread V = N * sum(q^2) - S^2 + epsilon, both exact; d / sqrt(V) has
    `fraction` fraction bits, gain and offset bring it to `shift` of them, and the result is rounded half to even.
    """
    real = source[..., :size]
    total = real.sum(axis=-1, keepdims=True)
    spread = size * (real * real).sum(axis=-1, keepdims=True) - total * total + epsilon
    root, down = reciprocal_root(np.maximum(spread, 1))
    unit = half_even_each((source * size - total) * root, down - fraction)
    return half_even(unit * gain + offset, shift)
