"""Show that a sweep on a Dask cluster survives the loss of a worker: two workers on this computer, one killed midway, results compared.

python scripts/sweeps/lose_worker.py SWEEP.yaml UNBROKEN OUT

UNBROKEN: the folder of the same sweep, run by the local pool. Exit code 1 when the results differ, or when a point was solved again whose
result had already come.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from distributed import LocalCluster

from placer.sweeps.executors import DaskCluster
from placer.sweeps.files import CSV, PARQUET, write_results
from placer.sweeps.plan import load_sweep
from placer.sweeps.run import SweepNews, run_sweep


def main(sweep: Path, unbroken: Path, out: Path) -> int:
    """Run, kill, compare; the exit code."""
    plan, started = load_sweep(sweep), time.monotonic()
    killed: list[int] = []
    # The keys whose results had come when the worker was killed.
    had: set[str] = set()
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:

        def kill_midway(news: SweepNews) -> None:
            if news.result and not killed:
                had.add(f"placer-{news.result.key}")
            if not killed and 2 * news.done >= news.total:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)
                print(f"killed worker {killed[0]} after {news.done} of {news.total} results", flush=True)

        result = run_sweep(plan, out, DaskCluster(cluster.scheduler_address), False, kill_midway)
        begun = Counter(key for key, _, to, *_ in cluster.scheduler.transition_log if to == "processing")
    write_results(result, out)
    same = all((out / f).read_bytes() == (unbroken / f).read_bytes() for f in (CSV, PARQUET))
    seconds, verdict = time.monotonic() - started, "the same" if same else "DIFFER"
    again = {key for key, times in begun.items() if times > 1}
    print(f"{len(result.solved)} results in {seconds:.0f} s, {len(result.lost)} lost; results {verdict}")
    print(f"{len(again)} points given out again, {len(again & had)} of them with a result that had come")
    return 0 if same and killed and not again & had else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sweep", type=Path)
    parser.add_argument("unbroken", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    sys.exit(main(arguments.sweep, arguments.unbroken, arguments.out))
