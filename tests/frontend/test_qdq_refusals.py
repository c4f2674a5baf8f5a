"""What the QDQ reader refuses: one sentence that names the node and what is supported, never a wrong network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from placer.errors import InputError, UnsupportedModelError
from placer.frontend import read_model
from placer.network import Dense
from tests.qdq_models import QdqBuilder, dense_model, some_weights

Case = Callable[[QdqBuilder, str], str]
W = some_weights(8, 4)


def weights(b: QdqBuilder) -> str:
    """Dequantised weights [8, 4]."""
    return b.weights(W)


def with_type(dtype: str, zero_point: int = 0) -> Case:
    """Weights of another type or zero point."""

    def build(b: QdqBuilder, x: str) -> str:
        weight = b.dequantise(b.constant(np.ones((8, 4)), dtype), -6, dtype, zero_point)
        return b.qdq(b.node("MatMul", x, weight))

    return build


def with_scale(*scales: float) -> Case:
    """Weights at these scales."""

    def build(b: QdqBuilder, x: str) -> str:
        scale = b.constant(np.array(scales) if len(scales) > 1 else scales[0], "float32")
        zero = b.constant(np.zeros(len(scales)) if len(scales) > 1 else 0, "int8")
        return b.qdq(b.node("MatMul", x, b.node("DequantizeLinear", b.constant(W), scale, zero, axis=1)))

    return build


def end_with(op: str, *more: object, **attributes: object) -> Case:
    """An operator on the quantised input [batch, 8] and constants (float32, or int64 where integers)."""

    def build(b: QdqBuilder, x: str) -> str:
        operands = [b.constant(m, "int64" if np.asarray(m).dtype.kind == "i" else "float32") for m in more]  # type: ignore[arg-type]
        return b.qdq(b.node(op, x, *operands, **attributes))

    return build


def gemm(**attributes: object) -> Case:
    """A Gemm with these attributes."""
    return lambda b, x: b.qdq(b.node("Gemm", x, weights(b), **attributes))


def bias(value: object) -> Case:
    """A MatMul with this floating-point bias."""
    return lambda b, x: b.qdq(b.node("Add", b.node("MatMul", x, weights(b)), b.constant(value, "float32")), -1)  # type: ignore[arg-type]


def sum_with_constant(value: object, exponent: int = -4) -> Case:
    """A rounded tensor plus a dequantised constant."""
    return lambda b, x: b.qdq(b.node("Add", x, b.weights(np.asarray(value, np.int8), exponent)))


REFUSED: dict[str, tuple[Case, str]] = {
    "scale 0": (with_scale(0.0), "scale 0.0 is not a positive number"),
    "negative scale": (with_scale(-0.5), "scale -0.5 is not a positive number"),
    "scale nan": (with_scale(float("nan")), "scale nan is not a positive number"),
    "infinite scale": (with_scale(float("inf")), "scale inf is not a positive number"),
    "computed scale": (lambda b, x: b.node("QuantizeLinear", x, x, b.constant(0, "int8")), "the scale must be a constant"),
    "computed zero point": (
        lambda b, x: b.node("DequantizeLinear", b.constant(W), b.constant(0.5, "float32"), b.quantise(x)),
        "the zero point must be a constant",
    ),
    "no scale": (lambda b, x: b.node("QuantizeLinear", x), "the scale must be a constant"),
    "transA": (gemm(transA=1), "Gemm with transA would move the batch axis"),
    "float weights": (end_with("MatMul", W * 1.0), "its weights are floating point; MatMul is supported with quantised weights only"),
    "constant on the left": (lambda b, x: b.qdq(b.node("MatMul", weights(b), x)), "is supported for samples that are matrices"),
    "two activations": (lambda b, x: b.qdq(b.node("MatMul", x, x)), "MatMul of two computed tensors is supported for samples of the same"),
    "no weights": (lambda b, x: b.qdq(b.node("MatMul", x)), "MatMul lacks an input"),
    "weights of rank 3": (
        lambda b, x: b.qdq(b.node("MatMul", x, b.weights(W[None]))),
        "weights must be a matrix with as many rows as the tensor's last dimension",
    ),
    "weights that do not fit": (lambda b, x: b.qdq(b.node("MatMul", x, b.weights(W.T))), "weights [4, 8] is not supported"),
    "bias of another length": (
        bias(np.zeros(3)),
        "Add of a tensor [4] and a constant [3] is not supported; they must broadcast",
    ),
    "bias down the rows": (bias(np.zeros((4, 1))), "Add of a tensor [4] and a constant [4, 1]"),
    "bias of more dimensions": (bias(np.zeros((1, 1, 4))), "Add of a tensor [4] and a constant [1, 1, 4]"),
    "bias nan": (bias(np.full(4, np.nan)), "its constant holds nan"),
    "constant term of another length": (sum_with_constant([1, 2]), "Add of a tensor [8] and a constant [2]"),
    "constant term a sample": (sum_with_constant(np.ones((8, 8))), "Add of a tensor [8] and a constant [8, 8]"),
    "constant term of more dimensions": (sum_with_constant(np.ones((1, 1, 8))), "Add of a tensor [8] and a constant [1, 1, 8]"),
    "broadcast sum": (
        lambda b, x: b.qdq(b.node("Add", x, b.qdq(b.node("MatMul", x, b.weights(some_weights(8, 3)))))),
        "Add of tensors [8] and [3] is not supported; shapes must agree",
    ),
    "relu of integers": (lambda b, x: b.node("Relu", b.quantise(x)), "Relu of integers is not supported; dequantise them first"),
    "quantised twice": (lambda b, x: b.quantise(b.quantise(x)), "QuantizeLinear of integers is not supported"),
    "dequantised twice": (lambda b, x: b.dequantise(x), "DequantizeLinear of a floating-point value is not supported"),
    "softmax over the batch": (end_with("Softmax", axis=0), "Softmax over the batch is not supported"),
    "softmax beyond": (end_with("Softmax", axis=2), "axes [2] do not fit a tensor of 2 dimensions"),
    "another operator": (end_with("Hardmax"), "operator Hardmax is not supported here; docs/models.md lists"),
    "concat of the batch": (lambda b, x: b.qdq(b.node("Concat", x, x, axis=0)), "Concat along the batch is not supported"),
    "concat with a constant": (
        lambda b, x: b.qdq(b.node("Concat", x, weights(b), axis=1)),
        "Concat of a tensor [8] and a constant [8, 4], batch included, is not supported; its samples must be alike",
    ),
    "concat that does not fit": (
        lambda b, x: b.qdq(b.node("Concat", x, b.node("Reshape", x, b.constant([0, 2, 4], "int64")), axis=1)),
        "along axis 0 does not fit together",
    ),
    "gather from data": (lambda b, x: b.qdq(b.node("Gather", x, x, axis=1)), "Gather is supported with constant indices"),
    "slice of no input": (lambda b, x: b.qdq(b.node("Slice")), "Slice lacks its first input"),
    "gather beyond": (lambda b, x: b.qdq(b.node("Gather", x, b.constant([8], "int64"), axis=1)), "an index of Gather lies outside"),
    "slice of the batch": (
        lambda b, x: b.qdq(b.node("Slice", x, *(b.constant([i], "int64") for i in (0, 1, 0)))),
        "Slice along the batch is not supported",
    ),
    "slice of nothing": (
        lambda b, x: b.qdq(b.node("Slice", x, *(b.constant([i], "int64") for i in (3, 3, 1)))),
        "Slice from 3 to 3 leaves nothing of an axis of 8",
    ),
    "slice without ends": (lambda b, x: b.qdq(b.node("Slice", x, b.constant([0], "int64"))), "Slice lacks its ends"),
    "split that does not fit": (
        lambda b, x: b.qdq(b.node("Split", x, b.constant([3], "int64"), axis=1)),
        "Split of an axis of 8 into [3] does not give its 1 outputs",
    ),
    "mean over all": (end_with("ReduceMean"), "ReduceMean over all axes, the batch among them, is not supported"),
    "pool of a vector": (end_with("GlobalAveragePool"), "GlobalAveragePool takes [batch, channels, places ...]"),
    "another domain": (lambda b, x: b.qdq(b.node("Relu", x, domain="acme")), "operator acme.Relu is not supported here"),
    "moving the batch": (end_with("Transpose", perm=[1, 0]), "the batch must be its first dimension"),
    "permutation of another rank": (end_with("Transpose", perm=[0, 2, 1]), "permutation [0, 2, 1] does not fit a tensor of 2 dimensions"),
    "flattened batch": (end_with("Flatten", axis=0), "Flatten is supported with axis 1 only"),
    "reshape over the batch": (end_with("Reshape", [-1, 4]), "the batch must be its first dimension"),
    "reshape to nothing": (end_with("Reshape", [0, 0, 0]), "does not keep the batch"),
    "reshape to another size": (end_with("Reshape", [0, 7]), "does not keep the batch"),
    "reshape to two unknowns": (end_with("Reshape", [0, -1, -1]), "does not keep the batch"),
    "zero dimension": (end_with("Reshape", [0, 0], allowzero=1), "does not keep the batch"),
    "shape from data": (lambda b, x: b.qdq(b.node("Reshape", x, x)), "with a shape computed from data is not supported"),
    "squeezed dimension": (end_with("Squeeze", [1]), "Squeeze must remove dimensions of size 1 and keep the batch"),
    "squeezed batch": (end_with("Squeeze", [0]), "Squeeze must remove dimensions of size 1 and keep the batch"),
    "squeezed beyond": (end_with("Squeeze", [5]), "axes [5] do not fit a tensor of 2 dimensions"),
    "unsqueezed batch": (end_with("Unsqueeze", [0]), "Unsqueeze before the batch is not supported"),
    "unsqueezed twice": (end_with("Unsqueeze", [1, 1]), "axes [1, 1] do not fit"),
    "input as output": (lambda b, x: "x", "output x is not quantised"),
    "constant as output": (lambda b, x: weights(b), "is not quantised"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path: Path, name: str) -> None:
    """Each is one sentence, which names the node or value at fault."""
    build, expected = REFUSED[name]
    b = QdqBuilder()
    path = b.save(tmp_path, build(b, b.qdq(b.input(8))))
    with pytest.raises((UnsupportedModelError, InputError)) as caught:
        read_model(path)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_gemm_of_a_stack_of_matrices(tmp_path: Path) -> None:
    """Gemm is defined for matrices only."""
    b = QdqBuilder()
    with pytest.raises(UnsupportedModelError, match="Gemm takes a matrix"):
        b.network(tmp_path, b.qdq(b.node("Gemm", b.qdq(b.input(3, 8)), weights(b))))


def test_reshape_to_another_batch(tmp_path: Path) -> None:
    """A model of four samples cannot turn them into eight."""
    b = QdqBuilder(4)
    with pytest.raises(UnsupportedModelError, match="does not keep the batch"):
        b.network(tmp_path, b.qdq(b.node("Reshape", b.qdq(b.input(8)), b.constant([8, 8], "int64"))))


@pytest.mark.parametrize("node", ["QuantizeLinear", "MatMul", "Add", "Relu", "Transpose", "Identity", "DequantizeLinear"])
def test_absent_operand(tmp_path: Path, node: str) -> None:
    """An empty name or no name at all where an operand must be."""
    for operands in ((), ("",)):
        b, end = dense_model()
        b.nodes.append(helper.make_node(node, list(operands), ["bad"], name="bad"))
        with pytest.raises((UnsupportedModelError, InputError), match=r"^bad: "):
            b.network(tmp_path, end)


def test_input_quantised_with_two_scales(tmp_path: Path) -> None:
    """Our network's input is one tensor of integers."""
    b = QdqBuilder()
    x = b.input(4)
    with pytest.raises(UnsupportedModelError, match="input x is quantised twice with different scales"):
        b.network(tmp_path, b.qdq(b.node("Add", b.qdq(x, -4), b.qdq(x, -5))))


