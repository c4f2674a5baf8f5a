"""Layers alike choose alike: not a rule of the device, but a smaller problem whose solutions are good ones of the whole.

Networks repeat blocks. Where layers have the same options, one choice for all of them leaves little to decide, whatever the depth.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from ortools.sat.python import cp_model

from placer.model.variables import NetVariables, Variables
from placer.problem.problem import BlockKind, MappingProblem, Option


def has_likes(problem: MappingProblem) -> bool:
    """Whether some layers have the same options."""
    layers = [b.options for b in problem.blocks if b.kind is BlockKind.LAYER]
    return len(set(layers)) < len(layers)


def add_likeness(v: Variables) -> None:
    """The same option for all layers with the same options, the same kinds, flows and shards for all nets between such layers."""
    first: dict[tuple[Option, ...], int] = {}
    like = []
    for number, b in enumerate(v.blocks):
        like.append(first.setdefault(b.block.options, number) if b.block.kind is BlockKind.LAYER else number)
        _equal(v, v.blocks[like[number]].options, b.options)
    nets: dict[Hashable, NetVariables] = {}
    for n in v.nets:
        ends = (like[n.net.producer], tuple((like[r.block], r.port) for r in n.net.readers))
        _equal(v, tuple(_literals(nets.setdefault((ends, n.net.layout), n))), tuple(_literals(n)))


def _equal(v: Variables, ours: tuple[cp_model.IntVar, ...], theirs: tuple[cp_model.IntVar, ...]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        if a is not b:
            v.model.add(a == b)


def _literals(n: NetVariables) -> Iterator[cp_model.IntVar]:
    """All that a net decides but its place; nets of one kind have the same, in the same order."""
    yield from (s.literal for s in n.shardings)
    for edge in n.edges:
        yield from (edge.shared_memory, edge.dma, edge.memory_tile)
        for flow in edge.direct:
            yield from (flow.shared_memory, flow.dma)
        yield from (f.literal for f in (*edge.writes, *edge.reads))
