"""Whole-network replicas: a mapping of one cell of the array, repeated over it.

Every copy works on samples of its own: R copies are the mapping of R times the batch in which every layer is also cut into R parts of the
samples, each part placed as in the first cell. So a replicated mapping is a mapping like any other, routed, verified and emitted by the
same code; only its footprints repeat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from placer.device import Device
from placer.layout import Layout, Partition
from placer.problem.formulate import LaidOutGraph
from placer.problem.problem import Block, BlockKind, Copies, Level, MappingProblem, Option
from placer.problem.solution import Evaluation, NetChoice, Solution
from placer.solvers.base import LevelResult, SolveResult, Status


@dataclass(frozen=True)
class Cell:
    """A part of the array that holds one of `count` replicas, `across` to a row. device: a cell by itself, with its share of the
    memory-tile rows and of the PLIO ports.
    """

    count: int
    across: int
    device: Device

    @property
    def copies(self) -> Copies:
        """The places of all footprints, row by row from the south-west."""
        return Copies(self.count, self.across, self.device.columns, self.device.rows)

    @property
    def memory_copies(self) -> Copies:
        """The places of all buffers in memory tiles."""
        return Copies(self.count, self.across, self.device.columns, self.device.memory_rows)


def cells(device: Device, replicas: int | None) -> Iterator[Cell]:
    """Every way to cut the array into equal cells for so many replicas; or for any number (None), of cells of a size as many as there are.

    Cells above each other share the memory-tile rows; where there are more of them than such rows, they have no memory tiles.
    """
    for width in sorted({device.columns // n for n in range(1, device.columns + 1)}):
        for height in sorted({device.rows // n for n in range(1, device.rows + 1)}):
            across, up = device.columns // width, device.rows // height
            count = replicas or across * up
            if count == 1 and (width, height) == (device.columns, device.rows):
                yield Cell(1, 1, device)
            elif 1 < count <= across * up:
                yield Cell(count, across, _cell_device(device, width, height, device.memory_rows // up, count))


def roomiest_cells(device: Device, replicas: int) -> Iterator[Cell]:
    """The cells for so many replicas that no other one has at least the columns and rows of."""
    sizes = {(c.device.columns, c.device.rows): c for c in cells(device, replicas)}
    for (width, height), cell in sizes.items():
        if not any((w, h) != (width, height) and w >= width and h >= height for w, h in sizes):
            yield cell


def _cell_device(device: Device, columns: int, rows: int, memory_rows: int, count: int) -> Device:
    """One cell, with its share of all PLIO ports in its first column: where they really are is settled for the whole array."""
    plio, whole = device.plio, len(device.plio.columns)
    ports = replace(plio, columns=(0,), in_channels=plio.in_channels * whole // count, out_channels=plio.out_channels * whole // count)
    return replace(device, columns=columns, rows=rows, memory_rows=memory_rows, plio=ports)


def is_replicable(one: LaidOutGraph, every: LaidOutGraph, count: int) -> bool:
    """Whether the samples of each replica lie in memory as whole blocks of rows, so that they can be cut apart."""
    return all(whole.bytes == count * part.bytes for part, whole in zip(one.layouts, every.layouts, strict=True))


def separable(problem: MappingProblem) -> MappingProblem | None:
    """The problem of one replica with those options alone whose windows end where its samples do, so that the next one's follow; None where
    some block has none.
    """
    layouts = {(r.block, r.port): net.layout for net in problem.nets for r in net.readers}
    written = {net.producer: net.layout for net in problem.nets}

    def ends(partition: Partition, layout: Layout) -> bool:
        cover = partition.cover(layout)
        return (cover.samples, cover.rows) == (layout.samples, layout.rows)

    def kept(number: int, option: Option) -> bool:
        inputs = all(ends(p, layouts[number, port]) for port, p in enumerate(option.inputs))
        return inputs and (option.output is None or ends(option.output, written[number]))

    blocks = tuple(replace(b, options=tuple(o for o in b.options if kept(i, o))) for i, b in enumerate(problem.blocks))
    return replace(problem, blocks=blocks) if all(b.options for b in blocks) else None


def replicated(
    problem: MappingProblem, solution: Solution, every: LaidOutGraph, device: Device, cell: Cell
) -> tuple[MappingProblem, Solution]:
    """The problem of all replicas on `device` with no option but the copies of `solution`, which maps `problem` in one cell."""
    count, whole = cell.count, every
    layouts = {net.activation: (net.layout, whole.layout(net.activation)) for net in problem.nets}
    blocks = tuple(_block(problem, solution, number, layouts, cell.copies, count) for number in range(len(problem.blocks)))
    nets = tuple(replace(net, layout=whole.layout(net.activation)) for net in problem.nets)
    choices = tuple(
        _net_choice(choice, *layouts[net.activation], cell, count) for net, choice in zip(problem.nets, solution.nets, strict=True)
    )
    places = tuple(replace(choice, option=0, shape=0) for choice in solution.blocks)
    limits = tuple(replace(limit, at_most=limit.at_most * (count if limit.level is Level.TILES else 1)) for limit in problem.limits)
    everything = replace(problem, batch=whole.batch, device=device, blocks=blocks, nets=nets, limits=limits, replicas=count)
    return everything, Solution(places, choices)


def _block(
    problem: MappingProblem, solution: Solution, number: int, layouts: dict[str, tuple[Layout, Layout]], copies: Copies, count: int
) -> Block:
    block, evaluation = problem.blocks[number], Evaluation(problem, solution)
    option = evaluation.option(number)
    read = {r.port: layouts[net.activation] for net in problem.nets for r in net.readers if r.block == number}
    written = next((layouts[net.activation] for net in problem.nets if net.producer == number), None)
    inputs = tuple(_cut(p, *read[port], count) for port, p in enumerate(option.inputs))
    output = _cut(option.output, *written, count) if option.output and written else None
    shapes = (replace(evaluation.shape(number), copies=copies),) if block.kind is BlockKind.LAYER else ()
    split = option.split
    if split and written:
        split = replace(split, data=_cut(split.data, *written, count))
    copied: Option = replace(option, split=split, shapes=shapes, inputs=inputs, output=output)
    return replace(block, options=(copied,))


def _cut(partition: Partition, one: Layout, all_of_them: Layout, count: int) -> Partition:
    """A partition of every replica's part: samples that are kept apart are cut as samples, others are rows that follow each other."""
    if one.samples != all_of_them.samples:
        return replace(partition, samples=partition.samples * count)
    return replace(partition, rows=partition.rows * count)


def _net_choice(choice: NetChoice, one: Layout, all_of_them: Layout, cell: Cell, count: int) -> NetChoice:
    if choice.shards is None:
        return choice
    return replace(choice, shards=_cut(choice.shards, one, all_of_them, count), copies=cell.memory_copies)


def restated_for_all(problem: MappingProblem, solution: Solution, one: tuple[LevelResult, ...]) -> SolveResult:
    """A replicated solution with the bounds that hold for it: those of one replica in its cell, as often as there are replicas where a
    level counts what each takes; a bound counts while the levels before it meet theirs.
    """
    evaluation, levels, holds = Evaluation(problem, solution), [], True
    each = {Level.TILES: problem.replicas, Level.TRANSPORT: problem.replicas, Level.COMPACTNESS: 0} if problem.replicas > 1 else {}
    known = {r.level: r.bound * each.get(r.level, 1) for r in one}
    for level in problem.objective:
        value = evaluation.value(level)
        bound = min(known[level], value) if holds else 0
        holds = holds and bound == value
        levels.append(LevelResult(level, value, bound))
    return SolveResult(Status.OPTIMAL if holds else Status.FEASIBLE, solution, tuple(levels))
