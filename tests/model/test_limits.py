"""Limits of levels in a model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.model.build import build_relaxation
from placer.model.objectives import level_expression, longest_run
from placer.problem.problem import Level, Limit
from placer.solvers.cpsat_level import Budget, minimise, silent
from tests.problems import layer, option, pipeline, tiny_device


@pytest.mark.parametrize(("at_most", "possible"), [(99, False), (100, True), (10**6, True)])
def test_a_demanded_interval(at_most: int, possible: bool) -> None:
    """The slowest layer decides; an interval longer than any run is no demand at all."""
    problem = pipeline(tiny_device(), layer("a", option(cycles=100)), layer("b", option(cycles=70)))
    v = build_relaxation(replace(problem, limits=(Limit(Level.INTERVAL, at_most),)), 6)
    assert longest_run(problem) < 10**6
    search = minimise(v, Level.TILES, level_expression(v, Level.TILES), Budget(1.0, None, 1, 0), 1.0, silent)
    assert (search.solution is not None) is possible
    assert search.infeasible is not possible
