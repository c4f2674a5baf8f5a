"""Why a network does not fit: which resources conflict, demand against supply, and what was tried and found to help.

Conflicts are found by deletion: each resource in turn is made plentiful, and the ones whose limits are needed for the contradiction stay.
The contradiction is one of options and edge kinds, without places; where those have a solution, it is places or lanes that run out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from placer.config import Settings
from placer.device import Device, find_device, shipped_devices
from placer.errors import InfeasibleError
from placer.formulate import formulate
from placer.options import least_tile_bytes
from placer.pipeline import Imported, Stage, import_network, run, target_device
from placer.problem import Level, MappingProblem
from placer.solvers.base import Limits
from placer.solvers.construct import construct
from placer.unmet import unmet_limits

if TYPE_CHECKING:
    from placer.solvers.demand import Demand

# By how much a resource is multiplied to be plentiful.
PLENTY = 32
# Deterministic time of a trial solve: enough for a first mapping and its routes.
TRIAL_WORK = 1.5
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


@dataclass(frozen=True)
class Lever:
    """A change that was tried and mapped. changes: config keys and their new values."""

    sentence: str
    changes: tuple[tuple[str, str | int], ...]

    def applied(self, settings: Settings) -> Settings:
        """The settings with this change."""
        return settings.overridden(**dict(self.changes))


@dataclass(frozen=True)
class Explanation:
    """The answer: a network that fits has no shortages. proven: whether that no mapping exists is a proof or a search that gave up."""

    fits: bool
    proven: bool
    shortages: tuple[Shortage, ...]
    levers: tuple[Lever, ...]


def explain(settings: Settings, news: News) -> Explanation:
    """Find out whether `settings` map, and if not, why and what helps.

    Raises InputError or UnsupportedModelError.
    """
    imported = import_network(settings.network, target_device(settings), settings.first_batch)
    news("options")
    if _contradicts(imported, settings, imported.device):
        shortages, proven = _conflict(imported, settings, news), True
    else:
        news("places and lanes")
        shortage = _trial(imported, settings)
        shortages, proven = ((shortage,), False) if shortage else _missed(imported, settings, news)
        if not shortages:
            return Explanation(True, True, (), ())
    return Explanation(False, proven, shortages, tuple(_levers(imported, settings, news)))


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


def _problem(imported: Imported, settings: Settings, device: Device) -> MappingProblem | None:
    """The mapping problem on a device, or None when some layer has no option.

    Without footprints: these only allow shared memory, and where that is possible so is DMA.
    """
    try:
        problem = formulate(imported.laid_out, device, settings.objective, settings.row_weight, (), settings.fixed_layers)
    except InfeasibleError:
        return None
    blocks = tuple(replace(b, options=tuple(replace(o, shapes=()) for o in b.options)) for b in problem.blocks)
    return replace(problem, blocks=blocks)


def _contradicts(imported: Imported, settings: Settings, device: Device) -> bool:
    """Whether options and edge kinds alone prove that no mapping exists."""
    from placer.solvers.demand import has_options  # noqa: PLC0415 - OR-Tools takes half a second to load

    problem = _problem(imported, settings, device)
    return problem is None or not has_options(problem)


def _conflict(imported: Imported, settings: Settings, news: News) -> tuple[Shortage, ...]:
    """The shortages of a smallest set of resources whose limits contradict each other."""
    kept: tuple[Resource, ...] = PLACELESS
    for resource in PLACELESS:
        news(f"without the limit of {resource.value}")
        fewer = tuple(r for r in kept if r is not resource)
        plenty = tuple(r for r in PLACELESS if r not in fewer)
        if fewer and _contradicts(imported, settings, _with_plenty(imported.device, plenty)):
            kept = fewer
    plenty = tuple(r for r in PLACELESS if r not in kept)
    found = tuple(_shortage(imported, settings, resource, plenty) for resource in kept)
    # Memory makes layers take more tiles: where it is enough for each layer alone, the number of tiles says it all.
    return tuple(s for s in found if s.resource is not Resource.CORE_MEMORY or (s.demand or 0) > s.supply or len(found) == 1)


def _shortage(imported: Imported, settings: Settings, resource: Resource, plenty: tuple[Resource, ...]) -> Shortage:
    """Demand against supply of one resource, measured where it and those outside the conflict are plentiful."""
    if resource is Resource.CORE_MEMORY:
        return _core_memory(imported)
    from placer.solvers.demand import least_demand  # noqa: PLC0415 - OR-Tools takes half a second to load

    device = imported.device
    problem = _problem(imported, settings, _with_plenty(device, (*plenty, resource)))
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
        f"weights, stack), and a tile of {device.name} has {memory} in {device.core.logical_banks} banks",
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


def _trial(imported: Imported, settings: Settings) -> Shortage | None:
    """What runs out when options exist and places are sought; None when a mapping is found."""
    from placer.solvers.routed import solve_routed  # noqa: PLC0415 - as above

    problem = formulate(imported.laid_out, imported.device, settings.objective, settings.row_weight, (), settings.fixed_layers)
    limits = Limits(settings.work, settings.seconds, settings.workers, settings.seed)
    result = solve_routed(problem, construct(problem), limits, lambda _: None)
    if result.solution:
        return None
    device = imported.device
    across = min(device.streams.east, device.streams.west) * (device.rows + 1)
    if result.levels:
        return Shortage(
            Resource.LANES,
            None,
            across,
            f"mappings exist, but none was found whose streams all find lanes: {device.name} has {across} lanes each way across a column "
            f"boundary, {device.streams.north} north and {device.streams.south} south a column",
        )
    tiles = sum(min(o.tiles for o in b.options) for b in problem.blocks)
    return Shortage(
        Resource.PLACES,
        tiles,
        device.core_tiles,
        f"the layers need at least {tiles} of the {device.core_tiles} core tiles ({device.columns} x {device.rows}), but no packing of "
        "their footprints with their memory-tile channels was found",
    )


def _missed(imported: Imported, settings: Settings, news: News) -> tuple[tuple[Shortage, ...], bool]:
    """Demands that a network which fits does not meet, and whether that is proven; none when it meets them all."""
    from placer.solvers.routed import solve_routed  # noqa: PLC0415 - as above

    device = imported.device
    demands = settings.required.limits(imported.laid_out.batch, device)
    problem = formulate(imported.laid_out, device, settings.objective, settings.row_weight, demands, settings.fixed_layers)
    limits = Limits(min(settings.work, TRIAL_WORK), settings.seconds, settings.workers, settings.seed)
    if demands:
        news("what is required")
    if not demands or solve_routed(problem, construct(problem), limits, lambda _: None).solution:
        return (), True
    names = {Level.INTERVAL: Resource.INTERVAL, Level.LATENCY: Resource.LATENCY, Level.TILES: Resource.REQUIRED_TILES}
    missed = unmet_limits(problem, limits)
    shortages = [Shortage(names[u.limit.level], max(u.bound, u.found or 0), u.limit.at_most, u.sentence(device)) for u in missed]
    return tuple(shortages), any(u.proven for u in missed)


def fewest_tiles(settings: Settings) -> int:
    """A proven lower bound of the core tiles that the network takes on the whole device of `settings`, however many that has.

    Raises InfeasibleError when no number of tiles would do.
    """
    from placer.solvers.demand import Demand, least_demand  # noqa: PLC0415 - as above

    imported = import_network(settings.network, find_device(settings.device), settings.first_batch)
    problem = _problem(imported, settings, plentiful(imported.device, Resource.CORE_TILES))
    demand = least_demand(problem, Demand.TILES) if problem else None
    if demand is None:
        raise InfeasibleError(f"{settings.network.name} fits no array of {imported.device.name} tiles; placer explain says why")
    return demand


def maps(settings: Settings) -> bool:
    """Whether a trial with these settings ends in a verified mapping; quick where options alone say no."""
    try:
        imported = import_network(settings.network, target_device(settings), settings.first_batch)
        if _contradicts(imported, settings, imported.device):
            return False
        return run(settings.overridden(work=min(settings.work, TRIAL_WORK)), Stage.VERIFY, lambda _: None).mapping is not None
    except InfeasibleError:
        return False


def _levers(imported: Imported, settings: Settings, news: News) -> Iterator[Lever]:
    """Changes that were tried and map: the least intrusive first, one of a kind; an imagined array only where nothing else helps."""
    found = 0
    for kind in (_smaller_batches, _whole_array, _larger_devices, _larger_arrays):
        if kind is _larger_arrays and found:
            break
        for lever in kind(imported, settings):
            news(f"trying: {lever.sentence}")
            if maps(lever.applied(settings)):
                found += 1
                yield lever
                break


def _smaller_batches(imported: Imported, settings: Settings) -> Iterator[Lever]:
    """Halves of the batch, unless one sample a run is too much already."""
    batch = imported.laid_out.batch
    if batch > 1 and _contradicts(import_network(settings.network, imported.device, 1), settings, imported.device):
        return
    while batch > 1:
        batch //= 2
        yield Lever(f"a batch of {batch} instead of {imported.laid_out.batch}", (("batch", batch),))


def _whole_array(_: Imported, settings: Settings) -> Iterator[Lever]:
    whole = find_device(settings.device)
    if (settings.columns or whole.columns, settings.rows or whole.rows) < (whole.columns, whole.rows):
        size = (("columns", whole.columns), ("rows", whole.rows))
        yield Lever(f"the whole {whole.columns} x {whole.rows} array of {whole.name}", size)


def _larger_devices(imported: Imported, _: Settings) -> Iterator[Lever]:
    """Shipped devices with other resources, smallest first, whole."""
    device = imported.device
    for other in sorted(shipped_devices(), key=lambda d: (d.core_tiles, d.name)):
        if other.name != device.name and other.core_tiles >= device.core_tiles:
            size = (("columns", other.columns), ("rows", other.rows))
            yield Lever(f"the device {other.name} ({other.columns} x {other.rows})", (("device", other.name), *size))


def _larger_arrays(imported: Imported, _: Settings) -> Iterator[Lever]:
    """Imagined arrays of the same generation, twice the tiles each time."""
    device = imported.device
    columns, rows = device.columns, device.rows
    for _doubling in range(4):
        columns, rows = (columns * 2, rows) if columns <= 4 * rows else (columns, rows * 2)
        yield Lever(f"an imagined {columns} x {rows} array of {device.name} tiles", (("columns", columns), ("rows", rows)))
