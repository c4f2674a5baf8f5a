"""Code without a loop, scheduled as compilers do: cycle by cycle, of what may issue first what the longest path hangs on."""

from __future__ import annotations

from collections import Counter

from placer.cycles.operations import OperationList, Unit
from placer.solvers.modulo import Schedule


def schedule_straight(code: OperationList) -> Schedule:
    """A schedule, not always the shortest; its interval is its length."""
    after = _followers(code)
    urgency = [0] * len(code.operations)
    for number in reversed(range(len(code.operations))):
        urgency[number] = max((cycles + urgency[target] for target, cycles in after[number]), default=0)
    ready, waits = [0] * len(code.operations), [0] * len(code.operations)
    for d in code.dependences:
        waits[d.target] += 1
    at = [-1] * len(code.operations)
    waiting, cycle = [n for n, count in enumerate(waits) if not count], 0
    while waiting:
        used: Counter[Unit] = Counter()
        for number in sorted(waiting, key=lambda n: (-urgency[n], n)):
            units = code.operations[number].units
            if ready[number] > cycle or any(used[u] >= u.capacity for u in units):
                continue
            used.update(units)
            at[number] = cycle
            waiting.remove(number)
            for target, cycles in after[number]:
                ready[target] = max(ready[target], cycle + cycles)
                waits[target] -= 1
                if not waits[target]:
                    waiting.append(target)
        cycle += 1
    return Schedule(max(at) + 1, tuple(at))


def _followers(code: OperationList) -> list[list[tuple[int, int]]]:
    """(operation, cycles) of what waits for each operation."""
    after: list[list[tuple[int, int]]] = [[] for _ in code.operations]
    for d in code.dependences:
        after[d.source].append((d.target, d.cycles))
    return after
