"""Negotiated congestion: every net takes its cheapest tree, and boundaries that too many want grow dearer until none is overfull.

The scheme of PathFinder (McMurchie and Ebeling, FPGA 1995), with one tree a net grown sink by sink along shortest paths. Nets and ties are
taken in a fixed order, so the same nets give the same trees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush

from placer.routing.grid import Grid

# Rounds before giving up, and rounds without progress before that: more where little is left over, one where much is. Progress is a fifth
# less, or any less of a little: what routes was seen to lose half of its overflow in the first rounds, and what does not, next to nothing.
ROUNDS = 40
PATIENCE, LITTLE, PATIENCE_FOR_LITTLE, MUCH, PATIENCE_FOR_MUCH = 3, 12, 12, 150, 1
PROGRESS = 0.8
# The price of an overfull boundary grows by half a round, and what it cost stays on it as history.
FIRST_PRICE, PRICE_GROWTH = 1.0, 1.5
HISTORY_PRICE = 0.5
# What the last lane of a boundary costs beside the step itself: spreads streams before they collide.
CROWDING_PRICE = 0.5


@dataclass(frozen=True)
class Terminals:
    """Where a net starts and ends, as nodes of the grid."""

    source: int
    sinks: tuple[int, ...]


@dataclass(frozen=True)
class Routing:
    """One tree a net, each a tuple of boundary numbers in the order they grew, and the boundaries that carry more than they have lanes."""

    trees: tuple[tuple[int, ...], ...]
    overfull: tuple[int, ...]


@dataclass
class _State:
    """What the boundaries carry and cost. costs: of one more net, at least 1, so that the distance in steps never overestimates."""

    grid: Grid
    price: float
    use: list[int]
    history: list[float]
    costs: list[float] = field(default_factory=list)
    trees: list[tuple[int, ...]] = field(default_factory=list)

    def cost(self, boundary: int) -> float:
        """Of one more net through a boundary."""
        wanted, lanes = self.use[boundary] + 1, self.grid.capacity[boundary]
        over = max(0, wanted - lanes)
        return (1.0 + self.history[boundary] + CROWDING_PRICE * wanted / lanes) * (1.0 + self.price * over)

    def reprice(self) -> None:
        """Work out all costs again, after a change of price or history."""
        self.costs = [self.cost(boundary) for boundary in range(len(self.use))]

    def add(self, tree: tuple[int, ...], nets: int) -> None:
        """So many nets more (1) or less (-1) on the boundaries of a tree."""
        for boundary in tree:
            self.use[boundary] += nets
            self.costs[boundary] = self.cost(boundary)


def route(grid: Grid, nets: tuple[Terminals, ...]) -> Routing:
    """A tree a net; `overfull` is empty when all of them fit together."""
    count = len(grid.boundaries)
    state = _State(grid, FIRST_PRICE, [0] * count, [0.0] * count)
    state.reprice()
    for net in nets:
        state.trees.append(_tree(state, net))
        state.add(state.trees[-1], 1)
    overfull, least = _overfull(state), _overflow(state)
    patience = _patience(least)
    for _ in range(ROUNDS):
        if not overfull or not patience:
            break
        _round(state, nets, overfull)
        overfull, overflow = _overfull(state), _overflow(state)
        progress = overflow < least if overflow <= LITTLE else overflow <= PROGRESS * least
        patience = _patience(overflow) if progress else patience - 1
        least = min(least, overflow)
    return Routing(tuple(state.trees), tuple(sorted(overfull)))


def _round(state: _State, nets: tuple[Terminals, ...], overfull: set[int]) -> None:
    """New trees for all nets on overfull boundaries, which are dearer than before."""
    state.price *= PRICE_GROWTH
    for boundary in overfull:
        state.history[boundary] += HISTORY_PRICE * (state.use[boundary] - state.grid.capacity[boundary])
    state.reprice()
    for number, net in enumerate(nets):
        if overfull.intersection(state.trees[number]):
            state.add(state.trees[number], -1)
            state.trees[number] = _tree(state, net)
            state.add(state.trees[number], 1)


def _patience(overflow: int) -> int:
    """Rounds without progress before giving up."""
    return PATIENCE_FOR_LITTLE if overflow <= LITTLE else PATIENCE if overflow <= MUCH else PATIENCE_FOR_MUCH


def _overfull(state: _State) -> set[int]:
    return {b for b, (use, lanes) in enumerate(zip(state.use, state.grid.capacity, strict=True)) if use > lanes}


def _overflow(state: _State) -> int:
    return sum(max(0, use - lanes) for use, lanes in zip(state.use, state.grid.capacity, strict=True))


def _tree(state: _State, net: Terminals) -> tuple[int, ...]:
    """A tree from the source to all sinks, nearest sink first."""
    columns = state.grid.columns
    reached, tree = {net.source}, []
    row, col = divmod(net.source, columns)
    for sink in sorted(set(net.sinks), key=lambda s: (abs(s // columns - row) + abs(s % columns - col), s)):
        if sink not in reached:
            for boundary in _path(state, reached, sink):
                tree.append(boundary)
                reached.add(state.grid.target[boundary])
    return tuple(tree)


def _path(state: _State, reached: set[int], sink: int) -> list[int]:
    """The cheapest boundaries from any node of `reached` to `sink`, by A* with the distance in steps."""
    grid, columns, costs = state.grid, state.grid.columns, state.costs
    sink_row, sink_col = divmod(sink, columns)
    best: dict[int, float] = dict.fromkeys(reached, 0.0)
    came: dict[int, tuple[int, int]] = {}
    queue: list[tuple[float, int]] = []
    for node in sorted(reached):
        heappush(queue, (abs(node // columns - sink_row) + abs(node % columns - sink_col), node))
    closed: set[int] = set()
    while queue:
        _, node = heappop(queue)
        if node == sink:
            break
        if node in closed:
            continue
        closed.add(node)
        so_far = best[node]
        for boundary in grid.leaving[node]:
            behind = grid.target[boundary]
            cost = so_far + costs[boundary]
            if cost < best.get(behind, float("inf")):
                best[behind] = cost
                came[behind] = (node, boundary)
                heappush(queue, (cost + abs(behind // columns - sink_row) + abs(behind % columns - sink_col), behind))
    path = []
    while sink not in reached:
        sink, boundary = came[sink]
        path.append(boundary)
    return path[::-1]
