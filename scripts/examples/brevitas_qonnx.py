"""A PyTorch module to int8 ONNX with Brevitas: quantisers as layers, which can be trained through, exported in the QONNX dialect.

    python -m venv env && env/bin/pip install -r scripts/examples/requirements-brevitas.txt
    env/bin/python scripts/examples/brevitas_qonnx.py net.onnx
    python -m placer solve net.onnx --batch 8

FixedPoint quantisers have power-of-two scales. export_onnx_qcdq in place of export_qonnx writes QDQ, which placer reads as well. Train the
quantised module, or as here only calibrate it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from brevitas.export import export_qonnx
from brevitas.graph.calibrate import calibration_mode
from brevitas.nn import QuantIdentity, QuantLinear, QuantReLU
from brevitas.quant import Int8ActPerTensorFixedPoint, Int8WeightPerTensorFixedPoint, Int32Bias, Uint8ActPerTensorFixedPoint
from net import module, samples
from torch import nn


def quantised(plain: nn.Sequential) -> nn.Sequential:
    """The same layers with quantisers: int8 at the input and the output, uint8 after each ReLU, int32 biases at accumulator scale."""
    layers: list[nn.Module] = [QuantIdentity(act_quant=Int8ActPerTensorFixedPoint, return_quant_tensor=True)]
    for layer in plain:
        if isinstance(layer, nn.ReLU):
            layers.append(QuantReLU(act_quant=Uint8ActPerTensorFixedPoint, return_quant_tensor=True))
        elif isinstance(layer, nn.Linear):
            linear = QuantLinear(
                layer.in_features,
                layer.out_features,
                bias=True,
                weight_quant=Int8WeightPerTensorFixedPoint,
                bias_quant=Int32Bias,
                return_quant_tensor=True,
            )
            linear.load_state_dict(layer.state_dict(), strict=False)
            layers.append(linear)
    layers.append(QuantIdentity(act_quant=Int8ActPerTensorFixedPoint))
    return nn.Sequential(*layers)


def main(target: Path) -> None:
    """Quantise, calibrate, export. The export fixes the batch: 8 samples here."""
    net = quantised(module())
    with torch.no_grad(), calibration_mode(net):
        for batch in samples(512).split(64):
            net(batch)
    net.eval()
    # The first pass in evaluation mode fills what the export reads.
    with torch.no_grad():
        net(samples(8))
    export_qonnx(net, samples(8), export_path=str(target), dynamo=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
