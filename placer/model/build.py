"""The joint model: every decision of a mapping, and every constraint on them, in one CP-SAT model."""

from __future__ import annotations

from placer.model.borders import add_borders
from placer.model.edges import add_edges
from placer.model.memory_tiles import add_memory_tiles
from placer.model.packing import add_packing
from placer.model.variables import Variables, make_variables
from placer.problem import MappingProblem


def build_model(problem: MappingProblem) -> Variables:
    """All variables and constraints of `problem`; the objective levels come from objectives.py."""
    v = make_variables(problem)
    add_packing(v)
    add_edges(v)
    add_memory_tiles(v)
    add_borders(v)
    return v
