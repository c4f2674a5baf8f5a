"""Demands: objective levels that must not exceed what is required."""

from __future__ import annotations

from placer.model.objectives import level_expression, longest_run
from placer.model.variables import Variables
from placer.problem.problem import Level


def add_limits(v: Variables) -> None:
    """Bound each limited level.

    What is kept at some interval is kept at any longer one, so the interval of a limit is fixed where some run may take that long: its
    waits have constants for products.
    """
    for limit in v.problem.limits:
        expression = level_expression(v, limit.level)
        fixed = limit.level is Level.INTERVAL and limit.at_most <= longest_run(v.problem)
        v.model.add(expression == limit.at_most if fixed else expression <= limit.at_most)
