"""What options promise: bounds that no mapping beats, and exact where places and edges cost nothing."""

from __future__ import annotations

import pytest

from placer.device import Device, find_device
from placer.layers import LayerGraph
from placer.problem.problem import BlockKind, Level
from placer.problem.solution import Evaluation
from placer.solvers.promise import promise
from tests.graphs import chain, residual, small_device
from tests.solving import solve, stated


@pytest.mark.parametrize("graph", [chain((16, 32, 16), tokens=8), residual(16, 8)], ids=["chain", "residual"])
@pytest.mark.parametrize("device", [small_device(4, 2), small_device(3, 3)], ids=["4x2", "3x3"])
def test_no_mapping_beats_a_promise(graph: LayerGraph, device: Device) -> None:
    """Neither in the interval, nor in the tiles at that interval."""
    _, problem = stated(graph, device, 2, (Level.INTERVAL, Level.TILES))
    found = solve(problem)
    assert found.solution is not None
    evaluation, promised = Evaluation(problem, found.solution), promise(problem)
    interval, tiles = evaluation.value(Level.INTERVAL), evaluation.value(Level.TILES)
    least, fewest = promised.interval(device), promised.taken(BlockKind.LAYER, interval)
    assert least is not None
    assert fewest is not None
    assert 0 < least <= interval
    assert promised.fewest <= fewest <= tiles


def test_one_layer_is_promised_exactly() -> None:
    """The quickest option that fits, and the fewest tiles that keep its pace."""
    device = small_device(4, 2)
    _, problem = stated(chain((32, 32), tokens=16), device)
    promised = promise(problem)
    options = problem.blocks[0].options
    quickest = min(o.cycles for o in options if o.tiles <= device.core_tiles)
    assert promised.interval(device) == max(quickest, min(o.output_cycles for b in problem.blocks[1:2] for o in b.options))
    assert promised.taken(BlockKind.LAYER, quickest) == min(o.tiles for o in options if o.cycles <= quickest)
    assert promised.taken(BlockKind.LAYER, quickest - 1) is None
    assert promised.fewest == min(o.tiles for o in options)


def test_ports_slow_what_enters() -> None:
    """With fewer PLIO ports the same tiles promise less; with no tiles nothing."""
    whole = find_device("VEK280")
    _, problem = stated(chain((64, 64), tokens=64), whole, 8)
    narrow = whole.resized(columns=6, rows=8)
    most, less = promise(problem).interval(whole), promise(problem).interval(narrow)
    assert most is not None
    assert less is not None
    assert less >= most
    _, heavy = stated(chain((512, 512, 512), tokens=8), whole)
    assert promise(heavy).interval(whole.resized(columns=1, rows=1)) is None
