"""The semantic types."""

from __future__ import annotations

import numpy as np
import pytest

from placer.network import Add, IntType, Network, QuantType, Requantise, Tensor


@pytest.mark.parametrize("dtype", IntType)
def test_integer_types(dtype: IntType) -> None:
    """Ranges and sizes as numpy has them."""
    info = np.iinfo(dtype.value)
    assert (dtype.min, dtype.max, dtype.bits, dtype.bytes) == (info.min, info.max, info.bits, info.bits // 8)
    assert dtype.signed == (info.min < 0)


@pytest.mark.parametrize("exponent", [-126, -7, 0, 1, 100])
def test_exponent(exponent: int) -> None:
    """log2 of a power of two."""
    assert QuantType(IntType.INT8, 2.0**exponent).exponent == exponent


@pytest.mark.parametrize("scale", [0.3, 3.0, 0.0])
def test_exponent_of_another_scale(scale: float) -> None:
    """There is none."""
    with pytest.raises(ValueError, match="is not a power of two"):
        _ = QuantType(IntType.INT8, scale).exponent


def test_lookup() -> None:
    """Tensors by name, consumers in order, an operation that reads a tensor twice once."""
    kind = QuantType(IntType.INT8, 1.0)
    tensors = tuple(Tensor(n, (2, 3), kind) for n in "xyz")
    first, second = Add("a", "x", "x", "y", relu=False), Requantise("r", "x", "z", relu=True)
    network = Network("net", 4, ("x",), ("y", "z"), tensors, (first, second))
    assert network.tensor("y") is tensors[1]
    assert network.tensor("x").size == 6
    assert network.consumers("x") == (first, second)
    assert network.consumers("y") == ()
    with pytest.raises(KeyError):
        network.tensor("w")
