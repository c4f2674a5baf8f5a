"""The QDQ reader: what each operator becomes, and where every rounding point lies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from placer.network import Add, Dense, Network, Requantise, Reshape, Transpose
from placer.reference import evaluate
from tests.onnxruntime_check import INEXACT, mismatches
from tests.qdq_models import QdqBuilder, dense_model, some_weights


def kinds(network: Network) -> list[type]:
    """The types of the operations, in order."""
    return [type(op) for op in network.operations]


def exact(b: QdqBuilder, folder: Path, *outputs: str, opset: int = 17) -> Network:
    """The imported network, which must agree with onnxruntime on 64 random samples."""
    network = b.network(folder, *outputs, opset=opset)
    assert mismatches(folder / "model.onnx", network, 60, without=INEXACT) == 0
    return network


def start(*shape: int, batch: int | None = None) -> tuple[QdqBuilder, str]:
    """A builder with one quantised input."""
    b = QdqBuilder(batch)
    return b, b.qdq(b.input(*shape))


@pytest.mark.parametrize("trans", [0, 1])
@pytest.mark.parametrize("bias", ["none", "int32", "int8", "float", "scalar"])
def test_gemm(tmp_path: Path, trans: int, bias: str) -> None:
    """Gemm with or without transB and any kind of bias on the accumulator's grid is one Dense."""
    b, x = start(8)
    weight = some_weights(8, 5)
    operands = [x, b.weights(weight.T if trans else weight)]
    values = np.arange(-2, 3)
    match bias:
        case "int32":
            operands.append(b.weights((values * 1000).astype(np.int32), -10, "int32"))
        case "int8":
            operands.append(b.weights((values * 30).astype(np.int8), -5))
        case "float":
            operands.append(b.constant(values * 0.5, "float32"))
        case "scalar":
            operands.append(b.constant([0.25], "float32"))
    network = exact(b, tmp_path, b.qdq(b.node("Gemm", *operands, transB=trans), -1))
    (dense,) = network.operations
    assert isinstance(dense, Dense)
    np.testing.assert_array_equal(dense.weight, weight)
    assert np.any(dense.rounding.bias) == (bias != "none")
    assert dense.rounding.up == 0


@pytest.mark.parametrize("shape", [(8,), (3, 8), (2, 3, 8)])
@pytest.mark.parametrize("bias_first", [False, True])
def test_matmul_and_bias(tmp_path: Path, shape: tuple[int, ...], bias_first: bool) -> None:
    """MatMul of a tensor of any rank, its bias added on either side before any rounding, is one Dense."""
    b, x = start(*shape)
    product, bias = b.node("MatMul", x, b.weights(some_weights(8, 4))), b.constant(np.arange(4) * 0.5, "float32")
    added = b.node("Add", *((bias, product) if bias_first else (product, bias)))
    network = exact(b, tmp_path, b.qdq(added, -1))
    assert kinds(network) == [Dense]
    assert network.tensor(network.outputs[0]).shape == (*shape[:-1], 4)


def test_bias_after_rounding_stays_apart(tmp_path: Path) -> None:
    """A bias added after the product was rounded is an Add with a rounding point of its own."""
    b, x = start(8)
    product = b.qdq(b.node("MatMul", x, b.weights(some_weights(8, 4))), -1)
    network = exact(b, tmp_path, b.qdq(b.node("Add", product, b.weights(np.array([1, -7, 99, 3], np.int8), -3)), 0))
    assert kinds(network) == [Dense, Requantise]


def test_scalar_constant_term(tmp_path: Path) -> None:
    """A constant without dimensions is added to every element."""
    b, x = start(6)
    network = exact(b, tmp_path, b.qdq(b.node("Add", b.weights(np.int8(5), -3), x)))
    assert kinds(network) == [Requantise]


def test_relu_before_its_rounding(tmp_path: Path) -> None:
    """A Relu between product and QuantizeLinear belongs to the Dense."""
    b, x = start(8)
    network = exact(b, tmp_path, b.qdq(b.node("Relu", b.node("MatMul", x, b.weights(some_weights(8, 4)))), -1))
    assert kinds(network) == [Dense]
    assert network.operations[0].rounding.low == 0  # type: ignore[union-attr]