@pytest.mark.parametrize("dims", [["n", "m"], [1, 0], [1, -1], []])
def test_unknown_dimensions(tmp_path: Path, dims: list[str | int]) -> None:
    """Only the batch may be unknown."""
    b, end = dense_model()
    b.inputs[0] = helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)
    with pytest.raises(UnsupportedModelError, match="every dimension but the batch must be fixed and positive"):
        b.network(tmp_path, end)


@pytest.mark.parametrize("batch", [0, -1, "n"])
def test_unknown_batch(tmp_path: Path, batch: int | str) -> None:
    """0 and -1 are what some exporters write for a symbolic batch."""
    b, end = dense_model()
    b.inputs[0] = helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 8])
    assert b.network(tmp_path, end).batch is None


def test_inputs_of_two_batches(tmp_path: Path) -> None:
    """All inputs share one batch."""
    b = QdqBuilder(2)
    left = b.qdq(b.input(4, name="left"))
    b.batch = 3
    with pytest.raises(UnsupportedModelError, match="input right has another batch"):
        b.network(tmp_path, b.qdq(b.node("Add", left, b.qdq(b.input(4, name="right")))))


def test_second_output(tmp_path: Path) -> None:
    """The mask of a Dropout is nothing that we compute."""
    b, end = dense_model()
    b.nodes.append(helper.make_node("Dropout", [end], ["kept", "mask"], name="drop"))
    b.nodes.append(helper.make_node("Identity", ["mask"], ["bad"], name="bad"))
    with pytest.raises(UnsupportedModelError, match=r"^bad: reads mask, a second output"):
        b.network(tmp_path, end)


