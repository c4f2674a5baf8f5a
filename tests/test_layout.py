"""How activations are laid out and cut."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placer.layers import DenseLayer, LayerGraph, Side
from placer.layout import Layout, Partition, Window, divisors, layouts, part_counts, round_up
from tests.graphs import activation, chain, fork, random_graphs, residual


@given(st.integers(0, 1000), st.integers(1, 64))
def test_round_up(value: int, multiple: int) -> None:
    """The smallest multiple that is large enough."""
    rounded = round_up(value, multiple)
    assert rounded % multiple == 0
    assert 0 <= rounded - value < multiple


@given(st.integers(1, 5000))
def test_divisors(value: int) -> None:
    """All of them, ascending."""
    assert list(divisors(value)) == [d for d in range(1, value + 1) if value % d == 0]


def test_rows_of_all_samples_follow_each_other() -> None:
    """Where no layer contracts over tokens, only the last block is padded."""
    assert layouts(chain((16, 12, 5), tokens=3), 7, 4) == (Layout(1, 24, 16, 1), Layout(1, 24, 16, 1), Layout(1, 24, 8, 1))


def test_samples_stay_apart_where_tokens_are_contracted() -> None:
    """Rows padded to 8 at the source of a layer with weights on the left and to whole blocks at its target; the residual joins both."""
    found = layouts(residual(width=10, tokens=9), 3, 4)
    assert {(lay.samples, lay.rows, lay.columns) for lay in found} == {(3, 16, 16)}


def test_only_connected_activations_pay() -> None:
    """The reader that mixes tokens pads what it shares rows with, not its own result's other readers."""
    found = dict(zip("0123", layouts(fork(width=8, tokens=5), 2, 4), strict=True))
    assert (found["1"].samples, found["1"].rows) == (2, 8)
    assert (found["2"].samples, found["2"].rows) == (2, 8)


@given(random_graphs(), st.integers(1, 9), st.sampled_from((4, 8)))
def test_every_layer_finds_rows_where_it_needs_them(graph: LayerGraph, batch: int, block_rows: int) -> None:
    """Row-wise layers keep rows in place; token mixing has whole samples of whole blocks; everything fits and is whole blocks."""
    found = dict(zip((a.name for a in graph.activations), layouts(graph, batch, block_rows), strict=True))
    for a in graph.activations:
        lay = found[a.name]
        assert lay.rows % block_rows == 0
        assert lay.columns % 8 == 0
        assert lay.samples in {1, batch}
        assert lay.samples * lay.rows >= batch * a.tokens
        assert lay.columns >= a.features
        assert lay.bytes == lay.samples * lay.rows * lay.columns
    for layer in graph.layers:
        target = found[layer.target]
        for source in (found[s] for s in layer.sources):
            if isinstance(layer, DenseLayer) and layer.side is Side.LEFT:
                assert source.samples == target.samples == batch
                assert source.rows % 8 == 0
            else:
                assert (source.samples, source.rows) == (target.samples, target.rows)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.data())
def test_windows_tile_a_layout(samples: int, rows: int, columns: int, data: st.DataObject) -> None:
    """Every element lies in exactly one window, all windows are of one size, columns run fastest."""
    partition = Partition(samples, rows, columns)
    layout = Layout(samples * data.draw(st.integers(1, 2)), rows * 4, columns * 8 * data.draw(st.integers(1, 2)), 1)
    count = np.zeros((layout.samples, layout.rows, layout.columns), np.int64)
    windows = partition.windows(layout)
    for w in windows:
        count[w.sample : w.sample + w.samples, w.row : w.row + w.rows, w.column : w.column + w.columns] += 1
        assert w.samples * w.rows * w.columns == partition.window_bytes(layout)
    assert count.min() == count.max() == 1
    assert len(windows) == partition.pieces
    assert sorted((w.sample, w.row, w.column) for w in windows) == [(w.sample, w.row, w.column) for w in windows]


@given(st.integers(1, 40), st.integers(1, 40))
def test_uneven_cuts(units: int, size: int) -> None:
    """Parts as large as the largest: all blocks are in one, no part is empty, and every size occurs."""
    count = -(-units // size)
    assert count in part_counts(units)
    layout = Layout(1, 4 * units, 8, 1)
    partition = Partition(1, count, 1)
    windows = partition.windows(layout)
    assert [w.row for w in windows] == [i * windows[0].rows for i in range(count)]
    assert windows[-1].row < layout.rows <= windows[-1].row + windows[-1].rows
    assert partition.divides(layout) == (units % count == 0)
    assert partition.cover(layout).rows == count * windows[0].rows


@pytest.mark.parametrize("partition", [Partition(0, 1, 1), Partition(1, 3, 1), Partition(1, 1, 4)])
def test_empty_windows(partition: Partition) -> None:
    """There is no such window; rows and columns are cut between blocks only."""
    with pytest.raises(ValueError, match="cannot be cut"):
        partition.windows(Layout(3, 8, 16, 1))


def test_shards_have_room_for_what_hangs_over() -> None:
    """Along an axis that is left whole; elsewhere windows fill the shard."""
    layout = Layout(1, 16, 512, 1)
    thirds, halves, elevenths = Partition(1, 1, 3), Partition(1, 1, 2), Partition(1, 1, 22)
    assert Partition(1, 1, 1).shard((thirds, halves), layout).columns == 528
    assert Partition(1, 1, 1).shard((halves,), layout).columns == 512
    assert not thirds.refines(halves, layout)
    assert elevenths.refines(Partition(1, 1, 11), layout)
    assert Partition(1, 1, 11).shard((elevenths,), layout).columns == 48
    assert not Partition(1, 1, 6).refines(halves, layout), "33 blocks are no half of 64"


@given(*[st.integers(1, 6)] * 6)
def test_refinement(a: int, b: int, c: int, x: int, y: int, z: int) -> None:
    """One partition refines another when each of its windows lies inside one of the other's."""
    layout = Layout(math.lcm(a, x), 4 * math.lcm(b, y), 8 * math.lcm(c, z), 1)
    fine, coarse = Partition(a, b, c), Partition(x, y, z)

    def inside(w: Window, o: Window) -> bool:
        spans = ((w.sample, w.samples, o.sample, o.samples), (w.row, w.rows, o.row, o.rows), (w.column, w.columns, o.column, o.columns))
        return all(outer <= start and start + size <= outer + length for start, size, outer, length in spans)

    expected = all(any(inside(w, o) for o in coarse.windows(layout)) for w in fine.windows(layout))
    assert fine.refines(coarse, layout) == expected


def test_activations_keep_their_order() -> None:
    """One layout an activation, in the graph's order."""
    net = chain((8, 16))
    assert [lay.columns for lay in layouts(net, 1, 4)] == [8, 16]
    assert layouts(LayerGraph("net", (), (), (activation("a", 3, 9),), ()), 2, 8) == (Layout(1, 8, 16, 1, 8),)