def test_double_relu(tmp_path: Path) -> None:
    """A second Relu changes nothing."""
    b, x = start(8)
    product = b.node("MatMul", x, b.weights(some_weights(8, 4)))
    network = exact(b, tmp_path, b.qdq(b.node("Relu", b.node("Relu", product)), -1))
    assert kinds(network) == [Dense]


def test_relu_of_a_rounded_tensor(tmp_path: Path) -> None:
    """With a scale of its own it keeps its rounding point."""
    b, x = start(8)
    assert kinds(exact(b, tmp_path, b.qdq(b.node("Relu", b.node("Relu", x)), -3))) == [Requantise]


@pytest.mark.parametrize("relu", [False, True])
def test_add_of_two_scales(tmp_path: Path, relu: bool) -> None:
    """A residual Add of tensors with different scales rounds once."""
    b, x = start(6)
    total = b.node("Add", b.qdq(x, -2), x)
    network = exact(b, tmp_path, b.qdq(b.node("Relu", total) if relu else total, -3))
    assert kinds(network) == [Requantise, Add]


def test_add_of_a_tensor_to_itself(tmp_path: Path) -> None:
    """x + x."""
    b, x = start(6)
    network = exact(b, tmp_path, b.qdq(b.node("Add", x, x), -4))
    assert kinds(network) == [Add]
    assert network.operations[0].sources == (network.inputs[0],) * 2


def test_one_product_with_two_rounding_points(tmp_path: Path) -> None:
    """A product that two QuantizeLinear round differently keeps both roundings."""
    b, x = start(8)
    product = b.node("MatMul", x, b.weights(some_weights(8, 4)))
    network = exact(b, tmp_path, b.qdq(product, -1), b.qdq(b.node("Relu", product), -2))
    assert [op.rounding.low for op in network.operations if isinstance(op, Dense)] == [-128, 0]


def test_an_output_that_is_also_read(tmp_path: Path) -> None:
    """A Relu must not disappear into an operation whose own result leaves the network."""
    b, x = start(8)
    first = b.qdq(b.node("MatMul", x, b.weights(some_weights(8, 8))), -1)
    network = exact(b, tmp_path, first, b.qdq(b.node("Relu", first), -1))
    assert kinds(network) == [Dense, Requantise]


def test_one_tensor_for_two_outputs(tmp_path: Path) -> None:
    """The same result under two names, one of them transposed."""
    b, x = start(3, 8)
    y = b.qdq(b.node("MatMul", x, b.weights(some_weights(8, 4))), -1)
    network = exact(b, tmp_path, y, b.node("Transpose", y, perm=[0, 2, 1]))
    assert kinds(network) == [Dense, Transpose]


def test_integer_output(tmp_path: Path) -> None:
    """A model may end in QuantizeLinear."""
    b, x = start(8)
    exact(b, tmp_path, b.quantise(b.node("MatMul", x, b.weights(some_weights(8, 4))), -1))


def test_what_nothing_reads_is_left_out(tmp_path: Path) -> None:
    """A branch that no output depends on is no work."""
    b, x = start(8)
    y = b.qdq(b.node("MatMul", x, b.weights(some_weights(8, 4))), -1)
    b.qdq(b.node("MatMul", y, b.weights(some_weights(4, 4))), -1)
    assert kinds(b.network(tmp_path, y)) == [Dense]


def test_quantising_again_with_the_same_scale_is_nothing(tmp_path: Path) -> None:
    """DequantizeLinear and QuantizeLinear of one scale cancel."""
    b, x = start(8)
    y = b.qdq(b.qdq(b.node("MatMul", b.qdq(x), b.weights(some_weights(8, 4))), -1), -1)
    assert kinds(exact(b, tmp_path, y)) == [Dense]


