"""The smallest shipped device, and the smallest array of the config's own kind, that hold a network."""

from __future__ import annotations

from dataclasses import dataclass

from placer.config import Settings
from placer.device import find_device, shipped_devices
from placer.explain.conflict import News
from placer.explain.explain import fewest_tiles, maps

# Columns that an imagined array may have, as a multiple of the device's.
IMAGINED = 4


@dataclass(frozen=True)
class Array:
    """Columns and rows of core tiles."""

    columns: int
    rows: int


@dataclass(frozen=True)
class Fit:
    """What was found. least_tiles: a proven lower bound of core tiles. device: the smallest shipped device that maps, array: the smallest
    cut of the config's device that does, or one with its rows and more columns; None where none does.
    """

    least_tiles: int
    device: str | None
    array: Array | None


def fit(settings: Settings, news: News) -> Fit:
    """Try devices from the smallest on, then for every number of rows the fewest columns.

    That an array does not map is a proof only where it has fewer tiles than the bound; more columns are assumed to help.
    """
    least = fewest_tiles(settings)
    found = None
    for device in sorted(shipped_devices(), key=lambda d: (d.core_tiles, d.name)):
        news(f"trying {device.name}")
        whole = settings.overridden(device=device.name, columns=device.columns, rows=device.rows)
        if device.core_tiles >= least and maps(whole):
            found = device.name
            break
    return Fit(least, found, _smallest_array(settings, least, news))


def _smallest_array(settings: Settings, least: int, news: News) -> Array | None:
    """The array of least tiles, of these the one with most rows; with more columns than the device where it does not hold the network."""
    whole = find_device(settings.device)
    best: Array | None = None
    for rows in range(whole.rows, 0, -1):
        high = whole.columns if best is None else min(whole.columns, (best.columns * best.rows - 1) // rows)
        best = _fewest_columns(settings, rows, -(-least // rows), high, news) or best
    low = max(whole.columns + 1, -(-least // whole.rows))
    while best is None and low <= IMAGINED * whole.columns:
        high = min(2 * low, IMAGINED * whole.columns)
        news(f"trying an imagined {high} x {whole.rows}")
        if maps(settings.overridden(columns=high, rows=whole.rows)):
            best = _fewest_columns(settings, whole.rows, low, high - 1, news) or Array(high, whole.rows)
        low = high + 1
    return best


def _fewest_columns(settings: Settings, rows: int, low: int, high: int, news: News) -> Array | None:
    """The array of so many rows with the fewest columns from `low` to `high`, found by halving."""
    best: Array | None = None
    while low <= high:
        middle = (low + high) // 2
        news(f"trying {middle} x {rows}")
        if maps(settings.overridden(columns=middle, rows=rows)):
            best, high = Array(middle, rows), middle - 1
        else:
            low = middle + 1
    return best
