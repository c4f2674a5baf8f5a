"""LayerGraph + device + batch -> MappingProblem."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum

import numpy as np

from placer.device import Device
from placer.errors import InfeasibleError, InputError, nearest_name
from placer.layers import Layer, LayerGraph, MoveLayer
from placer.layout import LayerLayouts, Layout, Partition, layouts
from placer.problem.fixed_split import FREE, FixedLayer
from placer.problem.options import border_options, layer_options
from placer.problem.problem import Block, BlockKind, Level, Limit, MappingProblem, Net, Option, Reader


@dataclass(frozen=True)
class LaidOutGraph:
    """A LayerGraph for a batch: the layout of each activation, in the order of graph.activations."""

    graph: LayerGraph
    batch: int
    layouts: tuple[Layout, ...]

    def layout(self, activation: str) -> Layout:
        """The layout of an activation; StopIteration when there is none of that name."""
        return next(lay for a, lay in zip(self.graph.activations, self.layouts, strict=True) if a.name == activation)

    def of_layer(self, layer: Layer) -> LayerLayouts:
        """The layouts of what `layer` reads and writes."""
        return LayerLayouts(tuple(self.layout(s) for s in layer.sources), self.layout(layer.target))


def lay_out(graph: LayerGraph, batch: int, device: Device) -> LaidOutGraph:
    """Choose every activation's layout for `batch` samples a run."""
    return LaidOutGraph(graph, batch, layouts(graph, batch, device.mmul[0]))


def formulate(
    laid_out: LaidOutGraph,
    device: Device,
    objective: tuple[Level, ...],
    row_weight: float,
    limits: tuple[Limit, ...] = (),
    fixed: tuple[FixedLayer, ...] = (),
) -> MappingProblem:
    """State the mapping problem. limits: what its levels must not exceed. fixed: splits that are not to be chosen.

    Raises InfeasibleError when a layer fits no split, or all layers together need more tiles than there are; InputError for a fixed split
    of a layer that does not exist.
    """
    options = graph_options(laid_out, device, fixed)
    _check_tiles(laid_out.graph, options, device)
    return state_problem(laid_out, device, options, objective, row_weight, limits)


def state_problem(
    laid_out: LaidOutGraph,
    device: Device,
    options: tuple[tuple[Option, ...], ...],
    objective: tuple[Level, ...],
    row_weight: float,
    limits: tuple[Limit, ...] = (),
) -> MappingProblem:
    """The problem of layers with these options each."""
    graph = laid_out.graph
    blocks = [Block(layer.name, BlockKind.LAYER, found) for layer, found in zip(graph.layers, options, strict=True)]
    nets = []
    for activation in graph.activations:
        readers = [
            Reader(number, port)
            for number, layer in enumerate(graph.layers)
            for port, source in enumerate(layer.sources)
            if source == activation.name
        ]
        layout = laid_out.layout(activation.name)
        windows = {o.inputs[r.port] for r in readers for o in blocks[r.block].options}
        producer = next((i for i, layer in enumerate(graph.layers) if layer.target == activation.name), None)
        if producer is None:
            producer = len(blocks)
            ports = device.plio.in_channels * len(device.plio.columns)
            blocks.append(_border(activation.name, BlockKind.INPUT, windows, layout, ports, device))
        if activation.name in {view.activation for view in graph.outputs}:
            writes = {o.output for o in blocks[producer].options if o.output}
            ports = device.plio.out_channels * len(device.plio.columns)
            readers.append(Reader(len(blocks), 0))
            blocks.append(_border(activation.name, BlockKind.OUTPUT, writes, layout, ports, device))
        nets.append(Net(activation.name, layout, producer, tuple(readers)))
    return MappingProblem(graph.name, laid_out.batch, device, tuple(blocks), tuple(nets), objective, row_weight, limits)


def graph_options(laid_out: LaidOutGraph, device: Device, fixed: tuple[FixedLayer, ...]) -> tuple[tuple[Option, ...], ...]:
    """The options of each layer; layers that differ in names and weights alone have the same. They depend on the core tiles alone.

    Raises InfeasibleError when a layer fits no split; InputError for a fixed split of a layer that does not exist.
    """
    names = [layer.name for layer in laid_out.graph.layers]
    for unknown in (f.layer for f in fixed if f.layer not in names):
        raise InputError(f"splits: no layer is called {unknown!r}{nearest_name(unknown, names)}; the layers are {', '.join(names)}")
    splits = {f.layer: f.split for f in fixed}
    known: dict[Hashable, tuple[Option, ...]] = {}
    found = []
    for layer in laid_out.graph.layers:
        split = splits.get(layer.name, FREE)
        # What a move takes where decides whether vectors carry it.
        taken = layer.index.tobytes() if isinstance(layer, MoveLayer) else b""
        key = (_form(layer), taken, laid_out.of_layer(layer), split)
        if key not in known:
            known[key] = layer_options(layer, laid_out.of_layer(layer), device, split)
        found.append(known[key])
    return tuple(found)


def fewest_tiles(options: tuple[tuple[Option, ...], ...]) -> int:
    """Core tiles that all layers together take at least."""
    return sum(min(o.footprint for o in found) for found in options)


def _form(value: object) -> Hashable:
    """All of a layer but its names (its strings), the numbers inside its arrays, and real numbers, which say how exact it is."""
    if isinstance(value, np.ndarray):
        shape: Hashable = value.shape
        return shape
    if isinstance(value, tuple):
        return tuple(map(_form, value))
    if isinstance(value, str | float) and not isinstance(value, Enum):
        return None
    if is_dataclass(value):
        return (type(value), *(_form(getattr(value, f.name)) for f in fields(value)))
    assert value is None or isinstance(value, int | Enum), "layers hold numbers, names, arrays and steps"
    return value


def _border(name: str, kind: BlockKind, windows: set[Partition], layout: Layout, ports: int, device: Device) -> Block:
    partitions = windows | {Partition(1, 1, 1)}
    suffix = "in" if kind is BlockKind.INPUT else "out"
    return Block(f"{name}.plio_{suffix}", kind, border_options(partitions, layout, kind is BlockKind.INPUT, ports, device))


def _check_tiles(graph: LayerGraph, options: tuple[tuple[Option, ...], ...], device: Device) -> None:
    """The cheapest options together must fit the array."""
    demand = fewest_tiles(options)
    if demand > device.core_tiles:
        most, worst = max((fewest_tiles((found,)), layer.name) for layer, found in zip(graph.layers, options, strict=True))
        raise InfeasibleError(
            f"the network needs at least {demand} core tiles and {device.name} has {device.core_tiles} ({device.columns} x {device.rows}); "
            f"the largest layer, {worst}, needs {most}; a larger array or a smaller batch may fit"
        )
