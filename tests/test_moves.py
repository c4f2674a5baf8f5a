"""Moves cut over tiles: however they are cut, the tiles together write what the evaluator of stored activations says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from placer.codegen.blocked import put_stream, to_stream
from placer.codegen.stored_reference import stored_outputs
from placer.contracts.tile_kernel import tile_kernel
from placer.device import find_device
from placer.layers import Activation, HostView, LayerGraph, MoveLayer
from placer.layout import LayerLayouts, Layout, Partition
from placer.moves import MoveForm, MoveKind, stored_places, tables
from placer.network import IntArray, IntType, QuantType
from placer.problem.formulate import LaidOutGraph, graph_options, lay_out
from placer.problem.options import layer_options
from placer.split import Split
from placer.verify.subject import cuts

DEVICE = find_device("VEK280")
INT8 = QuantType(IntType.INT8, 1.0)
RANDOM = np.random.default_rng(3)


def graph(layer: MoveLayer, features: int, tokens: int) -> LayerGraph:
    """A move from inputs into an output."""
    sources = tuple(Activation(n, *size, INT8) for n, size in zip(layer.parts, layer.sizes, strict=True))
    target = Activation(layer.target, tokens, features, INT8)

    def view(a: Activation) -> HostView:
        return HostView(a.name, (a.tokens, a.features), a.name, (a.tokens, a.features), (0, 1))

    return LayerGraph("move", tuple(map(view, sources)), (view(target),), (*sources, target), (layer,))


def move(tokens: int, features: int, *sizes: tuple[int, int]) -> LayerGraph:
    """Any order of elements, some of them several times."""
    index = RANDOM.integers(0, sum(t * f for t, f in sizes), (tokens, features))
    return graph(MoveLayer("m", ("x", "x2")[: len(sizes)], "y", index, by_token=False, sizes=sizes), features, tokens)


def join(tokens: int, features: int, *widths: int) -> LayerGraph:
    """The same features of every token."""
    index = RANDOM.integers(0, sum(widths), (1, features))
    sizes = tuple((tokens, width) for width in widths)
    return graph(MoveLayer("m", ("x", "x2")[: len(widths)], "y", index, by_token=True, sizes=sizes), features, tokens)


def ordered(tokens: int, features: int, index: IntArray, *sizes: tuple[int, int], by_token: bool = False) -> LayerGraph:
    """A move with an index of its own."""
    return graph(MoveLayer("m", ("x", "x2")[: len(sizes)], "y", index, by_token, sizes), features, tokens)


# Moves whose elements keep together: what a kernel carries at once.
TOGETHER = {
    "transpose": (ordered(21, 16, np.arange(16 * 21).reshape(16, 21).T, (16, 21)), 2, MoveForm(MoveKind.TURNED)),
    "transpose to half a block": (ordered(12, 24, np.arange(24 * 12).reshape(24, 12).T, (24, 12)), 1, MoveForm(MoveKind.TURNED)),
    "transpose of rows that leave a rest": (ordered(8, 12, np.arange(96).reshape(12, 8).T, (12, 8)), 2, MoveForm(MoveKind.ELEMENTS)),
    "flatten": (ordered(1, 96, np.arange(96)[np.newaxis], (6, 16)), 3, MoveForm(MoveKind.RUNS, run=8)),
    "flatten out of step": (ordered(1, 60, np.arange(60)[np.newaxis], (6, 10)), 3, MoveForm(MoveKind.ELEMENTS)),
    "tokens of two": (ordered(14, 20, np.arange(280).reshape(14, 20), (8, 20), (6, 20)), 2, MoveForm(MoveKind.RUNS, run=32)),
    "tokens out of step": (ordered(12, 20, np.arange(240).reshape(12, 20), (6, 20), (6, 20)), 2, MoveForm(MoveKind.RUNS, run=16)),
    "a token before others": (ordered(9, 16, np.arange(144).reshape(9, 16), (1, 16), (8, 16)), 2, MoveForm(MoveKind.RUNS, run=8)),
    "join": (
        ordered(10, 45, np.arange(45)[np.newaxis], (10, 21), (10, 24), by_token=True),
        2,
        MoveForm(MoveKind.COLUMNS, pieces=2, shifted=True),
    ),
    "join of whole blocks": (
        ordered(10, 40, np.arange(40)[np.newaxis], (10, 16), (10, 24), by_token=True),
        2,
        MoveForm(MoveKind.COLUMNS, pieces=1),
    ),
    "slice": (ordered(10, 9, np.arange(5, 14)[np.newaxis], (10, 30), by_token=True), 2, MoveForm(MoveKind.COLUMNS, pieces=1, shifted=True)),
}
CASES = {
    **{name: (case, batch) for name, (case, batch, _) in TOGETHER.items()},
    "one source": (move(9, 40, (13, 20)), 3),
    "two sources": (move(5, 24, (6, 10), (7, 30)), 2),
    "columns of one": (join(10, 50, 21), 2),
    "columns of two": (join(7, 33, 9, 24), 3),
}


# Cases in which several splits are worth keeping.
MANY = ("one source", "two sources", "columns of one", "columns of two")


def laid_out(case: LayerGraph, batch: int) -> LaidOutGraph:
    """Samples apart where tokens move, else one after the other."""
    (layer,) = case.layers
    assert isinstance(layer, MoveLayer)

    def layout(a: Activation) -> Layout:
        rows, columns = a.tokens if not layer.by_token else batch * a.tokens, -(-a.features // 8) * 8
        return Layout(1 if layer.by_token else batch, -(-rows // 4) * 4, columns, 1, 4)

    return LaidOutGraph(case, batch, tuple(map(layout, case.activations)))


def by_tiles(layer: MoveLayer, layouts: LayerLayouts, split: Split, stored: list[IntArray]) -> IntArray:
    """What all tiles of a split write, each from its windows and its table alone; zeros where a window hangs over."""
    held, kernel = tables(layer, layouts, split), tile_kernel(layer, split, layouts, 0, DEVICE)
    read, written = split.input_partition(), split.output_partition
    found, sources = empty(written, layouts.target), [empty(read, lay) for lay in layouts.sources]
    for source, value in zip(sources, stored, strict=True):
        source[tuple(map(slice, value.shape))] = value
    for chain in range(split.chains):
        windows = [read.windows(lay)[split.input_piece(chain, 0)] for lay in layouts.sources]
        streams = [to_stream(s, w, 4) for s, w in zip(sources, windows, strict=True)]
        (stream,) = kernel.reference((*streams, held[chain % split.channels]))
        put_stream(found, written.windows(layouts.target)[split.output_piece(chain)], 4, stream)
    return found[: layouts.target.samples, : layouts.target.rows]


def empty(partition: Partition, layout: Layout) -> IntArray:
    """Zeros for all windows."""
    box = partition.cover(layout)
    return np.zeros((box.samples, box.rows, box.columns), np.int64)


@pytest.mark.parametrize("name", TOGETHER)
def test_what_keeps_together_is_carried_together(name: str) -> None:
    """The widest form that serves all elements."""
    case, batch, form = TOGETHER[name]
    (layer,) = case.layers
    layouts = laid_out(case, batch).of_layer(layer)
    assert isinstance(layer, MoveLayer)
    assert stored_places(layer, layouts.sources, layouts.target).form == form


@pytest.mark.parametrize("name", CASES)
def test_tiles_together(name: str) -> None:
    """Every option of a move: more tiles write fewer columns each, and the last one's padding is not looked at."""
    case, batch = CASES[name]
    whole = laid_out(case, batch)
    (layer,) = case.layers
    layouts = whole.of_layer(layer)
    assert isinstance(layer, MoveLayer)
    inputs = tuple(RANDOM.integers(-128, 128, (batch, *v.shape)) for v in case.inputs)
    (expected,) = stored_outputs(whole, inputs)
    stored = [stored_outputs(replace(whole, graph=replace(case, outputs=(v,), layers=())), inputs)[0] for v in case.inputs]
    options = layer_options(layer, layouts, DEVICE)
    assert options
    if name in MANY:
        assert len({o.split.channels for o in options if o.split}) > 1
    for option in options:
        assert option.split is not None
        assert cuts(option.split.output_partition, layouts.target, 4)
        found = by_tiles(layer, layouts, option.split, stored)
        features = case.activations[-1].features
        np.testing.assert_array_equal(found[..., :features], expected[..., :features])


def test_moves_alike_in_shape_have_options_of_their_own() -> None:
    """What a move takes where decides what carries it: the first eight of ten columns stay in step, the last eight do not."""
    activations = (Activation("x", 8, 10, INT8), *(Activation(name, 8, 8, INT8) for name in ("first", "last")))
    cases = [(name, np.arange(start, start + 8)[None]) for name, start in (("first", 0), ("last", 2))]
    layers = tuple(MoveLayer(name, ("x",), name, index, True, ((8, 10),)) for name, index in cases)
    graph = LayerGraph("moves", (HostView("x", (8, 10), "x", (8, 10), (0, 1)),), (), activations, layers)
    whole = lay_out(graph, 1, DEVICE)
    found = graph_options(whole, DEVICE, ())
    assert found == tuple(layer_options(layer, whole.of_layer(layer), DEVICE) for layer in layers)
    assert found[0][0].cycles < found[1][0].cycles
