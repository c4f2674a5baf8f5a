"""Fitted integers against onnxruntime itself, on every pair of operands, and against what float32 operations give one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from placer.arithmetic.fixed_point import rounding
from placer.frontend import float32, read_model
from placer.host import onnxruntime_check
from placer.network import Add, IntType, QuantType, Requantise
from placer.reference import evaluate
from tests.qdq_models import QdqBuilder

Scale = tuple[float, int]


def grid(rng: np.random.Generator, dtype: str) -> Scale:
    """A random scale and zero point."""
    low = 0 if dtype == "uint8" else -128
    return float(np.float32(rng.uniform(0.005, 0.05))), int(rng.integers(low + 64, low + 192))


def ends(b: QdqBuilder, at: Scale, dtype: str) -> tuple[str, str]:
    """A scale and zero point as constants."""
    return b.constant(at[0], "float32"), b.constant(at[1], dtype)


def quantised(b: QdqBuilder, x: str, at: Scale, dtype: str) -> str:
    """A rounding point."""
    return b.node("DequantizeLinear", b.node("QuantizeLinear", x, *ends(b, at, dtype)), *ends(b, at, dtype))


def pair_model(folder: Path, seed: int, dtype: str, fused: bool, product: bool = False) -> Path:
    """The sum or product of two inputs, each with a scale of its own, in the QDQ or the QOperator dialect."""
    rng, b = np.random.default_rng(seed), QdqBuilder()
    a, c, y = (grid(rng, dtype) for _ in range(3))
    if product and seed % 2:
        # A quarter of the products of 127 and an odd number are ties but for the last digits of the scales.
        c, y = (float(np.float32(2 / 127)), c[1]), (float(np.float32(4 * a[0] * (1 + rng.uniform(-2e-7, 2e-7)))), y[1])
    left, right = b.input(1, name="left"), b.input(1, name="right")
    if not fused:
        op = "Mul" if product else ("Add", "Sub")[seed % 2]
        return b.save(folder, quantised(b, b.node(op, quantised(b, left, a, dtype), quantised(b, right, c, dtype)), y, dtype))
    x, z = (b.node("QuantizeLinear", name, *ends(b, at, dtype)) for name, at in ((left, a), (right, c)))
    total = b.node(
        "QLinearMul" if product else "QLinearAdd", x, *ends(b, a, dtype), z, *ends(b, c, dtype), *ends(b, y, dtype), domain="com.microsoft"
    )
    return b.save(folder, b.node("DequantizeLinear", total, *ends(b, y, dtype)))


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("fused", [False, True], ids=["qdq", "qlinear"])
def test_every_pair_is_onnxruntimes(tmp_path: Path, dtype: str, fused: bool) -> None:
    """All 65,536 pairs of operands, for a dozen pairs of scales; two factors cannot meet every set of ties, so one pair may be left."""
    pytest.importorskip("onnxruntime")
    wrong = []
    for seed in range(12):
        path = pair_model(tmp_path, seed, dtype, fused)
        network = read_model(path)
        low = IntType(dtype).min
        pairs = np.indices((256, 256)).reshape(2, -1, 1) + low
        ours, theirs = evaluate(network, tuple(pairs)), onnxruntime_check.outputs(path, network, tuple(pairs))
        wrong.append(int(np.count_nonzero(ours[0] != theirs[0])))
    assert max(wrong) <= 1
    assert sum(wrong) <= 1


@pytest.mark.parametrize("fused", [False, True], ids=["qdq", "qlinear"])
def test_products_are_nearly_onnxruntimes(tmp_path: Path, fused: bool) -> None:
    """All pairs of any scales; where a quarter of the products is a tie but for float32's last digits, 3 in 1,000 of all pairs are left."""
    pytest.importorskip("onnxruntime")
    wrong = []
    for seed in range(12):
        path = pair_model(tmp_path, seed, "int8", fused, product=True)
        network = read_model(path)
        pairs = np.indices((256, 256)).reshape(2, -1, 1) - 128
        ours, theirs = evaluate(network, tuple(pairs)), onnxruntime_check.outputs(path, network, tuple(pairs))
        wrong.append(int(np.count_nonzero(ours[0] != theirs[0])))
    assert sum(wrong[::2]) <= 1, wrong
    assert max(wrong[1::2]) <= 200, wrong


