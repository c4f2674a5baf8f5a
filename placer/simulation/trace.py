"""A simulation as Chrome trace events (Trace Event Format), which Perfetto and chrome://tracing show."""

from __future__ import annotations

import json

from placer.device import Device
from placer.simulation.simulate import Kind, Simulation


def chrome_trace(simulation: Simulation, device: Device, runs: int) -> str:
    """The first `runs` runs as JSON: one process a kind of activity, one thread a resource, times in microseconds of the array clock."""
    kinds = list(Kind)
    threads: dict[tuple[Kind, str], int] = {}
    for activity in simulation.graph.activities:
        threads.setdefault((activity.kind, activity.resource), len(threads))
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
            events.append(
                {
                    "ph": "X",
                    "name": activity.name,
                    "cat": activity.kind.value,
                    "pid": kinds.index(activity.kind),
                    "tid": threads[activity.kind, activity.resource],
                    "ts": start / device.clock_mhz,
                    "dur": activity.busy / device.clock_mhz,
                    "args": {"run": run, "start_cycle": start, "cycles": activity.busy},
                }
            )
    return json.dumps({"displayTimeUnit": "ns", "traceEvents": events}) + "\n"
