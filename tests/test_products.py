"""Products of two activations cut over tiles: rows of the first, all rows of the second, groups of columns."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from placer.codegen.blocked import put_stream, to_stream
from placer.codegen.stored_reference import stored_outputs
from placer.contracts.tile_kernel import tile_kernel
from placer.device import find_device
from placer.layers import Activation, HostView, LayerGraph, MatMulLayer, Step
from placer.layout import LayerLayouts, Layout, Partition
from placer.network import IntArray, IntType, QuantType
from placer.problem.formulate import LaidOutGraph
from placer.problem.options import layer_options
from placer.split import Split
from placer.verify import Family
from tests.graphs import small_device
from tests.mapped import Json, Sample, text
from tests.solving import assembled, solve, stated

DEVICE = find_device("VEK280")
INT8 = QuantType(IntType.INT8, 1.0)
GROUPS, TOKENS, SIZE, SAMPLES = 2, 20, 5, 2
RANDOM = np.random.default_rng(4)


def product(turned: bool) -> LayerGraph:
    """Scores of two heads (turned), or what they mix."""
    inner, outer = (SIZE, TOKENS) if turned else (TOKENS, SIZE)
    shapes = ((TOKENS, GROUPS * inner), (TOKENS, GROUPS * SIZE), (TOKENS, GROUPS * outer))
    left, right, target = (Activation(n, *shape, INT8, GROUPS) for n, shape in zip("xyz", shapes, strict=True))
    steps = (Step(0, 9, False, None),)
    layer = MatMulLayer("p", "x", "y", "z", 0, 0, GROUPS, inner, outer, turned, steps)

    def view(a: Activation) -> HostView:
        return HostView(a.name, (a.tokens, a.features), a.name, (a.tokens, a.features), (0, 1))

    return LayerGraph("product", (view(left), view(right)), (view(target),), (left, right, target), (layer,))


def laid_out(graph: LayerGraph) -> LaidOutGraph:
    """Samples apart; rows in blocks of eight, of which the second source is contracted."""

    def layout(a: Activation) -> Layout:
        return Layout(SAMPLES, 24, GROUPS * -(-a.features // GROUPS // 8) * 8, 1, 4, GROUPS)

    return LaidOutGraph(graph, SAMPLES, tuple(map(layout, graph.activations)))


def by_tiles(layer: MatMulLayer, layouts: LayerLayouts, split: Split, stored: tuple[IntArray, ...]) -> IntArray:
    """What all tiles of a split write, each from its two windows alone."""
    kernel = tile_kernel(layer, split, layouts, 0, DEVICE)
    sources = [over(split.input_partition(i), lay, v) for i, (lay, v) in enumerate(zip(layouts.sources, stored, strict=True))]
    found = over(split.output_partition, layouts.target, np.zeros((0, 0, 0), np.int64))
    for chain in range(split.chains):
        windows = [split.input_partition(i).windows(lay)[split.input_piece(chain, 0, i)] for i, lay in enumerate(layouts.sources)]
        (stream,) = kernel.reference((*(to_stream(s, w, 4) for s, w in zip(sources, windows, strict=True)), np.zeros(0, np.int64)))
        put_stream(found, split.output_partition.windows(layouts.target)[split.output_piece(chain)], 4, stream)
    return found[: layouts.target.samples, : layouts.target.rows]


def over(partition: Partition, layout: Layout, value: IntArray) -> IntArray:
    """A stored value, with zeros where its windows hang over."""
    box = partition.cover(layout)
    found = np.zeros((box.samples, box.rows, box.columns), np.int64)
    found[tuple(map(slice, value.shape))] = value
    return found


@pytest.mark.parametrize("turned", [True, False])
def test_tiles_together(turned: bool) -> None:
    """Every option: they write what the evaluator of stored activations says."""
    graph = product(turned)
    whole = laid_out(graph)
    (layer,) = graph.layers
    assert isinstance(layer, MatMulLayer)
    inputs = tuple(RANDOM.integers(-128, 128, (SAMPLES, *v.shape)) for v in graph.inputs)
    sources = LayerGraph("in", graph.inputs, graph.inputs, graph.activations, ())
    stored = stored_outputs(LaidOutGraph(sources, SAMPLES, whole.layouts), inputs)
    (expected,) = stored_outputs(whole, inputs)
    options = layer_options(layer, whole.of_layer(layer), DEVICE)
    cuts = {(o.split.data.rows, o.split.data.columns) for o in options if o.split}
    assert max(rows for rows, _ in cuts) == 6
    assert max(columns for _, columns in cuts) == GROUPS
    for option in options:
        assert option.split is not None
        assert option.readers == option.split.data.rows
        np.testing.assert_array_equal(by_tiles(layer, whole.of_layer(layer), option.split, stored)[:, :TOKENS], expected[:, :TOKENS])


@cache
def mapped() -> Sample:
    """Scores on an array with room for more tiles than heads."""
    device, graph = small_device(6, 4), product(True)
    laid, problem = stated(graph, device)
    return Sample(assembled(laid, problem, solve(problem)), device, graph)


def test_mapped() -> None:
    """The fastest mapping cuts rows, and passes the verifier."""
    (layer,) = mapped().mapping.layers
    assert layer.split.data.rows > 1
    assert mapped().violations(lambda _: None) == ()


def test_second_source_cut_as_the_first() -> None:
    """Each tile reads all rows of it."""

    def change(data: Json) -> None:
        next(e for e in data["edges"] if e["port"] == 1)["read"]["rows"] = 2

    found = mapped().violations(change)
    assert {v.family for v in found} >= {Family.EDGES}
    assert "p has windows" in text(found)
