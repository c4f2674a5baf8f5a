"""Layers alike choose alike: only where the smaller problem is asked for."""

from __future__ import annotations

from placer.model.build import build_relaxation
from placer.model.likeness import add_likeness, has_likes
from placer.model.linear import total
from placer.problem.problem import Level, MappingProblem
from placer.solvers.cpsat_level import Budget, minimise, silent
from tests.graphs import chain, small_device
from tests.solving import stated


def most_different(problem: MappingProblem, alike: bool) -> int:
    """How many of the first three layers can take the option that no other of them takes."""
    v = build_relaxation(problem, problem.device.core_tiles)
    if alike:
        add_likeness(v)
    first, second = v.blocks[1], v.blocks[2]
    differ = [v.model.new_bool_var("") for _ in first.options]
    for d, a, b in zip(differ, first.options, second.options, strict=True):
        v.model.add(d <= a)
        v.model.add(d + b <= 1)
    search = minimise(v, Level.TILES, -total(differ), Budget(1.0, None, 1, 0), 1.0, silent)
    assert search.solution
    return int(search.solution.blocks[1].option != search.solution.blocks[2].option)


def test_like_layers_choose_alike() -> None:
    """Layers of one shape take one option with the family, and may differ without."""
    _, problem = stated(chain((32, 32, 32, 32, 16), tokens=16), small_device(8, 4))
    assert problem.blocks[1].options == problem.blocks[2].options
    assert has_likes(problem)
    assert most_different(problem, alike=False) == 1
    assert most_different(problem, alike=True) == 0


def test_layers_of_other_shapes() -> None:
    """Nothing to equate."""
    _, problem = stated(chain((16, 32, 64), tokens=16), small_device(8, 4))
    assert not has_likes(problem)
