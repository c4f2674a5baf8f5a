"""A dense kernel that reads its input from a stream and writes its output to one, modelled like ours, to explain published design rules.

Public low-latency kernels for small batches are of this kind: for each four rows, the core reads all of the depth, a word a cycle, then
works through the columns in groups of up to four accumulators, and writes each group as soon as it is done, while it works on the next. So
the input's words add to the work and the output's hide behind it, where ours leaves both to the DMA.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from placer.cycles.block_operations import dense_block, dense_steps
from placer.cycles.kernel import CALL_CYCLES, CASCADE_QUEUE_CYCLES
from placer.cycles.operations import Bias, DenseBlock, Dependence, Operation, OperationList, Start, StepKind, Unit, timing
from placer.device import find_device
from placer.solvers.modulo import schedule_loop, schedule_once

DEVICE = find_device("VEK280")
# Words of a stream in one block of four rows by eight elements, and accumulators side by side.
BLOCK_WORDS, GROUP = 8, 4
FINISH = (StepKind(Bias.NONE, False, True),)
WRITE = Operation("write stream", (Unit.MOVE,))


@dataclass(frozen=True)
class Cascaded:
    """What a kernel's sums start at and whether they leave by the cascade, of one alone or in a cascade."""

    start: Start = Start.ZERO
    finish: tuple[StepKind, ...] = FINISH


ALONE, FIRST, LAST = Cascaded(), Cascaded(finish=()), Cascaded(Start.CASCADE)


@dataclass(frozen=True)
class Group:
    """Cycles of one group of accumulators: on its own, and after another one in a loop."""

    alone: int
    following: int


def kernel_cycles(inner: int, columns: int, rows: int = 8, cascaded: Cascaded = ALONE) -> int:
    """Modelled cycles of one call, without locks."""
    steps, blocks = inner // 8, columns // 8
    work = 0
    for width, count in ((GROUP, blocks // GROUP), (blocks % GROUP, 1)):
        if width and count:
            group = group_cycles(width, steps, cascaded)
            work += group.alone + (count - 1) * group.following
    return CALL_CYCLES + rows // 4 * (read_cycles(steps) + work)


def split_depth_cycles(inner: int, columns: int) -> int:
    """The same work on two tiles of half the depth, the second as late as the first group's sums."""
    width, steps = min(GROUP, columns // 8), inner // 16
    late = group_cycles(width, steps, FIRST).alone + CASCADE_QUEUE_CYCLES - (2 * width - 1)
    return kernel_cycles(inner // 2, columns, cascaded=LAST) + late


@cache
def read_cycles(steps: int) -> int:
    """The loop that reads the words of each block of the input and keeps them in memory."""
    words = [Operation("read stream", (Unit.MOVE,)) for _ in range(BLOCK_WORDS)]
    keep = Operation("store", (Unit.STORE,))
    order = [Dependence(n, n + 1, 1) for n in range(BLOCK_WORDS - 1)]
    arrive = [Dependence(n, BLOCK_WORDS, timing(DEVICE).load) for n in range(BLOCK_WORDS)]
    loop = schedule_loop(OperationList((*words, keep), (*order, *arrive)))
    return steps * loop.interval + loop.ramp


@cache
def group_cycles(width: int, steps: int, cascaded: Cascaded) -> Group:
    """As for our kernels: the loop over depth is unrolled, and the loop around it takes what its busiest unit needs."""
    block = DenseBlock(1, width, cascaded.start, cascaded.finish)
    one, two = (to_stream(dense_block(block, depth, DEVICE)) for depth in (1, 2))
    interval = schedule_loop(dense_steps(block, 1, DEVICE)).interval
    uses = {unit: one.uses(unit) + (steps - 1) * (two.uses(unit) - one.uses(unit)) for unit in Unit}
    return Group(schedule_once(two).length + (steps - 2) * interval, max(-(-n // unit.capacity) for unit, n in uses.items()))


def to_stream(code: OperationList) -> OperationList:
    """Each block's store becomes the writing of its words, one after the other."""
    operations, dependences = list(code.operations), list(code.dependences)
    for number, operation in enumerate(code.operations):
        if operation.name != "store":
            continue
        operations[number], last = WRITE, number
        for _ in range(BLOCK_WORDS - 1):
            dependences.append(Dependence(last, len(operations), 1))
            last = len(operations)
            operations.append(WRITE)
    return OperationList(tuple(operations), tuple(dependences))
