"""The interval three times: as the solver takes it, as a mapping states it, as the simulator settles at."""

from __future__ import annotations

from collections.abc import Iterator

from placer.problem.problem import Level
from scripts.performance.measured import CONFIGS, measured, settings_of

# What a config's own device does not hold: an array that does.
LARGER = {"mixers16_block": {"columns": 26, "rows": 24}}


def agreement() -> Iterator[str]:
    """Every shipped config."""
    yield "| shipped config | solver's interval | stated | simulated | solver's is off by |"
    yield "|---|---|---|---|---|"
    for path in sorted(CONFIGS.glob("*.yaml")):
        larger = LARGER.get(path.stem, {})
        m = measured(settings_of(path.stem, **larger))
        solver = next(level.value for level in m.mapping.objective if level.level == Level.INTERVAL.value)
        name = path.stem + (f" (on {larger['columns']} x {larger['rows']} tiles)" if larger else "")
        off = solver / m.profile.interval - 1
        yield f"| {name} | {solver:.5g} | {m.mapping.interval_cycles} | {m.profile.interval:.5g} | {off:+.1%} |"


def relays() -> Iterator[str]:
    """The MLP-Mixer with and without layers that only copy."""
    yield "| jet MLP-Mixer, VEK280 | interval | solver's | latency, cycles | tiles |"
    yield "|---|---|---|---|---|"
    for label, changes in (("throughput, one pipeline", {"goal": "throughput", "replicas": 1}), ("latency", {"goal": "latency"})):
        for allowed, words in ((0, "without relays"), ("auto", "with as many as help")):
            m = measured(settings_of("mlpmixer", relays=allowed, **changes))
            value = {level.level: level.value for level in m.mapping.objective}
            yield (
                f"| {label}: {words} | {m.mapping.interval_cycles} | {value['interval']:.5g} | {m.mapping.latency_cycles} "
                f"| {m.mapping.tiles_used} |"
            )
