"""Readers, one a dialect, from ONNX onto one Network."""

from __future__ import annotations

from pathlib import Path

from placer.errors import UnsupportedModelError
from placer.frontend.fold import drop_unread, fold_relu
from placer.frontend.onnx_file import read_file
from placer.frontend.qdq import QdqReader
from placer.network import Network

# Operators that only appear in dialects other than QDQ.
OTHER_DIALECTS = frozenset({"QLinearMatMul", "QGemm", "QLinearAdd", "QLinearConv", "MatMulInteger", "Quant", "BipolarQuant"})


def read_model(path: Path) -> Network:
    """Import an ONNX file.

    Raises InputError for a file that cannot be read, UnsupportedModelError for a model that cannot be mapped exactly; both in one sentence.
    """
    model = read_file(path)
    for node in model.nodes:
        if node.op_type in OTHER_DIALECTS:
            raise UnsupportedModelError(
                f"{node.name}: operator {node.op_type} belongs to a dialect that is not supported; "
                "export QuantizeLinear/DequantizeLinear (QDQ) around floating-point operators"
            )
    return drop_unread(fold_relu(drop_unread(QdqReader(model).read())))
