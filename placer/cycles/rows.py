"""Modelled cycles of LayerNorm, Softmax, tables and moves: their stages (row_operations.py) in the loops that the kernels make of them.

Groups of four rows by blocks of eight columns. Where few blocks are wide, the loop over them is unrolled and the one over groups is
pipelined; else every group fills and drains a pipeline. What belongs to a row is worked out for a batch of up to four groups at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from placer.cycles.operations import Unit
from placer.cycles.row_operations import row_stage
from placer.cycles.schedules import ScheduledBody, schedules
from placer.cycles.stages import RowStage, Stage, clip_operations
from placer.layers import InterpolationLayer, NormaliseLayer, SoftmaxLayer
from placer.moves import RUNS, TURNED_BYTES, MoveForm, MoveKind

# A taken branch and its five delay slots (llvm-aie).
BRANCH_CYCLES = 6
# Groups of four rows in a batch (kernels/include/placer/rows.hpp).
BATCH_GROUPS = 4
# Groups of four rows in a span of Softmax, and the widest rows that a kernel knows the scales of (softmax.hpp).
SPAN_GROUPS, WIDEST_SOFTMAX = 16, 2048
# Bytes of a row up to which the loop over its blocks is unrolled: what fits the program memory (normalise.hpp, softmax.hpp).
UNROLLED_BYTES = 128
# Bytes of the vectors that single elements are gathered in (move.hpp).
ELEMENT_BYTES = 32
# Deviations of int8 elements fit 16 bits in rows of so many (normalise.hpp).
NARROW_FEATURES = 129


def table_cycles(elements: int, output_bytes: int, generation: str) -> int:
    """Modelled cycles of a table of int8, without call and locks."""
    body = _scheduled(RowStage(Stage.TABLE, output_bytes=output_bytes), generation)
    return -(-elements // 32) * body.interval + body.overhead


def table_words(output_bytes: int, generation: str) -> int:
    """Words of the program of a table of int8."""
    body = _scheduled(RowStage(Stage.TABLE, output_bytes=output_bytes), generation)
    return body.interval + 2 * body.overhead


@dataclass(frozen=True)
class CubicForm:
    """A function from cubics: bytes in and out, cubics beyond one a segment, vector operations for bounds and zero point."""

    input_bytes: int
    output_bytes: int
    further: int
    clips: int

    @property
    def stage(self) -> RowStage:
        """Its loop's body, which is scheduled where no further cubics are."""
        return RowStage(Stage.CUBICS, self.input_bytes, self.output_bytes, clips=self.clips)


def cubic_form(layer: InterpolationLayer, input_bytes: int, output_bytes: int) -> CubicForm:
    """That of a layer."""
    clips = clip_operations(output_bytes, layer.zero_point, layer.low, layer.high, positive=False)
    return CubicForm(input_bytes, output_bytes, len(layer.cubics.starts), clips)


