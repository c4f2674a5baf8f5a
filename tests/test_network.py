"""The semantic types."""

from __future__ import annotations

import numpy as np
import pytest

from placer.network import Add, IntType, Network, QuantType, Requantise, Rounding, Tensor

PLAIN = Rounding(0, np.zeros(1, np.int64), np.ones(1, np.int64), 0, 0, -128, 127, wide=False)


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
    assert QuantType(IntType.INT8, scale).exponent is None


@pytest.mark.parametrize(
    ("kind", "least", "most", "largest"),
    [
        (QuantType(IntType.INT8, 1.0), -128, 127, 128),
        (QuantType(IntType.UINT8, 1.0, 100), 0, 255, 155),
        (QuantType(IntType.INT8, 1.0, 3, (-32, 31)), -32, 31, 35),
    ],
)
def test_range(kind: QuantType, least: int, most: int, largest: int) -> None:
    """Limits narrow a type; the largest magnitude counts from the zero point."""
    assert (kind.min, kind.max, kind.largest) == (least, most, largest)


def test_lookup() -> None:
    """Tensors by name, consumers in order, an operation that reads a tensor twice once."""
    kind = QuantType(IntType.INT8, 1.0)
    tensors = tuple(Tensor(n, (2, 3), kind) for n in "xyz")
    first, second = Add("a", "x", "x", "y", 1, 1, PLAIN), Requantise("r", "x", "z", PLAIN)
    network = Network("net", 4, ("x",), ("y", "z"), tensors, (first, second))
    assert network.tensor("y") is tensors[1]
    assert network.tensor("x").size == 6
    assert network.consumers("x") == (first, second)
    assert network.consumers("y") == ()
    with pytest.raises(KeyError):
        network.tensor("w")
