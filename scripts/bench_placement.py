"""Our placements beside the reference system's, on the same machine, turn by turn.

    python scripts/bench_placement.py INSTANCES.json [--seconds 10] [--seeds 3] [--peer-python PYTHON --peer PEER.py] [--out TABLE.md]

PEER.py is run as `PYTHON PEER.py INSTANCES.json ANSWERS.json` and writes answers in the format of docs/formats.md. Each instance is
placed once a seed, ours and the peer's alternating file by file; the table gives the median cost over the seeds. With `--equal-time` we
get only the seconds that the peer took on each instance, and at least 0.3.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from placer.placement.answer import Answer, Effort, Status
from placer.placement.engine import exact_engine, place
from placer.placement.instance import Instance, read_instances

LEAST_SECONDS = 0.3


@dataclass(frozen=True)
class Peer:
    """One answer of the peer."""

    cost: float | None
    seconds: float


@dataclass(frozen=True)
class Row:
    """One instance: our answers over the seeds, the peer's over its runs."""

    instance: Instance
    ours: tuple[Answer, ...]
    peers: tuple[Peer, ...]

    @property
    def cost(self) -> float | None:
        """Our median; None if a seed found nothing."""
        costs = [a.cost for a in self.ours]
        return None if None in costs else statistics.median(c for c in costs if c is not None)

    @property
    def peer_cost(self) -> float | None:
        """The peer's median; None if it has no answer."""
        costs = [p.cost for p in self.peers]
        return None if None in costs or not costs else statistics.median(c for c in costs if c is not None)

    @property
    def ratio(self) -> float | None:
        """Ours over the peer's."""
        return None if self.cost is None or not self.peer_cost else self.cost / self.peer_cost


def run_peer(python: Path, script: Path, instances: Path) -> tuple[Peer, ...]:
    """The peer's answers, in order."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "answers.json"
        subprocess.run([str(python), str(script), str(instances), str(out)], check=True, stdout=subprocess.DEVNULL)
        return tuple(Peer(a.get("cost"), a["seconds"]) for a in json.loads(out.read_bytes()))


def table(rows: list[Row]) -> str:
    """Markdown, an instance a line."""
    lines = ["| instance | blocks | ours: cost | bound | gap | s | peer: cost | s | ratio |", "|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        gaps = [a.gap for a in row.ours if a.gap is not None]
        proven = all(a.status is Status.OPTIMAL for a in row.ours)
        gap = "proven" if proven else f"{100 * statistics.median(gaps):.1f} %" if gaps else "-"
        bound = max((a.bound for a in row.ours if a.bound is not None), default=None)
        cells = [row.instance.name, str(len(row.instance.blocks)), _figure(row.cost), _figure(bound), gap]
        cells += [f"{statistics.median(a.seconds for a in row.ours):.2f}", _figure(row.peer_cost)]
        cells += [f"{statistics.median(p.seconds for p in row.peers):.2f}" if row.peers else "-", _figure(row.ratio)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", *summary(rows)]) + "\n"


def summary(rows: list[Row]) -> list[str]:
    """Geometric means and counts."""
    ratios = [r.ratio for r in rows if r.ratio]
    lines = []
    if ratios:
        worse = [r.instance.name for r in rows if r.ratio and r.ratio > 1]
        lines.append(f"Geometric mean of ours/peer's over {len(ratios)}: {math.exp(statistics.fmean(map(math.log, ratios))):.4f}.")
        lines.append(f"Dearer than the peer: {', '.join(worse) or 'none'}.")
    proven = sum(all(a.status is Status.OPTIMAL for a in r.ours) for r in rows)
    gaps = [a.gap for r in rows for a in r.ours if a.gap]
    lines.append(f"Proven optimal: {proven} of {len(rows)}; mean gap of the rest {100 * statistics.fmean(gaps or [0]):.1f} %.")
    first = [a.history[0].seconds for r in rows for a in r.ours if a.history]
    lines.append(f"First answer after at most {max(first, default=0):.3f} s.")
    lost = [r.instance.name for r in rows if r.cost is None]
    lines.append(f"Not placed by us: {', '.join(lost) or 'none'}; by the peer: {sum(r.peer_cost is None for r in rows if r.peers)}.")
    return lines


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")


def main(
    instances: Path,
    seconds: float = 10.0,
    seeds: int = 3,
    solver: str = "auto",
    peer_python: Annotated[Path | None, typer.Option(help="A Python that has the peer.")] = None,
    peer: Annotated[Path | None, typer.Option(help="The script that runs it.")] = None,
    equal_time: Annotated[bool, typer.Option(help="Give us the peer's seconds on each instance.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the table here too.")] = None,
) -> None:
    """Place every instance with every seed, in turn with the peer."""
    chosen = read_instances(instances.read_bytes(), str(instances))
    ours: list[list[Answer]] = [[] for _ in chosen]
    peers: list[list[Peer]] = [[] for _ in chosen]
    for seed in range(seeds):
        answers = run_peer(peer_python, peer, instances) if peer_python and peer else ()
        for number, answer in enumerate(answers):
            peers[number].append(answer)
        for number, instance in enumerate(chosen):
            limit = max(LEAST_SECONDS, answers[number].seconds) if equal_time else seconds
            ours[number].append(place(instance, exact_engine(solver), Effort.within(limit, seed), False, lambda _news: None))
    text = table([Row(i, tuple(o), tuple(p)) for i, o, p in zip(chosen, ours, peers, strict=True)])
    typer.echo(text, nl=False)
    if out:
        out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
