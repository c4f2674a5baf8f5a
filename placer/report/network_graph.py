"""The network as a picture: layers and borders in ranks from left to right, edges by kind."""

from __future__ import annotations

from dataclasses import dataclass

from placer.mapping import Mapping
from placer.report.marks import clean, fill, label, letter

# In SVG user units.
NODE_WIDTH, NODE_HEIGHT = 148, 34
# Characters of a name that fit into a box, beside its letter.
NAME_LENGTH = 15
RANK_PITCH, SLOT_PITCH, MARGIN = 172, 50, 10
# Ranks in one line of the picture; a long network continues below.
RANKS_ACROSS = 7
LINE_GAP = 26
DASHES = {"shared_memory": "", "dma": "", "memory_tile": "7 4", "plio": "2 3"}


@dataclass(frozen=True)
class Node:
    """A box: a layer (number >= 0) or a border."""

    number: int
    x: int
    y: int
    fill: str
    letter: str
    label: str
    note: str


@dataclass(frozen=True)
class Line:
    """A curve from producer to consumer. width: heavier for shared memory, which costs no transfer."""

    edge: int
    path: str
    dash: str
    width: float
    title: str


@dataclass(frozen=True)
class NetworkGraph:
    """Everything the template draws."""

    width: int
    height: int
    node_width: int
    node_height: int
    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]


def network_graph(mapping: Mapping) -> NetworkGraph:
    """Place the nodes: rank by the longest path from an input, slot by the mean slot of what they read."""
    names = list(dict.fromkeys([n for e in mapping.edges for n in (e.producer, e.consumer)] + [layer.name for layer in mapping.layers]))
    ranks = _ranks(mapping, names)
    slots = _slots(mapping, names, ranks)
    lines_of_ranks = _line_tops(ranks, slots)
    places = {
        name: (
            MARGIN + ranks[name] % RANKS_ACROSS * RANK_PITCH,
            lines_of_ranks[ranks[name] // RANKS_ACROSS] + slots[name] * SLOT_PITCH,
        )
        for name in names
    }
    return NetworkGraph(
        width=max((x for x, _ in places.values()), default=0) + NODE_WIDTH + MARGIN,
        height=max((y for _, y in places.values()), default=0) + NODE_HEIGHT + LINE_GAP,
        node_width=NODE_WIDTH,
        node_height=NODE_HEIGHT,
        nodes=tuple(_node(mapping, name, *places[name]) for name in names),
        lines=tuple(_line(mapping, number, places) for number in range(len(mapping.edges))),
    )


def _ranks(mapping: Mapping, names: list[str]) -> dict[str, int]:
    ranks = dict.fromkeys(names, 0)
    for _ in names:  # settles in as many rounds as the longest path has edges; a file with a circle just stops
        for edge in mapping.edges:
            ranks[edge.consumer] = max(ranks[edge.consumer], min(len(names), ranks[edge.producer] + 1))
    return ranks


def _slots(mapping: Mapping, names: list[str], ranks: dict[str, int]) -> dict[str, int]:
    slots: dict[str, int] = {}
    for rank in sorted(set(ranks.values())):
        here = [name for name in names if ranks[name] == rank]

        def mean(name: str) -> float:
            before = [slots[e.producer] for e in mapping.edges if e.consumer == name and e.producer in slots]
            return sum(before) / len(before) if before else 0.0

        for slot, name in enumerate(sorted(here, key=mean)):
            slots[name] = slot
    return slots


def _line_tops(ranks: dict[str, int], slots: dict[str, int]) -> list[int]:
    """The top of each line of ranks, as deep as the ranks above need."""
    tops, top = [], MARGIN
    for line in range(max(ranks.values(), default=0) // RANKS_ACROSS + 1):
        tops.append(top)
        depth = max((slots[n] + 1 for n in ranks if ranks[n] // RANKS_ACROSS == line), default=0)
        top += depth * SLOT_PITCH + LINE_GAP
    return tops


def _node(mapping: Mapping, name: str, x: int, y: int) -> Node:
    for number, layer in enumerate(mapping.layers):
        if layer.name == name:
            shown = clean(label(name), NAME_LENGTH)
            return Node(number, x, y, fill(number), letter(number), shown, f"{layer.op}, {len(layer.tiles)} tiles")
    ports = sum(p.tensor == name.rpartition(".plio_")[0] for p in mapping.plio)
    direction = "input" if name.endswith(".plio_in") else "output"
    return Node(-1, x, y, "#ffffff", "", direction, f"{ports} PLIO ports")


def _line(mapping: Mapping, number: int, places: dict[str, tuple[int, int]]) -> Line:
    edge = mapping.edges[number]
    (ax, ay), (bx, by) = places[edge.producer], places[edge.consumer]
    half = NODE_HEIGHT / 2
    title = f"{clean(edge.tensor)}: {clean(edge.producer)} to {clean(edge.consumer)}, {edge.kind}"
    if bx > ax + RANK_PITCH:  # under what lies between
        depth = max(ay, by) + half + 1.2 * NODE_HEIGHT
        path = f"M{ax + NODE_WIDTH} {ay + half}C{ax + NODE_WIDTH + 40} {depth} {bx - 40} {depth} {bx} {by + half}"
    elif bx > ax:
        bend = (bx - ax - NODE_WIDTH) / 2
        path = f"M{ax + NODE_WIDTH} {ay + half}C{ax + NODE_WIDTH + bend} {ay + half} {bx - bend} {by + half} {bx} {by + half}"
    else:  # on to the next line of ranks
        x, y, tx = ax + NODE_WIDTH / 2, ay + NODE_HEIGHT, bx + NODE_WIDTH / 2
        middle = by - LINE_GAP / 2
        path = f"M{x} {y}C{x} {middle} {tx} {middle} {tx} {by}"
    return Line(number, path, DASHES.get(edge.kind, ""), 3.0 if edge.kind == "shared_memory" else 1.5, title)
