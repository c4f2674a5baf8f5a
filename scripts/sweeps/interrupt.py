"""Show that a sweep loses nothing: run it unbroken, run it again with SIGKILL at random moments, compare.

python scripts/sweeps/interrupt.py SWEEP.yaml OUT [--kills 3] [--seed 0]

OUT/unbroken and OUT/killed hold the results of both runs. Exit code 1 when their files differ, or when a point was solved again that was
not in flight at a kill.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from placer.sweeps.files import CSV, PARQUET
from placer.sweeps.store import open_store

LONGEST = 24 * 3600


@dataclass(frozen=True)
class Arguments:
    """What the command line says."""

    sweep: Path
    out: Path
    kills: int
    seed: int


def main(arguments: Arguments) -> int:
    """Run both; the exit code."""
    started = time.monotonic()
    start(arguments, "unbroken").wait(LONGEST)
    seconds = time.monotonic() - started
    print(f"unbroken: {seconds:.0f} s", flush=True)
    in_flight = run_with_kills(arguments, seconds)
    same = all((arguments.out / "unbroken" / f).read_bytes() == (arguments.out / "killed" / f).read_bytes() for f in (CSV, PARQUET))
    with open_store(arguments.out / "unbroken") as whole, open_store(arguments.out / "killed") as broken:
        same = same and whole.results() == broken.results()
        again = Counter(broken.attempts()) - Counter(whole.attempts())
    needless = set(again) - in_flight
    print(f"results {'the same' if same else 'DIFFER'}; {sum(again.values())} solves begun again, {len(needless)} of them needlessly")
    return 0 if same and not needless else 1


def start(arguments: Arguments, name: str) -> subprocess.Popen[bytes]:
    """Begin or resume a sweep in a process of its own."""
    command = [sys.executable, "-m", "placer", "sweep", str(arguments.sweep), "--out", str(arguments.out / name), "--json"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run_with_kills(arguments: Arguments, seconds: float) -> set[str]:
    """Run to the end with kills on the way; the keys that were in flight at a kill."""
    rng, in_flight = random.Random(arguments.seed), set[str]()
    for number in range(arguments.kills):
        process = start(arguments, "killed")
        # Each kill falls somewhere in its share of the work, so that all of them come before the end.
        time.sleep(seconds / (arguments.kills + 1) * rng.uniform(0.3, 1.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        with open_store(arguments.out / "killed") as store:
            done = {r.key for r in store.results()}
            in_flight |= set(store.attempts()) - done
        print(f"kill {number + 1}: {len(done)} results stored", flush=True)
    start(arguments, "killed").wait(LONGEST)
    return in_flight


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sweep", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    sys.exit(main(Arguments(**vars(parser.parse_args()))))
