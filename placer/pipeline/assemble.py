"""Solution -> Mapping: every address, channel and PLIO column that follows from the solver's choices."""

from __future__ import annotations

from dataclasses import dataclass, replace

from placer.errors import InfeasibleError
from placer.layers import DenseLayer, Layer, MatMulLayer, Side
from placer.mapping import (
    SCHEMA,
    BufferAt,
    DataTypes,
    MappedEdge,
    MappedLayer,
    MappedMemoryTile,
    MappedSplit,
    MappedTile,
    Mapping,
    ObjectiveValue,
    SolverRecord,
    TileBuffer,
)
from placer.problem.channels import INPUT_KINDS, BufferSlot, input_channel
from placer.problem.formulate import LaidOutGraph
from placer.problem.options import buffer_needs
from placer.problem.problem import Block, BlockKind, MappingProblem, Option, Reader, Shape
from placer.problem.solution import EdgeKind, Evaluation, Solution, level_scale
from placer.problem.tile_memory import BufferKind, place_buffers, place_with_lender
from placer.routing.streams import lay_streams
from placer.simulation.activities import activities
from placer.simulation.simulate import empty_latency, shortest_interval
from placer.solvers.base import SolveResult


@dataclass(frozen=True)
class Provenance:
    """What the mapping is of, and what made it."""

    model_sha256: str
    solver: SolverRecord


def assemble(problem: MappingProblem, laid_out: LaidOutGraph, result: SolveResult, provenance: Provenance) -> Mapping:
    """The mapping of a result that has a solution.

    Raises InfeasibleError when its streams find no lanes.
    """
    solution = result.solution
    assert solution is not None, "the caller checked the status"
    evaluation = Evaluation(problem, solution)
    own = [_layer(problem, laid_out, solution, number) for number in range(len(laid_out.graph.layers))]
    layers = _with_channels(problem, solution, _share_memories(problem, solution, own))
    streams = lay_streams(problem, solution)
    if streams.congested:
        raise InfeasibleError(streams.congested[0].sentence())
    mapping = Mapping(
        schema=SCHEMA,
        device=problem.device.name,
        columns=problem.device.columns,
        rows=problem.device.rows,
        network=problem.network,
        model_sha256=provenance.model_sha256,
        batch=problem.batch,
        row_weight=problem.row_weight,
        status=result.status.value,
        objective=tuple(
            ObjectiveValue(r.level.value, r.value / level_scale(r.level), r.bound / level_scale(r.level)) for r in result.levels
        ),
        interval_cycles=0,
        latency_cycles=0,
        tiles_used=evaluation.tiles(),
        layers=layers,
        edges=tuple(edge for number in range(len(problem.nets)) for edge in _edges(problem, solution, streams.slots, number)),
        plio=streams.plio,
        routes=streams.routes,
        solver=provenance.solver,
        replicas=problem.replicas,
        relays=laid_out.graph.relays,
    )
    # The solver knew no places: interval and latency are those of the pipeline as it lies, which needs the rest of the mapping.
    pipeline = activities(mapping, problem.device)
    return replace(mapping, interval_cycles=shortest_interval(pipeline), latency_cycles=empty_latency(pipeline))


def role(position: int, length: int) -> str:
    """The name of a cascade position."""
    if length == 1:
        return "single"
    return "first" if position == 0 else "last" if position == length - 1 else "middle"


def kernel_name(layer: Layer, elements: str) -> str:
    """The kernel that runs a layer on elements of this type."""
    return f"dense_{layer.side.value}_{elements}" if isinstance(layer, DenseLayer) else f"{layer.op}_{elements}"


def _layer(problem: MappingProblem, laid_out: LaidOutGraph, solution: Solution, number: int) -> MappedLayer:
    layer, choice = laid_out.graph.layers[number], solution.blocks[number]
    option: Option = problem.blocks[number].options[choice.option]
    shape: Shape = option.shapes[choice.shape]
    split, layouts = option.split, laid_out.of_layer(layer)
    assert split is not None, "layers are split"
    source, target = layouts.sources[0], layouts.target
    inner = 0
    if isinstance(layer, DenseLayer):
        inner = source.columns if layer.side is Side.RIGHT else source.rows
    elif isinstance(layer, MatMulLayer):
        inner = layer.inner
    tiles, stalls = [], 0
    for chain in range(split.chains):
        for position in range(split.contraction):
            dx, dy = shape.tile(chain, position)
            col, row = choice.column + dx, choice.row + dy
            place = place_with_lender if option.lent else place_buffers
            memory = place(buffer_needs(layer, split, layouts, position, problem.device), problem.device.core)
            assert memory is not None, "options hold only splits whose buffers fit"
            stalls = max(stalls, memory.stalls)
            buffers = tuple(
                TileBuffer(p.need.kind.value, p.need.bytes, p.need.copies, tuple(_at(problem, col - p.lent, row, o) for o in p.offsets))
                for p in memory.places
            )
            data, channel = divmod(chain, split.channels)
            tiles.append(MappedTile(col, row, role(position, split.contraction), data, position, channel, buffers))
    types = [laid_out.graph.activation(n).type.dtype.value for n in (layer.sources[0], layer.target)]
    return MappedLayer(
        name=layer.name,
        op=layer.op,
        m=target.samples * target.rows,
        k=inner,
        n=target.columns,
        dtypes=DataTypes(types[0], layer.weight_type.value if isinstance(layer, DenseLayer) else "", types[1]),
        kernel=kernel_name(layer, types[0]),
        mmul=problem.device.mmul,
        split=MappedSplit(split.data.pieces, split.contraction, split.channels, split.data),
        cycles=option.cycles,
        stall_cycles=stalls,
        hop_cycles=(option.latency - option.cycles) // max(1, split.contraction - 1),
        tiles=tuple(tiles),
    )


