"""The ways to split a layer that are worth keeping."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from placer.contracts.tile_kernel import tile_kernel
from placer.device import find_device
from placer.layers import Side
from placer.layout import Partition
from placer.problem.formulate import LaidOutGraph, formulate, lay_out
from placer.problem.options import bank_stalls, layer_options
from placer.problem.problem import Level, Option
from placer.split import Split
from tests.graphs import chain

VEK280 = find_device("VEK280")


def laid_out(batch: int, *widths: int) -> LaidOutGraph:
    """A chain of dense layers."""
    return lay_out(chain(widths, tokens=1), batch, VEK280)


def options(batch: int, *widths: int) -> tuple[Option, ...]:
    """Those of the first layer of a chain."""
    graph = laid_out(batch, *widths)
    layer = graph.graph.layers[0]
    return layer_options(layer, graph.of_layer(layer), VEK280)


def test_uneven_parts_save_tiles() -> None:
    """512 x 512 int8 weights fit no fewer than eight tiles in even parts, and six in uneven ones."""
    found = options(16, 512, 512)
    layout = laid_out(16, 512, 512).layouts[0]
    fewest = min(found, key=lambda o: o.tiles)
    assert fewest.tiles == 6
    assert fewest.split and (fewest.split.contraction, fewest.split.channels) in {(2, 3), (3, 2), (1, 6), (6, 1)}
    assert min(o.tiles for o in found if o.inputs[0].divides(layout) and o.output and o.output.divides(layout)) == 8


def test_uneven_parts_are_faster_than_even_ones() -> None:
    """Each of them, by more than a little, than every even one on as many tiles or fewer."""
    graph = laid_out(16, 512, 512)
    layout = graph.layouts[0]
    found = layer_options(graph.graph.layers[0], graph.of_layer(graph.graph.layers[0]), VEK280)

    def pace(o: Option) -> int:
        return max(o.cycles, *o.input_cycles, o.output_cycles)

    def few(o: Option) -> bool:
        return max(o.inputs[0].pieces, o.output.pieces if o.output else 0) <= 6

    even = [o for o in found if o.inputs[0].divides(layout) and o.output and o.output.divides(layout)]
    uneven = [o for o in found if o not in even]
    assert any(map(few, uneven))
    for o in uneven:
        assert all(pace(o) * 1.03 < pace(e) for e in even if e.tiles <= o.tiles and few(e))


@pytest.mark.parametrize(("batch", "widths"), [(8, (40, 72)), (16, (136, 88)), (12, (200, 24))])
def test_what_is_left_out_is_matched(monkeypatch: pytest.MonkeyPatch, batch: int, widths: tuple[int, int]) -> None:
    """For every legal split there is a kept one on no more tiles, at most 3 % slower, with no more doublings of a memory tile's ports."""
    graph = laid_out(batch, *widths)
    layer, layouts = graph.graph.layers[0], graph.of_layer(graph.graph.layers[0])
    kept = layer_options(layer, layouts, VEK280)
    monkeypatch.setattr("placer.problem.options._worthwhile", lambda found, _: tuple(found))
    every = layer_options(layer, layouts, VEK280)
    assert len(every) > len(kept)

    def costs(o: Option) -> tuple[float, ...]:
        assert o.output is not None
        doublings = tuple(math.ceil(math.log2(math.ceil(p / 6))) for p in (o.inputs[0].pieces, o.output.pieces))
        return (o.tiles, max(o.cycles, *o.input_cycles, o.output_cycles), *doublings)

    for o in every:
        tiles, pace, *ports = costs(o)
        assert any(all(mine <= theirs for mine, theirs in zip(costs(k), (tiles, 1.03 * pace, *ports), strict=True)) for k in kept)


def one_tile(**limits: int) -> bool:
    """Whether a 32 x 32 layer runs on one core with these limits."""
    graph = laid_out(16, 32, 32)
    layer, layouts = graph.graph.layers[0], graph.of_layer(graph.graph.layers[0])
    device = replace(VEK280, core=replace(VEK280.core, **limits))
    return bank_stalls(layer, Split(Side.RIGHT, Partition(1, 1, 1), 1, 1), layouts, device) is not None


@pytest.mark.parametrize(("limit", "least"), [("locks", 12), ("descriptor_length", 128)])
def test_limits_of_a_core(limit: str, least: int) -> None:
    """Two locks for each of four copies, the weights and the bias; 16 x 32 bytes are 128 words."""
    assert one_tile(**{limit: least})
    assert not one_tile(**{limit: least - 1})


def test_program_memory() -> None:
    """As many bytes as the contract says, and no fewer."""
    graph = laid_out(16, 32, 32)
    split = Split(Side.RIGHT, Partition(1, 1, 1), 1, 1)
    size = tile_kernel(graph.graph.layers[0], split, graph.of_layer(graph.graph.layers[0]), 0, VEK280).program_bytes
    assert one_tile(program_bytes=size)
    assert not one_tile(program_bytes=size - 1)


@pytest.mark.parametrize("blocks", [1, 5, 7])
def test_any_number_of_blocks(blocks: int) -> None:
    """A prime number of column blocks is cut as well."""
    counts = {o.split.channels for o in options(16, 64, 8 * blocks) if o.split}
    assert counts <= {-(-blocks // size) for size in range(1, blocks + 1)}
    assert blocks == 1 or len(counts) > 2


def test_stalls_are_part_of_the_cycles() -> None:
    """The split in six tiles shares a bank between input and output, and its cycles say so."""
    graph = laid_out(16, 512, 512)
    layer = graph.graph.layers[0]
    six, sixteen = Split(Side.RIGHT, Partition(1, 1, 1), 2, 3), Split(Side.RIGHT, Partition(1, 1, 1), 4, 4)
    stalls = bank_stalls(layer, six, graph.of_layer(layer), VEK280)
    assert stalls == 16 * 176 // 32, "the stores of the output"
    assert bank_stalls(layer, sixteen, graph.of_layer(layer), VEK280) == 0
    assert bank_stalls(layer, Split(Side.RIGHT, Partition(1, 1, 1), 2, 2), graph.of_layer(layer), VEK280) is None


def test_layers_alike_have_the_same_options() -> None:
    """Whatever they are called, and whatever their weights are."""
    problem = formulate(laid_out(16, 64, 64, 64, 32), VEK280, (Level.TILES,), 1.0)
    assert problem.blocks[0].options is problem.blocks[1].options
    assert problem.blocks[1].options is not problem.blocks[2].options