def cubic_cycles(form: CubicForm, elements: int, generation: str) -> int:
    """Modelled cycles of a function from cubics, without call and locks: a loop over 32 elements."""
    return -(-elements // 32) * _cubic_interval(form, generation) + _scheduled(form.stage, generation).overhead


def cubic_words(form: CubicForm, generation: str) -> int:
    """Words of the program of a function from cubics."""
    return _cubic_interval(form, generation) + 2 * _scheduled(form.stage, generation).overhead


def cubic_products(form: CubicForm, generation: str) -> int:
    """Products that a function from cubics issues for 32 elements."""
    return row_stage(form.stage, generation).count("multiply")


def _cubic_interval(form: CubicForm, generation: str) -> int:
    """Further cubics make the busiest unit busier, and the way through an iteration hardly longer."""
    whole = row_stage(replace(form.stage, groups=form.further), generation)
    return max(_scheduled(form.stage, generation).interval, whole.resource_bound())


def normalise_cycles(layer: NormaliseLayer, rows: int, input_bytes: int, output_bytes: int, generation: str) -> int:
    """Modelled cycles of LayerNorm of so many rows, without call and locks."""
    count, _ = batches(rows)
    return count * _cycles(normalise_parts(layer, rows, input_bytes, output_bytes), generation)


def softmax_cycles(layer: SoftmaxLayer, rows: int, groups: int, input_bytes: int, output_bytes: int, generation: str) -> int:
    """Modelled cycles of Softmax over `groups` runs of columns of each of so many rows, without call and locks."""
    count, span = batches(rows, SPAN_GROUPS)
    # Each batch of maxima is a loop of its own.
    branches = -(-span // BATCH_GROUPS) * BRANCH_CYCLES
    return groups * count * (_cycles(softmax_parts(layer, rows, input_bytes, output_bytes), generation) + branches)


@dataclass(frozen=True)
class Part:
    """What a batch does: code that runs once, or a loop over its groups of one over `blocks`.

    groups: 1 for a loop over blocks alone. before: what runs once a group, before its blocks or after them.
    """

    stage: RowStage
    groups: int = 1
    blocks: int = 1
    before: RowStage | None = None

    @property
    def unrolled(self) -> bool:
        """Whether the loop over blocks is unrolled and the one over groups pipelined."""
        return 8 * self.blocks * self.stage.input_bytes <= UNROLLED_BYTES


def normalise_parts(layer: NormaliseLayer, rows: int, input_bytes: int, output_bytes: int) -> tuple[Part, ...]:
    """A batch of LayerNorm."""
    features, (_, groups) = len(layer.gain), batches(rows)
    clips = clip_operations(output_bytes, layer.zero_point, layer.low, layer.high, positive=False)
    narrow = input_bytes == 1 and features <= NARROW_FEATURES
    blocks = -(-features // 8)
    results = RowStage(Stage.NORMALISED, input_bytes, output_bytes, clips=clips, narrow=narrow)
    return (
        Part(RowStage(Stage.STATISTICS, input_bytes), groups, blocks, RowStage(Stage.ROW_SUMS, input_bytes)),
        Part(RowStage(Stage.SPREADS, input_bytes)),
        Part(results, groups, blocks, RowStage(Stage.ROWS, groups=2)),
    )


def softmax_parts(layer: SoftmaxLayer, rows: int, input_bytes: int, output_bytes: int) -> tuple[Part, ...]:
    """A span of Softmax over one run of columns."""
    _, groups = batches(rows, SPAN_GROUPS)
    blocks, padded = -(-layer.width // 8), layer.width % 8 > 0
    clips = clip_operations(output_bytes, layer.zero_point, layer.low, layer.high, positive=True)
    results = RowStage(Stage.SOFTENED, input_bytes, output_bytes, clips=clips, padded=padded)
    maxima: list[Part] = []
    for start in range(0, groups, BATCH_GROUPS):
        batch = min(BATCH_GROUPS, groups - start)
        maxima += [
            Part(RowStage(Stage.MAXIMA, input_bytes, groups=batch, padded=padded), 1, blocks),
            Part(RowStage(Stage.TOPS, groups=batch)),
        ]
    return (
        *maxima,
        Part(RowStage(Stage.TOTALS, input_bytes, padded=padded), groups, blocks, RowStage(Stage.TOTAL_SUMS)),
        Part(RowStage(Stage.FACTORS, groups=softmax_scales(layer.width)), -(-groups // BATCH_GROUPS)),
        Part(results, groups, blocks, RowStage(Stage.ROW_FACTORS)),
    )


def softmax_scales(width: int) -> int:
    """Powers of four by which sums of so many exponentials, of which one is 1, differ (reciprocal_root.hpp, NearScaled)."""
    return (width.bit_length() + 1) // 2


def products(parts: tuple[Part, ...], generation: str) -> int:
    """Products that a batch issues."""
    return sum(part.groups * part.blocks * row_stage(part.stage, generation).count("multiply") for part in parts)


def program_words(parts: tuple[Part, ...], generation: str) -> int:
    """Words of the program of a batch: a pipelined loop has its body once, and what fills and drains it. Batches of maxima are a loop."""
    total = 0
    for part in dict.fromkeys(parts):
        body = _scheduled(part.stage, generation)
        once = _scheduled(part.before, generation).overhead if part.before else 0
        steady = body.interval * (part.blocks if part.unrolled and part.groups > 1 else 1)
        total += steady + once + 2 * body.overhead if body.interval else _repeated(part, body, generation, 2)
    return total


def move_cycles(form: MoveForm, sources: int, samples: int, rows: int, columns: int, element_bytes: int, generation: str) -> int:
    """Modelled cycles of a move from one source or two that writes so many rows of so many samples and columns, without call and locks: a
    loop a block of columns, or a block and sample.
    """
    body = _scheduled(move_stage(form, element_bytes, sources), generation)
    count = -(-rows * 8 // move_step(form, element_bytes))
    loops = columns // 8 * (1 if form.kind is MoveKind.COLUMNS else samples)
    count = samples * count if form.kind is MoveKind.COLUMNS else count
    return loops * (count * body.interval + body.overhead + BRANCH_CYCLES)


def move_step(form: MoveForm, element_bytes: int) -> int:
    """Elements that a move carries from one place."""
    if form.kind is MoveKind.COLUMNS:
        return 16 if element_bytes == 4 else 32
    return {MoveKind.RUNS: form.run, MoveKind.TURNED: 64, MoveKind.ELEMENTS: 1}[form.kind]


def move_stage(form: MoveForm, element_bytes: int, sources: int = 1) -> RowStage:
    """The body of a move's loop."""
    if form.kind is MoveKind.ELEMENTS:
        return RowStage(Stage.ELEMENTS, padded=sources > 1)
    if form.kind is MoveKind.COLUMNS:
        return RowStage(Stage.PIECES, element_bytes, groups=form.pieces, padded=form.shifted)
    if form.kind is MoveKind.RUNS:
        return RowStage(Stage.RUNS, element_bytes, groups=form.run)
    return RowStage(Stage.TURNED, element_bytes)


def move_words(form: MoveForm, sources: int, element_bytes: int, generation: str) -> int:
    """Words of the program of a move."""
    body = _scheduled(move_stage(form, element_bytes, sources), generation)
    # Elements that fill a vector are one body.
    bodies = ELEMENT_BYTES // element_bytes if form.kind is MoveKind.ELEMENTS else 1
    return bodies * body.interval + 2 * body.overhead


def batches(rows: int, most: int = BATCH_GROUPS) -> tuple[int, int]:
    """Batches of at most so many groups of four rows, as even as can be, and the groups of each."""
    groups = -(-rows // 4)
    count = -(-groups // most)
    return count, -(-groups // count)


def _cycles(parts: tuple[Part, ...], generation: str) -> int:
    return sum(_part_cycles(part, generation) for part in parts) + BRANCH_CYCLES


def _scheduled(stage: RowStage, generation: str) -> ScheduledBody:
    return schedules()[generation, stage.key]


@cache
def _part_cycles(part: Part, generation: str) -> int:
    """Of a batch: a loop fills and drains its pipeline once a group, or once where the loop over groups is the pipelined one."""
    body = _scheduled(part.stage, generation)
    if not body.interval:
        return _repeated(part, body, generation, part.groups)
    once = _scheduled(part.before, generation).overhead if part.before else 0
    alone = once + part.blocks * body.interval + body.overhead
    if part.groups == 1 or not part.unrolled:
        return part.groups * (alone + BRANCH_CYCLES) - BRANCH_CYCLES
    block, before = row_stage(part.stage, generation), row_stage(part.before, generation) if part.before else None
    uses = {unit: part.blocks * block.uses(unit) + (before.uses(unit) if before else 0) for unit in Unit}
    interval = max(part.blocks * body.interval, *(-(-count // unit.capacity) for unit, count in uses.items()))
    return part.groups * interval + max(0, alone - interval)


def _repeated(part: Part, body: ScheduledBody, generation: str, times: int) -> int:
    """Code without a loop inside; where there are several groups, pipelined at what its busiest unit needs."""
    if part.groups == 1:
        return body.overhead
    return body.overhead + (times - 1) * row_stage(part.stage, generation).resource_bound()


def row_stages() -> tuple[RowStage, ...]:
    """Every stage that a kernel has."""
    found = [RowStage(Stage.TABLE, output_bytes=b) for b in (1, 2, 4)]
    for groups in range(1, BATCH_GROUPS + 1):
        found.append(RowStage(Stage.TOPS, groups=groups))
        for size in (1, 2):
            found += [RowStage(Stage.MAXIMA, size, groups=groups, padded=padded) for padded in (False, True)]
    found += [RowStage(Stage.FACTORS, groups=scales) for scales in range(1, softmax_scales(WIDEST_SOFTMAX) + 1)]
    found += [RowStage(Stage.TOTAL_SUMS), RowStage(Stage.ROW_FACTORS), RowStage(Stage.ROWS, groups=2)]
    found += [RowStage(stage, size) for stage in (Stage.SPREADS, Stage.ROW_SUMS) for size in (1, 2)]
    for size in (1, 2):
        found.append(RowStage(Stage.STATISTICS, size))
        results = [RowStage(Stage.NORMALISED, size, output, clips=c) for output in (1, 2, 4) for c in (0, 1, 3)]
        found += [replace(r, narrow=narrow) for r in results for narrow in ((False, True) if size == 1 else (False,))]
        for padded in (False, True):
            found.append(RowStage(Stage.TOTALS, size, padded=padded))
            found += [RowStage(Stage.SOFTENED, size, output, clips=c, padded=padded) for output in (1, 2) for c in (0, 1, 3)]
    for size in (1, 2, 4):
        found += [RowStage(Stage.PIECES, size, groups=p, padded=shifted) for p in range(1, 9) for shifted in (False, True)]
        found += [RowStage(Stage.RUNS, size, groups=run) for run in RUNS]
    found += [RowStage(Stage.TURNED, size) for size in range(1, TURNED_BYTES + 1)]
    found += [RowStage(Stage.ELEMENTS, padded=joined) for joined in (False, True)]
    found += [RowStage(Stage.CUBICS, size, output, clips=c) for size in (2, 4) for output in (1, 2, 4) for c in (0, 1, 3)]
    return tuple(found)
