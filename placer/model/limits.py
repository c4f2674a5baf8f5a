"""Demands: objective levels that must not exceed what is required."""

from __future__ import annotations

from placer.model.objectives import level_expression
from placer.model.variables import Variables
from placer.problem import Level


def add_limits(v: Variables) -> None:
    """Bound each limited level.

    What is kept at some interval is kept at any longer one, so the interval of a limit is fixed: its waits have constants for products.
    """
    for limit in v.problem.limits:
        expression = level_expression(v, limit.level)
        v.model.add(expression == limit.at_most if limit.level is Level.INTERVAL else expression <= limit.at_most)
