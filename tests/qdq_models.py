"""Small QDQ models, node by node, as exporters write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from placer.frontend import read_model
from placer.network import Network

Array = npt.NDArray[np.generic]


class QdqBuilder:
    """A model in the making. Every method that adds a node returns the name of its result."""

    def __init__(self, batch: int | None = None) -> None:
        self.batch = batch
        self.nodes: list[onnx.NodeProto] = []
        self.initialisers: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.count = 0

    def name(self, stem: str) -> str:
        """A name not used before."""
        self.count += 1
        return f"{stem}_{self.count}"

    def input(self, *shape: int, name: str = "x", element_type: int = TensorProto.FLOAT) -> str:
        """A graph input of [batch, *shape]."""
        self.inputs.append(helper.make_tensor_value_info(name, element_type, [self.batch or "batch", *shape]))
        return name

    def constant(self, value: Array | float, dtype: str | None = None, name: str | None = None) -> str:
        """An initialiser."""
        name = name or self.name("c")
        self.initialisers.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def node(self, op: str, *inputs: str, domain: str = "", **attributes: object) -> str:
        """Any node with one result."""
        result = self.name(op.lower())
        self.nodes.append(helper.make_node(op, list(inputs), [result], name=f"{result}_node", domain=domain, **attributes))
        return result

    def quantise(self, x: str, exponent: int = -4, dtype: str = "int8", zero_point: int = 0) -> str:
        """QuantizeLinear at scale 2^exponent."""
        return self.node("QuantizeLinear", x, self.constant(2.0**exponent, "float32"), self.constant(zero_point, dtype))

    def dequantise(self, q: str, exponent: int = -4, dtype: str = "int8", zero_point: int = 0) -> str:
        """DequantizeLinear at scale 2^exponent."""
        return self.node("DequantizeLinear", q, self.constant(2.0**exponent, "float32"), self.constant(zero_point, dtype))

    def qdq(self, x: str, exponent: int = -4) -> str:
        """QuantizeLinear, then DequantizeLinear: a rounding point."""
        return self.dequantise(self.quantise(x, exponent), exponent)

    def weights(self, value: Array, exponent: int = -6, dtype: str = "int8") -> str:
        """A dequantised constant."""
        return self.dequantise(self.constant(value, dtype), exponent, dtype)

    def model(self, *outputs: str, opset: int = 17) -> onnx.ModelProto:
        """The model, ending in these values."""
        integers = {n.output[0] for n in self.nodes if n.op_type == "QuantizeLinear"}
        kinds = [TensorProto.INT8 if name in integers else TensorProto.FLOAT for name in outputs]
        ends = [helper.make_tensor_value_info(name, kind, None) for name, kind in zip(outputs, kinds, strict=True)]
        graph = helper.make_graph(self.nodes, "graph", self.inputs, ends, self.initialisers)
        imports = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=imports, ir_version=8)

    def save(self, folder: Path, *outputs: str, opset: int = 17) -> Path:
        """Write the model, ending in these values."""
        path = folder / "model.onnx"
        onnx.save_model(self.model(*outputs, opset=opset), path)
        return path

    def network(self, folder: Path, *outputs: str, opset: int = 17) -> Network:
        """The model, ending in these values, imported."""
        return read_model(self.save(folder, *outputs, opset=opset))


def some_weights(rows: int, columns: int, seed: int = 0) -> Array:
    """Random int8 weights [rows, columns]."""
    return np.random.default_rng(seed).integers(-128, 128, (rows, columns)).astype(np.int8)


def dense_model(batch: int | None = None, inner: int = 8, outer: int = 4) -> tuple[QdqBuilder, str]:
    """A builder that holds quantised input -> MatMul -> requantised, and its end."""
    b = QdqBuilder(batch)
    product = b.node("MatMul", b.qdq(b.input(inner)), b.weights(some_weights(inner, outer)))
    return b, b.qdq(product)
