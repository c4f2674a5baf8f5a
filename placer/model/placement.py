"""The placement problem as a CP-SAT model: a literal for every way to place a block, every tile in one extent at most.

Where the tiles are scarce, it is the literals that lift the bound (docs/placement.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from ortools.sat.python import cp_model

from placer.model.linear import Expression, total
from placer.placement.candidates import Candidates, beside, tiles
from placer.placement.instance import Instance, Places, Span
from placer.placement.pair_bounds import pair_bounds


@dataclass(frozen=True)
class PlacementVariables:
    """ways[block][candidate]: one is true; columns, rows: a block's place; across, along: gaps of each edge.

    The objective is the published one, in units (Instance.scale).
    """

    model: cp_model.CpModel
    candidates: Candidates
    ways: tuple[tuple[cp_model.IntVar, ...], ...]
    columns: tuple[cp_model.IntVar, ...]
    rows: tuple[cp_model.IntVar, ...]
    across: tuple[cp_model.IntVar, ...]
    along: tuple[cp_model.IntVar, ...]
    objective: Expression

    def hint(self, places: Places) -> None:
        """Tell CP-SAT a placement to start from."""
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for ways, literals, column, row, place in zip(self.candidates, self.ways, self.columns, self.rows, places, strict=True):
            self.model.add_hint(column, place[0])
            self.model.add_hint(row, place[1])
            for way, literal in zip(ways, literals, strict=True):
                if way.place != place:
                    self.model.add_hint(literal, 0)


class _Axis:
    """Literals of the columns, or rows, in which one block may stand, and the integer that they give."""

    def __init__(self, model: cp_model.CpModel, positions: list[int], ways: list[cp_model.IntVar]) -> None:
        self.literals = {p: model.new_bool_var("") for p in sorted(set(positions))}
        self.place = model.new_int_var(min(positions), max(positions), "")
        for position, literal in self.literals.items():
            model.add(total(w for p, w in zip(positions, ways, strict=True) if p == position) == literal)
        model.add(self.place == cp_model.LinearExpr.weighted_sum(list(self.literals.values()), list(self.literals)))

    def up_to(self, limit: int) -> Expression:
        return total(literal for position, literal in self.literals.items() if position <= limit)

    def beyond(self, limit: int) -> Expression:
        return total(literal for position, literal in self.literals.items() if position > limit)


def build_placement(instance: Instance, candidates: Candidates) -> PlacementVariables | None:
    """The model, or None when a block has no candidate."""
    if not all(candidates):
        return None
    model = cp_model.CpModel()
    ways = tuple(tuple(model.new_bool_var("") for _ in c) for c in candidates)
    for literals in ways:
        model.add_exactly_one(literals)
    _take_tiles(model, instance, candidates, ways)
    _share(model, instance, candidates, ways)
    columns = tuple(_Axis(model, [w.place[0] for w in c], list(lit)) for c, lit in zip(candidates, ways, strict=True))
    rows = tuple(_Axis(model, [w.place[1] for w in c], list(lit)) for c, lit in zip(candidates, ways, strict=True))
    across, along = [], []
    for link in instance.links:
        producer, consumer = instance.blocks[link.producer], instance.blocks[link.consumer]
        faces = producer.output_face.columns(producer.width), consumer.input_face.columns(consumer.width)
        across.append(_gap(model, columns[link.producer], columns[link.consumer], faces, instance.width))
        faces = producer.output_face.rows(producer.height), consumer.input_face.rows(consumer.height)
        along.append(_gap(model, rows[link.producer], rows[link.consumer], faces, instance.height))
    costs = [instance.scale * a + instance.row_units * b for a, b in zip(across, along, strict=True)]
    for bound in pair_bounds(instance):
        between = (c for c, link in zip(costs, instance.links, strict=True) if {link.producer, link.consumer} == set(bound.blocks))
        model.add(total(between) >= bound.units)
    objective = total([*costs, *(instance.height_units * r.place for r in rows)])
    places = tuple(c.place for c in columns), tuple(r.place for r in rows)
    return PlacementVariables(model, candidates, ways, *places, tuple(across), tuple(along), objective)


def _take_tiles(model: cp_model.CpModel, instance: Instance, candidates: Candidates, ways: tuple[tuple[cp_model.IntVar, ...], ...]) -> None:
    """Every tile in at most one extent, shared keep-outs aside."""
    takers: list[list[cp_model.IntVar]] = [[] for _ in range(instance.width * instance.height)]
    for options, literals in zip(candidates, ways, strict=True):
        for way, literal in zip(options, literals, strict=True):
            for tile in tiles(way.takes):
                takers[tile].append(literal)
    for literals_here in takers:
        if len(literals_here) > 1:
            model.add_at_most_one(literals_here)


def _share(model: cp_model.CpModel, instance: Instance, candidates: Candidates, ways: tuple[tuple[cp_model.IntVar, ...], ...]) -> None:
    """A way that shares its producer's keep-out needs the producer beside it."""
    for number, (options, literals) in enumerate(zip(candidates, ways, strict=True)):
        for way, literal in zip(options, literals, strict=True):
            if way.shares is not None:
                place = beside(instance, way.shares, number, way.place)
                there = [w for c, w in zip(candidates[way.shares], ways[way.shares], strict=True) if c.place == place]
                model.add_bool_or([*there, literal.negated()])


def _gap(model: cp_model.CpModel, a: _Axis, b: _Axis, faces: tuple[Span, Span], size: int) -> cp_model.IntVar:
    """Steps between two faces: the number of borders between columns (rows) that lie between them."""
    (a0, a1), (b0, b1) = faces
    gap = model.new_int_var(0, size - 1, "")
    model.add(gap >= b.place + b0 - a.place - a1)
    model.add(gap >= a.place + a0 - b.place - b1)
    crossings = [model.new_bool_var("") for _ in range(size - 1)]
    for border, crossing in enumerate(crossings):
        model.add(crossing >= a.up_to(border - a1) + b.beyond(border - b0) - 1)
        model.add(crossing >= b.up_to(border - b1) + a.beyond(border - a0) - 1)
    model.add(gap == total(crossings))
    return gap
