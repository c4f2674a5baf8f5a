"""Shapes of one sample after movements, against numpy on a batch of two."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from placer.errors import InputError, UnsupportedModelError
from placer.frontend.constants import BATCH, plain
from placer.frontend.shapes import new_shape, sample_permutation


def moved(
    op: str, shape: tuple[int, ...], numbers: list[int] | None = None, batch: int | None = None, **attributes: object
) -> tuple[int, ...]:
    """new_shape of a node with `numbers` as its second input."""
    node = helper.make_node(op, ["x"], ["y"], name="n", **attributes)
    return new_shape(node, [None, None if numbers is None else plain(np.array(numbers, np.int64), "s")], shape, batch)


@pytest.mark.parametrize(
    ("shape", "numbers", "batch", "expected"),
    [
        ((2, 6), [0, 12], None, (12,)),
        ((2, 6), [0, -1, 3], None, (4, 3)),
        ((2, 6), [0, 0, -1], None, (2, 6)),
        ((2, 6), [BATCH, 3, 4], None, (3, 4)),
        ((2, 6), [-1, 12], None, (12,)),
        ((2, 6), [-1, 12], 5, (12,)),
        ((2, 6), [5, 12], 5, (12,)),
        ((2, 6), [5, -1], 5, (12,)),
        ((2, 6), [1, 12], None, (12,)),
    ],
)
def test_reshape(shape: tuple[int, ...], numbers: list[int], batch: int | None, expected: tuple[int, ...]) -> None:
    """The batch may be copied, symbolic, inferred or stated."""
    assert moved("Reshape", shape, numbers, batch) == expected


@pytest.mark.parametrize(
    ("numbers", "batch"),
    [([], None), ([12], None), ([-1], None), ([6, 12], 5), ([-1, -1], 5), ([0, 5, -1], None), ([0, -2, -6], None), ([-1, -1, 6], None)],
)
def test_reshape_refused(numbers: list[int], batch: int | None) -> None:
    """Anything that mixes samples or does not fit."""
    with pytest.raises(UnsupportedModelError, match="does not keep the batch as the first dimension"):
        moved("Reshape", (2, 6), numbers, batch)


def test_flatten() -> None:
    """Axis 1, or the same counted from the end."""
    assert moved("Flatten", (2, 6)) == moved("Flatten", (2, 6), axis=1) == moved("Flatten", (2, 6), axis=-2) == (12,)
    for axis in (0, 2, -1):
        with pytest.raises(UnsupportedModelError, match="axis 1 only"):
            moved("Flatten", (2, 6), axis=axis)


@pytest.mark.parametrize("numbers", [[1], [-1], [1, 3], [-3, -1], None])
def test_squeeze(numbers: list[int] | None) -> None:
    """As numpy does on a batch of two."""
    value = np.zeros((2, 1, 5, 1))
    expected = np.squeeze(value, tuple(numbers) if numbers else (1, 3)).shape
    assert moved("Squeeze", value.shape[1:], numbers) == expected[1:]


@pytest.mark.parametrize("numbers", [[1], [-1], [1, 3], [2, -1], [3]])
def test_unsqueeze(numbers: list[int]) -> None:
    """As numpy does on a batch of two, from an input or from the attribute of old operator sets."""
    expected = np.expand_dims(np.zeros((2, 4, 5)), tuple(numbers)).shape
    assert moved("Unsqueeze", (4, 5), numbers) == moved("Unsqueeze", (4, 5), axes=numbers) == expected[1:]


def test_permutation() -> None:
    """Counted over one sample's axes."""
    node = helper.make_node("Transpose", ["x"], ["y"], name="n", perm=[0, 3, 1, 2])
    assert sample_permutation(node, 3) == (2, 0, 1)
    with pytest.raises(InputError, match="does not fit a tensor of 3 dimensions"):
        sample_permutation(node, 2)
    with pytest.raises(UnsupportedModelError, match="moves the batch axis"):
        sample_permutation(helper.make_node("Transpose", ["x"], ["y"], name="n"), 2)
