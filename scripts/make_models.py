"""Train, export and quantise the models in configs/models, with fixed seeds.

    python -m venv models-env && models-env/bin/pip install -r scripts/requirements-models.txt
    models-env/bin/python scripts/make_models.py configs/models [FILE ...]

Networks are trained in PyTorch on toy data (scripts/models/toy_jets.py), exported by torch.onnx, and quantised by onnxruntime's
quantize_static to QDQ int8 with zero point 0 and power-of-two scales. Nothing edits the files after that.
"""

from __future__ import annotations

import itertools
import math
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import torch
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from torch import nn

sys.path.insert(0, str(Path(__file__).parent))
from models.mixers import Block, Mixer
from models.toy_jets import CLASSES, FEATURES, PARTICLES, make_jets
from models.transformer import JetTransformer

FloatArray = npt.NDArray[np.float32]
TRAINING, TESTING = 20000, 5000
SEED = 7


class JetMixer(nn.Module):
    """The jet MLP-Mixer: an MLP a particle, a mix over particles, a residual around both, an MLP again, a learned pool and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.c1, self.c2, self.c3, self.c4 = (nn.Linear(FEATURES, 16) for _ in range(4))
        self.t = nn.Linear(PARTICLES, PARTICLES)
        self.pool = nn.Linear(PARTICLES, 1, bias=False)
        self.d1, self.d2, self.d3, self.out = nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, len(CLASSES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.relu(self.c2(torch.relu(self.c1(x))))
        h = x + self.t(h.transpose(1, 2)).transpose(1, 2)
        h = torch.relu(self.c4(torch.relu(self.c3(h))))
        h = self.pool(h.transpose(1, 2)).squeeze(-1)
        return self.out(torch.relu(self.d3(torch.relu(self.d2(torch.relu(self.d1(h)))))))


def mlp(*sizes: int) -> nn.Sequential:
    """Linear layers with ReLU between them."""
    layers: list[nn.Module] = []
    for a, b in itertools.pairwise(sizes):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@dataclass(frozen=True, eq=False)
class Spec:
    """One model: its net, its example inputs for calibration, and the figure of merit of outputs on held-out data."""

    file: str
    net: nn.Module
    inputs: FloatArray
    merit: Callable[[Callable[[FloatArray], FloatArray]], float] | None
    merit_name: str


def train_classifier(net: nn.Module, inputs: FloatArray, labels: npt.NDArray[np.int64], epochs: int) -> None:
    """Adam on cross entropy."""
    _train(net, inputs, lambda out, index: nn.functional.cross_entropy(out, torch.from_numpy(labels)[index]), epochs)


def train_autoencoder(net: nn.Module, inputs: FloatArray, epochs: int) -> None:
    """Adam on the reconstruction error."""
    data = torch.from_numpy(inputs)
    _train(net, inputs, lambda out, index: nn.functional.mse_loss(out, data[index]), epochs)


def _train(net: nn.Module, inputs: FloatArray, loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], epochs: int) -> None:
    data, batch = torch.from_numpy(inputs), 250
    optimiser = torch.optim.Adam(net.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    generator = torch.Generator().manual_seed(SEED)
    for _ in range(epochs):
        for index in torch.randperm(len(data), generator=generator).split(batch):
            optimiser.zero_grad()
            loss(net(data[index]), index).backward()
            optimiser.step()
        schedule.step()


def round_biases(net: nn.Module, bits: int = 12) -> None:
    """Put biases on a grid of 2^-bits, which every accumulator's step divides or equals, so that a floating-point bias stays exact."""
    norms = {f"{name}.bias" for name, module in net.named_modules() if isinstance(module, nn.LayerNorm)}
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.endswith("bias") and name not in norms:
                parameter.copy_(torch.round(parameter * 2**bits) / 2**bits)


def spectra(count: int, seed: int, anomalous: bool) -> FloatArray:
    """Toy machine sound: 5 frames of 128 spectral bands, harmonics of a slowly turning machine; an anomaly adds a rattle between them."""
    rng = np.random.default_rng(seed)
    bands = np.arange(128)
    frames = []
    for _ in range(count):
        base, gains = rng.uniform(9.0, 15.0), rng.uniform(0.4, 1.0, 6)
        envelope = sum(g * np.exp(-0.5 * ((bands - base * (k + 1)) / 2.0) ** 2) for k, g in enumerate(gains))
        sound = envelope[None, :] * rng.uniform(0.9, 1.1, (5, 1)) + rng.normal(0.0, 0.05, (5, 128))
        if anomalous:
            centre = rng.uniform(20, 120)
            sound += 0.35 * rng.uniform(0.5, 1.0, (5, 1)) * np.exp(-0.5 * ((bands - centre) / 6.0) ** 2)[None, :]
        frames.append(sound.reshape(-1))
    return np.stack(frames).astype(np.float32)


