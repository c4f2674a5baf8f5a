"""Activations to streams and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from placer.codegen.blocked import from_stored, put_stream, to_stored, to_stream
from placer.layers import Activation, HostView
from placer.layout import Layout, Partition, Window, round_up
from tests.graphs import INT8


@given(st.integers(1, 4), st.integers(1, 11), st.integers(1, 19), st.booleans(), st.booleans(), st.sampled_from((4, 8)))
def test_tensors_round_trip(batch: int, tokens: int, features: int, transposed: bool, apart: bool, block_rows: int) -> None:
    """A tensor stored and read back is the same; padding is zero; samples together or apart."""
    a = Activation("a", tokens, features, INT8)
    perm = (1, 0) if transposed else (0, 1)
    view = HostView("t", (features, tokens) if transposed else (tokens, features), "a", (tokens, features), perm)
    samples, rows = (batch, round_up(tokens, 8)) if apart else (1, round_up(batch * tokens, block_rows))
    layout = Layout(samples, rows, round_up(features, 8), 1)
    value = np.random.default_rng(0).integers(1, 128, (batch, *view.shape))
    stored = to_stored(view, a, layout, value)
    assert stored.shape == (samples, rows, layout.columns)
    assert np.count_nonzero(stored) == value.size
    np.testing.assert_array_equal(from_stored(view, a, batch, stored), value)
    sample = batch - 1
    token, feature = tokens - 1, features - 1
    held = stored[sample, token, feature] if apart and batch > 1 else stored[0, sample * tokens + token, feature]
    assert held == value[(sample, feature, token) if transposed else (sample, token, feature)]


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.sampled_from((4, 8)), st.sampled_from((1, 2)))
def test_streams_round_trip(samples: int, rows: int, columns: int, block_rows: int, scale: int) -> None:
    """All windows of a partition, sent and put back, are the activation."""
    layout = Layout(samples * scale, rows * block_rows, columns * 8 * scale, 1)
    stored = np.arange(layout.bytes).reshape(layout.samples, layout.rows, layout.columns)
    found = np.full_like(stored, -1)
    for window in Partition(samples, rows, columns).windows(layout):
        stream = to_stream(stored, window, block_rows)
        assert stream.shape == (window.samples * window.rows * window.columns,)
        put_stream(found, window, block_rows, stream)
    np.testing.assert_array_equal(found, stored)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.sampled_from((4, 8)))
def test_order_of_a_stream(samples: int, row_blocks: int, column_blocks: int, block_rows: int) -> None:
    """docs/kernels.md: element (r, c) of a block at r * 8 + c; rows run over samples; block (rb, cb) is number cb * row_blocks + rb."""
    shape = (samples, row_blocks * block_rows, column_blocks * 8)
    stored = np.random.default_rng(0).integers(-128, 128, shape)
    stream = to_stream(stored, Window(0, samples, 0, shape[1], 0, shape[2]), block_rows)
    matrix = stored.reshape(samples * shape[1], shape[2])
    for r in range(matrix.shape[0]):
        for c in range(matrix.shape[1]):
            block = (c // 8) * (samples * row_blocks) + r // block_rows
            assert stream[block * block_rows * 8 + (r % block_rows) * 8 + c % 8] == matrix[r, c]
