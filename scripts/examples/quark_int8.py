"""A PyTorch module to int8 ONNX with AMD Quark: post-training, QDQ format, in one of Quark's own configurations.

    python -m venv env && env/bin/pip install -r scripts/examples/requirements-quark.txt
    env/bin/python scripts/examples/quark_int8.py net.onnx [VINT8]
    python -m placer solve net.onnx --batch 8

VINT8 and XINT8 have power-of-two scales (int8 with zero point 0, uint8 with 128); A8W8, A16W8 and S16S8_ASWS any scale. placer maps all.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from net import module, samples
from onnxruntime.quantization import CalibrationDataReader
from quark.onnx import ModelQuantizer
from quark.onnx.quantization.config.config import Config
from quark.onnx.quantization.config.custom_config import get_default_config

FloatArray = npt.NDArray[np.float32]


class Calibration(CalibrationDataReader):
    """The samples, one batch at a time; Quark reads them more than once."""

    def __init__(self, inputs: FloatArray) -> None:
        self.parts = np.array_split(inputs, 4)
        self.rewind()

    def get_next(self) -> dict[str, FloatArray] | None:
        return next(self.batches, None)

    def rewind(self) -> None:
        self.batches = iter([{"input": part} for part in self.parts])


def main(target: Path, configuration: str) -> None:
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
            dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
        quantizer = ModelQuantizer(Config(global_quant_config=get_default_config(configuration)))
        quantizer.quantize_model(str(plain), str(target), Calibration(inputs.numpy()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "VINT8")
