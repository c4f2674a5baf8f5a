"""Demands: objective levels that must not exceed what is required."""

from __future__ import annotations

from placer.model.objectives import level_expression
from placer.model.variables import Variables


def add_limits(v: Variables) -> None:
    """Bound each limited level."""
    for limit in v.problem.limits:
        v.model.add(level_expression(v, limit.level) <= limit.at_most)
