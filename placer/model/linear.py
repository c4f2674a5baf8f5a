"""Sums of CP-SAT terms with one type."""

from __future__ import annotations

from collections.abc import Iterable

from ortools.sat.python import cp_model

Expression = cp_model.LinearExpr


def total(terms: Iterable[Expression]) -> Expression:
    """The sum of expressions or literals; the constant 0 when there are none."""
    result: Expression = cp_model.LinearExpr.sum(list(terms))
    return result


def weighted(values: Iterable[int], literals: Iterable[cp_model.IntVar]) -> Expression:
    """The sum of value * literal: with exactly one literal true, the value that belongs to it."""
    return cp_model.LinearExpr.weighted_sum(list(literals), list(values))
