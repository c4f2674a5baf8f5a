"""Types, scales and zero points of every dialect, one small model each: against onnxruntime, or against the arithmetic they state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from placer.network import Dense, IntType, Multiply, Network, Normalise, Requantise, Table
from placer.reference import evaluate
from tests.onnxruntime_check import INEXACT, differences
from tests.qdq_models import QdqBuilder, some_weights

Build = Callable[[QdqBuilder, str], str]
MICROSOFT = "com.microsoft"


def scale(b: QdqBuilder, value: float | list[float], dtype: str, zero: int = 0) -> tuple[str, str]:
    """A scale, or one a channel, and zero points of a type. No ratio of scales may be a simple fraction: ties are float32's to break."""
    skewed = np.array(value) * (1 + 0.37 * np.sqrt(np.array(value)))
    return b.constant(skewed, "float32"), b.constant(np.full(np.shape(value), zero), dtype)


def rounded(b: QdqBuilder, x: str, value: float, dtype: str = "int8", zero: int = 0, domain: str = "") -> str:
    """A rounding point at any scale."""
    ends = scale(b, value, dtype, zero)
    return b.node("DequantizeLinear", b.node("QuantizeLinear", x, *ends, domain=domain), *ends, domain=domain)


def held(b: QdqBuilder, value: np.ndarray, at: float | list[float], dtype: str = "int8", zero: int = 0, axis: int = 1) -> str:  # type: ignore[type-arg]
    """Dequantised constants."""
    return b.node("DequantizeLinear", b.constant(value, dtype), *scale(b, at, dtype, zero), axis=axis)


def product(b: QdqBuilder, x: str, at: float | list[float] = 0.01, dtype: str = "int8", zero: int = 0) -> str:
    """x [.., 8] by weights [8, 4]."""
    low = 0 if dtype.startswith("u") else -100
    return b.node("MatMul", x, held(b, some_weights(8, 4).clip(low, 100), at, dtype, zero))


CHANNELS = [0.01, 0.02, 0.005, 0.03]
QDQ: dict[str, Build] = {
    "arbitrary scales": lambda b, x: rounded(b, product(b, x), 0.03),
    "scales a channel": lambda b, x: rounded(b, product(b, x, CHANNELS), 0.03),
    "uint8": lambda b, x: rounded(b, product(b, rounded(b, x, 0.02, "uint8", 100)), 0.03, "uint8", 17),
    "asymmetric weights": lambda b, x: rounded(b, product(b, x, 0.01, "uint8", 77), 0.2),
    "zero points": lambda b, x: rounded(b, product(b, rounded(b, x, 0.07, "int8", -5)), 0.03, "int8", 9),
    "another domain": lambda b, x: rounded(b, product(b, rounded(b, x, 0.001, "int16", domain=MICROSOFT)), 0.0003, "uint16", 99, MICROSOFT),
    "other scale on the way back": lambda b, x: b.dequantise(b.quantise(x, -4), -3),
    "weights of rank 1": lambda b, x: b.node(
        "Unsqueeze", rounded(b, b.node("MatMul", x, held(b, np.arange(8), 0.1)), 0.2), b.constant([1])
    ),
    "two biases": lambda b, x: rounded(
        b, b.node("Add", b.node("Add", product(b, x), b.constant(0.7, "float32")), b.constant([0.1] * 4, "float32")), 0.1
    ),
    "constants": lambda b, x: rounded(
        b, b.node("Mul", b.node("Add", x, b.constant(1.5, "float32")), b.constant(np.arange(1.0, 9.0), "float32")), 0.3
    ),
    "sum of two scales": lambda b, x: rounded(b, b.node("Sub", rounded(b, x, 0.03, "uint8", 3), x), 0.11, "int8", 3),
    "element by element": lambda b, x: rounded(b, b.node("Mul", rounded(b, b.node("Relu", x), 0.03), product8(b, x)), 0.2, "uint8", 7),
    "clip": lambda b, x: rounded(b, b.node("Clip", product(b, x), b.constant(-0.5, "float32"), b.constant(1.0, "float32")), 0.03),
    "sigmoid": lambda b, x: rounded(b, b.node("Sigmoid", x), 1 / 255, "uint8"),
    "leaky relu": lambda b, x: rounded(b, b.node("LeakyRelu", x, alpha=0.1), 0.03),
    "hard swish": lambda b, x: rounded(b, b.node("HardSwish", x), 0.03),
    "softplus of a product": lambda b, x: rounded(b, b.node("Softplus", rounded(b, product(b, x), 0.05)), 0.03),
    "silu": lambda b, x: rounded(b, b.node("Mul", x, rounded(b, b.node("Sigmoid", x), 1 / 255, "uint8")), 0.03),
    "norm": lambda b, x: rounded(b, b.node("LayerNormalization", x, b.constant(np.arange(1.0, 9.0), "float32"), axis=-1), 0.1),
    "norm in pieces": lambda b, x: rounded(b, norm_in_pieces(b, x), 0.02),
}


