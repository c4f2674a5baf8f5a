"""A PyTorch module to int8 ONNX with onnxruntime's quantize_static: post-training, QDQ format, power-of-two scales.

    python -m venv env && env/bin/pip install -r scripts/examples/requirements-onnxruntime.txt
    env/bin/python scripts/examples/onnxruntime_qdq.py net.onnx
    python -m placer solve net.onnx --batch 8

Power-of-two scales need shifts only and are bit-exact with onnxruntime. Without the overrides below quantize_static chooses any scale, and
ActivationSymmetric=False any zero point: placer maps these as well, with a multiplier a layer.
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import torch
from net import module, samples
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

FloatArray = npt.NDArray[np.float32]


class Calibration(CalibrationDataReader):
    """The samples, one batch at a time."""

    def __init__(self, inputs: FloatArray) -> None:
        self.batches: Iterator[dict[str, FloatArray]] = iter([{"input": part} for part in np.array_split(inputs, 4)])

    def get_next(self) -> dict[str, FloatArray] | None:
        return next(self.batches, None)


def ranges(model: onnx.ModelProto, inputs: FloatArray) -> dict[str, float]:
    """The largest magnitude of every activation and every weight matrix."""
    names = [name for node in model.graph.node for name in node.output]
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    del probe.graph.output[:]
    probe.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    found = ort.InferenceSession(probe.SerializeToString()).run(names, {"input": inputs})
    values = {"input": inputs, **dict(zip(names, found, strict=True))}
    values |= {i.name: v for i in model.graph.initializer if (v := onnx.numpy_helper.to_array(i)).ndim == 2}
    return {name: float(np.abs(v).max()) for name, v in values.items()}


def power_of_two(largest: float) -> list[dict[str, object]]:
    """The finest power of two at which `largest` fits an int8, as quantize_static takes it."""
    scale = 2.0 ** math.ceil(math.log2(max(largest, 1e-6) / 127))
    return [{"scale": np.array(scale, np.float32), "zero_point": np.array(0, np.int8), "quant_type": QuantType.QInt8}]


def main(target: Path) -> None:
    """Export, calibrate, quantise."""
    inputs = samples(512)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "float.onnx"
        torch.onnx.export(
            module(),
            (inputs[:2],),
            str(plain),
            input_names=["input"],
            output_names=["output"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            opset_version=20,
            dynamo=True,
            external_data=False,
        )
        overrides = {name: power_of_two(largest) for name, largest in ranges(onnx.load(plain), inputs.numpy()).items()}
        quantize_static(
            str(plain),
            str(target),
            Calibration(inputs.numpy()),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            extra_options={"ActivationSymmetric": True, "WeightSymmetric": True, "TensorQuantOverrides": overrides},
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
