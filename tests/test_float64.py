"""The integer evaluator against models computed in float64: where onnxruntime's float32 rounds, the integers must not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from placer.arithmetic.normalised import normalised
from placer.codegen.stimulus import random_inputs
from placer.frontend import closing, read_model
from placer.host import onnxruntime_check
from placer.network import IntArray, Network, Normalise
from placer.reference import evaluate
from scripts import float64
from tests.codegen.test_stored_reference import check_path
from tests.qdq_models import QdqBuilder, some_weights

ROOT = Path(__file__).resolve().parents[1]
NORMALISED = [ROOT / "configs" / "models" / f"{name}.onnx" for name in ("classic_mixer", "jet_transformer")]
SHARED = [p for p in sorted((ROOT.parent / "shared" / "models").glob("mixer_*qdq_*.onnx")) if "s16" not in p.stem and "u16" not in p.stem]


def off(path: Path, network: Network, samples: int) -> IntArray:
    """|ours - float64's| of every output element on random inputs."""
    inputs = random_inputs(network, samples)
    pairs = zip(evaluate(network, inputs), float64.outputs(path, network, inputs), strict=True)
    return np.concatenate([np.abs(a - b).reshape(-1) for a, b in pairs])


def normalising(folder: Path, width: int) -> Path:
    """One LayerNorm of so many elements, with gain and offset."""
    b, rng = QdqBuilder(), np.random.default_rng(width)
    gain, offset = b.constant(rng.normal(1, 0.3, width), "float32"), b.constant(rng.normal(0, 0.3, width), "float32")
    return b.save(folder, b.qdq(b.node("LayerNormalization", b.qdq(b.input(width), -3), gain, offset, axis=-1), -5))


