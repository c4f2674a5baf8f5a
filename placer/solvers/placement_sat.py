"""The placement problem as MaxSAT, solved by PySAT's core-guided RC2.

Places are order-encoded in columns and in rows; every way to place a block has a literal of its own, and every tile is in one extent at
most. A soft clause for each step of each gap, and for each row of each block, makes the cost.
"""

from __future__ import annotations

from importlib.metadata import version

from pysat.card import CardEnc, EncType
from pysat.examples.rc2 import RC2Stratified
from pysat.formula import WCNF, IDPool

from placer.placement.answer import Effort, Found, Report
from placer.placement.candidates import Candidates, beside, candidates, tiles
from placer.placement.instance import Instance, Places, Span
from placer.solvers.interruptible import run_interruptibly

# Up to so many literals an at-most-one is pairwise, above it a sequential counter.
PAIRWISE = 5
# Conflicts that stand for a unit of work: about what a core does in a second on these formulas.
CONFLICTS_A_UNIT = 20_000


class SatPlacement:
    """PySAT, core-guided MaxSAT."""

    name = "rc2"
    version = version("python-sat")

    def solve(self, instance: Instance, start: Places | None, effort: Effort, report: Report) -> Found:
        """The cheapest placement (ExactEngine.solve). RC2 has no placement before the optimum, so `start` is all it can fall back on."""
        ways = candidates(instance)
        if not all(ways):
            return Found(None, 0, infeasible=True)
        formula = _Formula(instance, ways)
        with _Search(formula.wcnf, round(effort.work * CONFLICTS_A_UNIT) if effort.deadline is None else None, report) as search:
            found: list[list[int] | None] = []
            try:
                run_interruptibly(lambda: found.append(search.compute()), search.interrupt, effort.seconds)
            except _OutOfWorkError:
                return Found(start, search.cost, infeasible=False)
            model = found[0]
            return Found(formula.places(model), search.cost, infeasible=False) if model else Found(None, 0, infeasible=True)


class _OutOfWorkError(Exception):
    """The conflict budget is spent, or the search was stopped."""


class _Search(RC2Stratified):  # type: ignore[misc]
    """RC2 with a budget of conflicts in all, or None."""

    def __init__(self, wcnf: WCNF, conflicts: int | None, report: Report) -> None:
        super().__init__(wcnf, solver="g3", adapt=True, exhaust=True)
        self.conflicts = conflicts
        self.report = report

    def _call_oracle(self, assumptions: list[int], expect_interrupt: bool = False) -> bool:
        """One call of the SAT solver; raises _OutOfWorkError instead of returning without an answer."""
        before = self.oracle.accum_stats()["conflicts"]
        if self.interrupted:
            raise _OutOfWorkError
        self.oracle.conf_budget(-1 if self.conflicts is None else max(1, self.conflicts))
        answer: bool | None = self.oracle.solve_limited(assumptions=assumptions, expect_interrupt=True)
        if self.conflicts is not None:
            self.conflicts -= self.oracle.accum_stats()["conflicts"] - before
        if answer is None:
            raise _OutOfWorkError
        self.report(None, self.cost)
        return answer


