"""GraphPlan -> the text of every file of the project. Pure: nothing is written here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from placer import __version__
from placer.codegen.kernel_text import call, config_struct, signature
from placer.codegen.plan import GraphPlan, LayerPlan, PortRef
from placer.contracts.contract import ArgumentKind
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
        if layer.has_weights or layer.has_bias:
            files.append(File(f"weights/{layer.id}.hpp", render("weights.hpp.jinja", layer=layer)))
    return (*files, *_kernel_templates(plan))


def _kernel_templates(plan: GraphPlan) -> tuple[File, ...]:
    """Copies of the kernel headers that the layers use, and of those that they include."""
    folder = Path(str(resources.files("placer.kernels"))) / "include" / "placer"
    texts: dict[str, str] = {}
    wanted = ["step.hpp", *(k.contract.header for layer in plan.layers for k in layer.kernels)]
    while wanted:
        name = wanted.pop()
        if name not in texts:
            texts[name] = (folder / name).read_text(encoding="utf-8")
            wanted += re.findall(r'#include "(\w+\.hpp)"', texts[name])
    return tuple(File(f"kernels/placer/{name}", texts[name]) for name in sorted(texts))


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
        "bias_port": lambda layer: len(layer.input_elements) + layer.has_weights,
        "call": call,
        "config": config_struct,
        "comment": _comment,
        "numbers": _numbers,
        "reader": _reader,
        "signature": signature,
        "weight_type": _weight_type,
        "writer": _writer,
    }
    return environment


def _comment(name: str) -> str:
    """A name as it may stand in a comment: printable, on one line, short, and unable to end or continue it."""
    kept = "".join(c if c.isprintable() and c not in "\\|`" else " " for c in name)
    return kept[:80].replace("*/", "* /").strip() or "unnamed"


def _address(at: BufferAt) -> str:
    return f"{{{at.col}, {at.row}, {at.offset}}}"


def _numbers(values: IntArray) -> str:
    """Values, comma separated, in lines of a fixed count."""
    lines = [", ".join(map(str, values[i : i + NUMBERS_A_LINE])) for i in range(0, len(values), NUMBERS_A_LINE)]
    return ",\n     ".join(lines)


def _weight_type(layer: LayerPlan) -> str:
    """The element type of what a layer's tiles hold as weights."""
    weights = layer.kernels[0].contract.argument(ArgumentKind.WEIGHTS)
    assert weights is not None, "the layer has weights"
    return weights.type


def _writer(ref: PortRef) -> str:
    return f"{ref.layer}[{ref.tile}].out[0]"


def _reader(ref: PortRef) -> str:
    return f"{ref.layer}[{ref.tile}].in[{ref.port}]"