def test_inputs_keep_the_order_of_the_graph(tmp_path: Path) -> None:
    """Whichever input is quantised first."""
    b = QdqBuilder()
    left, right = b.input(4, name="left"), b.input(4, name="right")
    second, first = b.qdq(right, -3), b.qdq(left, -5)
    network = exact(b, tmp_path, b.qdq(b.node("Add", first, second), -3))
    assert [network.tensor(n).type.exponent for n in network.inputs] == [-5, -3]


def test_one_input_quantised_twice_alike(tmp_path: Path) -> None:
    """Two QuantizeLinear of one scale on an input are one tensor."""
    b = QdqBuilder()
    x = b.input(2, 4)
    turned = b.qdq(b.node("Transpose", b.node("Transpose", x, perm=[0, 2, 1]), perm=[0, 2, 1]))
    assert len(exact(b, tmp_path, b.qdq(b.node("Add", b.qdq(x), turned), -3)).inputs) == 1


@pytest.mark.parametrize("batch", [None, 3])
def test_movements_between_a_value_and_its_rounding(tmp_path: Path, batch: int | None) -> None:
    """Transposes and reshapes of unrounded values move the rounded ones, relu and all."""
    b, x = start(3, 8, batch=batch)
    product = b.node("MatMul", x, b.weights(some_weights(8, 4)))
    moved = b.node("Flatten", b.node("Relu", b.node("Transpose", product, perm=[0, 2, 1])))
    network = exact(b, tmp_path, b.qdq(moved, -1))
    assert kinds(network) == [Dense, Transpose, Reshape]
    assert network.batch == batch


def test_movement_of_the_raw_input(tmp_path: Path) -> None:
    """A float input may be reshaped before it is quantised."""
    b = QdqBuilder()
    x = b.node("Reshape", b.input(2, 6), b.constant([0, 4, 3], "int64"))
    network = exact(b, tmp_path, b.qdq(b.node("MatMul", b.qdq(x), b.weights(some_weights(3, 2))), -1))
    assert network.tensor(network.inputs[0]).shape == (2, 6)
    assert kinds(network) == [Reshape, Dense]


@pytest.mark.parametrize("attributes", [{}, {"start": 0, "end": 1}, {"end": -2}])
def test_shape_computed_from_the_batch(tmp_path: Path, attributes: dict[str, int]) -> None:
    """Reshape to [Shape(x)[0], -1], as exporters write it, with the attributes of Shape honoured."""
    b, x = start(2, 6)
    shape = b.node("Shape", x, **attributes)
    batch = shape if attributes else b.node("Gather", shape, b.constant([0], "int64"))
    flat = b.node("Reshape", x, b.node("Concat", batch, b.constant([-1], "int64"), axis=0))
    network = exact(b, tmp_path, b.qdq(b.node("MatMul", flat, b.weights(some_weights(12, 3))), -1))
    assert kinds(network) == [Reshape, Dense]


def test_dequantise_without_a_zero_point(tmp_path: Path) -> None:
    """DequantizeLinear may leave the zero point out: it is 0."""
    b = QdqBuilder()
    x = b.node("DequantizeLinear", b.quantise(b.input(8)), b.constant(0.0625, "float32"))
    weight = b.node("DequantizeLinear", b.constant(some_weights(8, 4)), b.constant(0.5, "float32"))
    exact(b, tmp_path, b.qdq(b.node("MatMul", x, weight), 3))


def test_output_type_as_an_attribute(tmp_path: Path) -> None:
    """Operator set 21 may state int8 without any zero point."""
    b = QdqBuilder()
    scale = b.constant(0.0625, "float32")
    q = b.node("QuantizeLinear", b.input(8), scale, output_dtype=TensorProto.INT8)
    network = b.network(tmp_path, b.qdq(b.node("MatMul", b.dequantise(q), b.weights(some_weights(8, 4))), -1), opset=21)
    assert kinds(network) == [Dense]


def test_equal_scales_by_channel(tmp_path: Path) -> None:
    """Per-channel scales that are all the same are one scale."""
    b, x = start(8)
    scales, zeros = b.constant(np.full(4, 0.25), "float32"), b.constant(np.zeros(4), "int8")
    weight = b.node("DequantizeLinear", b.constant(some_weights(8, 4)), scales, zeros, axis=1)
    exact(b, tmp_path, b.qdq(b.node("MatMul", x, weight), 1))


