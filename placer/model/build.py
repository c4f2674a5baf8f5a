"""The models: the joint one with every decision of a mapping, and its relaxation that leaves out all places."""

from __future__ import annotations

from placer.model.borders import add_borders
from placer.model.edges import add_edges
from placer.model.limits import add_limits
from placer.model.memory_tiles import add_memory_tiles, add_memory_totals
from placer.model.packing import add_packing, add_tile_count
from placer.model.variables import Variables, make_variables
from placer.problem.problem import MappingProblem


def build_model(problem: MappingProblem) -> Variables:
    """All variables and constraints of `problem`; the objective levels come from objectives.py."""
    v = make_variables(problem, placed=True)
    add_packing(v)
    add_tile_count(v, problem.device.core_tiles)
    add_edges(v)
    add_memory_tiles(v)
    add_borders(v)
    add_limits(v)
    return v


def build_relaxation(problem: MappingProblem, tiles: int) -> Variables:
    """Options and edge kinds alone, on at most `tiles` core tiles: every mapping that uses no more satisfies it.

    Its optimum bounds the levels that places do not enter: interval, latency and tiles.
    """
    v = make_variables(problem, placed=False)
    add_tile_count(v, tiles)
    add_edges(v)
    add_memory_totals(v)
    add_borders(v)
    add_limits(v)
    return v
