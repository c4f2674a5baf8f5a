"""An int8 model as the same network with int16 activations, and int16 weights if asked for: scales a 256th, as many steps more.

    python scripts/widen_model.py configs/models/jet_tagger.onnx configs/models/jet_tagger_a16w8.onnx
    python scripts/widen_model.py configs/models/jet_tagger.onnx configs/models/jet_tagger_a16w16.onnx --weights

It computes what the int8 model computes, with activations rounded 256 times finer; its weights have the same values.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

# int16 in QuantizeLinear and DequantizeLinear.
OPSET = 21


def widen(model: onnx.ModelProto, weights: bool) -> None:
    """Change `model` in place. weights: also those of the weights' type.

    Raises ValueError for a quantised type that is neither int8 nor a bias in int32, and for biases that do not fit any more.
    """
    constants = {i.name: i for i in model.graph.initializer}
    # A quantiser and its dequantiser share their scale.
    pairs = {tuple(node.input[1:]): node.input[0] for node in model.graph.node if node.op_type in {"QuantizeLinear", "DequantizeLinear"}}
    for (scale, zero), data in pairs.items():
        kind, stored = numpy_helper.to_array(constants[zero]).dtype, data in constants
        if kind not in (np.int8, np.int32):
            raise ValueError(f"{data} has type {kind}, neither int8 nor int32")
        if kind == np.int32:
            wide, factor = np.dtype(np.int32), 65536 if weights else 256
        elif stored and not weights:
            continue
        else:
            wide, factor = np.dtype(np.int16), 256
        constants[scale].CopyFrom(numpy_helper.from_array(numpy_helper.to_array(constants[scale]) / np.float32(factor), scale))
        constants[zero].CopyFrom(numpy_helper.from_array(np.zeros((), wide), zero))
        if stored:
            constants[data].CopyFrom(numpy_helper.from_array(_scaled(numpy_helper.to_array(constants[data]), factor, wide, data), data))
    del model.opset_import[:]
    model.opset_import.append(onnx.helper.make_opsetid("", OPSET))
    # The types in between follow from what is left.
    del model.graph.value_info[:]


def _scaled(values: np.ndarray, factor: int, wide: np.dtype, name: str) -> np.ndarray:
    """Stored integers times `factor`, in their new type."""
    product = values.astype(np.int64) * factor
    if product.min(initial=0) < np.iinfo(wide).min or product.max(initial=0) > np.iinfo(wide).max:
        raise ValueError(f"{name} does not fit {wide} any more")
    return product.astype(wide)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--weights", action="store_true")
    arguments = parser.parse_args()
    made = onnx.load(arguments.source)
    widen(made, arguments.weights)
    onnx.checker.check_model(made, full_check=True)
    onnx.save(made, arguments.target)