class _Formula:
    """The clauses of an instance. at_column[block][x], at_row[block][y]: the block stands in column (row) x or beyond."""

    def __init__(self, instance: Instance, ways: Candidates) -> None:
        self.instance = instance
        self.ways = ways
        self.wcnf = WCNF()
        self.names = IDPool()
        self.literals = tuple(tuple(self.names.id(("way", n, i)) for i in range(len(options))) for n, options in enumerate(ways))
        for number, block in enumerate(instance.blocks):
            self._order(number, instance.width - block.width, "column", [w.place[0] for w in ways[number]])
            self._order(number, instance.height - block.height, "row", [w.place[1] for w in ways[number]])
            self._at_most_one(list(self.literals[number]))
            self.wcnf.append(list(self.literals[number]))
            for row in range(1, instance.height - block.height + 1 if instance.height_units else 0):
                self.wcnf.append([-self._beyond(number, "row", row)], weight=instance.height_units)
        self._take_tiles()
        self._share()
        for number in range(len(instance.links)):
            self._cost(number)
        # RC2 searches only where there is something to pay for.
        if not self.wcnf.soft:
            self.wcnf.append([self.names.id("free")], weight=1)

    def places(self, model: list[int]) -> Places:
        """The places that an assignment means."""
        true = {literal for literal in model if literal > 0}
        return tuple(
            next(way.place for way, literal in zip(options, literals, strict=True) if literal in true)
            for options, literals in zip(self.ways, self.literals, strict=True)
        )

    def _beyond(self, block: int, axis: str, position: int) -> int:
        """The literal: the block stands at `position` or beyond."""
        literal: int = self.names.id((axis, block, position))
        return literal

    def _order(self, block: int, last: int, axis: str, positions: list[int]) -> None:
        """Order literals 1 to `last`, and the way literals tied to them."""
        for position in range(1, last):
            self.wcnf.append([-self._beyond(block, axis, position + 1), self._beyond(block, axis, position)])
        for position, way in zip(positions, self.literals[block], strict=True):
            if position > 0:
                self.wcnf.append([-way, self._beyond(block, axis, position)])
            if position < last:
                self.wcnf.append([-way, -self._beyond(block, axis, position + 1)])

    def _at_most_one(self, literals: list[int]) -> None:
        if len(literals) < 2:
            return
        encoding = EncType.pairwise if len(literals) <= PAIRWISE else EncType.seqcounter
        self.wcnf.extend(CardEnc.atmost(literals, bound=1, vpool=self.names, encoding=encoding).clauses)

    def _take_tiles(self) -> None:
        takers: list[list[int]] = [[] for _ in range(self.instance.width * self.instance.height)]
        for options, literals in zip(self.ways, self.literals, strict=True):
            for way, literal in zip(options, literals, strict=True):
                for tile in tiles(way.takes):
                    takers[tile].append(literal)
        for literals_here in takers:
            self._at_most_one(literals_here)

    def _share(self) -> None:
        """A way that shares its producer's keep-out needs the producer beside it."""
        for number, (options, literals) in enumerate(zip(self.ways, self.literals, strict=True)):
            for way, literal in zip(options, literals, strict=True):
                if way.shares is not None:
                    place = beside(self.instance, way.shares, number, way.place)
                    there = [w for c, w in zip(self.ways[way.shares], self.literals[way.shares], strict=True) if c.place == place]
                    self.wcnf.append([-literal, *there])

    def _cost(self, number: int) -> None:
        """Soft clauses for the gaps of one edge, a step each."""
        link = self.instance.links[number]
        producer, consumer = self.instance.blocks[link.producer], self.instance.blocks[link.consumer]
        sizes = self.instance.width - producer.width, self.instance.width - consumer.width
        faces = producer.output_face.columns(producer.width), consumer.input_face.columns(consumer.width)
        self._gap(number, "column", sizes, faces, self.instance.scale)
        sizes = self.instance.height - producer.height, self.instance.height - consumer.height
        faces = producer.output_face.rows(producer.height), consumer.input_face.rows(consumer.height)
        self._gap(number, "row", sizes, faces, self.instance.row_units)

    def _gap(self, number: int, axis: str, last: tuple[int, int], faces: tuple[Span, Span], weight: int) -> None:
        """Literals: the faces are `step` steps apart or more; each costs `weight`. last: the last place of either block."""
        if not weight:
            return
        link, (a, b) = self.instance.links[number], faces
        longest = max(last[1] + b[0] - a[1], last[0] + a[0] - b[1])
        for step in range(1, longest + 1):
            literal = self.names.id(("gap", axis, number, step))
            if step > 1:
                self.wcnf.append([-literal, self.names.id(("gap", axis, number, step - 1))])
            self.wcnf.append([-literal], weight=weight)
            for at in range(last[0] + 1):
                self._apart(axis, (link.producer, last[0], at), (link.consumer, last[1], at + a[1] + step - b[0]), literal)
            for at in range(last[1] + 1):
                self._apart(axis, (link.consumer, last[1], at), (link.producer, last[0], at + b[1] + step - a[0]), literal)

    def _apart(self, axis: str, low: tuple[int, int, int], high: tuple[int, int, int], literal: int) -> None:
        """If `low` (block, last place, place) stands at its place or before, and `high` at its or beyond, then `literal`."""
        if high[2] > high[1]:
            return
        clause = [literal]
        if low[2] < low[1]:
            clause.append(self._beyond(low[0], axis, low[2] + 1))
        if high[2] > 0:
            clause.append(-self._beyond(high[0], axis, high[2]))
        self.wcnf.append(clause)
