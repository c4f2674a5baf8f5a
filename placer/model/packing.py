"""No two blocks share a core tile, and every block lies inside the array."""

from __future__ import annotations

from ortools.sat.python import cp_model

from placer.model.linear import Expression, total
from placer.model.variables import Variables


def add_packing(v: Variables) -> None:
    """Two-dimensional no-overlap over the chosen footprints."""
    device = v.problem.device
    columns, rows = [], []
    for b in v.blocks:
        if b.picks:
            columns.append(_interval(v, b.column, b.width(), device.columns, f"{b.block.name}.columns"))
            rows.append(_interval(v, b.row, b.height(), device.rows, f"{b.block.name}.rows"))
    v.model.add_no_overlap_2d(columns, rows)


def add_tile_count(v: Variables, limit: int) -> None:
    """At most `limit` core tiles in all: implied by the packing, and all that is left of it without places."""
    v.model.add(total(b.chosen(o.footprint for o in b.block.options) for b in v.blocks) <= limit)


def _interval(v: Variables, start: cp_model.IntVar, length: Expression, limit: int, name: str) -> cp_model.IntervalVar:
    """[start, start + length) inside [0, limit); intervals take affine expressions of one variable only."""
    size = v.model.new_int_var(1, limit, f"{name}.size")
    end = v.model.new_int_var(0, limit, f"{name}.end")
    v.model.add(size == length)
    return v.model.new_interval_var(start, size, end, name)
