"""Folding of constants: exact, or not at all."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from placer.errors import InputError, UnsupportedModelError
from placer.frontend.constants import BATCH, Attributes, fold, plain, shape_constant
from placer.frontend.values import Constant


def ints(*values: int) -> Constant:
    """A plain int64 constant."""
    return plain(np.array(values, np.int64), "test")


def dequantised(values: list[int]) -> Constant:
    """Integers at scale 1/8."""
    q = np.array(values, np.int64)
    return Constant(q * 0.125, "int8", q, np.full(q.shape, 0.125), np.zeros_like(q))


def folded(op: str, *operands: Constant, **attributes: object) -> Constant | None:
    """What a node makes of constants."""
    return fold(helper.make_node(op, [f"i{n}" for n in range(len(operands))], ["y"], name="n", **attributes), operands)


def test_plain_keeps_integers_and_reals() -> None:
    """Integers stay integers, floats have none."""
    assert ints(3).integers is not None
    assert plain(np.float32([0.1]), "w").integers is None
    assert plain(np.float32([0.1]), "w").real[0] == np.float64(np.float32(0.1))
    with pytest.raises(UnsupportedModelError, match="w: constants of type bool are not supported"):
        plain(np.array([True]), "w")


@pytest.mark.parametrize(
    ("op", "operands", "attributes", "expected"),
    [
        ("Transpose", (plain(np.arange(6).reshape(2, 3), "w"),), {}, np.arange(6).reshape(2, 3).T),
        ("Transpose", (plain(np.arange(6).reshape(1, 2, 3), "w"),), {"perm": [1, 0, 2]}, np.arange(6).reshape(2, 1, 3)),
        ("Reshape", (plain(np.arange(6).reshape(2, 3), "w"), ints(0, -1, 1)), {}, np.arange(6).reshape(2, 3, 1)),
        ("Squeeze", (plain(np.arange(3).reshape(1, 3, 1), "w"), ints(0)), {}, np.arange(3).reshape(3, 1)),
        ("Squeeze", (plain(np.arange(3).reshape(1, 3, 1), "w"),), {}, np.arange(3)),
        ("Unsqueeze", (ints(7, 8), ints(0)), {}, [[7, 8]]),
        ("Unsqueeze", (ints(7, 8),), {"axes": [1]}, [[7], [8]]),
        ("Concat", (ints(BATCH), ints(4, 5)), {"axis": 0}, [BATCH, 4, 5]),
        ("Gather", (ints(5, 6, 7), ints(2)), {}, [7]),
        ("Gather", (ints(5, 6, 7), plain(np.array(-1), "i")), {}, 7),
        ("Clip", (ints(-9, 0, 9), ints(-2), ints(3)), {}, [-2, 0, 3]),
        ("Shape", (plain(np.zeros((2, 3, 4)), "w"),), {}, [2, 3, 4]),
        ("Shape", (plain(np.zeros((2, 3, 4)), "w"),), {"start": 1, "end": -1}, [3]),
        ("Cast", (plain(np.float32([1.0, -3.0]), "w"),), {"to": TensorProto.INT64}, [1, -3]),
        ("Identity", (ints(1),), {}, [1]),
    ],
)
def test_folded(op: str, operands: tuple[Constant, ...], attributes: dict[str, object], expected: object) -> None:
    """The integers that ONNX defines."""
    result = folded(op, *operands, **attributes)
    assert result is not None
    assert result.integers is not None
    np.testing.assert_array_equal(result.integers, expected)  # type: ignore[arg-type]
    np.testing.assert_array_equal(result.real, result.integers)


def test_movements_keep_the_scale() -> None:
    """Moving or picking dequantised values moves their integers and keeps what they stand for."""
    weight = dequantised([1, 2, 3])
    for result in (folded("Gather", weight, ints(2, 0)), folded("Transpose", weight), folded("Cast", weight, to=TensorProto.FLOAT)):
        assert result is not None
        assert result.integers is not None
        assert result.scale is not None
        np.testing.assert_array_equal(result.scale, np.full(result.integers.shape, 0.125))
        np.testing.assert_array_equal(result.real, result.integers * 0.125)


def test_clip_of_dequantised_values() -> None:
    """Its bounds are real numbers, not integers of the stored type: folded only where nothing changes."""
    weight = dequantised([-16, 0, 16])
    wide, narrow = ints(-2, 2), ints(-1, 2)
    assert wide.integers is not None
    assert folded("Clip", weight, ints(-2), ints(2)) is weight
    assert folded("Clip", weight, ints(-1), ints(2)) is None
    assert narrow is not None


@pytest.mark.parametrize("to", [TensorProto.INT32, TensorProto.STRING, TensorProto.BOOL, 0, 999])
def test_casts_that_are_not_folded(to: int) -> None:
    """A cast that loses a value, or gives no number."""
    assert folded("Cast", plain(np.float32([0.5]), "w"), to=to) is None


def test_cast_of_dequantised_values_to_integers() -> None:
    """The result would no longer be quantised weights."""
    assert folded("Cast", dequantised([8, 16]), to=TensorProto.INT32) is None


def test_concatenation_of_dequantised_values() -> None:
    """Two scales have no common integers."""
    assert folded("Concat", dequantised([1]), dequantised([2]), axis=0) is None


@pytest.mark.parametrize("op", ["Relu", "Max", "Softmax", "NonZero"])
def test_other_operators(op: str) -> None:
    """They are left to the reader, which refuses them."""
    assert folded(op, ints(1), ints(2)) is None


@pytest.mark.parametrize(
    ("op", "operands", "expected"),
    [
        ("Add", (ints(1, 2), ints(3)), [4, 5]),
        ("Div", (ints(7, -7), ints(2)), [3, -3]),
        ("Div", (ints(7), plain(np.float32([2]), "w")), [3.5]),
        ("Mul", (ints(BATCH), ints(1)), [BATCH]),
        ("Sqrt", (plain(np.float32([9]), "w"),), [3]),
        ("Pow", (plain(np.float32([4]), "w"), plain(np.float32([-0.5]), "v")), [0.5]),
        ("Slice", (ints(1, 2, 3), ints(-2), ints(1 << 62)), [2, 3]),
        ("Slice", (ints(1, 2, 3), ints(2), ints(-9), ints(0), ints(-1)), [3, 2, 1]),
    ],
)
def test_arithmetic(op: str, operands: tuple[Constant, ...], expected: list[float]) -> None:
    """What exporters compute of shapes and scales; whole numbers stay whole, towards zero."""
    result = folded(op, *operands)
    assert result is not None
    np.testing.assert_array_equal(result.real, expected)
    assert (result.integers is not None) == all(o.integers is not None for o in operands)


@pytest.mark.parametrize(
    ("op", "operands"), [("Mul", (ints(BATCH), ints(2))), ("Div", (ints(1), ints(0))), ("Add", (ints(BATCH), ints(1)))]
)
def test_arithmetic_that_has_no_value(op: str, operands: tuple[Constant, ...]) -> None:
    """A symbolic batch takes no part."""
    assert folded(op, *operands) is None


@pytest.mark.parametrize("op", ["Mul", "Sub"])
def test_arithmetic_of_dequantised_values(op: str) -> None:
    """It is left to the reader."""
    assert folded(op, dequantised([1]), dequantised([2])) is None


@pytest.mark.parametrize(
    ("op", "operands"),
    [
        ("Reshape", (ints(1, 2, 3), ints(2))),
        ("Reshape", (ints(1, 2, 3), plain(np.float32([3]), "s"))),
        ("Reshape", (ints(1, 2, 3),)),
        ("Reshape", (ints(1, 2, 3), ints(3, 0))),
        ("Gather", (ints(1), ints(4))),
        ("Squeeze", (ints(1, 2), ints(0))),
        ("Concat", (ints(1), plain(np.array([[1]]), "w"))),
        ("Clip", (ints(1), ints(1, 2), ints(3))),
    ],
)
def test_operands_that_do_not_fit(op: str, operands: tuple[Constant, ...]) -> None:
    """One sentence that names the node."""
    with pytest.raises(InputError, match=f"^n: {op} of constants whose shapes do not fit together$"):
        folded(op, *operands)


def test_shape_with_a_symbolic_batch() -> None:
    """The batch is carried as BATCH."""
    node = helper.make_node("Shape", ["x"], ["y"], name="n", start=0, end=2)
    np.testing.assert_array_equal(shape_constant(node, (BATCH, 3, 4)).real, [BATCH, 3])


def test_attributes() -> None:
    """Read when there, else their defaults."""
    node = Attributes(helper.make_node("X", [], ["y"], a=3, b=0.5, c=[1, 2]))
    assert (node.integer("a", 0), node.integer("z", 7)) == (3, 7)
    assert (node.real("b", 1.0), node.real("z", 1.0)) == (0.5, 1.0)
    assert (node.integers("c"), node.integers("z")) == ((1, 2), None)


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [({"value_int": 3}, 3), ({"value_ints": [3, 4]}, [3, 4]), ({"value_float": 0.5}, 0.5), ({"value_floats": [0.5]}, [0.5])],
)
def test_constant_nodes(attribute: dict[str, object], expected: object) -> None:
    """Every numeric form."""
    node = helper.make_node("Constant", [], ["y"], name="n", **attribute)
    np.testing.assert_array_equal(Attributes(node).constant().real, expected)  # type: ignore[arg-type]


def test_constant_of_another_kind() -> None:
    """Strings are no numbers."""
    with pytest.raises(UnsupportedModelError, match="n: this form of Constant is not supported"):
        Attributes(helper.make_node("Constant", [], ["y"], name="n", value_string="a")).constant()