def _at(problem: MappingProblem, col: int, row: int, offset: int) -> BufferAt:
    return BufferAt(col, row, offset // problem.device.core.bank_bytes, offset)


def _share_memories(problem: MappingProblem, solution: Solution, layers: list[MappedLayer]) -> tuple[MappedLayer, ...]:
    """Let both ends of each shared-memory edge name one buffer: the producer's, or the consumer's where both reach only that."""
    result = [list(layer.tiles) for layer in layers]
    for net, choice in zip(problem.nets, solution.nets, strict=True):
        if choice.kinds[0] is not EdgeKind.SHARED_MEMORY:
            continue
        reader = net.readers[0]
        writers = {_written_piece(problem, solution, net.producer, t): i for i, t in enumerate(result[net.producer]) if _finishes(t)}
        for i, tile in enumerate(result[reader.block]):
            piece = _read_piece(problem, solution, reader, tile)
            writer = result[net.producer][writers[piece]]
            home = problem.device.shared_memory((writer.col, writer.row), (tile.col, tile.row))
            output, source = _buffer(writer, BufferKind.OUTPUT), _buffer(tile, INPUT_KINDS[reader.port])
            if home == (writer.col, writer.row):
                result[reader.block][i] = _with_places(tile, source, output.at)
            else:
                result[net.producer][writers[piece]] = _with_places(writer, output, source.at)
    return tuple(replace(layer, tiles=tuple(tiles)) for layer, tiles in zip(layers, result, strict=True))


def _with_channels(problem: MappingProblem, solution: Solution, layers: tuple[MappedLayer, ...]) -> tuple[MappedLayer, ...]:
    """The layers with a DMA channel for every buffer that a stream fills or empties."""
    channels: dict[tuple[int, str], int] = {}
    for net, choice in zip(problem.nets, solution.nets, strict=True):
        for reader, kind in zip(net.readers, choice.kinds, strict=True):
            if kind is not EdgeKind.SHARED_MEMORY:
                channels[net.producer, BufferKind.OUTPUT.value] = 0
                channels[reader.block, INPUT_KINDS[reader.port].value] = input_channel(problem, solution, reader)
    return tuple(
        replace(
            layer,
            tiles=tuple(
                replace(t, buffers=tuple(replace(b, channel=channels.get((number, b.kind))) for b in t.buffers)) for t in layer.tiles
            ),
        )
        for number, layer in enumerate(layers)
    )


def _finishes(tile: MappedTile) -> bool:
    return tile.role in {"single", "last"}


def _option(problem: MappingProblem, solution: Solution, block: int) -> Option:
    return problem.blocks[block].options[solution.blocks[block].option]


def _written_piece(problem: MappingProblem, solution: Solution, block: int, tile: MappedTile) -> int:
    split = _option(problem, solution, block).split
    assert split is not None, "layers are split"
    return split.output_piece(tile.m_index * split.channels + tile.n_index)


def _read_piece(problem: MappingProblem, solution: Solution, reader: Reader, tile: MappedTile) -> int:
    split = _option(problem, solution, reader.block).split
    assert split is not None, "layers are split"
    return split.input_piece(tile.m_index * split.channels + tile.n_index, tile.k_index, reader.port)


def _buffer(tile: MappedTile, kind: BufferKind) -> TileBuffer:
    return next(b for b in tile.buffers if b.kind == kind.value)


def _with_places(tile: MappedTile, buffer: TileBuffer, at: tuple[BufferAt, ...]) -> MappedTile:
    return replace(tile, buffers=tuple(replace(b, at=at) if b is buffer else b for b in tile.buffers))


def _edges(problem: MappingProblem, solution: Solution, slots: tuple[BufferSlot, ...], number: int) -> list[MappedEdge]:
    net, choice = problem.nets[number], solution.nets[number]
    written = _option(problem, solution, net.producer).output
    assert written is not None, "the producer of a net writes"
    edges = []
    for index, (reader, kind) in enumerate(zip(net.readers, choice.kinds, strict=True)):
        read = _option(problem, solution, reader.block).inputs[reader.port]
        ends = (problem.blocks[net.producer], problem.blocks[reader.block])
        buffered = kind is EdgeKind.MEMORY_TILE
        memory_tiles = tuple(
            MappedMemoryTile(s.col, s.row, s.bytes, s.offset, s.in_channels, s.out_channels[index], _descriptors(s, index))
            for s in slots
            if buffered and s.net == number
        )
        edges.append(
            MappedEdge(
                tensor=net.activation,
                producer=ends[0].name,
                consumer=ends[1].name,
                port=reader.port,
                kind=_kind_name(kind, ends),
                written=written,
                read=read,
                written_bytes=written.window_bytes(net.layout),
                read_bytes=read.window_bytes(net.layout),
                shards=choice.shards if buffered else None,
                memory_tiles=memory_tiles,
            )
        )
    return edges


def _descriptors(slot: BufferSlot, reader: int) -> int:
    """One descriptor a channel and copy: a window is one three-dimensional copy."""
    return 2 * (len(slot.in_channels) + len(slot.out_channels[reader]))


def _kind_name(kind: EdgeKind, ends: tuple[Block, Block]) -> str:
    if kind is EdgeKind.DMA and any(b.kind is not BlockKind.LAYER for b in ends):
        return "plio"
    return kind.value