@pytest.mark.parametrize("fused", [False, True], ids=["qdq", "qlinear"])
def test_tables_are_onnxruntimes(tmp_path: Path, fused: bool) -> None:
    """A function times a constant, its scale nearly twice the result's: the last digits of float32 decide every other value."""
    pytest.importorskip("onnxruntime")
    for seed in range(12):
        rng, b = np.random.default_rng(seed), QdqBuilder()
        source = grid(rng, "int8")
        half, target = (float(np.float32(0.5 / 127)), 0), (float(np.float32(source[0] * (1 + rng.uniform(-2e-7, 2e-7)))), 3)
        x = quantised(b, b.node("LeakyRelu", quantised(b, b.input(1), source, "int8"), alpha=0.5), source, "int8")
        constant = b.constant(127, "int8")
        if fused:
            operands = (b.nodes[-1].input[0], *ends(b, source, "int8"), constant, *ends(b, half, "int8"), *ends(b, target, "int8"))
            y = b.node("QLinearMul", *operands, domain="com.microsoft")
            end = b.node("DequantizeLinear", y, *ends(b, target, "int8"))
        else:
            end = quantised(b, b.node("Mul", x, b.node("DequantizeLinear", constant, *ends(b, half, "int8"))), target, "int8")
        path = b.save(tmp_path, end)
        network = read_model(path)
        values = (np.arange(-128, 128)[:, None],)
        assert np.array_equal(evaluate(network, values)[0], onnxruntime_check.outputs(path, network, values)[0]), f"seed {seed}"


def test_every_value_of_every_channel_is_onnxruntimes(tmp_path: Path) -> None:
    """All 256 values with the biases of 4096 channels."""
    pytest.importorskip("onnxruntime")
    for seed in range(4):
        rng, b = np.random.default_rng(seed), QdqBuilder()
        source, target = grid(rng, "uint8"), grid(rng, "uint8")
        bias = b.constant(rng.uniform(-1, 1, 4096), "float32")
        path = b.save(tmp_path, quantised(b, b.node("Add", quantised(b, b.input(4096), source, "uint8"), bias), target, "uint8"))
        network = read_model(path)
        values = (np.broadcast_to(np.arange(256)[:, None], (256, 4096)).astype(np.int64),)
        assert np.array_equal(evaluate(network, values)[0], onnxruntime_check.outputs(path, network, values)[0]), f"seed {seed}"


def test_fitting_is_needed(tmp_path: Path) -> None:
    """Without it some of these pairs differ: the tests above can fail."""
    wrong = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        left, right, kind = (QuantType(IntType.INT8, *grid(rng, "int8")) for _ in range(3))
        a, b = (np.arange(-128, 128) - k.zero_point for k in (left, right))
        exact = np.rint((a[:, None] * left.scale + b[None, :] * right.scale) / kind.scale)
        wrong += int(np.count_nonzero(exact != float32.summed(*float32.Operand.pair(left, right), 1.0, kind, fused=False)))
    assert 0 < wrong < 100


def test_factors_stay_within_the_error_of_float32(tmp_path: Path) -> None:
    """What is chosen is the same ratio but for the last digits of a float32."""
    for seed in range(12):
        network = read_model(pair_model(tmp_path, seed, "int8", fused=False))
        op = next(op for op in network.operations if isinstance(op, Add))
        left, right, kind = (network.tensor(name).type for name in (op.left, op.right, op.target))
        ratios = np.array([left.scale, right.scale]) / kind.scale
        found = np.abs(np.array([op.left_factor, op.right_factor]) / 2.0**op.rounding.shift)
        np.testing.assert_allclose(found, ratios, rtol=2.0**-18)


def test_powers_of_two_are_left_alone(tmp_path: Path) -> None:
    """They are exact: shifts, and no multiplier."""
    b = QdqBuilder()
    x = b.qdq(b.input(4), -4)
    network = b.network(tmp_path, b.qdq(b.node("Add", b.node("Add", x, b.constant([0.1, 0.2, 0.3, 0.4], "float32")), x), -3))
    op = next(op for op in network.operations if isinstance(op, Add | Requantise))
    assert np.all(op.rounding.multiplier == 1)


def test_a_bias_that_cannot_fit_is_kept() -> None:
    """What is wanted of two values contradicts itself: nothing gets worse."""
    source, kind = QuantType(IntType.INT8, 0.03), QuantType(IntType.INT8, 0.021)
    found = rounding(np.full(1, source.scale / kind.scale), np.zeros(1), np.zeros(1, np.int64), 128, kind)
    wanted = float32.scaled(source, np.ones(1), np.zeros(1), kind)
    wanted[3] += 1
    wanted[9] -= 1
    kept = float32.fit_channels(found, source, kind, wanted)
    assert np.array_equal(kept.bias, found.bias)
    assert np.array_equal(kept.multiplier, found.multiplier)
