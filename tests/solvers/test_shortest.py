"""The shortest interval by questions: what minimising gives, with proofs, within limits, and of layers that choose alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from placer.layers import LayerGraph
from placer.model.build import build_relaxation
from placer.model.objectives import level_expression
from placer.problem.problem import BlockKind, Level, Limit, MappingProblem
from placer.problem.solution import Evaluation
from placer.solvers.cpsat_level import Budget, minimise, silent
from placer.solvers.shortest import CLOSE, Questions, Shortest, limited, promised, refuted, shortest
from tests.graphs import chain, residual, small_device
from tests.solving import stated

GRAPHS = [chain((16, 32, 16), tokens=8), chain((32, 32, 32, 32), tokens=8), residual(16, 8)]


def budget() -> Budget:
    """Enough for every question here."""
    return Budget(5.0, None, 1, 0)


def optimum(problem: MappingProblem) -> int:
    """The least interval of the relaxation, by minimising it."""
    v = build_relaxation(problem, problem.device.core_tiles)
    search = minimise(v, Level.INTERVAL, level_expression(v, Level.INTERVAL), budget(), 5.0, silent)
    assert search.proven
    return search.bound


def known_of(problem: MappingProblem, alike: bool = False) -> tuple[Questions, Shortest]:
    """What halving finds out, from what options promise."""
    questions = Questions(problem, problem.device.core_tiles, alike)
    return questions, shortest(questions, promised(problem, None), budget(), 5.0)


@pytest.mark.parametrize("graph", GRAPHS, ids=["chain", "alike", "residual"])
def test_questions_find_what_minimising_finds(graph: LayerGraph) -> None:
    """Halving comes close, and the proof meets the optimum."""
    problem = stated(graph, small_device(4, 2))[1]
    least = optimum(problem)
    questions, known = known_of(problem)
    assert known.solution is not None
    assert known.least <= least <= questions.of(known.solution) <= (1 + CLOSE) * known.least
    proven = refuted(questions, known, budget(), 5.0)
    assert proven.solution is not None
    assert (proven.least, questions.of(proven.solution)) == (least, least)


def test_a_question_below_the_optimum_is_refused() -> None:
    """And one at it is not, nor changes the model for the next."""
    problem = stated(GRAPHS[2], small_device(4, 2))[1]
    least, questions = optimum(problem), Questions(problem, problem.device.core_tiles, False)
    for _ in range(2):
        assert questions.ask(least - 1, budget(), 1.0).infeasible
        found = questions.ask(least, budget(), 1.0).solution
        assert found is not None
        assert Evaluation(problem, found).interval() == least


def test_layers_that_choose_alike_are_no_quicker() -> None:
    """Their bound is that of fewer solutions, and their solutions are ones of the whole."""
    problem = stated(GRAPHS[1], small_device(4, 2))[1]
    questions, known = known_of(problem, alike=True)
    assert known.solution is not None
    assert questions.of(known.solution) >= optimum(problem)
    middle = problem.blocks[2]
    like = [i for i, b in enumerate(problem.blocks) if b.kind is BlockKind.LAYER and b.options == middle.options]
    assert len(like) > 1
    assert len({known.solution.blocks[i].option for i in like}) == 1


def test_nothing_within_a_limit() -> None:
    """Where a limit is out of reach, all that is allowed is refused."""
    problem = stated(GRAPHS[2], small_device(4, 2))[1]
    short = limited(problem, (Limit(Level.INTERVAL, optimum(problem) - 1),))
    questions, known = known_of(short)
    assert known.solution is None
    assert known.least > questions.longest


def test_the_strictest_limit_of_a_level_counts() -> None:
    """Each level keeps one."""
    problem = replace(stated(GRAPHS[0], small_device(4, 2))[1], limits=(Limit(Level.INTERVAL, 90), Limit(Level.TILES, 6)))
    limits = limited(problem, (Limit(Level.INTERVAL, 80), Limit(Level.TILES, 7))).limits
    assert sorted((limit.level.value, limit.at_most) for limit in limits) == [("interval", 80), ("tiles", 6)]
