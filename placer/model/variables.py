"""The variables of the joint CP-SAT model. Each constraint family is a file of its own; build.py puts them together."""

from __future__ import annotations

from dataclasses import dataclass

from ortools.sat.python import cp_model

from placer.layout import Partition, divisors
from placer.model.linear import Expression, total, weighted
from placer.problem import Block, MappingProblem, Net, Option, Shape
from placer.solution import EdgeKind


@dataclass(frozen=True, eq=False)
class Pick:
    """The literal that a block takes this option in this shape (None for a border)."""

    option: int
    shape: int
    literal: cp_model.IntVar


@dataclass(frozen=True, eq=False)
class BlockVariables:
    """South-west corner, and one literal an option and an (option, shape). Borders have no shapes and stay at the origin."""

    block: Block
    column: cp_model.IntVar
    row: cp_model.IntVar
    options: tuple[cp_model.IntVar, ...]
    picks: tuple[Pick, ...]

    def option_of(self, pick: Pick) -> Option:
        """The option a pick stands for."""
        return self.block.options[pick.option]

    def shape_of(self, pick: Pick) -> Shape:
        """The shape a pick stands for."""
        return self.block.options[pick.option].shapes[pick.shape]

    def width(self) -> Expression:
        """Columns of the chosen footprint."""
        return weighted((self.shape_of(p).width for p in self.picks), (p.literal for p in self.picks))

    def height(self) -> Expression:
        """Rows of the chosen footprint."""
        return weighted((self.shape_of(p).height for p in self.picks), (p.literal for p in self.picks))


@dataclass(frozen=True, eq=False)
class EdgeVariables:
    """Exactly one of the three kinds of one edge."""

    shared_memory: cp_model.IntVar
    dma: cp_model.IntVar
    memory_tile: cp_model.IntVar

    def literal(self, kind: EdgeKind) -> cp_model.IntVar:
        """The literal of `kind`."""
        match kind:
            case EdgeKind.SHARED_MEMORY:
                return self.shared_memory
            case EdgeKind.DMA:
                return self.dma
            case EdgeKind.MEMORY_TILE:
                return self.memory_tile


@dataclass(frozen=True, eq=False)
class Sharding:
    """The literal that a net's buffer is cut over memory tiles as `partition`."""

    partition: Partition
    literal: cp_model.IntVar


@dataclass(frozen=True, eq=False)
class NetVariables:
    """The edges of a net; `buffered` when any goes through memory tiles, which start at (column, row) and take `size` columns."""

    net: Net
    edges: tuple[EdgeVariables, ...]
    buffered: cp_model.IntVar
    shardings: tuple[Sharding, ...]
    column: cp_model.IntVar
    row: cp_model.IntVar
    size: Expression


@dataclass(frozen=True, eq=False)
class Variables:
    """All of them, with the model they belong to."""

    problem: MappingProblem
    model: cp_model.CpModel
    blocks: tuple[BlockVariables, ...]
    nets: tuple[NetVariables, ...]


def make_variables(problem: MappingProblem) -> Variables:
    """Create the variables and the constraints that define them: one option and shape a block, one kind an edge, one sharding a net."""
    model = cp_model.CpModel()
    blocks = tuple(_block_variables(model, problem, block) for block in problem.blocks)
    nets = tuple(_net_variables(model, problem, net) for net in problem.nets)
    return Variables(problem, model, blocks, nets)


def _block_variables(model: cp_model.CpModel, problem: MappingProblem, block: Block) -> BlockVariables:
    device, name = problem.device, block.name
    literals = tuple(model.new_bool_var(f"{name}.option{i}") for i in range(len(block.options)))
    model.add_exactly_one(literals)
    picks = []
    for i, option in enumerate(block.options):
        shaped = [Pick(i, j, model.new_bool_var(f"{name}.option{i}.shape{j}")) for j in range(len(option.shapes))]
        picks += shaped
        if shaped:
            model.add(total(p.literal for p in shaped) == literals[i])
    placed = bool(picks)
    column = model.new_int_var(0, device.columns - 1 if placed else 0, f"{name}.column")
    row = model.new_int_var(0, device.rows - 1 if placed else 0, f"{name}.row")
    return BlockVariables(block, column, row, literals, tuple(picks))


def _net_variables(model: cp_model.CpModel, problem: MappingProblem, net: Net) -> NetVariables:
    device, name = problem.device, net.activation
    edges = []
    for i in range(len(net.readers)):
        kinds = [model.new_bool_var(f"{name}.edge{i}.{kind.value}") for kind in EdgeKind]
        model.add_exactly_one(kinds)
        edges.append(EdgeVariables(*kinds))
    buffered = model.new_bool_var(f"{name}.buffered")
    model.add_max_equality(buffered, [e.memory_tile for e in edges])
    shardings = tuple(Sharding(p, model.new_bool_var(f"{name}.shards{p}")) for p in possible_shardings(problem, net))
    model.add(total(s.literal for s in shardings) == buffered)
    last_row = max(0, device.memory_rows - 1)
    column = model.new_int_var(0, device.columns - 1, f"{name}.memory_column")
    row = model.new_int_var(0, last_row, f"{name}.memory_row")
    size = weighted((s.partition.pieces for s in shardings), (s.literal for s in shardings))
    model.add(column + size <= device.columns)
    # An unbuffered net has no place: pin it, so that equal mappings are one solution.
    for unused in (column, row):
        model.add(unused == 0).only_enforce_if(buffered.negated())
    return NetVariables(net, tuple(edges), buffered, shardings, column, row, size)


def possible_shardings(problem: MappingProblem, net: Net) -> tuple[Partition, ...]:
    """Cuts of a net's buffer that fit a memory tile, both copies, and that some option of each end refines."""
    if not problem.device.memory_rows:
        return ()
    written = {o.output for o in problem.blocks[net.producer].options if o.output}
    read = [{o.inputs[r.port] for o in problem.blocks[r.block].options} for r in net.readers]
    candidates = {Partition(s, r, c) for p in written for s in divisors(p.samples) for r in divisors(p.rows) for c in divisors(p.columns)}
    return tuple(
        sorted(
            p
            for p in candidates
            if p.pieces <= problem.device.columns
            and 2 * p.window_bytes(net.layout) <= problem.device.memory_tile.memory_bytes
            and any(any(q.refines(p) for q in windows) for windows in read)
        )
    )
