"""No two blocks share a core tile, and every block lies inside the array."""

from __future__ import annotations

from placer.model.variables import Variables


def add_packing(v: Variables) -> None:
    """Two-dimensional no-overlap over the chosen footprints, and the tile count as a redundant sum."""
    device, model = v.problem.device, v.model
    columns, rows = [], []
    for b in v.blocks:
        if not b.picks:
            continue
        width = sum(b.shape_of(p).width * p.literal for p in b.picks)
        height = sum(b.shape_of(p).height * p.literal for p in b.picks)
        columns.append(
            model.new_interval_var(b.column, _sized(v, width, device.columns), _end(v, b.column, width, device.columns), "column")
        )
        rows.append(model.new_interval_var(b.row, _sized(v, height, device.rows), _end(v, b.row, height, device.rows), "row"))
    model.add_no_overlap_2d(columns, rows)
    model.add(sum(o.tiles * literal for b in v.blocks for o, literal in zip(b.block.options, b.options, strict=True)) <= device.core_tiles)


def _sized(v: Variables, expression: object, limit: int) -> object:
    """A variable equal to a sum of literals: intervals take affine expressions of one variable only."""
    size = v.model.new_int_var(1, limit, "size")
    v.model.add(size == expression)
    return size


def _end(v: Variables, start: object, size: object, limit: int) -> object:
    end = v.model.new_int_var(0, limit, "end")
    v.model.add(end == start + size)  # type: ignore[operator]
    return end
