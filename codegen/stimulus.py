"""PLIO text files: seeded input for the simulators, and the output that the reference expects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from placer.codegen.emit import File
from placer.codegen.plan import GraphPlan, PlioPlan

from placer.blocked import from_stored, put_stream, to_stored, to_stream
from placer.formulate import LaidOutGraph
from placer.layers import HostView
from placer.network import IntArray, Network
from placer.reference import evaluate
from placer.stored_reference import stored_outputs

# 128 bits a line.
BYTES_A_LINE = 16


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs and outputs of `iterations` runs: arrays [iterations * batch, *shape], in the order of the network's inputs and outputs."""

    iterations: int
    inputs: tuple[IntArray, ...]
    outputs: tuple[IntArray, ...]


def random_samples(network: Network, batch: int, iterations: int, seed: int) -> Samples:
    """Uniform random inputs of the inputs' types, and what the reference makes of them."""
    rng = np.random.default_rng(seed)
    inputs = tuple(
        rng.integers(t.type.dtype.min, t.type.dtype.max + 1, (iterations * batch, *t.shape)) for t in map(network.tensor, network.inputs)
    )
    return Samples(iterations, inputs, evaluate(network, inputs))


def data_files(plan: GraphPlan, laid_out: LaidOutGraph, samples: Samples) -> tuple[File, ...]:
    """A stimulus file for each input PLIO, and a golden one, padding included, for each output PLIO."""
    graph = laid_out.graph
    incoming: dict[str, list[IntArray]] = {view.activation: [] for view in graph.inputs}
    leaving: dict[str, list[IntArray]] = {view.activation: [] for view in graph.outputs}
    for start in range(0, samples.iterations * plan.batch, plan.batch):
        run = tuple(value[start : start + plan.batch] for value in samples.inputs)
        for view, value in zip(graph.inputs, run, strict=True):
            layout = laid_out.layout(view.activation)
            incoming[view.activation].append(to_stored(view, graph.activation(view.activation), layout, value))
        for view, stored in zip(graph.outputs, stored_outputs(laid_out, run), strict=True):
            leaving[view.activation].append(stored)
    files = []
    for port in plan.plio:
        runs, folder = (incoming, "data") if port.direction == "in" else (leaving, "data/golden")
        files.append(File(f"{folder}/{port.name}.txt", port_text(port, runs[port.tensor], plan.device.mmul[0])))
    return tuple(files)


def port_text(port: PlioPlan, runs: list[IntArray], block_rows: int) -> str:
    """The text of one port: its window of each run's stored activation, 16 int8 values a line."""
    lines = []
    for stored in runs:
        stream = to_stream(stored, port.window, block_rows)
        lines += [" ".join(map(str, row)) for row in stream.reshape(-1, BYTES_A_LINE)]
    return "\n".join(lines) + "\n"


def read_outputs(plan: GraphPlan, laid_out: LaidOutGraph, view: HostView, streams: tuple[tuple[PlioPlan, IntArray], ...]) -> IntArray:
    """The tensor [runs * batch, *shape] that all ports of one output sent; each stream holds whole runs."""
    activation, layout = laid_out.graph.activation(view.activation), laid_out.layout(view.activation)
    runs = []
    size = {port.name: port.window.samples * port.window.rows * port.window.columns for port, _ in streams}
    count = min(len(stream) // size[port.name] for port, stream in streams)
    for run in range(count):
        stored = np.zeros((layout.samples, layout.rows, layout.columns), np.int64)
        for port, stream in streams:
            part = stream[run * size[port.name] : (run + 1) * size[port.name]]
            put_stream(stored, port.window, plan.device.mmul[0], part)
        runs.append(from_stored(view, activation, plan.batch, stored))
    return np.concatenate(runs)
