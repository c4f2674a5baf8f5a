"""Which mapping of several is given: with relays where they keep what they promise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import placer.pipeline.answer
import placer.solvers.relaying
from placer.config import Settings
from placer.device import find_device
from placer.errors import InfeasibleError
from placer.mapping import Mapping, ObjectiveValue
from placer.pipeline.imported import Imported, import_network
from placer.problem.formulate import formulate
from placer.problem.problem import Level, MappingProblem
from placer.solvers.relaying import Relaying
from tests.mapped import pair

MIXER = Path(__file__).resolve().parents[2] / "configs" / "models" / "jet_mlpmixer.onnx"
LEVELS = (Level.LATENCY, Level.INTERVAL)


def mapping(*values: float) -> Mapping:
    """Anything with these values at the levels."""
    reached = tuple(ObjectiveValue(level.value, value, 0) for level, value in zip(LEVELS, values, strict=True))
    return replace(pair().mapping, objective=reached)


@pytest.mark.parametrize(
    ("relayed", "plain", "given", "solves"),
    [
        ((1000, 80), (1200, 100), (1000, 80), 1),
        ((1900, 128), (1180, 103), (1180, 103), 2),
        ((1300, 80), (1400, 90), (1300, 80), 2),
        ((1300, 80), None, (1300, 80), 2),
        (None, (1180, 103), (1180, 103), 2),
    ],
    ids=["as promised", "worse than without", "still better", "without maps not", "with maps not"],
)
def test_relays_that_do_not_keep_their_promise(
    relayed: tuple[int, ...] | None, plain: tuple[int, ...] | None, given: tuple[int, ...], solves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without places two relays are best, and none reaches 1200 and 100; a mapping that is worse than this is compared with one of none."""
    asked: list[int] = []

    def solve_pipeline(own: Imported, *_: object) -> Mapping:
        asked.append(len(own.laid_out.graph.relays))
        values = relayed if asked[-1] else plain
        if values is None:
            raise InfeasibleError("no place")
        return mapping(*values)

    monkeypatch.setattr(placer.solvers.relaying, "best_relays", lambda *_: Relaying(2, (1200, 100)))
    monkeypatch.setattr(placer.pipeline.answer, "solve_pipeline", solve_pipeline)
    device = find_device("VEK280")
    imported = import_network(MIXER, device, 1)
    problem: MappingProblem = formulate(imported.laid_out, device, LEVELS, 1.0, (), ())
    settings = Settings(network=MIXER, output=Path("out"), objective=LEVELS)
    solved = placer.pipeline.answer.solve_mapping(imported, problem, settings, lambda _: None)
    assert tuple(o.value for o in solved.mapping.objective) == given
    assert len(asked) == solves
    assert asked[0] == 1
    assert set(asked[1:]) <= {0}
