"""Schedule every kernel body with CP-SAT and write placer/cycles/kernel_schedules.csv, which the cycle model reads.

    python scripts/schedule_kernels.py

Run it again when placer/cycles/operations.py changes; a test schedules a few bodies anew and compares.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import product
from pathlib import Path

from placer.cycles.block_operations import dense_block, dense_steps, elementwise_block
from placer.cycles.operations import BYTE, Bias, DenseBlock, ElementwiseBlock, Multiplier, Scaling, Start, StepKind
from placer.cycles.row_operations import row_stage
from placer.cycles.rows import row_stages
from placer.cycles.schedules import SCHEDULES, ScheduledBody
from placer.cycles.stages import LOOPS, RowStage
from placer.device import Device, find_device
from placer.solvers.modulo import schedule_loop, schedule_once
from placer.solvers.straight import schedule_straight

DEVICES = ("VEK280", "VEK385")
# Deterministic time for the length of a stage, whose interval is proven within it.
STAGE_LIMIT = 4.0
# The same for a block whose results are multiplied: the shortest schedule found.
SCALING_LIMIT = 0.5
PLAIN = StepKind(Bias.NONE, False, False)


def bodies() -> tuple[DenseBlock | ElementwiseBlock, ...]:
    """Every body with at most one step; longer chains follow from their first step (placer/cycles/kernel.py)."""
    steps = [StepKind(*parts) for parts in product(Bias, (False, True), (False, True))]
    found: list[DenseBlock | ElementwiseBlock] = []
    for rows, columns, start in product((1, 2), (1, 2), Start):
        found.append(DenseBlock(rows, columns, start, ()))
        # A sum that starts at a bias is neither doubled nor biased again.
        biased = start.bias is not Bias.NONE
        found += [DenseBlock(rows, columns, start, (s,)) for s in steps if not biased or s in {PLAIN, replace(PLAIN, relu=True)}]
        found.append(DenseBlock(rows, columns, start, (PLAIN,), 2))
        found += [DenseBlock(rows, columns, start, (replace(PLAIN, scaling=s),)) for s in scalings()]
    found += [ElementwiseBlock((BYTE,) * n, (s,)) for n in (1, 2) for s in steps if s.bias is not Bias.ROW and not s.doubled]
    return tuple(found)


def scalings() -> tuple[Scaling, ...]:
    """The commonest, of results of 8 bits: a zero point and a bound, a multiplier, and both. Others are taken in order (cycles)."""
    multiplied = [Scaling(m, True, clips, False, 1) for m in (Multiplier.ONE, Multiplier.COLUMN) for clips in (0, 2)]
    return (Scaling(Multiplier.NONE, False, 2, False, 1), *multiplied)


def scheduled(body: DenseBlock | ElementwiseBlock, device: Device) -> ScheduledBody:
    """Interval and overhead of one body (placer/cycles/kernel.py says what they mean)."""
    if isinstance(body, ElementwiseBlock):
        loop = schedule_loop(elementwise_block(body, device))
        return ScheduledBody(device.generation, body.key, loop.interval, loop.ramp)
    interval = schedule_loop(dense_steps(body, 1, device)).interval
    scales = any(step.scaling for step in body.finish)
    once = schedule_once(dense_block(body, 2, device), *((SCALING_LIMIT, False) if scales else ()))
    return ScheduledBody(device.generation, body.key, interval, once.length - 2 * interval)


def scheduled_stage(stage: RowStage, device: Device) -> ScheduledBody:
    """Interval and overhead of a stage of a kernel of rows."""
    code = row_stage(stage, device.generation)
    if stage.stage not in LOOPS:
        return ScheduledBody(device.generation, stage.key, 0, schedule_straight(code).length)
    loop = schedule_loop(code, STAGE_LIMIT, shortest=False)
    return ScheduledBody(device.generation, stage.key, loop.interval, loop.ramp)


def main() -> None:
    """Schedule all and write the table."""
    rows = []
    for device in map(find_device, DEVICES):
        rows += [scheduled(body, device) for body in bodies()]
        rows += [scheduled_stage(stage, device) for stage in row_stages()]
    path = Path(__file__).resolve().parents[1] / "placer" / "cycles" / SCHEDULES
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("generation", "body", "interval", "overhead"))
        writer.writerows((r.generation, r.body, r.interval, r.overhead) for r in rows)
    print(f"{len(rows)} bodies -> {path}")


if __name__ == "__main__":
    main()
