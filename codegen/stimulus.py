"""PLIO text files: seeded input for the simulators, and the output that the reference expects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from placer.codegen.blocked import from_stored, put_stream, to_stored, to_stream
from placer.codegen.emit import File
from placer.codegen.plan import GraphPlan, PlioPlan
from placer.codegen.stored_reference import stored_outputs
from placer.layers import HostView
from placer.network import IntArray, Network
from placer.problem.formulate import LaidOutGraph
from placer.reference import evaluate

# 128 bits a line.
BYTES_A_LINE = 16


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs and outputs of `iterations` runs: arrays [iterations * batch, *shape], in the order of the network's inputs and outputs."""

    iterations: int
    inputs: tuple[IntArray, ...]
    outputs: tuple[IntArray, ...]


def random_inputs(network: Network, samples: int, seed: int = 0) -> tuple[IntArray, ...]:
    """Uniform integers for every input of `network`: [samples, *shape] each."""
    rng = np.random.default_rng(seed)
    return tuple(rng.integers(t.type.min, t.type.max + 1, (samples, *t.shape)) for t in map(network.tensor, network.inputs))


def random_samples(network: Network, batch: int, iterations: int, seed: int) -> Samples:
    """Uniform random inputs of the inputs' types, and what the reference makes of them."""
    inputs = random_inputs(network, iterations * batch, seed)
    return Samples(iterations, inputs, evaluate(network, inputs))


def data_files(plan: GraphPlan, laid_out: LaidOutGraph, samples: Samples) -> tuple[File, ...]:
    """A stimulus file for each input PLIO, and a golden one, padding included, for each output PLIO."""
    graph = laid_out.graph
    leaving: dict[str, list[IntArray]] = {view.activation: [] for view in graph.outputs}
    for run in _runs(samples.inputs, plan.batch):
        for view, stored in zip(graph.outputs, stored_outputs(laid_out, run), strict=True):
            leaving[view.activation].append(stored)
    golden = [p for p in plan.plio if p.direction == "out"]
    return (
        *input_files(plan, laid_out, samples.inputs),
        *(File(f"data/golden/{p.name}.txt", port_text(p, leaving[p.tensor], plan.device.mmul[0])) for p in golden),
    )


def input_files(plan: GraphPlan, laid_out: LaidOutGraph, inputs: tuple[IntArray, ...]) -> tuple[File, ...]:
    """The stimulus file of each input PLIO, for inputs [iterations * batch, *shape] in the order of the network's."""
    graph = laid_out.graph
    incoming: dict[str, list[IntArray]] = {view.activation: [] for view in graph.inputs}
    for run in _runs(inputs, plan.batch):
        for view, value in zip(graph.inputs, run, strict=True):
            stored = to_stored(view, graph.activation(view.activation), laid_out.layout(view.activation), value)
            incoming[view.activation].append(stored)
    ports = [p for p in plan.plio if p.direction == "in"]
    return tuple(File(f"data/{p.name}.txt", port_text(p, incoming[p.tensor], plan.device.mmul[0])) for p in ports)


def _runs(values: tuple[IntArray, ...], batch: int) -> Iterator[tuple[IntArray, ...]]:
    """Slices of `batch` samples of every array."""
    for start in range(0, len(values[0]), batch):
        yield tuple(value[start : start + batch] for value in values)


def port_text(port: PlioPlan, runs: list[IntArray], block_rows: int) -> str:
    """The text of one port: its window of each run's stored activation, 128 bits of values a line."""
    lines = []
    for stored in runs:
        stream = to_stream(stored, port.window, block_rows)
        lines += [" ".join(map(str, row)) for row in stream.reshape(-1, BYTES_A_LINE // port.element_bytes)]
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
