"""Population annealing by heat bath: many placements at once, each block in turn moved to a place drawn from all of its places.

A move weighs every place p of one block by exp(-(cost + penalty * overlap) / temperature), with the others where they are; the draw is
the maximum of the logarithms plus Gumbel noise. Blocks may overlap on the way, at a price that grows, so that a tight array does not lock.
Costs are sums of a term of the column and a term of the row, so that the costs of all places are an outer sum of two tables; overlaps
come from a two-dimensional running sum of the extents. Now and then the worst chains are replaced by copies of the best (population
annealing: Hukushima and Iba, 2003).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from placer.placement.instance import Instance, Places
from placer.placement.tables import BlockTables, block_tables

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

# Sweeps between two resamplings, and the part of the chains that is replaced.
RESAMPLING_SWEEPS, RESAMPLED_PART = 8, 0.25
NOISE = 1 << 20

Improved = Callable[[Places, int], bool]


@dataclass(frozen=True)
class Schedule:
    """How a run goes: chains at once, sweeps over all blocks, and seconds (infinite for a run that is the same on every machine).

    temperatures, in columns of distance, and penalties, in columns a tile of overlap: first and last of a geometric schedule, which cools
    by sweeps or by the clock, whichever is further.
    """

    chains: int
    sweeps: int
    seconds: float
    temperatures: tuple[float, float]
    penalties: tuple[float, float]


def anneal(
    instance: Instance, start: Places | None, schedule: Schedule, seed: tuple[int, ...], below: int | None, improved: Improved
) -> None:
    """Call `improved` with each legal placement cheaper than `below` (units) and all before it, until it returns False or the run ends.

    start: where every chain begins; None for random places.
    """
    tables = block_tables(instance)
    free = [t for t in tables if t.movable]
    if not free or any(t.barred is not None and t.barred.all() for t in free):
        return
    population = _Population(instance, tables, start, schedule.chains, np.random.default_rng(seed), below)
    began = time.monotonic()
    for sweep in range(schedule.sweeps):
        progress = max(sweep / max(1, schedule.sweeps - 1), (time.monotonic() - began) / schedule.seconds)
        if progress > 1.0:
            return
        temperature = instance.scale * _between(schedule.temperatures, progress)
        penalty = instance.scale * _between(schedule.penalties, progress)
        for number in population.random.permutation(len(free)):
            if time.monotonic() - began > schedule.seconds:
                return
            population.move(free[number], temperature, penalty)
            if not population.report(improved):
                return
        if (sweep + 1) % RESAMPLING_SWEEPS == 0:
            population.resample(penalty)


def _between(ends: tuple[float, float], progress: float) -> float:
    return float(ends[0] * (ends[1] / ends[0]) ** progress)


class _Population:
    """The chains. columns, rows: [chain, block]. sums: running sums of extents, [chain, column, row], keep-out columns first; shares: what
    each block has in them.
    """

    def __init__(
        self,
        instance: Instance,
        tables: tuple[BlockTables, ...],
        start: Places | None,
        chains: int,
        random: np.random.Generator,
        below: int | None,
    ) -> None:
        self.random = random
        self.tables = tables
        self.below = np.iinfo(np.int64).max if below is None else below
        self.everyone = np.arange(chains)
        starts = [t.random_places(random, chains) for t in self.tables]
        self.columns = np.stack([x for x, _ in starts], axis=1)
        self.rows = np.stack([y for _, y in starts], axis=1)
        for number, block in enumerate(instance.blocks):
            given = start[number] if start else block.anchor
            if given:
                self.columns[:, number], self.rows[:, number] = given
        kind = np.int16 if 4 * instance.width * instance.height + sum(t.extent for t in tables) < 1 << 15 else np.int32
        self.sums = np.zeros((chains, *tables[0].sum_shape), dtype=kind)
        self.shares: list[NDArray[np.int16]] = []
        self.cost = np.zeros(chains, dtype=np.int64)
        self.overlap = np.zeros(chains, dtype=np.int64)
        noise = random.random(NOISE, dtype=np.float32)
        self.noise = -np.log(-np.log(np.maximum(noise, np.float32(1e-20)) * np.float32(1 - 1e-7)))
        self._count()

    def _count(self) -> None:
        """Costs and overlaps from nothing: blocks enter one by one, each paying for what it shares with those before it."""
        placed: set[int] = set()
        for table in self.tables:
            across, along = table.costs(self.columns, self.rows, placed)
            here = self.columns[:, table.number], self.rows[:, table.number]
            self.cost += (across[self.everyone, here[0]] + along[self.everyone, here[1]]).astype(np.int64)
            shared = self._overlaps(table, placed)
            self.overlap += shared[self.everyone, here[0], here[1]].astype(np.int64)
            self.shares.append(table.sums(*here))
            self.sums += self.shares[-1]
            placed.add(table.number)

    def _overlaps(self, table: BlockTables, among: set[int] | None = None) -> Floats:
        """Tiles of extent shared with the others at every place, [chain, column, row]; shared keep-outs do not count."""
        shared = table.window(self.sums)
        for partner in table.partners:
            if among is None or partner.number in among:
                x = self.columns[:, partner.number] + partner.columns
                y = self.rows[:, partner.number] + partner.rows
                inside = (x >= 0) & (x < table.width) & (y >= 0) & (y < table.height)
                shared[self.everyone[inside], x[inside], y[inside]] -= partner.shared
        return shared

    def move(self, table: BlockTables, temperature: float, penalty: float) -> None:
        """Draw a new place for one block in every chain."""
        n, chains = table.number, self.everyone
        x, y = self.columns[:, n], self.rows[:, n]
        self.sums -= self.shares[n]
        shared = self._overlaps(table)
        across, along = table.costs(self.columns, self.rows, None)
        before = (across[chains, x] + along[chains, y]).astype(np.int64), shared[chains, x, y]
        logits = shared * np.float32(-penalty / temperature)
        logits += (across * np.float32(-1 / temperature))[:, :, None]
        logits += (along * np.float32(-1 / temperature))[:, None, :]
        start = int(self.random.integers(0, max(1, NOISE - logits.size)))
        logits += np.resize(self.noise[start : start + logits.size], logits.shape)
        if table.barred is not None:
            logits[:, table.barred] = -np.inf
        x, y = np.divmod(logits.reshape(len(chains), -1).argmax(axis=1), table.height)
        self.columns[:, n], self.rows[:, n] = x, y
        self.shares[n] = table.sums(x, y)
        self.sums += self.shares[n]
        self.cost += (across[chains, x] + along[chains, y]).astype(np.int64) - before[0]
        self.overlap += (shared[chains, x, y] - before[1]).astype(np.int64)

    def report(self, improved: Improved) -> bool:
        """Pass on the best of the legal chains if it is better than all before; what `improved` says, else True."""
        legal = (self.overlap == 0) & (self.cost < self.below)
        if not legal.any():
            return True
        best = int(np.where(legal, self.cost, np.iinfo(np.int64).max).argmin())
        self.below = int(self.cost[best])
        return improved(tuple((int(x), int(y)) for x, y in zip(self.columns[best], self.rows[best], strict=True)), self.below)

    def resample(self, penalty: float) -> None:
        """Replace the worst chains by copies of the best."""
        order = np.argsort(self.cost + penalty * self.overlap, kind="stable")
        count = int(len(order) * RESAMPLED_PART)
        if count:
            for state in (self.columns, self.rows, self.sums, self.cost, self.overlap, *self.shares):
                state[order[-count:]] = state[order[:count]]
