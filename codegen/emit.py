"""GraphPlan -> the text of every file of the project. Pure: nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from placer.codegen.plan import GraphPlan, LayerPlan, PortRef

from placer import __version__
from placer.mapping import BufferAt
from placer.network import IntArray

# 128 bits of PLIO carry one stream of stream_bytes a cycle at this many PLIO bytes a PLIO cycle.
PLIO_BYTES = 16
NUMBERS_A_LINE = 32


@dataclass(frozen=True)
class File:
    """One file of the project: path relative to it, and text."""

    path: str
    text: str


def emit(plan: GraphPlan, iterations: int) -> tuple[File, ...]:
    """Every source file of the project; stimulus and golden data come from stimulus.py.

    iterations: graph iterations of the simulation run in graph.cpp.
    """
    environment = _environment()

    def render(template: str, **values: object) -> str:
        plio_mhz = plan.device.clock_mhz * plan.device.stream_bytes / PLIO_BYTES
        tiles = sum(len(layer.tiles) for layer in plan.layers)
        return environment.get_template(template).render(
            plan=plan, iterations=iterations, plio_mhz=plio_mhz, tiles=tiles, version=__version__, **values
        )

    files = [
        File(name, render(f"{name}.jinja", forced=_forced_dma(plan)) if name == "graph.hpp" else render(f"{name}.jinja"))
        for name in ("graph.hpp", "graph.cpp", "placement.hpp", "config.hpp", "aie.cfg", "Makefile", "README.md")
    ]
    files.append(File("kernels/layers.hpp", render("layers.hpp.jinja")))
    for layer in plan.layers:
        files.append(File(f"kernels/{layer.id}.cc", render("kernel.cc.jinja", layer=layer)))
        if layer.op == "dense" or layer.has_bias:
            files.append(File(f"weights/{layer.id}.hpp", render("weights.hpp.jinja", layer=layer)))
    return (*files, *_kernel_templates(plan))


def _kernel_templates(plan: GraphPlan) -> tuple[File, ...]:
    """Copies of the kernel headers that the layers use."""
    used = {"dense.hpp" if layer.op == "dense" else "elementwise.hpp" for layer in plan.layers} | {"finish.hpp", "step.hpp"}
    folder = Path(str(resources.files("placer.kernels"))) / "include" / "placer"
    return tuple(File(f"kernels/placer/{name}", (folder / name).read_text(encoding="utf-8")) for name in sorted(used))


def _forced_dma(plan: GraphPlan) -> tuple[tuple[str, int], ...]:
    """Access settings, with the elements they move, that keep a pair of kernels from sharing one buffer where the mapping says DMA."""
    layers = {layer.id: layer for layer in plan.layers}
    settings: dict[str, int] = {}
    for stream in plan.streams:
        if stream.forced_dma:
            source, target = stream.source, stream.target
            settings[f"adf::read_access({_writer(source)})"] = layers[source.layer].output_elements
            settings[f"adf::write_access({_reader(target)})"] = layers[target.layer].input_elements[target.port]
    return tuple(settings.items())


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("placer.codegen"),
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "address": _address,
        "bias_port": lambda layer: {"dense": 2, "add": 2, "requantise": 1}[layer.op],
        "biased": lambda step: _boolean(step.bias is not None),
        "bool": _boolean,
        "call": _call,
        "comment": _comment,
        "numbers": _numbers,
        "reader": _reader,
        "signature": _signature,
        "writer": _writer,
    }
    return environment


def _comment(name: str) -> str:
    """A name as it may stand in a comment: printable, on one line, short, and unable to end or continue it."""
    kept = "".join(c if c.isprintable() and c not in "\\|`" else " " for c in name)
    return kept[:80].replace("*/", "* /").strip() or "unnamed"


def _address(at: BufferAt) -> str:
    return f"{{{at.col}, {at.row}, {at.offset}}}"


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _numbers(values: IntArray) -> str:
    """Values, comma separated, in lines of a fixed count."""
    lines = [", ".join(map(str, values[i : i + NUMBERS_A_LINE])) for i in range(0, len(values), NUMBERS_A_LINE)]
    return ",\n     ".join(lines)


def _writer(ref: PortRef) -> str:
    return f"{ref.layer}[{ref.tile}].out[0]"


def _reader(ref: PortRef) -> str:
    return f"{ref.layer}[{ref.tile}].in[{ref.port}]"


def _signature(layer: LayerPlan, role: str) -> str:
    """Name and parameters of the kernel function of a role."""
    parameters = ["adf::input_buffer<int8> &x"]
    if layer.op == "add":
        parameters = ["adf::input_buffer<int8> &a", "adf::input_buffer<int8> &b"]
    if layer.op == "dense":
        parameters.append(f"const int8 (&weights)[{layer.weights.shape[1]}]")
    finishes = role in {"single", "last"}
    if finishes and layer.has_bias:
        parameters.append(f"const int32 (&bias)[{layer.bias.shape[1]}]")
    if role in {"middle", "last"}:
        parameters.append("input_cascade<acc32> *partial_in")
    parameters.append("adf::output_buffer<int8> &y" if finishes else "output_cascade<acc32> *partial_out")
    return f"{layer.id}_{role}({', '.join(parameters)})"


def _call(layer: LayerPlan, role: str) -> str:
    """The call of the kernel template of a role."""
    config = f"{layer.id}_config"
    bias = "bias" if layer.has_bias else "nullptr"
    if layer.op != "dense":
        sources = "a, b" if layer.op == "add" else "x"
        return f"{layer.op}<{config}>({sources}, {bias}, y)"
    arguments = {
        "single": f"x, weights, {bias}, y",
        "first": "x, weights, partial_out",
        "middle": "x, weights, partial_in, partial_out",
        "last": f"x, weights, {bias}, partial_in, y",
    }
    return f"dense_{role}<{config}>({arguments[role]})"
