"""Look-ups in a LayerGraph."""

from __future__ import annotations

import pytest

from placer.layers import AddLayer
from tests.graphs import PLAIN_STEP, activation, graph, residual


def test_producers_and_consumers() -> None:
    """By activation, in order."""
    net = residual()
    assert net.producer("a0") is None
    assert net.producer("a3") is net.layers[2]
    assert [layer.name for layer in net.consumers("a1")] == ["d1", "add"]
    with pytest.raises(KeyError):
        net.activation("none")


def test_a_layer_that_reads_twice() -> None:
    """It appears once among the consumers and twice among its own sources."""
    acts = (activation("a", 8, 8), activation("b", 8, 8))
    add = AddLayer("add", "a", "a", "b", 0, 0, 1, 1, (PLAIN_STEP,))
    assert graph(acts, (add,)).consumers("a") == (add,)
    assert add.sources == ("a", "a")
