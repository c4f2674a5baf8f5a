"""The shipped networks on the host: mapped, emitted, built, run over many batches and compared, plain and under the sanitizers.

python scripts/check_host.py                       # 0 mismatches, with time and GMAC/s
python scripts/check_host.py --sanitizer address   # AddressSanitizer and UndefinedBehaviorSanitizer
python scripts/check_host.py --sanitizer thread    # ThreadSanitizer
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from placer.config import load_settings
from placer.host.compile import HostError
from placer.host.run import HostRun, find_subject, run_on_host
from placer.output import write_outcome
from placer.pipeline.stages import Stage, run

CONFIGS = Path(__file__).parents[1] / "configs"
# Optimised less, so that the instrumented builds take about as long as the plain ones.
FLAGS = {
    "none": (),
    "address": ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    "thread": ("-O1", "-fsanitize=thread"),
}


@dataclass(frozen=True)
class Network:
    """A shipped config and the batches that it must get right."""

    config: str
    batches: int


NETWORKS = (Network("jet_tagger", 1000), Network("mlpmixer", 1000), Network("autoencoder", 1000), Network("mlp7x512", 20))


def check(network: Network, sanitizer: str) -> tuple[HostRun, float]:
    """Solve, emit, build and run one network. Returns the run, and the seconds of it all."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(CONFIGS / f"{network.config}.yaml").overridden(output=Path(folder))
        written = write_outcome(run(settings, Stage.EMIT, lambda _: None), settings)
        assert written.mapping is not None, "an emitted project has a mapping"
        result = run_on_host(find_subject(written.mapping), None, network.batches, True, flags=FLAGS[sanitizer])
    return result, time.perf_counter() - started


def main() -> int:
    """A line a network; exit code 1 on any mismatch or report of a sanitizer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sanitizer", choices=FLAGS, default="none")
    parser.add_argument("networks", nargs="*", default=[n.config for n in NETWORKS])
    arguments = parser.parse_args()
    failed = False
    for network in NETWORKS:
        if network.config not in arguments.networks:
            continue
        try:
            result, seconds = check(network, arguments.sanitizer)
        except HostError as error:
            failed = True
            print(f"{network.config}: {error}", flush=True)
            continue
        assert result.check is not None, "a check was asked for"
        theirs = result.check.onnxruntime
        compared = f"reference {result.check.reference.mismatches} of {result.check.reference.compared} differ"
        compared += f", onnxruntime {theirs.mismatches} of {theirs.compared}" if theirs else ", onnxruntime not installed"
        failed |= result.check.reference.mismatches > 0 or (theirs is not None and theirs.mismatches > 0)
        print(
            f"{network.config}, sanitizer {arguments.sanitizer}: {result.iterations} batches, {compared}; run {result.seconds:.2f} s, "
            f"{result.gmacs:.2f} GMAC/s, build {result.build_seconds:.0f} s, all {seconds:.0f} s",
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
