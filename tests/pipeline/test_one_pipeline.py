"""Which places of the same options count: those with the shortest interval or latency as placed and routed, whichever leads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import placer.pipeline.one_pipeline
import placer.solvers.elsewhere
import placer.solvers.routed
from placer.config import Settings
from placer.device import find_device
from placer.mapping import Mapping, ObjectiveValue
from placer.pipeline.imported import import_network
from placer.pipeline.one_pipeline import solve_pipeline
from placer.problem.formulate import formulate
from placer.problem.problem import Level
from tests.graphs import chain, small_device
from tests.mapped import pair
from tests.solving import solve, stated

MIXER = Path(__file__).resolve().parents[2] / "configs" / "models" / "jet_mlpmixer.onnx"


@pytest.mark.parametrize("leading", [Level.INTERVAL, Level.LATENCY], ids=lambda level: level.value)
@pytest.mark.parametrize(
    ("above", "reached", "unseen"),
    [([5, 1, 1], 5, 2), ([20, 10, 15], 10, 0), ([20, 30, 40], 20, 0), ([20, 3, 1], 3, 1)],
    ids=["near enough", "the best of three", "the first", "near enough at last"],
)
def test_other_places_where_distances_cost_much(
    leading: Level, above: list[int], reached: int, unseen: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """above: percent of the solver's value that each set of places takes more; over five are looked at again, two times at most."""
    device = find_device("VEK280").resized(6, 4)
    imported = import_network(MIXER, device, 1)
    problem = formulate(imported.laid_out, device, (leading,), 1.0, (), ())
    tiny = solve(stated(chain((16, 16)), small_device(4, 4), 1, (leading,))[1])
    result = replace(tiny, levels=(replace(tiny.levels[0], value=100, bound=100),))
    answers = iter(above)

    def assemble(*_: object) -> Mapping:
        cycles = 100 + next(answers)
        mapping = replace(pair().mapping, objective=(ObjectiveValue(leading.value, 100, 100),))
        return replace(mapping, interval_cycles=cycles) if leading is Level.INTERVAL else replace(mapping, latency_cycles=cycles)

    monkeypatch.setattr(placer.solvers.routed, "solve_routed", lambda *_, **__: result)
    monkeypatch.setattr(placer.solvers.elsewhere, "elsewhere", lambda *_: iter((result, result)))
    monkeypatch.setattr(placer.pipeline.one_pipeline, "assemble", assemble)
    settings = Settings(network=MIXER, output=Path("out"))
    mapping = solve_pipeline(imported, problem, settings, lambda _: None)
    assert (mapping.interval_cycles if leading is Level.INTERVAL else mapping.latency_cycles) == 100 + reached
    assert len(list(answers)) == unseen
