"""Legal mappings made by hand-picked solutions, and ways to change their JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from placer.device import Device
from placer.layers import LayerGraph, Side
from placer.layout import Partition
from placer.mapping import Mapping, read_mapping
from placer.problem.problem import Level, MappingProblem, Orientation
from placer.problem.solution import BlockChoice, EdgeKind, NetChoice, Solution
from placer.split import Split
from placer.verify import Family, Violation, verify
from tests.graphs import chain, residual, small_device
from tests.problems import DMA, SHARED, WHOLE, columns
from tests.solving import ALL_LEVELS, as_result, assembled, stated

Json = dict[str, Any]
Change = Callable[[Json], None]


@dataclass(frozen=True, eq=False)
class Sample:
    """A legal mapping with what it is a mapping of."""

    mapping: Mapping
    device: Device
    graph: LayerGraph

    def changed(self, change: Change) -> Mapping:
        """The mapping read back from its JSON after `change`."""
        data = json.loads(self.mapping.to_json())
        change(data)
        return read_mapping(json.dumps(data), "mutant")

    def violations(self, change: Change) -> tuple[Violation, ...]:
        """What the verifier says to the changed mapping."""
        return verify(self.changed(change), self.device, self.graph)


def families(violations: tuple[Violation, ...]) -> set[Family]:
    """The families that object."""
    return {v.family for v in violations}


def but_routes(violations: tuple[Violation, ...]) -> tuple[Violation, ...]:
    """The violations of a mapping whose ends moved under its routes, but for those of the routes."""
    return tuple(v for v in violations if v.family not in {Family.STREAMS, Family.LANES})


def text(violations: tuple[Violation, ...]) -> str:
    """All sentences, a line each."""
    return "\n".join(str(v) for v in violations)


def placed(problem: MappingProblem, name: str, split: Split, orientation: Orientation, corner: tuple[int, int]) -> BlockChoice:
    """A block's option of this split, in its narrowest shape that runs so."""
    block = next(b for b in problem.blocks if b.name == name)
    option = next(i for i, o in enumerate(block.options) if o.split == split)
    shapes = block.options[option].shapes
    shape = min((i for i, s in enumerate(shapes) if s.orientation is orientation), key=lambda i: shapes[i].width)
    return BlockChoice(option, shape, *corner)


def border(problem: MappingProblem, name: str, windows: Partition) -> BlockChoice:
    """A border's option of these windows."""
    block = next(b for b in problem.blocks if b.name == name)
    return BlockChoice(next(i for i, o in enumerate(block.options) if windows in {o.output, *o.inputs}), 0, 0, 0)


def right(rows: int, contraction: int, channels: int) -> Split:
    """A split of a layer with weights on the right."""
    return Split(Side.RIGHT, Partition(1, rows, 1), contraction, channels)


EAST, SOUTH = Orientation.WEST_TO_EAST, Orientation.NORTH_TO_SOUTH


@cache
def pair() -> Sample:
    """A cascade (0, 1) -> (1, 1), then a single tile (1, 2), all by DMA, on 4 x 4; only the interval is an objective."""
    graph, device = chain((32, 32, 32), tokens=16), small_device(4, 4)
    laid_out, problem = stated(graph, device, levels=(Level.INTERVAL,), row_weight=0.0)
    blocks = (
        placed(problem, "d0", right(1, 2, 1), EAST, (0, 1)),
        placed(problem, "d1", right(1, 1, 1), EAST, (1, 2)),
        border(problem, "a0.plio_in", columns(2)),
        border(problem, "a2.plio_out", WHOLE),
    )
    return Sample(assembled(laid_out, problem, as_result(problem, Solution(blocks, (DMA, DMA, DMA)))), device, graph)


