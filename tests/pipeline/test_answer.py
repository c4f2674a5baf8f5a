"""Which mapping of several is given: with relays where they are better, and never worse than without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import placer.pipeline.answer
import placer.solvers.relaying
from placer.config import Settings
from placer.device import find_device
from placer.errors import InfeasibleError, UndecidedError
from placer.mapping import Mapping, ObjectiveValue
from placer.pipeline.imported import Imported, import_network
from placer.problem.formulate import formulate
from placer.problem.goals import Required
from placer.problem.problem import Level, Limit, MappingProblem
from placer.solvers.relaying import Relaying
from tests.mapped import pair

MIXER = Path(__file__).resolve().parents[2] / "configs" / "models" / "jet_mlpmixer.onnx"
LEVELS = (Level.LATENCY, Level.INTERVAL)


def mapping(latency: int, interval: int) -> Mapping:
    """Anything with these values."""
    reached = (ObjectiveValue(Level.LATENCY.value, latency, 0), ObjectiveValue(Level.INTERVAL.value, interval, 0))
    return replace(pair().mapping, batch=1, latency_cycles=latency, interval_cycles=interval, objective=reached)


@pytest.mark.parametrize(
    ("plain", "relayed", "given", "asked"),
    [
        ((9000, 2000), (9000, 1000), 1, [0, 1]),
        ((9000, 2000), (9100, 1000), 0, [0, 1]),
        ((9000, 2000), (9000, 2000), 0, [0, 1]),
        ((9000, 2000), None, 0, [0, 1]),
        ((9000, 1), (8000, 1), 0, [0]),
        (None, (9000, 1000), 1, [0, 1]),
        (None, None, None, [0, 1, 0]),
    ],
    ids=["better", "worse", "as good", "with maps not", "cannot be better", "without maps not", "none"],
)
def test_relays_are_never_worse(
    plain: tuple[int, int] | None,
    relayed: tuple[int, int] | None,
    given: int | None,
    asked: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For the latency: without first; with one where its relaxation keeps that latency with a shorter interval. One pipeline without says
    why there is none.
    """
    solved: list[int] = []

    def solve_pipeline(own: Imported, *_: object) -> Mapping:
        solved.append(len(own.laid_out.graph.relays))
        values = relayed if solved[-1] else plain
        if values is None:
            raise InfeasibleError("no place")
        return mapping(*values)

    monkeypatch.setattr(placer.pipeline.answer, "solve_pipeline", solve_pipeline)
    monkeypatch.setattr(placer.pipeline.answer, "most_relays", lambda _: 1)
    monkeypatch.setattr(placer.pipeline.answer, "on_fewer_tiles", lambda _, found, __: found)
    device = find_device("VEK280").resized(6, 4)
    imported = import_network(MIXER, device, 1)
    problem: MappingProblem = formulate(imported.laid_out, device, LEVELS, 1.0, (), ())
    settings = Settings(network=MIXER, output=Path("out"), objective=LEVELS)
    if given is None:
        with pytest.raises(InfeasibleError, match="no place"):
            placer.pipeline.answer.solve_mapping(imported, problem, settings, lambda _: None)
    else:
        found = placer.pipeline.answer.solve_mapping(imported, problem, settings, lambda _: None)
        best = relayed if given else plain
        assert best is not None
        assert found.mapping == mapping(*best)
        assert len(found.imported.laid_out.graph.relays) == given
    assert solved == asked


@pytest.mark.parametrize(
    ("relayed", "plain", "given", "asked"),
    [
        ((80, 1), None, 2, [2]),
        ((110, 1), (90, 1), 0, [2, 0]),
        ((110, 1), (120, 1), 2, [2, 0]),
        ((110, 1), None, 2, [2, 0]),
        (None, (90, 1), 0, [2, 0]),
    ],
    ids=["as promised", "worse than without", "still better", "without maps not", "with maps not"],
)
def test_relays_that_do_not_keep_their_promise(
    relayed: tuple[int, int] | None, plain: tuple[int, int] | None, given: int, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the throughput of one pipeline: two relays promise most, and none reaches 100 without places."""
    solved: list[int] = []

    def solve_pipeline(own: Imported, *_: object) -> Mapping:
        solved.append(sum(relay.count for relay in own.laid_out.graph.relays))
        values = relayed if solved[-1] else plain
        if values is None:
            raise InfeasibleError("no place")
        return mapping(*values)

    monkeypatch.setattr(placer.solvers.relaying, "best_relays", lambda *_: Relaying(2, None, 100))
    monkeypatch.setattr(placer.solvers.relaying, "promises_more", lambda _, relaying, values: values[0] > relaying.refused)
    monkeypatch.setattr(placer.pipeline.answer, "solve_pipeline", solve_pipeline)
    device = find_device("VEK280").resized(6, 4)
    imported = import_network(MIXER, device, 1)
    levels = (Level.INTERVAL, Level.LATENCY)
    problem: MappingProblem = formulate(imported.laid_out, device, levels, 1.0, (), ())
    settings = Settings(network=MIXER, output=Path("out"), objective=levels)
    found = placer.pipeline.answer.solve_mapping(imported, problem, settings, lambda _: None)
    assert sum(relay.count for relay in found.imported.laid_out.graph.relays) == given
    assert solved == asked


@pytest.mark.parametrize(("demand", "met"), [(950, True), (899, False)])
def test_a_latency_that_only_fewer_tiles_meet(demand: int, met: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not found under the limit, 1,000 cycles without it, and 900 on fewer tiles: what is found counts where it meets the demand."""

    def solve_pipeline(_: Imported, problem: MappingProblem, *__: object) -> Mapping:
        limited = {limit.level for limit in problem.limits}
        if Level.LATENCY in limited:
            raise UndecidedError("none was found")
        if Level.TILES in limited:
            return mapping(900, 100)
        return mapping(1000, 100)

    monkeypatch.setattr(placer.pipeline.answer, "solve_pipeline", solve_pipeline)
    monkeypatch.setattr(placer.pipeline.answer, "most_relays", lambda _: 0)
    device = find_device("VEK280").resized(6, 4)
    imported = import_network(MIXER, device, 1)
    problem = formulate(imported.laid_out, device, LEVELS, 1.0, (Limit(Level.LATENCY, demand),), ())
    settings = Settings(network=MIXER, output=Path("out"), objective=LEVELS, required=Required(latency=demand))
    if not met:
        with pytest.raises(UndecidedError, match="none was found"):
            placer.pipeline.answer.solve_mapping(imported, problem, settings, lambda _: None)
        return
    found = placer.pipeline.answer.solve_mapping(imported, problem, settings, lambda _: None)
    assert found.mapping.latency_cycles == 900
    assert found.problem.limits == problem.limits
