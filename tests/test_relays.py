"""Relays: where they may be, that they only copy, and that a mapping with them says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from placer.errors import InputError
from placer.frontend import read_model
from placer.layers import AddLayer, LayerGraph, Relay
from placer.layout import Layout
from placer.lowering.lower import lower
from placer.network import IntType, QuantType
from placer.problem.formulate import lay_out
from placer.relays import MOST_RELAYS, most_relays, relayed, short_ways, with_relays
from placer.verify import verify
from tests.codegen.test_stored_reference import compare
from tests.graphs import PLAIN_STEP, activation, chain, dense, residual, small_device, view
from tests.mapped import Sample
from tests.solving import assembled, solve, stated

MIXER = Path(__file__).resolve().parents[1] / "configs" / "models" / "jet_mlpmixer.onnx"


def long_residual(length: int = 5) -> LayerGraph:
    """d0, then an add around as many dense layers as `length`."""
    a = tuple(activation(f"a{i}", 8, 32) for i in range(length + 3))
    inner = tuple(dense(f"d{i}", a[i], a[i + 1]) for i in range(length + 1))
    add = AddLayer("add", "a1", a[length + 1].name, a[length + 2].name, 0, 0, 1, 1, (PLAIN_STEP,))
    return LayerGraph("net", (view(a[0]),), (view(a[-1]),), a, (*inner, add))


def test_short_ways() -> None:
    """Of a chain none; of a residual the one around its layers, shorter by all of them."""
    assert short_ways(chain((16, 16, 16))) == ()
    assert short_ways(residual()) == (Relay("a1", "add", 1),)
    assert short_ways(long_residual()) == (Relay("a1", "add", 5),)
    assert most_relays(chain((16, 16))) == 0
    assert most_relays(residual()) == 1
    assert most_relays(long_residual()) == MOST_RELAYS


def test_inputs_that_meet_share_no_source() -> None:
    """Each of two network inputs runs ahead by itself: no way between them is short."""
    a = tuple(activation(f"a{i}", 8, 16) for i in range(4))
    layers = (dense("d", a[0], a[2]), AddLayer("add", "a1", "a2", "a3", 0, 0, 1, 1, (PLAIN_STEP,)))
    assert short_ways(LayerGraph("net", (view(a[0]), view(a[1])), (view(a[3]),), a, layers)) == ()


def test_wide_values_are_not_copied() -> None:
    """No kernel copies 32-bit elements as they are."""
    graph = residual()
    wide = tuple(replace(a, type=QuantType(IntType.INT32, 0.125)) if a.name == "a1" else a for a in graph.activations)
    assert short_ways(replace(graph, activations=wide)) == ()


def test_relays_stand_before_their_reader() -> None:
    """Two copies in a row, which the add reads instead; names that are taken are passed over; no relays, the same graph."""
    graph = long_residual()
    named = replace(graph.activations[2], name="a1.relay0")
    taken = replace(graph, activations=(*graph.activations, named))
    found = with_relays(taken, 2)
    assert [layer.name for layer in found.layers[-3:]] == ["a1.relay1.op", "a1.relay2.op", "add"]
    assert found.layers[-1].sources == ("a1.relay2", "a6")
    assert found.relays == (Relay("a1", "add", 2),)
    assert with_relays(graph, 0) is graph


def test_relays_copy_the_real_mixer() -> None:
    """Every stored byte of the outputs is what the network means, whatever the number of relays and the height of blocks."""
    network = read_model(MIXER)
    for count, board in ((1, small_device(4, 4)), (3, small_device(4, 4, board="VEK385"))):
        compare(network, lay_out(with_relays(lower(network), count), 2, board), 2)


@pytest.mark.parametrize("relay", [Relay("a0", "d0", 1), Relay("a1", "add", 0), Relay("a1", "add", 9), Relay("nobody", "add", 1)], ids=str)
def test_relays_elsewhere_are_refused(relay: Relay) -> None:
    """In one sentence that says where they may be."""
    with pytest.raises(InputError, match="may be where ways from one activation join again"):
        relayed(residual(), (relay,))


def test_a_mapping_names_its_relays() -> None:
    """It verifies against the graph with them; without them its layers are not the network's."""
    device, graph = small_device(6, 4), with_relays(residual(16, 8), 1)
    laid_out, problem = stated(graph, device)
    mapping = assembled(laid_out, problem, solve(problem))
    assert mapping.relays == (Relay("a1", "add", 1),)
    sample = Sample(mapping, device, graph)
    assert sample.violations(lambda data: None) == ()
    assert relayed(residual(16, 8), sample.changed(lambda data: None).relays).relays == graph.relays
    assert verify(mapping, device, residual(16, 8))


def layout_of(graph: LayerGraph, name: str) -> Layout:
    """On the small device."""
    return lay_out(graph, 3, small_device(4, 4)).layout(name)


def test_a_relay_is_laid_out_like_its_source() -> None:
    """Also where the rows of a sample are padded for a layer that contracts them."""
    graph = with_relays(residual(16, 5), 1)
    assert layout_of(graph, "a1.relay0") == layout_of(graph, "a1")
    assert np.prod([layout_of(graph, "a1").samples, layout_of(graph, "a1").rows]) % 8 == 0