@cache
def rich() -> Sample:
    """A residual network on 8 x 4 with every kind of edge.

    d0: eight tiles, four cascades southward in columns 0 and 1; a1 through memory tile 2 to the cascade d1 at (2, 0), (3, 0) and to the add
    at (4, 0), which shares memory with d1's last tile; a3 through memory tile 5 to d2, two cascades at (5, 0) and (5, 1); a4 through memory
    tiles 5 and 6 in two shards.
    """
    graph, device = residual(), small_device(8, 4)
    laid_out, problem = stated(graph, device, levels=ALL_LEVELS)
    blocks = (
        placed(problem, "d0", right(2, 2, 2), SOUTH, (0, 0)),
        placed(problem, "d1", Split(Side.LEFT, WHOLE, 2, 1), EAST, (2, 0)),
        placed(problem, "add", Split(None, WHOLE, 1, 1), EAST, (4, 0)),
        placed(problem, "d2", right(1, 2, 2), EAST, (5, 0)),
        border(problem, "a0.plio_in", Partition(1, 2, 2)),
        border(problem, "a4.plio_out", columns(2)),
    )
    both = NetChoice((EdgeKind.MEMORY_TILE, EdgeKind.MEMORY_TILE), WHOLE, 2, 0)
    through = EdgeKind.MEMORY_TILE
    nets = (DMA, both, SHARED, NetChoice((through,), WHOLE, 5, 0), NetChoice((through,), columns(2), 5, 0))
    by_name = {b.name: choice for b, choice in zip(problem.blocks, blocks, strict=False)}
    ordered = tuple(by_name.get(b.name, choice) for b, choice in zip(problem.blocks, blocks, strict=True))
    return Sample(assembled(laid_out, problem, as_result(problem, Solution(ordered, nets))), device, graph)


@cache
def joined() -> Sample:
    """The same network, a tile a layer, all by DMA: the add at (3, 1) reads two streams, d2 stands to its east."""
    graph, device = residual(), small_device(6, 4)
    laid_out, problem = stated(graph, device, levels=(Level.INTERVAL,), row_weight=0.0)
    blocks = (
        placed(problem, "d0", right(1, 1, 1), EAST, (1, 1)),
        placed(problem, "d1", Split(Side.LEFT, WHOLE, 1, 1), EAST, (2, 1)),
        placed(problem, "add", Split(None, WHOLE, 1, 1), EAST, (3, 1)),
        placed(problem, "d2", right(1, 1, 1), EAST, (4, 1)),
        border(problem, "a0.plio_in", WHOLE),
        border(problem, "a4.plio_out", WHOLE),
    )
    nets = (DMA, NetChoice((EdgeKind.DMA, EdgeKind.DMA), None, 0, 0), DMA, DMA, DMA)
    return Sample(assembled(laid_out, problem, as_result(problem, Solution(blocks, nets))), device, graph)


def layer(data: Json, name: str) -> Json:
    """A layer of a mapping's JSON."""
    found: Json = next(x for x in data["layers"] if x["name"] == name)
    return found


def tile(data: Json, name: str, number: int = 0) -> Json:
    """A tile of a layer."""
    found: Json = layer(data, name)["tiles"][number]
    return found


def buffer(data: Json, name: str, kind: str, number: int = 0) -> Json:
    """A buffer of a tile of a layer."""
    found: Json = next(b for b in tile(data, name, number)["buffers"] if b["kind"] == kind)
    return found


def edge(data: Json, tensor: str, consumer: str) -> Json:
    """An edge by its tensor and reader."""
    found: Json = next(e for e in data["edges"] if (e["tensor"], e["consumer"]) == (tensor, consumer))
    return found


def move(moved: Json, col: int, row: int) -> None:
    """Move a tile with all its buffers to a core."""
    by = (col - moved["col"], row - moved["row"])
    moved["col"], moved["row"] = col, row
    for place in (p for b in moved["buffers"] for p in b["at"]):
        place["col"] += by[0]
        place["row"] += by[1]


def relocate(moved: Json, offset: int, bank_bytes: int = 16384) -> None:
    """Put a buffer's copies one after the other from `offset` on, in the banks that follow from it."""
    for i, place in enumerate(moved["at"]):
        place["offset"] = offset + i * moved["bytes"]
        place["bank"] = place["offset"] // bank_bytes
