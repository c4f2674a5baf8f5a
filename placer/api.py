"""placer from Python: `placer.solve()` and `placer.sweep()`, with typed results, for scripts and notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from placer.config import Settings, load_settings
from placer.device import Device
from placer.mapping import Mapping
from placer.output import Written, write_outcome
from placer.pipeline.stages import Outcome, Stage, run
from placer.report.floorplan import floorplan_svg
from placer.report.page import report_html
from placer.solvers.base import ProgressSink
from placer.sweeps.executors import DaskCluster, LocalPool
from placer.sweeps.files import write_results
from placer.sweeps.plan import load_sweep
from placer.sweeps.run import NewsSink, SweepResult, run_sweep


@dataclass(frozen=True, eq=False)
class Solved:
    """A mapped network. In a notebook it shows as its floorplan."""

    mapping: Mapping
    device: Device
    settings: Settings
    outcome: Outcome

    def report(self) -> str:
        """The report, as one HTML page."""
        return report_html(self.mapping, self.device, None)

    def write(self) -> Written:
        """Write what `placer solve` writes to settings.output.

        Raises InputError.
        """
        return write_outcome(self.outcome, self.settings)

    def _repr_svg_(self) -> str:
        return floorplan_svg(self.mapping, self.device, legend=True)


def solve(config: str | Path, *, progress: ProgressSink = lambda _: None, **settings: Any) -> Solved:
    """Map the network of a config or ONNX file; `settings` are keys of a config and replace those of the file. Nothing is written.

    Raises InputError, UnsupportedModelError, and InfeasibleError when there is no mapping.
    """
    told = load_settings(Path(config)).replaced(settings, "solve")
    outcome = run(told, Stage.EMIT, progress)
    assert outcome.mapping is not None, "a run to the end has a mapping"
    return Solved(outcome.mapping, outcome.imported.device, told, outcome)


def sweep(
    file: str | Path,
    output: str | Path | None = None,
    *,
    workers: int | None = None,
    dask: str | None = None,
    retry: bool = False,
    news: NewsSink = lambda _: None,
) -> SweepResult:
    """Solve every point of a sweep file that has no result in `output` yet, and write tables and pictures there, as `placer sweep` does.

    workers: processes; dask: the address of a Dask scheduler to use instead. The processes import the calling script: in a script, call
    this under `if __name__ == "__main__":`. Raises InputError.
    """
    plan = load_sweep(Path(file))
    folder = Path(output) if output else plan.output
    result = run_sweep(plan, folder, DaskCluster(dask) if dask else LocalPool(workers), retry, news)
    write_results(result, folder)
    return result
