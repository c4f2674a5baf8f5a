"""Running a mapped network on the host: project in, outputs out, compared with the reference and with onnxruntime."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from placer.codegen.plan import GraphPlan, PlioPlan, make_plan
from placer.codegen.project import write_project
from placer.codegen.stimulus import input_files, random_samples, read_outputs
from placer.config import Settings
from placer.errors import InputError
from placer.host import emulator, onnxruntime_check
from placer.host.compile import HostError
from placer.mapped_device import MAPPING, load_mapping, mapped_device
from placer.mapping import Mapping
from placer.network import Dense, IntArray, MatMul, Network
from placer.pipeline.imported import Imported, import_network
from placer.pipeline.stages import emit_project
from placer.reference import evaluate

PROJECT = "adf"
OUTPUTS = "outputs"


@dataclass(frozen=True)
class Comparison:
    """Output elements compared, those that differ, and the largest difference in units of the output type."""

    compared: int
    mismatches: int
    max_difference: int


@dataclass(frozen=True)
class Check:
    """A run against the reference, and against onnxruntime where it is installed and was asked for."""

    reference: Comparison
    onnxruntime: Comparison | None


@dataclass(frozen=True, eq=False)
class HostRun:
    """What a run gave.

    outputs: [iterations * batch, *shape] in the order of the network's outputs. seconds: wall clock of the run, build_seconds of the build
    (0 if cached). gmacs: the network's multiply-accumulates, without padding, a second of the run, in 1e9.
    """

    names: tuple[str, ...]
    outputs: tuple[IntArray, ...]
    iterations: int
    seconds: float
    build_seconds: float
    gmacs: float
    check: Check | None


@dataclass(frozen=True, eq=False)
class Subject:
    """A mapping with the network that it maps and the folder of its project."""

    mapping: Mapping
    imported: Imported
    model: Path
    project: Path


def find_subject(target: Path) -> Subject:
    """The mapping meant by `target`: a mapping.json, the folder that holds one, or the project adf/ beside one.

    Raises InputError.
    """
    places = (target, target / MAPPING, target.parent / MAPPING) if target.is_dir() else (target,)
    file = next((p for p in places if p.is_file()), None)
    if file is None:
        raise InputError(f"{target} is neither a mapping.json nor the output folder or adf/ project of a solve")
    mapping = load_mapping(file)
    device = mapped_device(mapping, file, None)
    model = file.parent / "model.onnx"
    imported = import_network(model, device, mapping.batch, mapping.relays)
    if imported.sha256 != mapping.model_sha256:
        raise InputError(f"{model} is not the model of {file}")
    project = target if (target / "graph.cpp").is_file() else file.parent / PROJECT
    return Subject(mapping, imported, model, project)


def run_on_host(
    subject: Subject,
    inputs: tuple[IntArray, ...] | None,
    iterations: int | None,
    check: bool,
    progress: Callable[[str], None] = lambda _: None,
    flags: tuple[str, ...] = (),
) -> HostRun:
    """Build and run the project of `subject`; random inputs (seed 0) unless some are given.

    inputs: [samples, *shape] integers for each network input; the last run is filled up with zeros. iterations: runs of the graph; None:
    as many as the inputs need, or 4. flags: for the compiler, besides the host's. Raises InputError and HostError.
    """
    network, batch = subject.imported.network, subject.mapping.batch
    samples = (iterations or 4) * batch if inputs is None else len(inputs[0])
    if inputs is None:
        inputs = random_samples(network, batch, iterations or 4, 0).inputs
    runs = iterations or -(-samples // batch)
    if samples > runs * batch or samples <= (runs - 1) * batch:
        raise InputError(f"{samples} samples are not {runs} runs of {batch}")
    padded = tuple(np.concatenate([v, np.zeros((runs * batch - samples, *v.shape[1:]), np.int64)]) for v in inputs)
    plan = make_plan(subject.mapping, subject.imported.laid_out, subject.imported.device)
    with tempfile.TemporaryDirectory(prefix="placer-run-") as name:
        folder = Path(name)
        project = _project(subject, folder)
        kernels = tuple(sorted((project / "kernels").glob("*.cc")))
        program = emulator.build(project / "graph.cpp", (project,), kernels, progress, subject.imported.device.generation, flags)
        progress("writing inputs")
        write_project(folder / "in", input_files(plan, subject.imported.laid_out, padded))
        progress(f"running {runs} iterations")
        done = emulator.run(
            program,
            project,
            {
                **emulator.array_environment(subject.imported.device),
                "ADF_HOST_INPUT": str(folder / "in"),
                "ADF_HOST_OUTPUT": str(folder / "out"),
                "ADF_HOST_ITERATIONS": str(runs),
            },
        )
        if done.code != 0:
            raise HostError(f"the project failed on the host: {done.err.strip() or f'exit code {done.code}'}")
        outputs = tuple(v[:samples] for v in _outputs(plan, subject.imported, folder / "out"))
    progress("comparing")
    found = check_outputs(network, subject.model, inputs, outputs) if check else None
    rate = macs(network) * runs * batch / done.seconds / 1e9
    return HostRun(network.outputs, outputs, runs, done.seconds, program.seconds, rate, found)


def _project(subject: Subject, scratch: Path) -> Path:
    """The emitted project, or a fresh one where none was written."""
    if (subject.project / "graph.cpp").is_file():
        return subject.project
    settings = Settings(network=subject.model, device=subject.mapping.device, output=scratch, iterations=1)
    write_project(scratch / PROJECT, emit_project(subject.mapping, subject.imported, settings))
    return scratch / PROJECT


def _outputs(plan: GraphPlan, imported: Imported, folder: Path) -> tuple[IntArray, ...]:
    def stream(port: PlioPlan) -> tuple[PlioPlan, IntArray]:
        text = (folder / "data" / f"{port.name}.txt").read_text(encoding="ascii")
        return port, np.array(text.replace("TLAST", "").split(), np.int64)

    ports = [p for p in plan.plio if p.direction == "out"]
    views = imported.laid_out.graph.outputs
    return tuple(
        read_outputs(plan, imported.laid_out, view, tuple(stream(p) for p in ports if p.tensor == view.activation)) for view in views
    )


def check_outputs(network: Network, model: Path, inputs: tuple[IntArray, ...], outputs: tuple[IntArray, ...]) -> Check:
    """Compare `outputs` with what the reference, and onnxruntime if installed, make of `inputs`."""
    theirs = onnxruntime_check.outputs(model, network, inputs) if onnxruntime_check.installed(model) else None
    return Check(_compare(outputs, evaluate(network, inputs)), _compare(outputs, theirs) if theirs else None)


def _compare(ours: tuple[IntArray, ...], theirs: tuple[IntArray, ...]) -> Comparison:
    differences = [np.abs(a - b) for a, b in zip(ours, theirs, strict=True)]
    return Comparison(
        sum(d.size for d in differences),
        sum(int(np.count_nonzero(d)) for d in differences),
        max(int(d.max(initial=0)) for d in differences),
    )


def macs(network: Network) -> int:
    """Multiply-accumulates of one sample: the outputs of every product, of weights or of two activations, times its inner size."""
    total = 0
    for op in network.operations:
        if isinstance(op, Dense | MatMul):
            inner = op.weight.shape[0] if isinstance(op, Dense) else network.tensor(op.left).shape[-1]
            total += network.tensor(op.target).size * inner
    return total


def read_inputs(path: Path, network: Network) -> tuple[IntArray, ...]:
    """Integers from a .npy file [samples, *shape], or from an .npz with one array an input, by name.

    Raises InputError.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: not a readable .npy or .npz file") from error
    if isinstance(loaded, np.ndarray):
        values = (loaded,)
        if len(network.inputs) != 1:
            raise InputError(f"{path} holds one array, but the network has inputs {', '.join(network.inputs)}: use an .npz with them")
    else:
        missing = [n for n in network.inputs if n not in loaded]
        if missing:
            raise InputError(f"{path} has no array {missing[0]!r}; it has {', '.join(loaded.files)}")
        values = tuple(loaded[n] for n in network.inputs)
    return tuple(_checked(path, network, name, value) for name, value in zip(network.inputs, values, strict=True))


