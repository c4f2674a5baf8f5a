"""The variables of the CP-SAT models. Each constraint family is a file of its own; build.py puts them together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ortools.sat.python import cp_model

from placer.layout import Partition, divisors
from placer.model.linear import Expression, total, weighted
from placer.problem.descriptors import walkable
from placer.problem.problem import Block, BlockKind, MappingProblem, Net, Option, Shape
from placer.problem.solution import EdgeKind


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

    def chosen(self, values: Iterable[int]) -> Expression:
        """The one of `values`, one an option, that belongs to the chosen option."""
        return weighted(values, self.options)

    def width(self) -> Expression:
        """Columns of the chosen footprint."""
        return weighted((self.shape_of(p).width for p in self.picks), (p.literal for p in self.picks))

    def lenders(self) -> Expression:
        """Columns in the west of the chosen footprint that run no kernel."""
        return weighted((self.shape_of(p).lenders for p in self.picks), (p.literal for p in self.picks))

    def height(self) -> Expression:
        """Rows of the chosen footprint."""
        return weighted((self.shape_of(p).height for p in self.picks), (p.literal for p in self.picks))


@dataclass(frozen=True, eq=False)
class DirectFlow:
    """Literals that an edge carries windows of this partition as they are, by shared memory or by DMA."""

    partition: Partition
    shared_memory: cp_model.IntVar
    dma: cp_model.IntVar


@dataclass(frozen=True, eq=False)
class BufferedFlow:
    """The literal that windows of this partition are written into (or read from) a buffer cut as sharding number `sharding`."""

    partition: Partition
    sharding: int
    ports: int
    literal: cp_model.IntVar


@dataclass(frozen=True, eq=False)
class EdgeVariables:
    """Exactly one of the three kinds of one edge, and the windows it carries: a flow from the producer's partition to the reader's."""

    shared_memory: cp_model.IntVar
    dma: cp_model.IntVar
    memory_tile: cp_model.IntVar
    direct: tuple[DirectFlow, ...]
    writes: tuple[BufferedFlow, ...]
    reads: tuple[BufferedFlow, ...]

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
    """All of them, with the model they belong to. placed: whether blocks and buffers have places, or only options and kinds."""

    problem: MappingProblem
    model: cp_model.CpModel
    placed: bool
    blocks: tuple[BlockVariables, ...]
    nets: tuple[NetVariables, ...]


def make_variables(problem: MappingProblem, placed: bool) -> Variables:
    """Create the variables and the constraints that define them: one option and shape a block, one kind an edge, one sharding a net."""
    model = cp_model.CpModel()
    blocks = tuple(_block_variables(model, problem, block, placed) for block in problem.blocks)
    nets = tuple(_net_variables(model, problem, net, placed) for net in problem.nets)
    return Variables(problem, model, placed, blocks, nets)


def _block_variables(model: cp_model.CpModel, problem: MappingProblem, block: Block, placed: bool) -> BlockVariables:
    device, name = problem.device, block.name
    literals = tuple(model.new_bool_var(f"{name}.option{i}") for i in range(len(block.options)))
    model.add_exactly_one(literals)
    picks = []
    has_place = placed and block.kind is BlockKind.LAYER
    for i, option in enumerate(block.options if has_place else ()):
        shaped = [Pick(i, j, model.new_bool_var(f"{name}.option{i}.shape{j}")) for j in range(len(option.shapes))]
        picks += shaped
        model.add(total(p.literal for p in shaped) == literals[i])
    column = model.new_int_var(0, device.columns - 1 if has_place else 0, f"{name}.column")
    row = model.new_int_var(0, device.rows - 1 if has_place else 0, f"{name}.row")
    return BlockVariables(block, column, row, literals, tuple(picks))


def _net_variables(model: cp_model.CpModel, problem: MappingProblem, net: Net, placed: bool) -> NetVariables:
    device, name = problem.device, net.activation
    cuts = possible_shardings(problem, net)
    shardings = tuple(Sharding(p, model.new_bool_var(f"{name}.shards{p}")) for p in cuts)
    carried = _carried(problem, net, cuts)
    edges = tuple(_edge_variables(model, problem, net, number, cuts, carried) for number in range(len(net.readers)))
    buffered = model.new_bool_var(f"{name}.buffered")
    model.add_max_equality(buffered, [e.memory_tile for e in edges])
    model.add(total(s.literal for s in shardings) == buffered)
    column = model.new_int_var(0, device.columns - 1 if placed else 0, f"{name}.memory_column")
    row = model.new_int_var(0, max(0, device.memory_rows - 1) if placed else 0, f"{name}.memory_row")
    size = weighted((s.partition.pieces for s in shardings), (s.literal for s in shardings))
    model.add(column + size <= device.columns)
    # An unbuffered net has no place: pin it, so that equal mappings are one solution.
    for unused in (column, row):
        model.add(unused == 0).only_enforce_if(buffered.negated())
    return NetVariables(net, edges, buffered, shardings, column, row, size)


def _carried(problem: MappingProblem, net: Net, cuts: tuple[Partition, ...]) -> frozenset[tuple[Partition, Partition]]:
    """The pairs of windows and cuts that one buffer descriptor walks, whatever else hangs over the shard."""
    tile, layout = problem.device.memory_tile, net.layout
    windows = {*written_partitions(problem, net), *(p for number in range(len(net.readers)) for p in read_partitions(problem, net, number))}
    pairs = [(p, cut) for cut in cuts for p in windows if p.refines(cut, layout)]
    largest = {cut: cut.shard(tuple(p for p, c in pairs if c == cut), layout) for cut in cuts}
    return frozenset((p, cut) for p, cut in pairs if walkable(p.window(layout), largest[cut], layout, tile))


def _edge_variables(
    model: cp_model.CpModel,
    problem: MappingProblem,
    net: Net,
    number: int,
    cuts: tuple[Partition, ...],
    carried: frozenset[tuple[Partition, Partition]],
) -> EdgeVariables:
    name, tile = f"{net.activation}.edge{number}", problem.device.memory_tile
    shared, dma, buffered = (model.new_bool_var(f"{name}.{kind.value}") for kind in EdgeKind)
    model.add_exactly_one(shared, dma, buffered)
    written, read = written_partitions(problem, net), read_partitions(problem, net, number)

    def flows(partitions: tuple[Partition, ...], channels: int, way: str) -> tuple[BufferedFlow, ...]:
        return tuple(
            BufferedFlow(p, i, p.pieces // cut.pieces, model.new_bool_var(f"{name}.{way}{p}.{i}"))
            for p in partitions
            for i, cut in enumerate(cuts)
            if (p, cut) in carried and p.pieces // cut.pieces <= channels
        )

    direct = tuple(
        DirectFlow(p, model.new_bool_var(f"{name}.shares{p}"), model.new_bool_var(f"{name}.streams{p}")) for p in written if p in read
    )
    return EdgeVariables(shared, dma, buffered, direct, flows(written, tile.dma_in, "writes"), flows(read, tile.dma_out, "reads"))


def written_partitions(problem: MappingProblem, net: Net) -> tuple[Partition, ...]:
    """The partitions in which some option of the producer writes a net."""
    return tuple(sorted({o.output for o in problem.blocks[net.producer].options if o.output}))


def read_partitions(problem: MappingProblem, net: Net, number: int) -> tuple[Partition, ...]:
    """The partitions in which some option of reader `number` of a net reads it."""
    reader = net.readers[number]
    return tuple(sorted({o.inputs[reader.port] for o in problem.blocks[reader.block].options}))


def possible_shardings(problem: MappingProblem, net: Net) -> tuple[Partition, ...]:
    """Cuts of a net's buffer that fit a memory tile, both copies, and that some option of each end refines."""
    device = problem.device
    if not device.memory_rows:
        return ()
    written = written_partitions(problem, net)
    reads = [read_partitions(problem, net, number) for number in range(len(net.readers))]
    candidates = {Partition(s, r, c) for p in written for s in divisors(p.samples) for r in divisors(p.rows) for c in divisors(p.columns)}
    return tuple(
        sorted(
            p
            for p in candidates
            if p.pieces <= device.columns
            and any(q.refines(p, net.layout) for q in written)
            and 2 * p.window_bytes(net.layout) <= device.memory_tile.memory_bytes
            and any(any(q.refines(p, net.layout) for q in partitions) for partitions in reads)
        )
    )
