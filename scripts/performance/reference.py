"""The reference system's splits (AIE4ML 0.2.1), placed, routed and simulated by us, against ours."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from placer.config import Settings
from placer.device import Device
from placer.errors import InfeasibleError
from placer.layers import DenseLayer, Layer, Side
from placer.layout import BLOCK_COLUMNS, LayerLayouts, divisors
from placer.pipeline.imported import Imported, import_network, target_device
from scripts.performance.measured import NETWORKS, STACK, Measured, measured, settings_of

# One buffer a bank, and its cost of a layer (facts of its source).
BANK, BYTES_A_CYCLE, START, HOP = 16384, 32, 30, 30
# Splits of the reference system that are tried until one has a legal mapping.
REFERENCE_TRIES = 12


@dataclass(frozen=True)
class Cut:
    """A split that the reference system has: the contraction over a cascade, and either channels or data over stacked cascades."""

    contraction: int
    channels: int
    data: int
    cost: float

    @property
    def tiles(self) -> int:
        return self.contraction * self.channels * self.data


def cuts(layer: DenseLayer, layouts: LayerLayouts, device: Device) -> list[Cut]:
    """All of them whose input, weights and output each fit one bank, with its cost in cycles."""
    source, target = layouts.sources[0], layouts.target
    left = layer.side is Side.LEFT
    inner, channels = (source.rows, target.rows) if left else (source.columns, target.columns)
    data = target.columns if left else target.rows
    samples = target.samples if left else 1
    units = (
        inner // BLOCK_COLUMNS,
        channels // (device.mmul[0] if left else BLOCK_COLUMNS),
        data // (BLOCK_COLUMNS if left else device.mmul[0]),
    )
    found = []
    for k in divisors(units[0]):
        for n, m in [(n, 1) for n in divisors(units[1])] + [(1, m) for m in divisors(units[2])]:
            sizes = (
                samples * inner // k * data // m,
                inner // k * channels // n * layer.weight_type.bytes,
                samples * channels // n * data // m,
            )
            if max(sizes) <= BANK and k <= device.columns and k * n * m <= device.core_tiles:
                macs = samples * inner // k * channels // n * data // m
                cost = max(max(sizes) / BYTES_A_CYCLE, macs / device.core.macs_int8) + START + HOP * (k - 1)
                found.append(Cut(k, n, m, cost))
    return found


def reference_splits(imported: Imported) -> Iterator[dict[str, dict[str, int]]]:
    """The cuts of all dense layers by their largest cost, the least first that fits the device's tiles; fewest tiles among equals."""
    device, laid_out = imported.device, imported.laid_out
    layers: list[Layer] = list(laid_out.graph.layers)
    options = [(x, cuts(x, laid_out.of_layer(x), device)) for x in layers if isinstance(x, DenseLayer)]
    others = len(layers) - len(options)
    for limit in sorted({c.cost for _, found in options for c in found}):
        meeting = [(x, [c for c in found if c.cost <= limit]) for x, found in options]
        if all(found for _, found in meeting):
            chosen = [(x, min(found, key=lambda c: (c.tiles, c.cost))) for x, found in meeting]
            if sum(c.tiles for _, c in chosen) + others <= device.core_tiles:
                yield {x.name: _as_split(x, c) for x, c in chosen}


def _as_split(layer: DenseLayer, cut: Cut) -> dict[str, int]:
    axis = "columns" if layer.side is Side.LEFT else "rows"
    return {"contraction": cut.contraction, "channels": cut.channels, axis: cut.data}


@dataclass(frozen=True)
class Theirs:
    """The reference system's splits as it maps them, and with as many of our relays as help."""

    plain: Measured
    relayed: Measured


def reference_mapping(settings: Settings) -> Theirs:
    """The first of the reference system's splits that has a legal mapping.

    Raises InfeasibleError when none of the first few has.
    """
    imported = import_network(settings.network, target_device(settings), settings.first_batch)
    tried = set()
    for splits in reference_splits(imported):
        if str(splits) in tried:
            continue
        tried.add(str(splits))
        try:
            plain = measured(settings.overridden(splits=splits, relays=0))
        except InfeasibleError:
            if len(tried) == REFERENCE_TRIES:
                break
            continue
        return Theirs(plain, measured(settings.overridden(splits=splits)))
    raise InfeasibleError(f"none of {len(tried)} of its splits maps")


def reference(device: str) -> Iterator[str]:
    """One pipeline of each network as split by the reference system, placed by us, against ours."""
    yield "| network | its splits: interval | with our relays | tiles | ours: interval | tiles | times as fast | than with relays |"
    yield "|---|---|---|---|---|---|---|---|"
    ratios = []
    for label, config in {**NETWORKS, **STACK}.items():
        settings = settings_of(config, device=device, goal="throughput", replicas=1)
        try:
            theirs, ours = reference_mapping(settings), measured(settings)
        except InfeasibleError as error:
            yield f"| {label} | {error} | | | | | | |"
            continue
        plain, relayed, own = (m.profile.interval for m in (theirs.plain, theirs.relayed, ours))
        ratios.append((plain / own, relayed / own))
        yield (
            f"| {label} | {plain:.5g} | {relayed:.5g} | {theirs.plain.mapping.tiles_used} | {own:.5g} | {ours.mapping.tiles_used} "
            f"| {ratios[-1][0]:.2f} | {ratios[-1][1]:.2f} |"
        )
    if ratios:
        means = [math.prod(r) ** (1 / len(ratios)) for r in zip(*ratios, strict=True)]
        yield f"| geometric mean | | | | | | {means[0]:.2f} | {means[1]:.2f} |"