def _checked(path: Path, network: Network, name: str, value: IntArray) -> IntArray:
    tensor = network.tensor(name)
    wanted = f"[samples, {', '.join(map(str, tensor.shape))}]"
    if value.dtype.kind not in "iu":
        raise InputError(f"{path}: input {name} holds {value.dtype}, not the integers of {tensor.type.dtype.value}")
    if value.ndim != len(tensor.shape) + 1 or value.shape[1:] != tensor.shape or len(value) == 0:
        raise InputError(f"{path}: input {name} has shape {list(value.shape)}, not {wanted}")
    if value.min() < tensor.type.dtype.min or value.max() > tensor.type.dtype.max:
        raise InputError(f"{path}: input {name} holds values outside {tensor.type.dtype.value}")
    return value.astype(np.int64)


def save_outputs(result: HostRun, folder: Path) -> tuple[Path, ...]:
    """Write each output as folder/NAME.npy, characters that file names do not bear replaced.

    Raises InputError when it cannot be written.
    """
    paths = []
    for number, (name, value) in enumerate(zip(result.names, result.outputs, strict=True)):
        safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in name)[:100].lstrip(".") or f"output{number}"
        paths.append(folder / (f"{safe}.npy" if len(result.names) == 1 else f"{number}_{safe}.npy"))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            np.save(paths[-1], value)
        except OSError as error:
            raise InputError(f"cannot write {paths[-1]}: {error.strerror}") from error
    return tuple(paths)


@dataclass(frozen=True)
class RunFacts:
    """What `placer run --json` prints."""

    outputs: tuple[str, ...]
    iterations: int
    seconds: float
    gmacs: float
    host_vs_reference: Comparison | None
    host_vs_onnxruntime: Comparison | None


def run_facts(result: HostRun, paths: tuple[Path, ...]) -> RunFacts:
    """The facts of a run whose outputs lie at `paths`."""
    check = result.check
    return RunFacts(
        tuple(map(str, paths)),
        result.iterations,
        result.seconds,
        result.gmacs,
        check.reference if check else None,
        check.onnxruntime if check else None,
    )