def accuracy(inputs: FloatArray, labels: npt.NDArray[np.int64]) -> Callable[[Callable[[FloatArray], FloatArray]], float]:
    """Share of right classes."""
    return lambda run: float((run(inputs).argmax(axis=1) == labels).mean())


def anomaly_auc(normal: FloatArray, odd: FloatArray) -> Callable[[Callable[[FloatArray], FloatArray]], float]:
    """Area under the ROC curve of the reconstruction error."""

    def merit(run: Callable[[FloatArray], FloatArray]) -> float:
        low, high = (((run(x) - x) ** 2).mean(axis=1) for x in (normal, odd))
        return float((high[:, None] > low[None, :]).mean())

    return merit


def export(net: nn.Module, example: FloatArray, path: Path) -> None:
    """A floating-point ONNX file with a symbolic batch."""
    net.eval()
    torch.onnx.export(
        net,
        (torch.from_numpy(example[:2]),),
        str(path),
        input_names=["input"],
        output_names=["output"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        opset_version=20,
        dynamo=True,
        external_data=False,
        verbose=False,
    )


class _Samples(CalibrationDataReader):
    def __init__(self, inputs: FloatArray) -> None:
        self.batches = iter([{"input": inputs}])

    def get_next(self) -> dict[str, FloatArray] | None:
        return next(self.batches, None)


def quantise(float_path: Path, target: Path, inputs: FloatArray) -> None:
    """onnxruntime's static QDQ quantisation, every scale overridden to a power of two chosen by calibration.

    The output of a MatMul stays unquantised, so that a bias added to it, or a Squeeze after it, shares its rounding point. The sum is left
    out too, and the bias stays floating point, unless a GELU reads it, which is a table where it reads 8 bits.
    """
    model = onnx.load(float_path)
    constants = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    products = {n.output[0] for n in model.graph.node if n.op_type == "MatMul"}
    tabulated = {name for n in model.graph.node if n.op_type == "Gelu" for name in n.input}
    sums = [n for n in model.graph.node if n.op_type == "Add" and any(i in constants for i in n.input)]
    biases = [n.name for n in sums if n.output[0] not in tabulated]
    overrides = {}
    for name, largest in _ranges(model, inputs, constants).items():
        if name in products:
            continue
        overrides[name] = [
            {"scale": np.array(_power_of_two(largest), np.float32), "zero_point": np.array(0, np.int8), "quant_type": QuantType.QInt8}
        ]
    quantize_static(
        str(float_path),
        str(target),
        _Samples(inputs),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
        per_channel=False,
        nodes_to_exclude=biases,
        extra_options={
            "TensorQuantOverrides": overrides,
            "OpTypesToExcludeOutputQuantization": ["MatMul"],
            "ActivationSymmetric": True,
            "WeightSymmetric": True,
        },
    )
    _forget_traces(target)


def _forget_traces(path: Path) -> None:
    """Drop what the exporter notes beside a graph: stack traces with the folders of this computer."""
    model = onnx.load(path)
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    onnx.save(model, path)


def _ranges(model: onnx.ModelProto, inputs: FloatArray, constants: dict[str, npt.NDArray[np.float32]]) -> dict[str, float]:
    """The largest magnitude of every matrix weight, and of every activation short of its outermost 0.01 %."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    names = [name for node in model.graph.node for name in node.output]
    del probe.graph.output[:]
    probe.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = ort.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    values = dict(zip(names, session.run(names, {"input": inputs}), strict=True))
    values["input"] = inputs
    ranges = {name: float(np.quantile(np.abs(v), 0.9999)) for name, v in values.items() if v.dtype == np.float32}
    ranges |= {name: float(np.abs(v).max()) for name, v in constants.items() if v.ndim == 2}
    return ranges


def _power_of_two(largest: float) -> float:
    """The finest power of two at which `largest` fits 127 steps, or is cut by at most a tenth."""
    return 2.0 ** math.ceil(math.log2(max(largest, 1e-6) * 0.9 / 127))


def runner(path: Path) -> Callable[[FloatArray], FloatArray]:
    """The model as a function, on onnxruntime without graph rewrites."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda x: np.asarray(session.run(None, {"input": x})[0])


def events(count: int, seed: int, anomalous: bool) -> FloatArray:
    """Toy trigger objects, 19 times (momentum, eta, phi): missing momentum, electrons, muons and jets, balanced in the transverse plane.

    An anomaly is a pair of hard jets from a heavy resonance. Momenta in units of 50 GeV.
    """
    rng = np.random.default_rng(seed)
    momentum = np.sort(rng.exponential(0.4, (count, 19)), axis=1)[:, ::-1] * (rng.random((count, 19)) < np.linspace(1.0, 0.2, 19))
    eta, phi = rng.normal(0.0, 1.2, (count, 19)), rng.uniform(-math.pi, math.pi, (count, 19))
    if anomalous:
        momentum[:, 9:11] += rng.uniform(1.5, 4.0, (count, 1))
        phi[:, 10] = phi[:, 9] + math.pi
    seen = np.stack([momentum[:, 1:] * np.cos(phi[:, 1:]), momentum[:, 1:] * np.sin(phi[:, 1:])]).sum(axis=2)
    momentum[:, 0], eta[:, 0], phi[:, 0] = np.hypot(*seen), 0.0, np.arctan2(*-seen[::-1])
    return np.stack([momentum, eta, phi], axis=2).reshape(count, 57).astype(np.float32)


def _mixer() -> Spec:
    jets, held_out = make_jets(TRAINING, SEED), make_jets(TESTING, SEED + 1)
    torch.manual_seed(SEED)
    net = JetMixer()
    train_classifier(net, jets.particles, jets.labels, 30)
    return Spec("jet_mlpmixer.onnx", net, jets.particles[:1000], accuracy(held_out.particles, held_out.labels), "accuracy")


def _tagger() -> Spec:
    jets, held_out = make_jets(TRAINING, SEED), make_jets(TESTING, SEED + 1)
    torch.manual_seed(SEED)
    net = mlp(16, 64, 32, 32, len(CLASSES))
    train_classifier(net, jets.summary, jets.labels, 40)
    return Spec("jet_tagger.onnx", net, jets.summary[:4000], accuracy(held_out.summary, held_out.labels), "accuracy")


def _autoencoder() -> Spec:
    torch.manual_seed(SEED)
    net = mlp(640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640)
    train_autoencoder(net, spectra(8000, SEED, False), 30)
    merit = anomaly_auc(spectra(1000, SEED + 1, False), spectra(1000, SEED + 2, True))
    return Spec("autoencoder.onnx", net, spectra(1000, SEED + 3, False), merit, "ROC AUC")


def _stack() -> Spec:
    torch.manual_seed(SEED)
    net = mlp(*[512] * 8)
    with torch.no_grad():
        for layer in net:
            if isinstance(layer, nn.Linear):
                nn.init.kaiming_normal_(layer.weight)
    rng = np.random.default_rng(SEED)
    return Spec("mlp7x512.onnx", net, rng.normal(0.0, 1.0, (256, 512)).astype(np.float32), None, "")


def _classic_mixer() -> Spec:
    jets, held_out = make_jets(TRAINING, SEED), make_jets(TESTING, SEED + 1)
    torch.manual_seed(SEED)
    net = Mixer(PARTICLES, FEATURES, 32, 32, 64, 2, len(CLASSES))
    train_classifier(net, jets.particles, jets.labels, 10)
    return Spec("classic_mixer.onnx", net, jets.particles[:1000], accuracy(held_out.particles, held_out.labels), "accuracy")


def _transformer() -> Spec:
    jets, held_out = make_jets(TRAINING, SEED), make_jets(TESTING, SEED + 1)
    torch.manual_seed(SEED)
    net = JetTransformer(FEATURES, len(CLASSES))
    train_classifier(net, jets.particles, jets.labels, 10)
    return Spec("jet_transformer.onnx", net, jets.particles[:1000], accuracy(held_out.particles, held_out.labels), "accuracy")


def _mixer_block() -> Spec:
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    return Spec("mixers16_block.onnx", Block(196, 512, 256, 2048), rng.normal(0.0, 1.0, (8, 196, 512)).astype(np.float32), None, "")


def _small_autoencoder() -> Spec:
    torch.manual_seed(SEED)
    net = mlp(57, 32, 16, 3, 16, 32, 57)
    train_autoencoder(net, events(TRAINING, SEED, False), 30)
    merit = anomaly_auc(events(1000, SEED + 1, False), events(1000, SEED + 2, True))
    return Spec("ae57.onnx", net, events(1000, SEED + 3, False), merit, "ROC AUC")


SPECS: dict[str, Callable[[], Spec]] = {
    "jet_mlpmixer": _mixer, "jet_tagger": _tagger, "autoencoder": _autoencoder, "mlp7x512": _stack,
    "classic_mixer": _classic_mixer, "mixers16_block": _mixer_block, "ae57": _small_autoencoder,
    "jet_transformer": _transformer,
}  # fmt: skip


def main(folder: Path, names: list[str]) -> None:
    """Write the models called `names`, or all, to `folder` and print their rows of the README."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    folder.mkdir(parents=True, exist_ok=True)
    for spec in (SPECS[name]() for name in names or SPECS):
        round_biases(spec.net)
        with tempfile.TemporaryDirectory() as scratch:
            float_path = Path(scratch) / "float.onnx"
            export(spec.net, spec.inputs, float_path)
            quantise(float_path, folder / spec.file, spec.inputs)
            figures = [spec.merit(runner(p)) for p in (float_path, folder / spec.file)] if spec.merit else []
        size = (folder / spec.file).stat().st_size
        print(f"| {spec.file} | {spec.merit_name} | {' | '.join(f'{f:.4f}' for f in figures) or '- | -'} | {size} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
