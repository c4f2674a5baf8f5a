"""Why a network does not fit: which resources conflict, demand against supply, and what was tried and found to help.

Conflicts of options and edge kinds come first (conflict.py); where these have a solution, it is places, lanes or demands that run out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from placer.config import Settings
from placer.device import find_device, shipped_devices
from placer.errors import InfeasibleError
from placer.explain.conflict import News, Resource, Shortage, Variants, conflict, plentiful
from placer.pipeline.imported import Imported, import_network, target_device
from placer.pipeline.one_pipeline import search_limits
from placer.pipeline.stages import Stage, run
from placer.pipeline.unmet import unmet_limits
from placer.problem.formulate import formulate
from placer.problem.problem import Level
from placer.solvers.base import Status
from placer.solvers.construct import construct

# Deterministic time of a trial solve: enough for a first mapping and its routes.
TRIAL_WORK = 1.5
# Tiles of the largest imagined array that is tried.
MOST_TILES = 400
# What runs short, and whether that is proven.
Verdict = tuple[tuple[Shortage, ...], bool]


@dataclass(frozen=True)
class Lever:
    """A change that was tried and mapped. changes: config keys and their new values."""

    sentence: str
    changes: tuple[tuple[str, str | int | dict[str, dict[str, int]]], ...]

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
    shortages, proven = conflict(Variants(imported, settings), news), True
    if not shortages:
        news("places and lanes")
        shortages, proven = _trial(imported, settings) or _too_many_replicas(imported, settings, news) or _missed(imported, settings, news)
        if not shortages:
            return Explanation(True, True, (), ())
    return Explanation(False, proven, shortages, tuple(_levers(imported, settings, news)))


def _trial(imported: Imported, settings: Settings) -> Verdict | None:
    """What runs out when options exist and places are sought; None when a mapping is found."""
    from placer.solvers.routed import solve_routed  # noqa: PLC0415 - as above

    problem = formulate(imported.laid_out, imported.device, settings.objective, settings.row_weight, (), settings.fixed_layers)
    limits = search_limits(settings)
    result = solve_routed(problem, construct(problem), limits, lambda _: None)
    if result.solution:
        return None
    device = imported.device
    across = min(device.streams.east, device.streams.west) * (device.rows + 1)
    if result.levels:
        lanes = Shortage(
            Resource.LANES,
            None,
            across,
            f"mappings exist, but none was found whose streams all find lanes: {device.name} has {across} lanes each way across a column "
            f"boundary, {device.streams.north} north and {device.streams.south} south a column",
        )
        return (lanes,), False
    tiles, proven = sum(min(o.footprint for o in b.options) for b in problem.blocks), result.status is Status.INFEASIBLE
    places = Shortage(
        Resource.PLACES,
        tiles,
        device.core_tiles,
        f"the layers need at least {tiles} of the {device.core_tiles} core tiles ({device.columns} x {device.rows}), but no packing of "
        f"their footprints with their memory-tile channels {'exists' if proven else 'was found'}",
    )
    return (places,), proven


def _too_many_replicas(imported: Imported, settings: Settings, news: News) -> Verdict | None:
    """What runs out when a network that fits once is to be repeated; None where it is not, or the replicas map."""
    count, device = settings.replicas, imported.device
    if not isinstance(count, int) or count == 1:
        return None
    news(f"{count} replicas")
    each = fewest_tiles(settings)
    demand = count * each
    if demand > device.core_tiles:
        need = f"{count} replicas need at least {demand} core tiles, {each} each, and {device.name} has room for {device.core_tiles}"
        return (Shortage(Resource.CORE_TILES, demand, device.core_tiles, need),), True
    if maps(settings):
        return None
    size = f"{device.name} ({device.columns} x {device.rows})"
    need = (
        f"{count} replicas need at least {demand} of the {device.core_tiles} core tiles, but in equal cells of {size}, each with its share "
        "of PLIO ports and memory-tile rows, none were found whose streams all find lanes"
    )
    return (Shortage(Resource.PLACES, demand, device.core_tiles, need),), False


def _missed(imported: Imported, settings: Settings, news: News) -> Verdict:
    """Demands that a network which fits does not meet; none when it meets them all."""
    from placer.solvers.routed import solve_routed  # noqa: PLC0415 - as above

    device = imported.device
    demands = settings.required.limits(imported.laid_out.batch, device)
    problem = formulate(imported.laid_out, device, settings.objective, settings.row_weight, demands, settings.fixed_layers)
    limits = replace(search_limits(settings), work=min(settings.work, TRIAL_WORK))
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
    problem = Variants(imported, settings).problem(plentiful(imported.device, Resource.CORE_TILES))
    demand = least_demand(problem, Demand.TILES) if problem else None
    if demand is None:
        raise InfeasibleError(f"{settings.network.name} fits no array of {imported.device.name} tiles; placer explain says why")
    return demand


def maps(settings: Settings) -> bool:
    """Whether a trial with these settings ends in a verified mapping; quick where options alone say no."""
    try:
        imported = import_network(settings.network, target_device(settings), settings.first_batch)
        if Variants(imported, settings).contradict(imported.device):
            return False
        return run(settings.overridden(work=min(settings.work, TRIAL_WORK)), Stage.VERIFY, lambda _: None).mapping is not None
    except InfeasibleError:
        return False


def _levers(imported: Imported, settings: Settings, news: News) -> Iterator[Lever]:
    """Changes that were tried and map: the least intrusive first, one of a kind; an imagined array only where nothing else helps."""
    found = 0
    for kind in (_freer_splits, _fewer_replicas, _smaller_batches, _whole_array, _larger_devices, _larger_arrays):
        if kind is _larger_arrays and found:
            break
        for lever in kind(imported, settings):
            news(f"trying: {lever.sentence}")
            if maps(lever.applied(settings)):
                found += 1
                yield lever
                break


def _freer_splits(_: Imported, settings: Settings) -> Iterator[Lever]:
    """Without what the config fixes of one layer, then without all of it."""
    told = {name: split.stated for name, split in settings.splits.items()}
    for name in told if len(told) > 1 else ():
        yield Lever(f"the split of {name} left to choose", (("splits", {n: s for n, s in told.items() if n != name}),))
    if told:
        yield Lever("all splits left to choose", (("splits", {}),))


def _fewer_replicas(imported: Imported, settings: Settings) -> Iterator[Lever]:
    """As many as the tiles are enough for, then halves."""
    if isinstance(settings.replicas, int) and settings.replicas > 1:
        count = min(settings.replicas - 1, max(1, imported.device.core_tiles // max(1, fewest_tiles(settings))))
        while count:
            yield Lever(f"{count} replicas instead of {settings.replicas}", (("replicas", count),))
            count //= 2


def _smaller_batches(imported: Imported, settings: Settings) -> Iterator[Lever]:
    """Halves of the batch, unless one sample a run is too much already."""
    batch = imported.laid_out.batch
    if batch > 1 and Variants(import_network(settings.network, imported.device, 1), settings).contradict(imported.device):
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
    """Imagined arrays of the same generation, twice the tiles each time, up to a size that is solved in seconds."""
    device = imported.device
    columns, rows = device.columns, device.rows
    while 2 * columns * rows <= MOST_TILES:
        columns, rows = (columns * 2, rows) if columns <= 4 * rows else (columns, rows * 2)
        yield Lever(f"an imagined {columns} x {rows} array of {device.name} tiles", (("columns", columns), ("rows", rows)))
