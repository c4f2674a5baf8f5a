"""Functions of one element, as their ONNX operators define them, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import onnx

from placer.arithmetic.fixed_point import FloatArray
from placer.errors import UnsupportedModelError
from placer.frontend.constants import Attributes
from placer.frontend.values import Constant, Function, Value

_erf: Function = np.vectorize(math.erf, otypes=[np.float64])


def _sigmoid(x: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-np.clip(x, -700, 700)))


def _gelu(node: onnx.NodeProto) -> Function:
    if Attributes(node).text("approximate", "none") == "tanh":
        return lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return lambda x: 0.5 * x * (1 + _erf(x / math.sqrt(2)))


def _leaky(node: onnx.NodeProto) -> Function:
    slope = Attributes(node).real("alpha", 0.01)
    return lambda x: np.where(x < 0, slope * x, x)


def _elu(node: onnx.NodeProto) -> Function:
    alpha = Attributes(node).real("alpha", 1.0)
    return lambda x: np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x)


def _celu(node: onnx.NodeProto) -> Function:
    alpha = Attributes(node).real("alpha", 1.0)
    return lambda x: np.where(x < 0, alpha * np.expm1(np.minimum(x, 0) / alpha), x)


def _selu(node: onnx.NodeProto) -> Function:
    alpha, gamma = Attributes(node).real("alpha", 1.67326319217681884765625), Attributes(node).real("gamma", 1.05070102214813232421875)
    return lambda x: gamma * np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x)


def _hard_sigmoid(node: onnx.NodeProto) -> Function:
    alpha, beta = Attributes(node).real("alpha", 0.2), Attributes(node).real("beta", 0.5)
    return lambda x: np.clip(alpha * x + beta, 0, 1)


def _plain(function: Function) -> Callable[[onnx.NodeProto], Function]:
    return lambda _: function


FUNCTIONS: dict[str, Callable[[onnx.NodeProto], Function]] = {
    "Abs": _plain(np.abs),
    "Celu": _celu,
    "Elu": _elu,
    "Erf": _plain(_erf),
    "Exp": _plain(lambda x: np.exp(np.minimum(x, 700))),
    "FastGelu": _plain(lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))),
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _plain(lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    "LeakyRelu": _leaky,
    "Log": _plain(np.log),
    "Mish": _plain(lambda x: x * np.tanh(np.logaddexp(0, x))),
    "Neg": _plain(np.negative),
    "PRelu": _plain(np.abs),
    "Pow": _plain(np.square),
    "QuickGelu": lambda node: lambda x: x * _sigmoid(Attributes(node).real("alpha", 1.702) * x),
    "Reciprocal": _plain(lambda x: 1 / x),
    "Selu": _selu,
    "Sigmoid": _plain(_sigmoid),
    "Softplus": _plain(lambda x: np.logaddexp(0, x)),
    "Softsign": _plain(lambda x: x / (1 + np.abs(x))),
    "Sqrt": _plain(np.sqrt),
    "Tanh": _plain(np.tanh),
}


def unary_function(node: onnx.NodeProto, operands: list[Value | None]) -> Function:
    """The function of a node whose operator is one of FUNCTIONS.

    Raises UnsupportedModelError for a power or slope that is not one constant.
    """
    if node.op_type in {"Pow", "PRelu"}:
        given = operands[1]
        if not isinstance(given, Constant) or given.real.size != 1:
            what = "exponent" if node.op_type == "Pow" else "slope"
            raise UnsupportedModelError(f"{node.name}: {node.op_type} is supported with one constant {what}")
        number = float(given.real.reshape(()))
        return (lambda x: np.power(x, number)) if node.op_type == "Pow" else (lambda x: np.where(x < 0, number * x, x))
    return FUNCTIONS[node.op_type](node)
