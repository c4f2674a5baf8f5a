"""A QDQ or QOperator model in float64: what it says, but for the last of 53 bits, where onnxruntime computes in float32's 24.

Element by element, float32 has one result, IEEE 754's: operators of 8-bit tensors alone are correctly rounded to it (_narrowed), as their
values are few and integers can follow. Sums have as many results in float32 as orders; they, and all that follows one, are in float64.

Neither the importer nor the integer evaluator takes part: the operators are onnx's own reference implementation, the quantisers, LayerNorm,
GELU and the QLinear operators those below. It tells which of two results that differ is the nearer one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

from placer.host.onnxruntime_check import to_integers
from placer.network import IntArray, Network

Array = npt.NDArray[np.generic]
# The domain of operators that are computed in float32.
SINGLE = "single"
Real = npt.NDArray[np.float64]


def outputs(model: Path, network: Network, inputs: tuple[IntArray, ...], names: tuple[str, ...] | None = None) -> tuple[IntArray, ...]:
    """What `model` makes of `inputs` ([samples, *shape] each), as integers on the network's scales (onnxruntime_check.outputs).

    names: tensors of the model to give instead of its outputs, called the same in the network. Raises NotImplementedError for an operator
    that neither onnx nor this file evaluates.
    """
    wide = _widened(onnx.load(model))
    ends = list(names or (o.name for o in wide.graph.output))
    known = {o.name for o in wide.graph.output}
    wide.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in ends if name not in known)
    evaluator = ReferenceEvaluator(wide, new_ops=OPERATORS)
    constants = {i.name for i in wide.graph.initializer}
    given = [i.name for i in wide.graph.input if i.name not in constants]
    kinds = [network.tensor(n).type for n in network.inputs]
    reals = [(v - kind.zero_point) * kind.scale for kind, v in zip(kinds, inputs, strict=True)]
    step = network.batch or len(inputs[0])
    runs = [evaluator.run(ends, {n: v[i : i + step] for n, v in zip(given, reals, strict=True)}) for i in range(0, len(inputs[0]), step)]
    return tuple(
        to_integers(network.tensor(name), np.concatenate(parts))
        for name, parts in zip(names or network.outputs, zip(*runs, strict=True), strict=True)
    )


def _widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its float32 constants in float64, its nodes in order of computation."""
    for tensor in model.graph.initializer:
        _widen(tensor)
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                _widen(attribute.t)
    known = {"", *(i.name for i in model.graph.initializer), *(i.name for i in model.graph.input)}
    waiting, ordered = list(model.graph.node), list[onnx.NodeProto]()
    while waiting:
        ready = [n for n in waiting if known.issuperset(n.input)]
        known.update(name for n in ready for name in n.output)
        ordered += ready
        waiting = [n for n in waiting if n not in ready]
    del model.graph.node[:]
    model.graph.node.extend(ordered)
    _narrowed(model.graph)
    model.opset_import.append(onnx.helper.make_opsetid(SINGLE, 1))
    return model


def _narrowed(graph: onnx.GraphProto) -> None:
    """Name the operators whose operands are all 8-bit tensors, or operators of such, element by element, those of float32."""
    constants = {i.name: i for i in graph.initializer}
    exact, computed = {i.name for i in graph.initializer if i.data_type == TensorProto.DOUBLE}, set[str]()
    for node in graph.node:
        if node.op_type == "Constant":
            exact.update(node.output)
        elif node.op_type == "DequantizeLinear" and len(node.input) > 2 and node.input[2] in constants:
            if constants[node.input[2]].data_type in {TensorProto.INT8, TensorProto.UINT8}:
                (exact if node.input[0] in constants else computed).update(node.output)
        elif node.op_type in SINGLES and (computed.intersection(node.input) and (computed | exact).issuperset(node.input)):
            node.domain = SINGLE
            computed.update(node.output)
        elif node.op_type == "QuantizeLinear" and node.input[0] in computed:
            node.domain = SINGLE


def _widen(tensor: onnx.TensorProto) -> None:
    if tensor.data_type == TensorProto.FLOAT:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))


def _along(vector: Array | None, axis: int, rank: int) -> Array | float:
    """A scale or zero point, one or one a position of `axis`, so that it broadcasts."""
    if vector is None:
        return 0.0
    shape = [1] * rank
    if vector.size > 1:
        shape[axis] = vector.size
    return vector.astype(np.float64).reshape(shape)


def _single(x: Array) -> Real:
    """As float32 holds it. Of a sum, product or quotient of two float32, what float32 makes: 53 bits are 2 * 24 + 5."""
    return x.astype(np.float32).astype(np.float64)


def _quantise(x: Real, scale: Array, zero: Array, axis: int = 1) -> Array:
    bounds = np.iinfo(zero.dtype)
    steps = np.rint(x / _along(scale, axis, x.ndim)) + _along(zero, axis, x.ndim)
    return np.clip(steps, bounds.min, bounds.max).astype(zero.dtype)


def _real(q: Array, scale: Array, zero: Array | None, axis: int = 1) -> Real:
    return np.asarray((q.astype(np.float64) - _along(zero, axis, q.ndim)) * _along(scale, axis, q.ndim), np.float64)


def _pair(given: tuple[Array, ...]) -> tuple[Real, Real, Array, Array]:
    """Both operands of a QLinear operator, the right one's scales along its columns, and scale and zero point of its result."""
    a, a_scale, a_zero, b, b_scale, b_zero, scale, zero = given
    return _real(a, a_scale, a_zero), _real(b, b_scale, b_zero, b.ndim - 1), scale, zero


def _erf(x: Real) -> Real:
    """Quantised values are few: each is computed once."""
    values, at = np.unique(x, return_inverse=True)
    return np.array([math.erf(v) for v in values])[at].reshape(x.shape)


