"""What docs/performance.md and the README claim of shipped configs, solved and simulated anew."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from placer.config import load_settings
from placer.problem.problem import Level
from scripts.performance.measured import Measured, measured, settings_of
from scripts.performance.scaling import COLUMNS, INNER, ROWS, dense_model

pytestmark = pytest.mark.slow

# Configs that their own device holds, and by what part of the simulated interval the solver's may be off there.
SHIPPED = ("jet_tagger", "mlpmixer", "autoencoder", "mlp7x512", "ae57", "classic_mixer", "jet_transformer")
WITHIN = 0.05


@cache
def shipped(name: str) -> Measured:
    """As the config has it."""
    return measured(settings_of(name))


@pytest.mark.parametrize("name", SHIPPED)
def test_the_solver_knows_the_interval(name: str) -> None:
    """Within 5 % of the simulated one; the stated one is the next whole cycle."""
    found = shipped(name)
    level = next(o for o in found.mapping.objective if o.level == Level.INTERVAL.value)
    assert level.value == pytest.approx(found.profile.interval, rel=WITHIN)
    assert found.profile.interval <= found.mapping.interval_cycles < found.profile.interval + 1.5


def test_seven_layers_on_chip() -> None:
    """At least 140 TOPS modelled; the best published on real topologies is 113.4."""
    found = shipped("mlp7x512")
    operations = 2 * 128 * 7 * 512 * 512
    assert operations * found.device.clock_mhz * 1e6 / found.profile.interval > 140e12


def test_an_autoencoder_in_one_pipeline() -> None:
    """More than the 58.8 million inferences a second that are published at 1 GHz."""
    assert shipped("autoencoder").mapping.batch * 1e3 / shipped("autoencoder").profile.interval > 58.8


@pytest.mark.parametrize("name", ["jet_tagger", "mlpmixer"])
def test_the_latency_goal_stays_below_a_microsecond(name: str) -> None:
    """At 1.25 GHz, in steady state."""
    found = measured(settings_of(name, goal="latency", batch=1))
    assert found.device.clock_mhz == 1250
    assert found.latency_ns < 1000


def test_a_layer_keeps_its_efficiency_on_the_array(tmp_path: Path) -> None:
    """At least 98.6 % of one tile's on 296 tiles, cuts and places free."""
    rates = []
    for deep, wide in ((1, 1), (8, 37)):
        model = dense_model(INNER * deep, COLUMNS * wide, tmp_path / f"dense{deep}x{wide}.onnx")
        told = {"batch": ROWS, "goal": "throughput", "replicas": 1, "required": {"tiles": deep * wide}}
        found = measured(load_settings(model).overridden(output=tmp_path / "out", **told))
        assert found.mapping.tiles_used == deep * wide
        rates.append(1 / found.profile.interval)
    assert rates[1] >= 0.986 * rates[0]