def product8(b: QdqBuilder, x: str) -> str:
    """A rounded product of eight columns."""
    return rounded(b, b.node("MatMul", x, held(b, some_weights(8, 8), 0.01)), 0.1)


def norm_in_pieces(b: QdqBuilder, x: str) -> str:
    """LayerNorm as operator set 13 writes it."""
    away = b.node("Sub", x, b.node("ReduceMean", x, axes=[-1]))
    variance = b.node("ReduceMean", b.node("Pow", away, b.constant(2.0, "float32")), axes=[-1])
    return b.node("Div", away, b.node("Sqrt", b.node("Add", variance, b.constant(1e-5, "float32"))))


@pytest.mark.parametrize("name", QDQ)
def test_qdq(tmp_path: Path, name: str) -> None:
    """At most 1 output in 1,000 differs, by one step."""
    b = QdqBuilder()
    network = b.network(tmp_path, QDQ[name](b, rounded(b, b.input(8), 0.05)))
    found = differences(tmp_path / "model.onnx", network, 1000, without=INEXACT)
    assert found.max() <= 1
    assert np.count_nonzero(found) <= len(found) // 1000


def kinds(network: Network) -> list[type]:
    """The types of the operations, in order."""
    return [type(op) for op in network.operations]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("norm in pieces", [Normalise]),
        ("silu", [Table]),
        ("softplus of a product", [Dense, Table]),
        ("leaky relu", [Table]),
        ("constants", [Requantise]),
        ("element by element", [Table, Dense, Multiply]),
    ],
)
def test_what_operators_become(tmp_path: Path, name: str, expected: list[type]) -> None:
    """Functions of one element become one table, however many operators wrote them."""
    b = QdqBuilder()
    found = kinds(b.network(tmp_path, QDQ[name](b, rounded(b, b.input(8), 0.05))))
    assert found == expected or (name == "element by element" and found == [Requantise, Dense, Multiply])


def quantised(b: QdqBuilder, at: float = 0.05, zero: int = 3) -> tuple[str, str, str]:
    """The integers of the input with their scale and zero point."""
    ends = scale(b, at, "int8", zero)
    return (b.node("QuantizeLinear", b.input(3, 8), *ends), *ends)


QOPERATOR: dict[str, Build] = {
    "QLinearMatMul": lambda b, x: b.node(
        "QLinearMatMul", *x, b.constant(some_weights(8, 4)), *scale(b, CHANNELS, "int8"), *scale(b, 0.1, "int8", 5)
    ),
    "QLinearAdd": lambda b, x: b.node(
        "QLinearAdd", *x, b.constant(np.arange(8), "int8"), *scale(b, 0.03, "int8"), *scale(b, 0.1, "int8"), domain=MICROSOFT
    ),
    "QLinearMul": lambda b, x: b.node(
        "QLinearMul", *x, b.constant(50, "int8"), *scale(b, 0.03, "int8"), *scale(b, 0.1, "int8"), domain=MICROSOFT
    ),
    "QLinearSigmoid": lambda b, x: b.node("QLinearSigmoid", *x, *scale(b, 1 / 255, "int8", -128), domain=MICROSOFT),
    "QLinearLeakyRelu": lambda b, x: b.node("QLinearLeakyRelu", *x, *scale(b, 0.05, "int8"), domain=MICROSOFT, alpha=0.2),
}


@pytest.mark.parametrize("name", QOPERATOR)
def test_qoperator(tmp_path: Path, name: str) -> None:
    """At most 1 output in 1,000 differs, by one step."""
    b = QdqBuilder()
    ends = {"QLinearSigmoid": (1 / 255, "int8", -128), "QLinearLeakyRelu": (0.05, "int8", 0), "QLinearMatMul": (0.1, "int8", 5)}
    result = QOPERATOR[name](b, quantised(b))  # type: ignore[arg-type]
    network = b.network(tmp_path, b.node("DequantizeLinear", result, *scale(b, *ends.get(name, (0.1, "int8", 0)))))
    found = differences(tmp_path / "model.onnx", network, 400, without=INEXACT)
    assert found.max() <= 1
    assert np.count_nonzero(found) <= len(found) // 1000