def test_float_model(tmp_path: Path) -> None:
    """A model without QuantizeLinear is told how to get one."""
    b = QdqBuilder()
    path = b.save(tmp_path, b.node("MatMul", b.input(8), b.constant(W * 1.0, "float32")))
    with pytest.raises(UnsupportedModelError, match=r"model model is not quantised .*quantize_static"):
        read_model(path)


@pytest.mark.parametrize(
    ("operator", "domain", "message"),
    [
        ("QLinearMatMul", "", "QLinearMatMul of a floating-point value is not supported"),
        ("QGemm", "com.microsoft", "QGemm of a floating-point value is not supported"),
        ("ConvInteger", "", "operator ConvInteger is not supported here"),
        ("MatMulInteger", "", "operator MatMulInteger is not supported here"),
        ("Quant", "qonnx.custom_op.general", "Quant needs a value and one constant bit width"),
    ],
)
def test_misused_operators_of_other_dialects(tmp_path: Path, operator: str, domain: str, message: str) -> None:
    """They do not take floating-point values, or lack what they need."""
    b, end = dense_model()
    end = b.node(operator, end, end, domain=domain)
    with pytest.raises((UnsupportedModelError, InputError), match=message):
        b.network(tmp_path, end)


def test_accumulator_bound(tmp_path: Path) -> None:
    """Weights of 16 bits whose sum needs more than the 46 bits that a multiplier takes."""
    b = QdqBuilder()
    weight = b.dequantise(b.constant(np.full((1 << 16, 1), -32768), "int16"), -6, "int16")
    x = b.dequantise(b.quantise(b.input(1 << 16), -4, "int16"), -4, "int16")
    y = b.node("QuantizeLinear", b.node("MatMul", x, weight), b.constant(0.3, "float32"), b.constant(0, "int16"))
    with pytest.raises(UnsupportedModelError, match="its accumulator can reach 70368744177664, beyond 46 bits"):
        b.network(tmp_path, y)


@pytest.mark.parametrize("sign", [-1, 1])
def test_weights_fill_16_bits(tmp_path: Path, sign: int) -> None:
    """The least value of int16 is a weight, and one more than the largest, which a zero point makes, is none."""
    b = QdqBuilder()
    weight = b.dequantise(b.constant(np.full((8, 4), 0 if sign < 0 else 1 << 15), "uint16"), -15, "uint16", 1 << 15 if sign < 0 else 0)
    end = b.qdq(b.node("MatMul", b.qdq(b.input(8)), weight), 0)
    if sign < 0:
        (dense,) = b.network(tmp_path, end, opset=21).operations
        assert isinstance(dense, Dense)
        assert np.all(dense.weight == -(1 << 15))
        return
    with pytest.raises(UnsupportedModelError, match="weights less their zero points reach 0 and 32768, beyond 16 bits"):
        b.network(tmp_path, end, opset=21)


def test_weights_of_a_strange_type(tmp_path: Path) -> None:
    """An initialiser of another kind is named."""
    b, end = dense_model()
    b.constant(np.array([True]), name="flags")
    with pytest.raises(UnsupportedModelError, match="initialiser flags: constants of type bool are not supported"):
        b.network(tmp_path, end)
