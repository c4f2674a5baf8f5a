"""What options and edge kinds alone need: whether any choice of them is possible, and the least that one takes of a resource."""

from __future__ import annotations

from enum import Enum

from placer.model.build import build_relaxation
from placer.model.linear import Expression, total, weighted
from placer.model.objectives import level_expression
from placer.model.variables import Variables
from placer.problem.problem import BlockKind, Level, MappingProblem
from placer.solvers.cpsat_level import Budget, minimise, silent

# Deterministic time of one question; what is not answered within it counts as possible.
WORK = 1.0


class Demand(Enum):
    """What is counted."""

    TILES = "core tiles"
    MEMORY_BYTES = "bytes in memory tiles, both copies"
    CHANNELS_IN = "windows written into memory tiles"
    CHANNELS_OUT = "windows read from memory tiles"
    PLIO_IN = "windows that enter"
    PLIO_OUT = "windows that leave"


def has_options(problem: MappingProblem) -> bool:
    """Whether options and edge kinds are not proven to contradict the device's limits."""
    v = build_relaxation(problem, problem.device.core_tiles)
    return not minimise(v, Level.TILES, total([]), Budget(WORK, None, 1, 0), WORK, silent).infeasible


def least_demand(problem: MappingProblem, what: Demand) -> int | None:
    """A proven lower bound of what any choice of options and edge kinds takes; None when there is none."""
    v = build_relaxation(problem, problem.device.core_tiles)
    search = minimise(v, Level.TILES, _counted(v, what), Budget(WORK, None, 1, 0), WORK, silent)
    return None if search.infeasible else search.bound


def least_value(problem: MappingProblem, level: Level) -> int | None:
    """A proven lower bound of a level that places do not enter, over every choice of options and edge kinds; None when there is none."""
    v = build_relaxation(problem, problem.device.core_tiles)
    search = minimise(v, level, level_expression(v, level), Budget(WORK, None, 1, 0), WORK, silent)
    return None if search.infeasible else search.bound


def _counted(v: Variables, what: Demand) -> Expression:
    match what:
        case Demand.TILES:
            return total(b.chosen(o.footprint for o in b.block.options) for b in v.blocks)
        case Demand.MEMORY_BYTES:
            return total(
                weighted(
                    (2 * s.partition.window_bytes(n.net.layout) * s.partition.pieces for s in n.shardings), (s.literal for s in n.shardings)
                )
                for n in v.nets
            )
        case Demand.CHANNELS_IN:
            # The edges of a net share what its producer writes.
            return total(weighted((f.partition.pieces for f in n.edges[0].writes), (f.literal for f in n.edges[0].writes)) for n in v.nets)
        case Demand.CHANNELS_OUT:
            return total(weighted((f.partition.pieces for f in e.reads), (f.literal for f in e.reads)) for n in v.nets for e in n.edges)
        case Demand.PLIO_IN:
            return _ports(v, BlockKind.INPUT)
        case Demand.PLIO_OUT:
            return _ports(v, BlockKind.OUTPUT)


def _ports(v: Variables, kind: BlockKind) -> Expression:
    return total(b.chosen((o.output or o.inputs[0]).pieces for o in b.block.options) for b in v.blocks if b.block.kind is kind)
