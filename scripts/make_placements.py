"""Random placement instances: chains that fill a grid to a given part, feasible by construction.

    python scripts/make_placements.py configs/placement/chains.json
    python scripts/make_placements.py out/large.json --columns 100 --rows 40 --blocks 150 --full 0.8

The array, one column wider for the keep-out that leaves it in the west, is cut into rectangles; the largest pieces are cut on until there
are enough, and some are left out. Each rectangle is a block with its keep-out of one column; the order of the chain is random.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import typer

Rectangle = tuple[int, int]


def cut(columns: int, rows: int, blocks: int, random: Random) -> list[Rectangle]:
    """At least `blocks` rectangles, each at least two columns wide, that fill columns x rows."""
    pieces = [(columns, rows)]
    while len(pieces) < blocks:
        pieces.sort(key=lambda p: (p[0] * p[1] * random.uniform(0.5, 1.0), p))
        width, height = pieces.pop()
        if height > 1 and (width < 4 or random.random() < height / (height + width / 3)):
            at = random.randint(1, height - 1)
            pieces += [(width, at), (width, height - at)]
        elif width >= 4:
            at = random.randint(2, width - 2)
            pieces += [(at, height), (width - at, height)]
        else:
            raise typer.BadParameter(f"{columns} x {rows} cannot be cut into {blocks} blocks")
    return pieces


def chain(columns: int, rows: int, blocks: int, full: float, seed: int) -> object:
    """One instance; `full` is the part of the pieces that become blocks."""
    random = Random(seed)
    pieces = cut(columns + 1, rows, round(blocks / full), random)
    random.shuffle(pieces)
    nodes = [_node(f"n{i}", width - 1, height) for i, (width, height) in enumerate(pieces[:blocks])]
    edges = [{"src": f"n{i}", "dst": f"n{i + 1}", "direct": False, "producer_exclusive": True} for i in range(blocks - 1)]
    name = f"chain{blocks}_{columns}x{rows}_{round(100 * full)}_{seed}"
    return {"name": name, "W": columns, "H": rows, "lam": 1.0, "mu": 0.05, "nodes": nodes, "edges": edges}


def _node(name: str, width: int, height: int) -> object:
    faces = ({"side": side, "start": 0, "end": height - 1} for side in ("left", "right"))
    return {"name": name, "w": width, "h": height, "keepout_left": 1, "input_face": next(faces), "output_face": next(faces)}


def main(out: Path, columns: int = 38, rows: int = 8, blocks: int = 10, full: float = 0.9, count: int = 2, seed: int = 0) -> None:
    """Write `count` chains."""
    out.parent.mkdir(parents=True, exist_ok=True)
    chains = [chain(columns, rows, blocks, full, seed + i) for i in range(count)]
    out.write_text(json.dumps(chains, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
