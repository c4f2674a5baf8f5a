"""Views against numpy: what a transpose, a reshape or a slice of a view holds is what numpy says of the whole activation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placer.lowering.views import View, heads, permuted, plain, reshaped, taken


def held(view: View, tokens: int, features: int) -> np.ndarray:
    """The elements of an activation numbered row by row, as the view holds them."""
    rows, columns = view.places()
    assert rows.min() >= 0 and rows.max() < tokens and columns.min() >= 0 and columns.max() < features
    return rows * features + columns


@given(st.data())
def test_any_sequence_of_movements(data: st.DataObject) -> None:
    """A view follows every movement exactly, or says that it cannot."""
    shape = tuple(data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)))
    tokens, features = int(np.prod(shape[:-1])), shape[-1]
    view, expected = plain("a", shape), np.arange(tokens * features).reshape(shape)
    for _ in range(data.draw(st.integers(1, 5))):
        kind = data.draw(st.sampled_from(("permute", "reshape", "take")))
        if kind == "permute":
            perm = tuple(data.draw(st.permutations(range(expected.ndim))))
            view, expected = permuted(view, perm), expected.transpose(perm)
        elif kind == "reshape":
            size = expected.size
            first = data.draw(st.sampled_from([d for d in range(1, size + 1) if size % d == 0]))
            second = data.draw(st.sampled_from([d for d in range(1, size // first + 1) if size // first % d == 0]))
            after = (first, second, size // first // second)
            found = reshaped(view, after)
            if found is None:
                continue
            view, expected = found, expected.reshape(after)
        else:
            axis = data.draw(st.integers(0, expected.ndim - 1))
            indices = tuple(data.draw(st.lists(st.integers(0, expected.shape[axis] - 1), min_size=1, max_size=4)))
            found = taken(view, axis, indices)
            if found is None:
                continue
            view, expected = found, expected.take(indices, axis=axis)
        assert view.shape == expected.shape
        np.testing.assert_array_equal(held(view, tokens, features), expected)
        assert view.whole(tokens, features) <= (np.unique(expected).size == expected.size == tokens * features)


def test_heads_are_split_and_merged_without_movement() -> None:
    """Tokens by heads and dimension, and back: the view ends where it began."""
    view = plain("a", (10, 24))
    split = reshaped(view, (10, 3, 8))
    assert split is not None
    turned = permuted(split, (1, 0, 2))
    assert turned == heads("a", (3,), 10, 8)
    assert turned.whole(10, 24)
    assert reshaped(permuted(turned, (1, 0, 2)), (10, 24)) == view


@pytest.mark.parametrize(("shape", "after"), [((4, 6), (8, 3)), ((5, 4), (5, 4)), ((3, 5), (1, 3, 5))])
def test_reshapes_that_cut_unevenly(shape: tuple[int, ...], after: tuple[int, ...]) -> None:
    """Only where both sizes of a cut divide their strides is the result a view."""
    turned = permuted(plain("a", shape), (1, 0))
    assert reshaped(turned, after) is None


def test_indices_without_an_even_step() -> None:
    """They are no view; a step backwards and a repetition are."""
    view = plain("a", (4, 6))
    assert taken(view, 1, (0, 1, 3)) is None
    back, same = taken(view, 1, (5, 3, 1)), taken(view, 0, (2, 2))
    assert back is not None and same is not None
    np.testing.assert_array_equal(held(back, 4, 6)[0], [5, 3, 1])
    assert not back.whole(4, 6)
    assert not same.whole(4, 6)