@pytest.mark.parametrize("width", [3, 16, 64, 197])
def test_layer_norm(tmp_path: Path, width: int) -> None:
    """Not one of 100,000 outputs differs."""
    path = normalising(tmp_path, width)
    assert np.count_nonzero(off(path, read_model(path), 100_000 // width)) == 0


def mean_of_layer_norm(folder: Path) -> Path:
    """A LayerNorm that nothing rounds, and the mean over its tokens, as QOperator models of mixers end."""
    b = QdqBuilder()
    unrounded = b.node("LayerNormalization", b.qdq(b.input(64, 32), -3), b.constant(np.linspace(0.5, 2, 32), "float32"), axis=-1)
    return b.save(folder, b.qdq(b.node("ReduceMean", unrounded, axes=[1], keepdims=0), -8))


def test_mean_of_an_unrounded_layer_norm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 64,000 outputs none differs; of those through 16 bits, some do."""
    path = mean_of_layer_norm(tmp_path)
    assert np.count_nonzero(off(path, read_model(path), 2_000)) == 0
    monkeypatch.setattr(closing, "HELD_BITS", 16)
    assert np.count_nonzero(off(path, read_model(path), 500)) > 10


def test_mean_of_an_unrounded_layer_norm_as_kernels_compute_it(tmp_path: Path) -> None:
    """Elements of 32 bits, in blocks of both generations."""
    for device in (0, 1):
        check_path(mean_of_layer_norm(tmp_path), 3, device)


def test_layer_norm_needs_the_fraction_of_epsilon(tmp_path: Path) -> None:
    """With epsilon as a whole number of the variance's units, narrow rows are off: what the bits are for."""
    path = normalising(tmp_path, 16)
    network = read_model(path)
    op = next(o for o in network.operations if isinstance(o, Normalise))
    inputs = (np.random.default_rng(0).integers(-3, 4, (20_000, 16)),)
    theirs = float64.outputs(path, network, inputs)[0]
    np.testing.assert_array_equal(evaluate(network, inputs)[0], theirs)
    coarse = Coarse(round(op.epsilon / (1 << op.epsilon_bits)), 0, op.fraction, op.shift)
    found = np.clip(normalised(inputs[0], 16, coarse, op.gain, op.offset << op.offset_up), op.low, op.high)
    assert np.count_nonzero(found != theirs) > 0


class Coarse:
    """The integers of a LayerNorm (normalised.Precision)."""

    def __init__(self, epsilon: int, epsilon_bits: int, fraction: int, shift: int) -> None:
        self.epsilon, self.epsilon_bits, self.fraction, self.shift = epsilon, epsilon_bits, fraction, shift


def test_biases_in_floating_point(tmp_path: Path) -> None:
    """As Brevitas leaves them without a bias quantiser: onnxruntime's float32 sums lose the bias's last digits, the integers do not."""
    pytest.importorskip("onnxruntime")
    b, rng = QdqBuilder(), np.random.default_rng(0)
    weights = b.weights(some_weights(64, 64), -7)
    product = b.node("Gemm", b.qdq(b.input(64), -6), weights, b.constant(rng.normal(0, 1, 64), "float32"))
    path = b.save(tmp_path, b.qdq(product, -4))
    network = read_model(path)
    inputs = random_inputs(network, 20_000)
    exact = float64.outputs(path, network, inputs)[0]
    assert np.count_nonzero(evaluate(network, inputs)[0] != exact) == 0
    assert 0 < np.count_nonzero(onnxruntime_check.outputs(path, network, inputs)[0] != exact) < exact.size / 500


def test_biases_of_sixteen_bits(tmp_path: Path) -> None:
    """A bias of its own scale, as onnxruntime and Quark write it, and GELU: at most 1 in 100,000 outputs of 16 bits differs."""
    b, rng, domain = QdqBuilder(), np.random.default_rng(0), "com.microsoft"

    def scaled(x: str, scale: float, dtype: str = "int16") -> str:
        ends = (b.constant(scale, "float32"), b.constant(0, dtype))
        return b.node("DequantizeLinear", b.node("QuantizeLinear", x, *ends, domain=domain), *ends, domain=domain)

    bias = b.node(
        "DequantizeLinear", b.constant(rng.integers(-30000, 30000, 16), "int16"), b.constant(7.31e-5, "float32"), b.constant(0, "int16"),
        domain=domain,
    )  # fmt: skip
    shifted = scaled(b.node("Add", scaled(b.input(16), 1.17e-4), bias), 1.63e-4)
    path = b.save(tmp_path, scaled(b.node("Gelu", shifted, domain=domain), 1.41e-4))
    found = off(path, read_model(path), 25_000)
    assert np.count_nonzero(found) * 100_000 <= found.size
    assert found.max() <= 1


@pytest.mark.parametrize(("operator", "scales"), [("Add", (0.1, 0.3, 0.2)), ("Mul", (0.1, 0.3, 0.24)), ("Sub", (0.013, 0.037, 0.041))])
def test_elements_of_eight_bits_are_float32s(tmp_path: Path, operator: str, scales: tuple[float, float, float]) -> None:
    """Scales whose ratios are those of small integers but for their last digits: float32 meets ties there, or misses them otherwise."""
    pytest.importorskip("onnxruntime")
    b = QdqBuilder()

    def scaled(x: str, scale: float) -> str:
        ends = (b.constant(scale, "float32"), b.constant(0, "int8"))
        return b.node("DequantizeLinear", b.node("QuantizeLinear", x, *ends), *ends)

    result = b.node(operator, scaled(b.input(64), scales[0]), scaled(b.input(64, name="y"), scales[1]))
    path = b.save(tmp_path, scaled(result, scales[2]))
    network = read_model(path)
    inputs = random_inputs(network, 2_000)
    found = float64.outputs(path, network, inputs)[0]
    np.testing.assert_array_equal(found, onnxruntime_check.outputs(path, network, inputs)[0])


@pytest.mark.slow
@pytest.mark.parametrize("path", [*NORMALISED, *SHARED], ids=lambda p: p.stem)
def test_models_with_layer_norm(path: Path) -> None:
    """At most one output in 1,000, by one step, of networks that spread a difference of one element over all outputs (docs/models.md)."""
    found = off(path, read_model(path), 400)
    assert found.max() <= 1
    assert np.count_nonzero(found) <= len(found) // 1000
