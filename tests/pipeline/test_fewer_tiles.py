"""Fewer tiles for a lower latency: tried as long as that is better, and never at the price of what is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from placer.config import load_settings
from placer.errors import InfeasibleError
from placer.mapping import Mapping, ObjectiveValue
from placer.pipeline.fewer_tiles import on_fewer_tiles
from placer.pipeline.stages import Stage, run
from placer.problem.problem import Level, MappingProblem
from tests.graphs import chain, small_device
from tests.mapped import pair
from tests.solving import stated

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
PROBLEM = stated(chain((16, 16)), small_device(4, 4))[1]


def mapping(latency: float, interval: float, tiles: int, bound: float) -> Mapping:
    """Anything with these values."""
    levels = (ObjectiveValue("latency", latency, bound), ObjectiveValue("interval", interval, interval))
    status = "FEASIBLE" if bound < latency else "OPTIMAL"
    return replace(pair().mapping, objective=levels, latency_cycles=round(latency), tiles_used=tiles, status=status)


@pytest.mark.parametrize(
    ("found", "given", "tiles"),
    [
        ([(900, 10, 80), (850, 10, 60), (860, 10, 50)], (850, 10, 800, 0), [85, 68, 51]),
        ([(1000, 9, 70), None], (1000, 9, 800, 0), [85, 59]),
        ([(1000, 10, 85)], (1000, 10, 800, 10), [85]),
        ([(800, 10, 85)], (800, 10, 800, 0), [85]),
        ([None], (1000, 10, 800, 10), [85]),
    ],
    ids=["as long as it helps", "the interval beside", "no better", "no lower than the bound", "none"],
)
def test_as_long_as_it_helps(found: list[tuple[int, int, int] | None], given: tuple[int, int, int, int], tiles: list[int]) -> None:
    """1000 cycles on 100 tiles, of which options alone might reach 800."""
    asked, answers = [], iter(found)

    def solve(problem: MappingProblem) -> Mapping:
        asked.append(next(limit.at_most for limit in problem.limits if limit.level is Level.TILES))
        values = next(answers)
        if values is None:
            raise InfeasibleError("no place")
        latency, interval, taken = values
        # What is proven on fewer tiles is not proven on all.
        return mapping(latency, interval, taken, latency)

    best = on_fewer_tiles(PROBLEM, mapping(1000, 10, 100, 800), solve)
    first, second = best.objective
    assert (first.value, second.value, first.bound, second.bound) == given
    assert asked == tiles
    assert best.status == "FEASIBLE"


def test_what_is_proven_is_left_alone() -> None:
    """Nothing is solved again."""
    proven = mapping(800, 10, 100, 800)
    assert on_fewer_tiles(PROBLEM, proven, lambda _: pytest.fail("solved again")) is proven


@pytest.mark.parametrize(("routed", "given"), [(840, 840), (841, 820)])
def test_what_distances_make_far_longer_is_solved_again(routed: int, given: int) -> None:
    """800 cycles are proven for streams of mean length; more than five percent above it, fewer tiles may be nearer to that."""
    answers = iter([mapping(820, 10, 80, 820)])

    def solve(_: MappingProblem) -> Mapping:
        found = next(answers, None)
        if found is None:
            raise InfeasibleError("no place")
        return found

    best = on_fewer_tiles(PROBLEM, replace(mapping(800, 10, 100, 800), latency_cycles=routed), solve)
    assert best.latency_cycles == given
    assert best.status == ("OPTIMAL" if given == routed else "FEASIBLE")
    assert len(list(answers)) == (given == routed)


@pytest.mark.slow
def test_more_columns_are_no_worse(tmp_path: Path) -> None:
    """The jet MLP-Mixer: what six columns hold, all 38 do."""

    def latency(columns: int) -> int:
        settings = load_settings(CONFIGS / "mlpmixer.yaml").overridden(output=tmp_path, goal="latency", batch=1, columns=columns)
        mapped = run(settings, Stage.VERIFY, lambda _: None).mapping
        assert mapped is not None
        return mapped.latency_cycles

    assert latency(38) <= latency(6)