def test_integer_input(tmp_path: Path) -> None:
    """A graph input that already holds integers."""
    b = QdqBuilder()
    x = b.dequantise(b.input(8, element_type=TensorProto.UINT8), -4, "uint8", 7)
    network = b.network(tmp_path, rounded(b, product(b, x), 0.1))
    assert network.tensor(network.inputs[0]).type.dtype is IntType.UINT8


def test_unquantised_ends(tmp_path: Path) -> None:
    """A float input becomes 16 bits, an unrounded product leaves as 32 bits, and both are said."""
    b = QdqBuilder()
    network = b.network(tmp_path, b.node("MatMul", b.input(8), held(b, some_weights(8, 4), 0.5)))
    types = [network.tensor(name).type.dtype for name in (*network.inputs, *network.outputs)]
    assert types == [IntType.INT16, IntType.INT32]
    assert len(network.inserted) == 2
    x = np.arange(16).reshape(2, 8)
    np.testing.assert_array_equal(evaluate(network, (x,))[0], x @ some_weights(8, 4).astype(np.int64))


QONNX = "qonnx.custom_op.general"


def quant(b: QdqBuilder, x: str, at: float, bits: int, signed: int = 1, narrow: int = 0) -> str:
    """A Quant node."""
    constants = (b.constant(v, "float32") for v in (at, 0.0, bits))
    return b.node("Quant", x, *constants, domain=QONNX, signed=signed, narrow=narrow, rounding_mode="ROUND")


@pytest.mark.parametrize(("bits", "signed", "narrow"), [(8, 1, 0), (8, 0, 0), (6, 1, 0), (6, 1, 1), (4, 0, 1), (16, 1, 0)])
def test_qonnx(tmp_path: Path, bits: int, signed: int, narrow: int) -> None:
    """Against the formula of Quant: integers between the limits of the bit width, half to even."""
    b = QdqBuilder()
    x = quant(b, b.input(8), 0.25, 8)
    weight = quant(b, b.constant(some_weights(8, 4) * 0.03, "float32"), 0.5, 4, narrow=1)
    network = b.network(tmp_path, quant(b, b.node("MatMul", x, weight), 0.75, bits, signed, narrow))
    q = np.random.default_rng(0).integers(-128, 128, (50, 8))
    low = narrow - (1 << (bits - 1)) if signed else 0
    high = (1 << (bits - 1)) - 1 if signed else (1 << bits) - 1 - narrow
    weights = np.clip(np.rint((some_weights(8, 4) * 0.03).astype(np.float32) / 0.5), -7, 7)
    expected = np.clip(np.rint((q * 0.25) @ (weights * 0.5) / 0.75), low, high)
    np.testing.assert_array_equal(evaluate(network, (q,))[0], expected)


def test_clip_between_quantiser_and_dequantiser(tmp_path: Path) -> None:
    """The bounds of the integers belong to the operation before, and to the input."""
    b = QdqBuilder()
    ends = scale(b, 0.5, "int8")
    six = (b.constant(-32, "int8"), b.constant(31, "int8"))

    def clipped(x: str) -> str:
        return b.node("DequantizeLinear", b.node("Clip", b.node("QuantizeLinear", x, *ends), *six), *ends)

    network = b.network(tmp_path, clipped(product(b, clipped(b.input(8)))))
    (dense,) = network.operations
    assert isinstance(dense, Dense)
    assert (dense.rounding.low, dense.rounding.high) == (-32, 31)
    assert network.tensor(network.inputs[0]).type.limits == (-32, 31)
    assert differences(tmp_path / "model.onnx", network, 200, without=INEXACT).max() == 0


@pytest.mark.parametrize("keep", [0, 1])
def test_mean_over_tokens(tmp_path: Path, keep: int) -> None:
    """A product with ones."""
    b = QdqBuilder()
    x = rounded(b, b.input(49, 8), 0.05)
    network = b.network(tmp_path, rounded(b, b.node("ReduceMean", x, axes=[1], keepdims=keep), 0.01))
    assert differences(tmp_path / "model.onnx", network, 200, without=INEXACT).max() <= 1
    assert sum(isinstance(op, Dense) for op in network.operations) == 1


def test_weights_before_their_tensor(tmp_path: Path) -> None:
    """W @ x contracts over tokens."""
    b = QdqBuilder()
    x = rounded(b, b.input(8, 5), 0.05)
    network = b.network(tmp_path, rounded(b, b.node("MatMul", held(b, some_weights(4, 8), 0.01), x), 0.1))
    assert differences(tmp_path / "model.onnx", network, 200, without=INEXACT).max() == 0
