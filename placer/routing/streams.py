"""From a solution to its streams: channels, PLIO ports and routes, or where the lanes run out."""

from __future__ import annotations

from dataclasses import dataclass

from placer.device import Device
from placer.mapping import MappedHop, MappedPlio, MappedRoute, StreamPort
from placer.problem.channels import BufferSlot, allot_memory_tiles, allot_plio
from placer.problem.problem import MappingProblem
from placer.problem.solution import Solution
from placer.routing.cuts import OverfullCut, overfull_cuts
from placer.routing.grid import Boundary, Direction, Grid, make_grid
from placer.routing.lanes import number_lanes
from placer.routing.nets import StreamNet, stream_nets
from placer.routing.router import Terminals, route


@dataclass(frozen=True)
class Congestion:
    """A boundary that more streams want to pass than it has lanes."""

    boundary: Boundary
    streams: int
    lanes: int
    tensors: tuple[str, ...]

    def sentence(self) -> str:
        """What runs short where."""
        b = self.boundary
        return (
            f"{self.streams} streams want the {self.lanes} lanes {b.direction.value} out of the switch in column {b.col}, row {b.row} from "
            f"the shim; they carry {', '.join(self.tensors)}"
        )


@dataclass(frozen=True)
class CrowdedLine:
    """A line across the array that more streams must cross in one direction than there are lanes."""

    over: OverfullCut

    @property
    def streams(self) -> int:
        return self.over.nets

    @property
    def lanes(self) -> int:
        return self.over.lanes

    def sentence(self) -> str:
        """What runs short where."""
        cut = self.over.cut
        line = "column" if cut.direction in {Direction.EAST, Direction.WEST} else "switch row, from the shim,"
        return f"{self.streams} streams must leave {line} {cut.index} {cut.direction.value}, which has {self.lanes} lanes that way"


@dataclass(frozen=True)
class LaidStreams:
    """Memory-tile channels, PLIO ports, and the routes of all streams; where lanes run out, no routes, and where: lines that prove it, or
    boundaries that the router left overfull, the worst first.
    """

    slots: tuple[BufferSlot, ...]
    plio: tuple[MappedPlio, ...]
    routes: tuple[MappedRoute, ...]
    congested: tuple[Congestion | CrowdedLine, ...]

    @property
    def missing(self) -> int:
        """Lanes that are lacking: on the worst line, or on all overfull boundaries together."""
        over = [c.streams - c.lanes for c in self.congested]
        return max(over) if any(isinstance(c, CrowdedLine) for c in self.congested) else sum(over)


def lay_streams(problem: MappingProblem, solution: Solution) -> LaidStreams:
    """Channels, ports and routes of a solution. That no routes were found proves something for crowded lines only: the router is a
    heuristic.
    """
    device, grid = problem.device, make_grid(problem.device)
    slots = allot_memory_tiles(problem, solution)
    plio = allot_plio(problem, solution, slots)
    nets = stream_nets(problem, solution, slots, plio)
    terminals = tuple(Terminals(_node(device, grid, n.source), tuple(_node(device, grid, s) for s in n.sinks)) for n in nets)
    if crowded := overfull_cuts(grid, terminals):
        return LaidStreams(slots, plio, (), tuple(map(CrowdedLine, crowded)))
    routing = route(grid, terminals)
    if routing.overfull:
        return LaidStreams(slots, plio, (), _congestion(grid, nets, routing.trees, routing.overfull))
    lanes = number_lanes(device, grid, routing.trees)
    routes = []
    for net, tree, tree_lanes in zip(nets, routing.trees, lanes, strict=True):
        places = [(grid.boundaries[b], lane) for b, lane in zip(tree, tree_lanes, strict=True)]
        hops = tuple(MappedHop(b.col, b.row, b.direction.value, lane) for b, lane in places)
        routes.append(MappedRoute(net.tensor, net.source, net.sinks, hops))
    return LaidStreams(slots, plio, tuple(routes), ())


def switch_row(device: Device, port: StreamPort) -> int:
    """The switch row of a port's tile, counted from the shim."""
    return {"plio": 0, "memory_tile": 1 + port.row, "core": 1 + device.memory_rows + port.row}[port.kind]


def _node(device: Device, grid: Grid, port: StreamPort) -> int:
    return grid.node(port.col, switch_row(device, port))


def _congestion(
    grid: Grid, nets: tuple[StreamNet, ...], trees: tuple[tuple[int, ...], ...], overfull: tuple[int, ...]
) -> tuple[Congestion, ...]:
    found = []
    for boundary in overfull:
        users = [net for net, tree in zip(nets, trees, strict=True) if boundary in tree]
        tensors = tuple(dict.fromkeys(net.tensor for net in users))
        found.append(Congestion(grid.boundaries[boundary], len(users), grid.capacity[boundary], tensors))
    return tuple(sorted(found, key=lambda c: c.lanes - c.streams))
