"""One run through the empty pipeline, modelled: when each layer has its inputs, starts and ends, and the longest path.

This is the path that the objective's latency is the length of: each layer waits for its whole input, and streams have a mean length. The
mapping's own latency is that of its streams as routed.
"""

from __future__ import annotations

from dataclasses import dataclass

from placer.cycles.streams import End, edge_travel, transfer_cycles
from placer.device import Device
from placer.mapping import MappedEdge, Mapping

INPUT_KINDS = ("input", "second_input")


@dataclass(frozen=True)
class Span:
    """Cycles from `start` to `end` of one thing: a layer computes, or an edge carries its windows."""

    what: str
    edge: bool
    start: int
    end: int
    critical: bool


@dataclass(frozen=True)
class Schedule:
    """Spans in the order of the pipeline, and the cycle at which the last output has left."""

    spans: tuple[Span, ...]
    latency: int


def schedule(mapping: Mapping, device: Device) -> Schedule:
    """The earliest schedule of one run."""
    layers = {layer.name: layer for layer in mapping.layers}
    done: dict[str, int] = {}
    spans: dict[int | str, tuple[int, int]] = {}
    waiting = list(mapping.layers)
    while waiting:
        ready = [layer for layer in waiting if all(e.producer not in layers or e.producer in done for e in into(mapping, layer.name))]
        if not ready:
            break  # a file whose edges run in circles: what is left has no schedule
        for layer in ready:
            start = 0
            for number, edge in enumerate(mapping.edges):
                if edge.consumer == layer.name:
                    begin = done.get(edge.producer, 0)
                    spans[number] = (begin, begin + edge_cycles(mapping, edge, device))
                    start = max(start, spans[number][1])
            done[layer.name] = start + layer.cycles + layer.hop_cycles * (layer.split.k - 1)
            spans[layer.name] = (start, done[layer.name])
        waiting = [layer for layer in waiting if layer.name not in done]
    for number, edge in enumerate(mapping.edges):
        if edge.consumer not in layers and edge.producer in done:
            spans[number] = (done[edge.producer], done[edge.producer] + edge_cycles(mapping, edge, device))
    latency = max((end for _, end in spans.values()), default=0)
    critical = _critical(mapping, spans, latency)
    order = sorted(spans, key=lambda key: (spans[key], isinstance(key, str)))
    return Schedule(tuple(_span(mapping, key, *spans[key], key in critical) for key in order), latency)


def into(mapping: Mapping, layer: str) -> list[MappedEdge]:
    """The edges that a layer reads."""
    return [e for e in mapping.edges if e.consumer == layer]


def edge_cycles(mapping: Mapping, edge: MappedEdge, device: Device) -> int:
    """Cycles from the producer's end to the reader's start."""
    if edge.kind == "shared_memory":
        return 0
    layers, read = {layer.name for layer in mapping.layers}, transfer_cycles(edge.read_bytes, device)
    source, target = (End.CORE if name in layers else End.SHIM for name in (edge.producer, edge.consumer))
    travel = edge_travel(source, target, device)
    if edge.kind == "memory_tile":
        return travel.buffered + transfer_cycles(edge.written_bytes, device) + read
    return travel.direct + read


def _critical(mapping: Mapping, spans: dict[int | str, tuple[int, int]], latency: int) -> set[int | str]:
    """The spans of one longest path, from the last output back to an input."""
    found: set[int | str] = set()
    key: int | str | None = next((k for k, (_, end) in spans.items() if end == latency), None)
    while key is not None and key not in found:
        found.add(key)
        if isinstance(key, str):
            before: list[int | str] = [n for n, e in enumerate(mapping.edges) if e.consumer == key]
        else:
            before = [mapping.edges[key].producer]
        key = next((k for k in before if k in spans and spans[k][1] == spans[key][0]), None)
    return found


def _span(mapping: Mapping, key: int | str, start: int, end: int, critical: bool) -> Span:
    if isinstance(key, str):
        return Span(key, False, start, end, critical)
    return Span(f"{mapping.edges[key].producer} to {mapping.edges[key].consumer}", True, start, end, critical)