def test_quantise_nodes_of_the_contributed_domain(tmp_path: Path) -> None:
    """com.microsoft has the same two operators."""
    b, end = dense_model()
    for node in b.nodes:
        if node.op_type in {"QuantizeLinear", "DequantizeLinear"}:
            node.domain = "com.microsoft"
    exact(b, tmp_path, end)


def test_names_that_look_like_ours(tmp_path: Path) -> None:
    """Names of the model's own never meet those that the reader makes up."""
    b, x = start(2, 6)
    product = b.node("Transpose", b.node("MatMul", x, b.weights(some_weights(6, 6))), perm=[0, 2, 1])
    y = b.qdq(product, -1)
    quantised = b.nodes[-2].output[0]
    rounded = f"{quantised}.rounded"
    b.nodes.append(helper.make_node("Relu", [y], [rounded], name=f"{b.nodes[-2].name}.move0"))
    network = exact(b, tmp_path, b.qdq(rounded, -1), y)
    names = [op.name for op in network.operations]
    assert len(set(names)) == len(names)
    assert len({op.target for op in network.operations}) == len(names)


def test_weights_behind_transpose_clip_and_identity(tmp_path: Path) -> None:
    """What exporters put between the stored weights and the product is folded."""
    b, x = start(8)
    stored = b.node("Clip", b.constant(some_weights(4, 8)), b.constant(np.int8(-127)), b.constant(np.int8(127)))
    turned = b.node("Identity", b.node("Transpose", b.dequantise(stored, -6), perm=[1, 0]))
    network = exact(b, tmp_path, b.qdq(b.node("MatMul", x, turned), -1))
    dense = network.operations[0]
    assert isinstance(dense, Dense)
    np.testing.assert_array_equal(dense.weight, np.clip(some_weights(4, 8), -127, 127).T)


def test_weights_quantised_by_the_model(tmp_path: Path) -> None:
    """Floating-point weights that the model itself quantises round half to even and saturate."""
    b, x = start(4)
    weight = np.array([[0.5, 1.5], [2.5, -0.5], [300.0, -300.0], [1.25, -7.0]])
    network = exact(b, tmp_path, b.qdq(b.node("MatMul", x, b.qdq(b.constant(weight, "float32"), 0)), 3))
    dense = network.operations[0]
    assert isinstance(dense, Dense)
    np.testing.assert_array_equal(dense.weight, [[0, 2], [2, 0], [127, -128], [1, -7]])


def test_bias_between_accumulator_steps(tmp_path: Path) -> None:
    """A bias that no accumulator step holds keeps ties apart: half a step less is not a tie."""
    b, x = start(1)
    product = b.node("MatMul", x, b.weights(np.array([[1, 1, 1]], np.int8), 0))
    bias = np.array([0.0, 2.0**-12, -(2.0**-12)])
    y = b.qdq(b.node("Add", product, b.constant(bias, "float32")), -3)
    network = b.network(tmp_path, y)
    # Accumulator steps are 1/16, results 1/8: inputs 1 and 3 are ties.
    (found,) = evaluate(network, (np.array([[1], [3], [2]]),))
    np.testing.assert_array_equal(found, [[0, 1, 0], [2, 2, 1], [1, 1, 1]])


def test_constant_nodes(tmp_path: Path) -> None:
    """Constants may be nodes instead of initialisers."""
    b, x = start(6)
    shape = "target"
    b.nodes.append(helper.make_node("Constant", [], [shape], value_ints=[0, 2, 3]))
    b.nodes.append(helper.make_node("Constant", [], ["scale"], value=onnx.numpy_helper.from_array(np.float32(0.5))))
    weight = b.node("DequantizeLinear", b.constant(some_weights(3, 2)), "scale")
    exact(b, tmp_path, b.qdq(b.node("MatMul", b.node("Reshape", x, shape), weight), 2))
