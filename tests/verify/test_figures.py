"""Figures: every stated number is recomputed."""

from __future__ import annotations

import re

import pytest

from placer.errors import InputError
from placer.simulation.activities import activities
from placer.simulation.simulate import simulate
from placer.verify import Family
from tests.mapped import Change, Json, edge, families, layer, pair, rich, text


def top(**values: object) -> Change:
    """Change fields of the mapping."""
    return lambda data: data.update(values)


def level(number: int, /, **values: object) -> Change:
    """Change fields of an objective level."""
    return lambda data: data["objective"][number].update(values)


def drop_levels(data: Json) -> None:
    """State no objective, and so nothing unproven."""
    data.update(objective=[], status="OPTIMAL")


def close_gaps(data: Json) -> None:
    """Claim each value as its bound."""
    for stated in data["objective"]:
        stated["bound"] = stated["value"]


FIGURES = {
    "interval": (lambda d: d.update(interval_cycles=d["interval_cycles"] - 1), r"the mapping's interval is \d+, not \d+"),
    "latency": (lambda d: d.update(latency_cycles=d["latency_cycles"] + 1), r"the mapping's latency is \d+, not \d+"),
    "tiles": (top(tiles_used=14), "the mapping's tiles is 15, not 14"),
    "hop": (lambda d: layer(d, "d1").update(hop_cycles=9), r"layer d1 takes \d+ cycles a cascade hop, not 9"),
    "cycles": (lambda d: layer(d, "d1").update(cycles=1), r"layer d1 takes \d+ cycles, not 1"),
    "cycles of an add": (lambda d: layer(d, "add").update(cycles=0), r"layer add takes \d+ cycles, not 0"),
    "objective interval": (level(0, value=1), r"objective interval is \d+, not 1"),
    "objective latency": (level(1, value=1), r"objective latency is \d+, not 1"),
    "objective tiles": (level(2, value=16), "objective tiles is 15, not 16"),
    "objective transport": (level(3, value=0.5), r"objective transport is [\d.]+, not 0.5"),
    "objective compactness": (level(4, value=1), r"objective compactness is \d+, not 1"),
    "unknown level": (level(2, level="beauty"), "objective level 'beauty' does not exist"),
    "level twice": (lambda d: d["objective"].append(d["objective"][0]), "the objective must be one or more different levels"),
    "no levels": (drop_levels, "the objective must be one or more different levels"),
    "bound above the value": (level(2, bound=16), "objective tiles: the bound 16 is above the value 15"),
    "bound just above": (level(3, bound=1e9), "objective transport: the bound 1e.09 is above the value"),
    "optimal with gaps": (top(status="OPTIMAL"), "status OPTIMAL does not agree with values and bounds"),
    "feasible without": (close_gaps, "status FEASIBLE does not agree with values and bounds"),
    "infeasible": (top(status="INFEASIBLE"), "status INFEASIBLE does not agree"),
    "unknown": (top(status="UNKNOWN"), "status UNKNOWN does not agree"),
    "no status": (top(status=""), "status  does not agree"),
    "row weight": (top(row_weight=3.0), r"objective transport is [\d.]+, not [\d.]+"),
    "negative row weight": (top(row_weight=-1.0), "row_weight -1 is negative"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_false_figures(name: str) -> None:
    """One number changed: only this family sees it."""
    change, sentence = FIGURES[name]
    found = rich().violations(change)
    assert families(found) == {Family.FIGURES}
    assert re.search(sentence, text(found))


def test_moving_what_figures_depend_on() -> None:
    """A memory tile moved to a free one is legal, but the transport stated is then another's."""
    found = rich().violations(lambda d: edge(d, "a3", "d2")["memory_tiles"][0].update(col=7))
    assert families(found) == {Family.FIGURES}
    assert re.search(r"objective transport is [\d.]+, not [\d.]+", text(found))


def test_figures_by_hand() -> None:
    """A mapping small enough to work out: 512 bytes a whole window at 4 a cycle, two halves into the cascade."""
    mapping = pair().mapping
    d0, d1 = mapping.layers
    # Its latency is worked out where it is simulated (tests/simulation/test_simulate.py).
    assert mapping.latency_cycles == simulate(activities(mapping, pair().device), 2).first_latency
    assert mapping.interval_cycles == max(d0.cycles, d1.cycles, 128)
    assert mapping.tiles_used == 3
    assert [(o.level, o.value) for o in mapping.objective] == [("interval", mapping.interval_cycles)]


def test_transport_by_hand() -> None:
    """Each edge of the sample, in columns and rows."""
    transport = next(o.value for o in rich().mapping.objective if o.level == "transport")
    a1_to_d1 = (2 - 1) + 1 + 0 + 1
    a1_to_add = (2 - 1) + 1 + (4 - 2) + 1
    a2 = 1
    a3 = (5 - 4) + 1 + 0 + 1
    a4 = 0 + 1
    assert transport == a1_to_d1 + a1_to_add + a2 + a3 + a4


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none(number: str) -> None:
    """Not-a-number compares with nothing, so it is refused when the file is read."""

    def change(data: Json) -> None:
        data["objective"][3]["value"] = float(number)

    with pytest.raises(InputError, match=r"mutant: objective.3.value: input should be a finite number"):
        rich().changed(change)
