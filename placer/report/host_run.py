"""A run on the host for the terminal: rates, comparisons, where the outputs lie."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from placer.host.run import HostRun


def print_host_run(console: Console, result: HostRun, paths: tuple[Path, ...]) -> None:
    """Say how long the run took, whether its outputs are those of the reference and of onnxruntime, and where they are."""
    rate = f"{result.iterations} runs in {result.seconds:.2f} s on the host, {result.gmacs:.2f} GMAC/s"
    console.print(Text(rate + (f"; build {result.build_seconds:.1f} s" if result.build_seconds else "; build cached")))
    if result.check:
        for name, found in (("reference", result.check.reference), ("onnxruntime", result.check.onnxruntime)):
            if found:
                text = f"{name}: {found.mismatches} of {found.compared} outputs differ, at most by {found.max_difference}"
                console.print(Text(text), style="" if found.mismatches == 0 else "bold red")
            else:
                console.print(Text(f"{name}: not installed, not compared"), style="dim")
    for path in paths:
        console.print(Text(f"outputs: {path}"), soft_wrap=True)
