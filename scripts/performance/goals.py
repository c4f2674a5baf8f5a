"""What each goal gives a network: rate, latency, tiles, and what sets the pace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from placer.errors import InfeasibleError
from scripts.performance.measured import NETWORKS, measured, settings_of

# The trigger rate of a detector, which the area goal must keep.
TRIGGER_MHZ = 40


@dataclass(frozen=True)
class Case:
    """A row: what is asked of a network."""

    label: str
    changes: dict[str, object]


GOALS = (
    Case("throughput, one pipeline", {"goal": "throughput", "replicas": 1}),
    Case("throughput", {"goal": "throughput"}),
    Case("latency, batch 1", {"goal": "latency", "batch": 1}),
    Case(f"area at {TRIGGER_MHZ} MHz", {"goal": "area", "required": {"rate_mhz": TRIGGER_MHZ}}),
)


def goals(device: str, clock: float | None, only: str | None) -> Iterator[str]:
    """Each network under each goal; `only`: one network's config."""
    yield "| network | goal | M inferences/s | latency, ns | interval | tiles | replicas | set by |"
    yield "|---|---|---|---|---|---|---|---|"
    for label, config in NETWORKS.items():
        for case in GOALS if only in {None, config} else ():
            try:
                m = measured(settings_of(config, device=device, clock_mhz=clock, **case.changes))
            except InfeasibleError as error:
                yield f"| {label} | {case.label} | {error} | | | | | |"
                continue
            yield (
                f"| {label} | {case.label} | {m.million_inferences:.4g} | {m.latency_ns:.4g} | {m.profile.interval:.4g} "
                f"| {m.mapping.tiles_used} | {m.mapping.replicas} | {m.set_by()} |"
            )