# ReferenceEvaluator finds an operator by its class's name, domain and _run.
class QuantizeLinear(OpRun):  # type: ignore[misc]
    op_domain = ""

    def _run(self, x: Real, scale: Array, zero: Array | None = None, axis: int = 1, **_: object) -> tuple[Array]:
        return (_quantise(x, scale, np.zeros(1, np.uint8) if zero is None else zero, axis),)


class DequantizeLinear(OpRun):  # type: ignore[misc]
    op_domain = ""

    def _run(self, q: Array, scale: Array, zero: Array | None = None, axis: int = 1, **_: object) -> tuple[Real]:
        return (_real(q, scale, zero, axis),)


class Erf(OpRun):  # type: ignore[misc]
    op_domain = ""

    def _run(self, x: Real) -> tuple[Real]:
        return (_erf(x),)


class Gelu(OpRun):  # type: ignore[misc]
    op_domain = ""

    def _run(self, x: Real, approximate: str = "none") -> tuple[Real]:
        if approximate == "tanh":
            return (x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),)
        return (x / 2 * (1 + _erf(x / math.sqrt(2))),)


class LayerNormalization(OpRun):  # type: ignore[misc]
    op_domain = ""

    def _run(self, x: Real, gain: Real, offset: Real | None = None, axis: int = -1, epsilon: float = 1e-5, **_: object) -> tuple[Real]:
        axes = tuple(range(axis % x.ndim, x.ndim))
        away = x - x.mean(axes, keepdims=True)
        spread = (away * away).mean(axes, keepdims=True) + float(np.float32(epsilon))
        return (away / np.sqrt(spread) * gain + (0 if offset is None else offset),)


class QLinearMatMul(OpRun):  # type: ignore[misc]
    op_domain = ""

    def _run(self, *given: Array) -> tuple[Array]:
        a, b, scale, zero = _pair(given)
        return (_quantise(a @ b, scale, zero),)


class QLinearAdd(OpRun):  # type: ignore[misc]
    """As onnxruntime's: by ratios of scales, a product and the sum that it enters rounded once."""

    op_domain = "com.microsoft"

    def _run(self, *given: Array) -> tuple[Array]:
        a, a_scale, a_zero, b, b_scale, b_zero, scale, zero = (np.asarray(v, np.float64) for v in given)
        a_ratio, b_ratio = _single(a_scale / scale), _single(b_scale / scale)
        away = _single(a_ratio * a_zero + _single(b_ratio * b_zero))
        total = _single(a * a_ratio + _single(b * b_ratio + _single(zero - away)))
        bounds = np.iinfo(given[7].dtype)
        return (np.clip(np.rint(total), bounds.min, bounds.max).astype(given[7].dtype),)


class QLinearMul(OpRun):  # type: ignore[misc]
    """As onnxruntime's: by one ratio of scales, the zero point added before it rounds."""

    op_domain = "com.microsoft"

    def _run(self, *given: Array) -> tuple[Array]:
        a, a_scale, a_zero, b, b_scale, b_zero, scale, zero = (np.asarray(v, np.float64) for v in given)
        ratio = _single(_single(a_scale * b_scale) / scale)
        total = _single(_single(_single((a - a_zero) * (b - b_zero)) * ratio) + zero)
        bounds = np.iinfo(given[7].dtype)
        return (np.clip(np.rint(total), bounds.min, bounds.max).astype(given[7].dtype),)


class QGemm(OpRun):  # type: ignore[misc]
    op_domain = "com.microsoft"

    def _run(
        self, a: Array, a_scale: Array, a_zero: Array, b: Array, b_scale: Array, b_zero: Array, c: Array, scale: Array, zero: Array,
        transA: int = 0, transB: int = 0, alpha: float = 1.0,  # noqa: N803 - attributes of the operator
    ) -> tuple[Array]:  # fmt: skip
        left, right = _real(a, a_scale, a_zero), _real(b, b_scale, b_zero, 0 if transB else 1)
        product = (left.T if transA else left) @ (right.T if transB else right)
        bias = 0.0 if c is None else c * (a_scale.astype(np.float64) * b_scale.astype(np.float64))
        return (_quantise(alpha * (product + bias), scale, zero),)


def _in_domain(operator: type[OpRun], domain: str) -> type[OpRun]:
    return type(operator.__name__, (operator,), {"op_domain": domain})


def _rounded(name: str, compute: Callable[[Real, Real], Real]) -> type[OpRun]:
    """An operator of two float32, correctly rounded."""

    def run(_: OpRun, a: Real, b: Real, **__: object) -> tuple[Real]:
        return (_single(compute(_single(a), _single(b))),)

    return type(name, (OpRun,), {"op_domain": SINGLE, "_run": run})


class SingleQuantizeLinear(QuantizeLinear):
    """Of float32: its quotient is one."""

    op_domain = SINGLE

    def _run(self, x: Real, scale: Array, zero: Array, axis: int = 1, **_: object) -> tuple[Array]:
        bounds = np.iinfo(zero.dtype)
        steps = np.rint(_single(_single(x) / _along(scale, axis, x.ndim))) + _along(zero, axis, x.ndim)
        return (np.clip(steps, bounds.min, bounds.max).astype(zero.dtype),)


SINGLES = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide}
PLAIN = (QuantizeLinear, DequantizeLinear, Erf, Gelu, LayerNormalization)
OPERATORS = [
    *(_rounded(name, compute) for name, compute in SINGLES.items()),
    type("QuantizeLinear", (SingleQuantizeLinear,), {}),
    *PLAIN,
    QLinearMatMul,
    QLinearAdd,
    QLinearMul,
    QGemm,
    *(_in_domain(op, "com.microsoft") for op in PLAIN),
]
