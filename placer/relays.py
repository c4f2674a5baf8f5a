"""Relays: kernels that only copy, on the short way where ways from one activation join again.

While a run is on the long way, the short one has to hold it: in two copies in a memory tile, if it passes one, and two at its end. Where
that is less than the runs under way on the long one, these wait (docs/performance.md). A relay holds two more going in and two going out.
"""

from __future__ import annotations

from dataclasses import replace

from placer.errors import InputError
from placer.layers import Activation, AddLayer, Layer, LayerGraph, MatMulLayer, MultiplyLayer, Relay, copying
from placer.network import IntType

# More were never seen to pay.
MOST_RELAYS = 3
# Types that a kernel copies as they are.
COPIED = (IntType.INT8, IntType.INT16)


def short_ways(graph: LayerGraph) -> tuple[Relay, ...]:
    """Every way into a layer that is shorter than another one from the same source, with the number of layers that it is shorter by."""
    depth, above = _depths(graph), _sources_of_all(graph)
    found = []
    for layer in graph.layers:
        for tensor in dict.fromkeys(layer.sources):
            others = [s for s in layer.sources if s != tensor and above[s] & above[tensor]]
            shorter = max((depth[s] - depth[tensor] for s in others), default=0)
            if shorter > 0 and isinstance(layer, AddLayer | MultiplyLayer | MatMulLayer) and graph.activation(tensor).type.dtype in COPIED:
                found.append(Relay(tensor, layer.name, shorter))
    return tuple(found)


def most_relays(graph: LayerGraph) -> int:
    """The number beyond which `with_relays` gives the same graph."""
    return min(MOST_RELAYS, max((way.count for way in short_ways(graph)), default=0))


def with_relays(graph: LayerGraph, most: int) -> LayerGraph:
    """The graph with at most so many relays on each short way, and none beyond what it is shorter by."""
    return relayed(graph, tuple(replace(way, count=min(most, way.count)) for way in short_ways(graph))) if most else graph


def relayed(graph: LayerGraph, relays: tuple[Relay, ...]) -> LayerGraph:
    """The graph with these relays, which must be on short ways.

    Raises InputError.
    """
    ways = {(way.tensor, way.consumer) for way in short_ways(graph)} if relays else set()
    for relay in relays:
        if (relay.tensor, relay.consumer) not in ways or not 1 <= relay.count <= MOST_RELAYS:
            raise InputError(
                f"{relay.count} relays between {relay.tensor!r} and {relay.consumer!r}: 1 to {MOST_RELAYS} may be where ways from one "
                f"activation join again, on the shorter one, in int8 or int16; {graph.name} has {len(ways)} of these"
            )
        graph = _with(graph, relay)
    return replace(graph, relays=relays)


def _depths(graph: LayerGraph) -> dict[str, int]:
    """Of each activation, the layers on the longest way to it."""
    depth = {a.name: 0 for a in graph.activations}
    for layer in graph.layers:
        depth[layer.target] = 1 + max(depth[s] for s in layer.sources)
    return depth


def _sources_of_all(graph: LayerGraph) -> dict[str, frozenset[str]]:
    """Of each activation, all that it is computed from, itself included."""
    above = {a.name: frozenset({a.name}) for a in graph.activations}
    for layer in graph.layers:
        above[layer.target] |= frozenset().union(*(above[s] for s in layer.sources))
    return above


def _with(graph: LayerGraph, relay: Relay) -> LayerGraph:
    """The graph with one more chain of relays, just before the layer that reads it."""
    source, taken = graph.activation(relay.tensor), {a.name for a in graph.activations}
    names = [n for i in range(relay.count + len(taken)) if (n := f"{relay.tensor}.relay{i}") not in taken][: relay.count]
    copies = [replace(source, name=name) for name in names]
    chain = [copying(a, b) for a, b in zip((relay.tensor, *names), names, strict=False)]
    layers: list[Layer] = []
    for layer in graph.layers:
        layers += [*chain, _reading(layer, relay.tensor, names[-1])] if layer.name == relay.consumer else [layer]
    at = graph.activations.index(source) + 1
    activations: tuple[Activation, ...] = (*graph.activations[:at], *copies, *graph.activations[at:])
    return replace(graph, activations=activations, layers=tuple(layers))


def _reading(layer: Layer, tensor: str, instead: str) -> Layer:
    """A layer with two sources that reads `instead` wherever it read `tensor`."""
    assert isinstance(layer, AddLayer | MultiplyLayer | MatMulLayer), "a short way ends in one of these"
    left, right = (instead if s == tensor else s for s in layer.sources)
    return replace(layer, left=left, right=right)
