"""What changed between two mappings: in words, and which tiles."""

from __future__ import annotations

from dataclasses import dataclass

from placer.mapping import MappedEdge, MappedLayer, Mapping
from placer.report.marks import clean

Place = tuple[int, int]


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was. before or after is empty where it did not exist."""

    what: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.before:
            return f"{self.what}: new, {self.after}"
        if not self.after:
            return f"{self.what}: gone, was {self.before}"
        return f"{self.what}: {self.before} to {self.after}"


@dataclass(frozen=True)
class Difference:
    """Everything that changed. before, after: the core tiles of each mapping that hold something else in the other, or nothing."""

    subject: tuple[Change, ...]
    figures: tuple[Change, ...]
    layers: tuple[Change, ...]
    edges: tuple[Change, ...]
    ports: tuple[Change, ...]
    before: frozenset[Place]
    after: frozenset[Place]

    @property
    def changes(self) -> tuple[Change, ...]:
        return (*self.subject, *self.figures, *self.layers, *self.edges, *self.ports)


def compare(a: Mapping, b: Mapping) -> Difference:
    """Everything in which `b` differs from `a`. Layers are matched by name, edges by tensor and reader."""
    held = _holders(a), _holders(b)
    return Difference(
        subject=_changes(_subject(a), _subject(b)),
        figures=_changes(_figures(a), _figures(b)),
        layers=_changes(_layers(a), _layers(b)),
        edges=_changes(_edges(a), _edges(b)),
        ports=_changes(_ports(a), _ports(b)),
        before=frozenset(p for p in held[0] if held[0][p] != held[1].get(p)),
        after=frozenset(p for p in held[1] if held[1][p] != held[0].get(p)),
    )


def _changes(before: dict[str, str], after: dict[str, str]) -> tuple[Change, ...]:
    """The keys whose values differ, in the order of both."""
    keys = dict.fromkeys([*before, *after])
    return tuple(Change(clean(k), before.get(k, ""), after.get(k, "")) for k in keys if before.get(k) != after.get(k))


def _holders(mapping: Mapping) -> dict[Place, tuple[str, int, int, int]]:
    """Which part of which layer each tile in use runs."""
    return {(t.col, t.row): (layer.name, t.m_index, t.k_index, t.n_index) for layer in mapping.layers for t in layer.tiles}


def _subject(m: Mapping) -> dict[str, str]:
    """What was mapped, and by what."""
    return {
        "network": clean(m.network),
        "model": m.model_sha256[:12],
        "device": clean(m.device),
        "array": f"{m.columns} x {m.rows}",
        "batch": str(m.batch),
        "weight of a row": f"{m.row_weight:g}",
        "solver": f"{clean(m.solver.name)} {clean(m.solver.version)}",
        "seed": str(m.solver.seed),
        "search strategies": str(m.solver.workers),
        "deterministic limit": f"{m.solver.deterministic_time:g}",
    }


def _figures(m: Mapping) -> dict[str, str]:
    """Status and figures; of each objective level its bound too, where that is not the value."""
    levels = {f"objective {clean(o.level)}": f"{o.value:g}" + ("" if o.bound == o.value else f" (bound {o.bound:g})") for o in m.objective}
    return {
        "status": m.status,
        "interval": f"{m.interval_cycles} cycles",
        "latency": f"{m.latency_cycles} cycles",
        "core tiles": str(m.tiles_used),
        **levels,
    }


def _layers(m: Mapping) -> dict[str, str]:
    return {f"layer {layer.name}": _layer(layer) for layer in m.layers}


def _layer(layer: MappedLayer) -> str:
    """Size, split, cycles and place of a layer; the order of its tiles counts through the changed tiles of the picture."""
    size = f"{layer.m}x{layer.k}x{layer.n}" if layer.k else f"{layer.m}x{layer.n}"
    parts = f"{layer.split.m},{layer.split.k},{layer.split.n}"
    return f"{size} in {parts} parts, {layer.cycles} cycles, {_box([(t.col, t.row) for t in layer.tiles])}"


def _box(places: list[Place]) -> str:
    if not places:
        return "no tiles"
    columns, rows = [c for c, _ in places], [r for _, r in places]
    return f"{len(places)} tiles in columns {min(columns)}..{max(columns)}, rows {min(rows)}..{max(rows)}"


def _edges(m: Mapping) -> dict[str, str]:
    return {f"{e.tensor} into {e.consumer} port {e.port}": _edge(e) for e in m.edges}


def _edge(edge: MappedEdge) -> str:
    via = ", ".join(f"({t.col}, {t.row})" for t in edge.memory_tiles)
    return edge.kind.replace("_", " ") + (f" {via}" if via else "")


def _ports(m: Mapping) -> dict[str, str]:
    """PLIO columns of each activation; channels say nothing to a person."""
    columns: dict[str, list[int]] = {}
    for port in m.plio:
        columns.setdefault(f"PLIO {port.direction} of {port.tensor}", []).append(port.col)
    return {name: f"columns {', '.join(map(str, sorted(cols)))}" for name, cols in columns.items()}
