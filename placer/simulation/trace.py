"""A simulation as Chrome trace events (Trace Event Format), which Perfetto and chrome://tracing show."""

from __future__ import annotations

import json

from placer.device import Device
from placer.simulation.simulate import Activity, Kind, Simulation, Use


def chrome_trace(simulation: Simulation, device: Device, runs: int) -> str:
    """The first `runs` runs as JSON: one process a kind of resource, one thread a tile or channel, times in microseconds."""
    kinds = list(Kind)
    threads: dict[tuple[Kind, str], int] = {}
    for activity in simulation.graph.activities:
        for use in activity.uses:
            threads.setdefault((use.kind, use.resource), len(threads))
    events: list[dict[str, object]] = [
        {"ph": "M", "name": "process_name", "pid": number, "tid": 0, "args": {"name": f"{kind.value} (modelled)"}}
        for number, kind in enumerate(kinds)
    ]
    events += [
        {"ph": "M", "name": "thread_name", "pid": kinds.index(kind), "tid": thread, "args": {"name": resource}}
        for (kind, resource), thread in threads.items()
    ]
    for run in range(min(runs, len(simulation.starts))):
        for activity, start in zip(simulation.graph.activities, simulation.starts[run], strict=True):
            events += [_event(activity, use, run, start + use.late, threads[use.kind, use.resource], device) for use in activity.uses]
    return json.dumps({"displayTimeUnit": "ns", "traceEvents": events}) + "\n"


def _event(activity: Activity, use: Use, run: int, start: int, thread: int, device: Device) -> dict[str, object]:
    """What one tile or channel does of an activity, as a complete event."""
    return {
        "ph": "X",
        "name": activity.name,
        "cat": use.kind.value,
        "pid": list(Kind).index(use.kind),
        "tid": thread,
        "ts": start / device.clock_mhz,
        "dur": activity.busy / device.clock_mhz,
        "args": {"run": run, "start_cycle": start, "cycles": activity.busy},
    }
