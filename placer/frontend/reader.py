"""One walk over one model: every node gives a value, quantisers close expressions into operations of the network.

The dialects differ in how they write a quantiser: qdq.py, qoperator.py and qonnx.py turn their nodes into those of quantisers.py.
"""

from __future__ import annotations

import onnx

from placer.errors import UnsupportedModelError
from placer.frontend import batch, float_operators, qdq, qonnx, qoperator, selections
from placer.frontend.closing import close, output_type
from placer.frontend.constants import Attributes, fold, plain
from placer.frontend.float_operators import PLAIN_DOMAINS, unsupported
from placer.frontend.functions import FUNCTIONS
from placer.frontend.graph import Graph
from placer.frontend.onnx_file import GraphInput, Model
from placer.frontend.operators import is_arithmetic
from placer.frontend.products import check_matrix
from placer.frontend.quantisers import Quantisers
from placer.frontend.shapes import keeps_batch, listed
from placer.frontend.values import Constant, Named, Quantised, RawInput, Stored, Turned, Value
from placer.network import Network

QUANTISE_FIRST = "quantise it first, for example with onnxruntime.quantization.quantize_static (QDQ format), brevitas or quark"
FAKE = "it rounds in floating point, as Keras exports of HGQ2 do, where no operator states a scale or a type"


class Reader:
    """The values of the names read so far, and the network that grows."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.values: dict[str, Named] = {i.name: plain(i.value, f"initialiser {i.name}") for i in model.initialisers}
        taken = {i.name for i in model.inputs} | set(self.values)
        taken.update(name for node in model.nodes for name in (node.name, *node.output))
        self.graph = Graph(taken)
        self.quantisers = Quantisers(self.graph, model.inputs)

    def read(self) -> Network:
        """The network of the model.

        Raises UnsupportedModelError or InputError.
        """
        if not any(is_quantiser(n) for n in self.model.nodes):
            rounds = any(n.op_type in {"Round", "Floor"} for n in self.model.nodes)
            lacks = "it has no QuantizeLinear or Quant" + (f"; {FAKE}" if rounds else "")
            raise UnsupportedModelError(f"model {self.model.name} is not quantised ({lacks}); {QUANTISE_FIRST}")
        for value in self.model.inputs:
            self._input(value)
        for node in self.model.nodes:
            operands = [self._operand(node, name) for name in node.input]
            if batch.concerns(node, operands):
                found = batch.apply(self.graph, node, operands, self.graph.batch, self._results)
            else:
                found = self._first(node, [o for o in operands if not isinstance(o, Turned)])
            self.values.update(zip(node.output, found, strict=False))
        outputs = tuple(self._output(name) for name in self.model.outputs)
        return self.graph.network(self.model.name, self.graph.batch, self.quantisers.network_inputs, outputs)

    # -- the ends of the graph --------------------------------------------------------------------------------------------------

    def _operand(self, node: onnx.NodeProto, name: str) -> Named | None:
        if name and name not in self.values:
            raise UnsupportedModelError(f"{node.name}: reads {name}, a second output of its node; only those of Split are supported")
        return self.values[name] if name else None

    def _input(self, value: GraphInput) -> None:
        dims = value.dims
        if not dims or any(d is None or d < 1 for d in dims[1:]):
            raise UnsupportedModelError(
                f"input {value.name} has shape {[d if d else '?' for d in dims]}; every dimension but the batch must be fixed and positive"
            )
        if value.name != self.model.inputs[0].name and dims[0] != self.graph.batch:
            raise UnsupportedModelError(f"input {value.name} has another batch than the first input; all inputs must share one")
        self.graph.batch = dims[0]
        self.values[value.name] = RawInput(value.name, tuple(d for d in dims[1:] if d))

    def _output(self, name: str) -> str:
        value = self.values.get(name)
        if isinstance(value, Turned):
            raise UnsupportedModelError(f"output {name}: the batch must be its first dimension")
        if value is not None and is_arithmetic(value):
            kind = output_type(self.graph, name, value)
            tensor = self.graph.fresh(f"{name}.integers")
            close(self.graph, name, value, kind, tensor)
            self.graph.inserted.append((tensor, "the model leaves this output unrounded"))
            return tensor
        if isinstance(value, Stored | Quantised):
            return value.tensor
        raise UnsupportedModelError(
            f"output {name} is not quantised; the model must end in a quantiser or in arithmetic on quantised values"
        )

    # -- nodes ------------------------------------------------------------------------------------------------------------------

    def _first(self, node: onnx.NodeProto, operands: list[Value | None]) -> tuple[Named, ...]:
        """What a node gives whose operands have the batch first; a reshape may then move it."""
        first = operands[0] if operands else None
        if first is not None and not isinstance(first, Constant):
            if node.op_type == "Gemm":
                check_matrix(node, (0, *first.shape))
            numbers = listed(node, operands) or () if node.op_type == "Reshape" else None
            if numbers is not None and keeps_batch(node, numbers, first.shape, self.graph.batch) is None:
                return (batch.reshaped(self.graph, node, first, numbers, self.graph.batch),)
        return self._results(node, operands)

    def _results(self, node: onnx.NodeProto, operands: list[Value | None]) -> tuple[Value, ...]:
        """What a node gives whose operands have the batch first."""
        first = operands[0] if operands else None
        if node.op_type in selections.SELECTIONS and node.domain in PLAIN_DOMAINS and not isinstance(first, Constant):
            return selections.select(self.graph, node, operands)
        return (self._apply(node, operands),)

    def _apply(self, node: onnx.NodeProto, operands: list[Value | None]) -> Value:
        if node.op_type == "Constant" and node.domain in PLAIN_DOMAINS:
            return Attributes(node).constant()
        constants = tuple(o for o in operands if isinstance(o, Constant))
        if len(constants) == len(operands) and constants and not is_quantiser(node):
            folded = fold(node, constants)
            if folded is not None:
                return folded
        # Absent operands read like empty ones.
        operands = operands + [None] * (2 - len(operands))
        if qdq.handles(node):
            return qdq.apply(self.quantisers, node, operands)
        if qoperator.handles(node):
            return qoperator.apply(self.quantisers, node, operands)
        if qonnx.handles(node):
            return qonnx.apply(self.quantisers, node, operands)
        if node.domain not in PLAIN_DOMAINS and not (node.domain == "com.microsoft" and node.op_type in FUNCTIONS):
            raise unsupported(node)
        return float_operators.apply(self.quantisers, node, operands)


def is_quantiser(node: onnx.NodeProto) -> bool:
    """Whether a node of any dialect states a rounding point."""
    return qdq.handles(node) or qoperator.handles(node) or qonnx.handles(node)
