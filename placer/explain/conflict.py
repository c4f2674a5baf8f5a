"""Which limits of a device contradict a network: found by deletion, with the least that is needed of each against what there is.

Each resource in turn is made plentiful, and the ones whose limits are needed for the contradiction stay. The contradiction is one of
options and edge kinds, without places; where those have a solution, it is places or lanes that run out (explain.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from placer.config import Settings
from placer.device import Device
from placer.errors import InfeasibleError
from placer.pipeline.imported import Imported
from placer.problem.fixed_split import FixedSplit
from placer.problem.formulate import fewest_tiles, graph_options, state_problem
from placer.problem.options import least_tile_bytes
from placer.problem.problem import MappingProblem, Option

if TYPE_CHECKING:
    from placer.solvers.demand import Demand

# By how much a resource is multiplied to be plentiful.
PLENTY = 32
News = Callable[[str], None]


class Resource(Enum):
    """What can run short; the value is its name in sentences."""

    CORE_MEMORY = "data memory of a core tile"
    CORE_TILES = "core tiles"
    MEMORY_BYTES = "memory-tile bytes"
    MEMORY_CHANNELS = "memory-tile DMA channels"
    PLIO = "PLIO ports"
    PLACES = "places for the footprints"
    LANES = "stream lanes"
    INTERVAL = "cycles of the required interval"
    LATENCY = "cycles of the required latency"
    REQUIRED_TILES = "core tiles required at most"
    SPLITS = "ways to cut layers as the config says"


PLACELESS = (Resource.CORE_MEMORY, Resource.CORE_TILES, Resource.MEMORY_BYTES, Resource.MEMORY_CHANNELS, Resource.PLIO)


@dataclass(frozen=True)
class Shortage:
    """A resource whose limit is part of the contradiction: the least that is needed (None where that is not counted), what
    there is, and both in a sentence.
    """

    resource: Resource
    demand: int | None
    supply: int
    sentence: str


def plentiful(device: Device, resource: Resource) -> Device:
    """The device with more of one resource than any network in question needs."""
    tile, core, plio = device.memory_tile, device.core, device.plio
    match resource:
        case Resource.CORE_MEMORY:
            return replace(device, core=replace(core, memory_bytes=core.memory_bytes * PLENTY))
        case Resource.CORE_TILES:
            return replace(device, rows=device.rows * PLENTY)
        case Resource.MEMORY_BYTES:
            more = replace(tile, memory_bytes=tile.memory_bytes * PLENTY**2)
            return replace(device, memory_tile=more, memory_rows=max(1, device.memory_rows))
        case Resource.MEMORY_CHANNELS:
            more = replace(tile, dma_in=tile.dma_in * PLENTY, dma_out=tile.dma_out * PLENTY)
            return replace(device, memory_tile=more, memory_rows=max(1, device.memory_rows))
        case Resource.PLIO:
            return replace(device, plio=replace(plio, in_channels=plio.in_channels * PLENTY, out_channels=plio.out_channels * PLENTY))
        case _:
            return device


def _with_plenty(device: Device, resources: tuple[Resource, ...]) -> Device:
    for resource in resources:
        device = plentiful(device, resource)
    return device


class Variants:
    """The mapping problem of one network on variants of its device, for questions about options and edge kinds alone.

    Options depend on the core tiles only, so they are worked out once for each kind and number of these.
    """

    def __init__(self, imported: Imported, settings: Settings) -> None:
        self.imported = imported
        self.settings = settings
        self._known: dict[tuple[object, ...], tuple[tuple[Option, ...], ...] | None] = {}

    def options(self, device: Device) -> tuple[tuple[Option, ...], ...] | None:
        """The options of each layer, or None when some layer has none."""
        key = (device.core, device.columns, device.rows)
        if key not in self._known:
            try:
                self._known[key] = graph_options(self.imported.laid_out, device, self.settings.fixed_layers)
            except InfeasibleError:
                self._known[key] = None
        return self._known[key]

    def problem(self, device: Device) -> MappingProblem | None:
        """The mapping problem on a device, or None when some layer has no option or all together need more tiles than there are.

        Without footprints: these only allow shared memory, and where that is possible so is DMA.
        """
        options = self.options(device)
        if options is None or fewest_tiles(options) > device.core_tiles:
            return None
        bare = tuple(tuple(replace(o, shapes=()) for o in found) for found in options)
        return state_problem(self.imported.laid_out, device, bare, self.settings.objective, self.settings.row_weight)

    def contradict(self, device: Device) -> bool:
        """Whether options and edge kinds alone prove that no mapping exists on a device."""
        from placer.solvers.demand import has_options  # noqa: PLC0415 - OR-Tools takes half a second to load

        problem = self.problem(device)
        return problem is None or not has_options(problem)


def conflict(variants: Variants, news: News) -> tuple[Shortage, ...]:
    """The shortages of a smallest set of resources whose limits contradict each other; none where these limits do not."""
    device = variants.imported.device
    options = variants.options(device)
    if options and fewest_tiles(options) > device.core_tiles:
        # Every layer fits by itself: sums alone are the proof.
        return (_too_many_tiles(fewest_tiles(options), device),)
    if options is None and (alone := _layer_alone(variants)):
        return alone
    if not variants.contradict(device):
        return ()
    if variants.settings.splits and (alone := _impossible_splits(variants)):
        return alone
    kept: tuple[Resource, ...] = PLACELESS
    for resource in PLACELESS:
        news(f"without the limit of {resource.value}")
        fewer = tuple(r for r in kept if r is not resource)
        plenty = tuple(r for r in PLACELESS if r not in fewer)
        if fewer and variants.contradict(_with_plenty(device, plenty)):
            kept = fewer
    plenty = tuple(r for r in PLACELESS if r not in kept)
    found = tuple(_shortage(variants, resource, plenty) for resource in kept)
    # Memory makes layers take more tiles: where it is enough for each layer alone, the number of tiles says it all.
    return tuple(s for s in found if s.resource is not Resource.CORE_MEMORY or (s.demand or 0) > s.supply or len(found) == 1)


def _impossible_splits(variants: Variants) -> tuple[Shortage, ...]:
    """What the config fixes of layers' splits where no device's resources help: of one layer, or of all together; else nothing."""
    imported, settings = variants.imported, variants.settings
    device = _with_plenty(imported.device, PLACELESS)

    def impossible(splits: dict[str, FixedSplit]) -> bool:
        return Variants(imported, settings.overridden(splits=splits)).contradict(device)

    if not impossible(settings.splits) or impossible({}):
        return ()
    one = next(({name: split} for name, split in settings.splits.items() if impossible({name: split})), settings.splits)
    cuts = " and ".join(f"layer {name} with {split}" for name, split in one.items())
    return (Shortage(Resource.SPLITS, None, 0, f"no device, however large, takes {cuts}, as 'splits' wants"),)


def _layer_alone(variants: Variants) -> tuple[Shortage, ...]:
    """Where one layer by itself needs more memory than a tile has: that, and the tiles that would do if more of them help; else nothing."""
    device = variants.imported.device
    memory = _core_memory(variants.imported)
    if (memory.demand or 0) <= memory.supply:
        return ()
    more = variants.options(plentiful(device, Resource.CORE_TILES))
    tiles = fewest_tiles(more) if more else 0
    return (memory, _too_many_tiles(tiles, device)) if tiles > device.core_tiles else (memory,)


def _too_many_tiles(demand: int, device: Device) -> Shortage:
    return Shortage(
        Resource.CORE_TILES,
        demand,
        device.core_tiles,
        f"the network needs at least {demand} core tiles, and {device.name} has room for {device.core_tiles}",
    )


def _shortage(variants: Variants, resource: Resource, plenty: tuple[Resource, ...]) -> Shortage:
    """Demand against supply of one resource, measured where it and those outside the conflict are plentiful."""
    if resource is Resource.CORE_MEMORY:
        return _core_memory(variants.imported)
    from placer.solvers.demand import least_demand  # noqa: PLC0415 - OR-Tools takes half a second to load

    device = variants.imported.device
    problem = variants.problem(_with_plenty(device, (*plenty, resource)))
    found = [(least_demand(problem, what) or 0, supply, what) for what, supply in _supplies(device, resource)] if problem else []
    if not found:
        supply = _supplies(device, resource)[0][1]
        return Shortage(
            resource, supply * PLENTY, supply, f"the network needs more than {PLENTY} times the {supply} {resource.value} of {device.name}"
        )
    demand, supply, what = max(found, key=lambda f: f[0] / max(1, f[1]))
    if demand > supply:
        return Shortage(
            resource, demand, supply, f"the network needs at least {demand} {what.value}, and {device.name} has room for {supply}"
        )
    tile = device.memory_tile
    return Shortage(
        resource,
        demand,
        supply,
        f"the network's {demand} {what.value} fit the {supply} of all tiles of {device.name} together, but no cut of its activations keeps "
        f"each within what one memory tile has: {tile.memory_bytes} bytes, {tile.dma_in} channels in, {tile.dma_out} out",
    )


def _core_memory(imported: Imported) -> Shortage:
    """The layer whose smallest share is largest."""
    device = imported.device
    needs = [(least_tile_bytes(layer, imported.laid_out.of_layer(layer), device), layer.name) for layer in imported.laid_out.graph.layers]
    need, layer = max(needs)
    memory = device.core.memory_bytes
    return Shortage(
        Resource.CORE_MEMORY,
        need,
        memory,
        f"layer {layer} needs {need} bytes in some core tile however it is split over {device.core_tiles} tiles (inputs and outputs twice, "
        f"weights, stack), and a tile of {device.name} has {memory} in {device.core.logical_banks} banks, for inputs also its western "
        "neighbour's",
    )


def _supplies(device: Device, resource: Resource) -> tuple[tuple[Demand, int], ...]:
    """What is counted of a resource, and how much of it there is."""
    from placer.solvers.demand import Demand  # noqa: PLC0415 - as above

    tile, tiles, plio = device.memory_tile, device.memory_tiles, device.plio
    match resource:
        case Resource.CORE_TILES:
            return ((Demand.TILES, device.core_tiles),)
        case Resource.MEMORY_BYTES:
            return ((Demand.MEMORY_BYTES, tile.memory_bytes * tiles),)
        case Resource.MEMORY_CHANNELS:
            return (Demand.CHANNELS_IN, tile.dma_in * tiles), (Demand.CHANNELS_OUT, tile.dma_out * tiles)
        case Resource.PLIO:
            columns = len(plio.columns)
            return (Demand.PLIO_IN, plio.in_channels * columns), (Demand.PLIO_OUT, plio.out_channels * columns)
    return ()
