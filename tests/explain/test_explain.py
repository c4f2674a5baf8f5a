"""Infeasible configs of different causes: the true bottleneck is named, and the first lever, applied, maps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from placer.config import Settings, load_settings
from placer.device import Device, find_device
from placer.explain.conflict import Resource, Variants, conflict
from placer.explain.explain import explain, maps
from placer.explain.fit import fit
from placer.pipeline.imported import import_network, target_device
from placer.problem.goals import Required
from tests.qdq_models import QdqBuilder, some_weights

CONFIGS = Path(__file__).parents[2] / "configs"


def mlp(folder: Path, *widths: int) -> Path:
    """A stack of dense layers of these widths."""
    builder = QdqBuilder()
    end = builder.qdq(builder.input(widths[0]))
    for inner, outer in pairwise(widths):
        end = builder.qdq(builder.node("MatMul", end, builder.weights(some_weights(inner, outer))))
    return builder.save(folder, end)


def two_inputs(folder: Path) -> Path:
    """The sum of two inputs: two windows enter at least."""
    b = QdqBuilder()
    x, y = b.qdq(b.input(64, name="x")), b.qdq(b.input(64, name="y"))
    return b.save(folder, b.qdq(b.node("Add", x, y)))


def device_file(folder: Path, device: Device) -> str:
    """A device YAML."""
    path = folder / "device.yaml"
    path.write_text(yaml.safe_dump(TypeAdapter(Device).dump_python(device, mode="json")))
    return str(path)


@dataclass(frozen=True)
class Case:
    """A model (shipped, or widths of a stack), what is overridden, how the device is crippled, and the bottleneck."""

    model: str | tuple[int, ...]
    batch: int
    columns: int
    rows: int
    bottleneck: Resource
    ports: int | None = None
    lanes: int | None = None
    core_bytes: int | None = None
    required: Required | None = None
    replicas: int | None = None


CASES = {
    "weights of a stack beyond a small device": Case("mlp7x512", 16, 17, 2, Resource.CORE_TILES),
    "weights of one layer beyond the array": Case((1024, 1024), 4, 4, 2, Resource.CORE_TILES),
    "more layers than tiles": Case((8, 8, 8, 8, 8, 8), 4, 2, 2, Resource.CORE_TILES),
    "a batch beyond the memories": Case("jet_tagger", 1000000, 38, 8, Resource.CORE_MEMORY),
    "a batch beyond a cut array": Case("jet_tagger", 20000, 8, 2, Resource.CORE_TILES),
    "layers of a mixer beyond a corner": Case("jet_mlpmixer", 1, 2, 2, Resource.CORE_TILES),
    "an autoencoder on a corner": Case("autoencoder", 8, 2, 2, Resource.CORE_TILES),
    "one row block beyond a small memory": Case((512, 8), 4, 1, 1, Resource.CORE_MEMORY, core_bytes=4096),
    "a batch of a stack beyond three columns": Case((64, 64, 64, 64), 512, 3, 2, Resource.CORE_TILES),
    "two squares in a larger one": Case((448, 448, 448), 4, 3, 3, Resource.PLACES),
    "ports for one window": Case((), 4, 2, 2, Resource.PLIO, ports=1),
    "an interval beyond six tiles": Case((64, 64, 64, 64), 64, 3, 2, Resource.INTERVAL, required=Required(interval=150)),
    "a latency beyond six tiles": Case((64, 64, 64, 64), 64, 3, 2, Resource.LATENCY, required=Required(latency=1000)),
    "more replicas than tiles": Case((64, 64, 64, 64), 8, 4, 2, Resource.CORE_TILES, replicas=5),
    "one lane each way": Case((512, 512, 512, 512), 16, 6, 4, Resource.LANES, lanes=1),
}


def settings_of(case: Case, folder: Path) -> Settings:
    """The config of a case."""
    device = find_device("VEK280")
    plio = replace(device.plio, columns=tuple(range(case.columns)))
    device = replace(device, name="cut", boards=(), columns=case.columns, rows=case.rows, plio=plio)
    core, streams = device.core, device.streams
    if case.ports:
        device = replace(device, plio=replace(plio, columns=(0,), in_channels=case.ports, out_channels=case.ports))
    if case.lanes:
        device = replace(device, streams=replace(streams, north=case.lanes, south=case.lanes, east=case.lanes, west=case.lanes))
    if case.core_bytes:
        device = replace(device, core=replace(core, memory_bytes=case.core_bytes))
    if isinstance(case.model, str):
        model = CONFIGS / "models" / f"{case.model}.onnx"
    else:
        model = mlp(folder, *case.model) if case.model else two_inputs(folder)
    return load_settings(model).overridden(
        batch=case.batch, device=device_file(folder, device), required=case.required, replicas=case.replicas
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_bottlenecks_and_levers(name: str, tmp_path: Path) -> None:
    """Fifteen causes: the bottleneck is among the shortages, in numbers, and the first lever maps."""
    case = CASES[name]
    settings = settings_of(case, tmp_path)
    found = explain(settings, lambda _: None)
    assert not found.fits
    assert case.bottleneck in {s.resource for s in found.shortages}
    assert all(str(s.demand) in s.sentence or s.resource is Resource.LANES for s in found.shortages)
    assert found.proven == (case.bottleneck is not Resource.LANES)
    assert found.levers
    assert maps(found.levers[0].applied(settings))


@pytest.mark.parametrize("name", ["more layers than tiles", "ports for one window", "more replicas than tiles"])
def test_quick_cases(name: str, tmp_path: Path) -> None:
    """Three of the above in every run."""
    case = CASES[name]
    found = explain(settings_of(case, tmp_path), lambda _: None)
    assert found.proven
    assert [s.resource for s in found.shortages] == [case.bottleneck]
    assert all((s.demand or 0) > s.supply for s in found.shortages)


def test_splits_that_no_device_takes(tmp_path: Path) -> None:
    """They are the reason, not a resource, and the layer that has them is named; with its split left to choose the rest still holds."""
    model = mlp(tmp_path, 16, 16, 16)
    first, second = (layer.name for layer in import_network(model, find_device("VE2202"), 4).laid_out.graph.layers)
    splits = {first: {"channels": 16}, second: {"channels": 2}}
    settings = load_settings(model).overridden(batch=4, device="VE2202", splits=splits)
    found = explain(settings, lambda _: None)
    assert found.proven
    assert [s.resource for s in found.shortages] == [Resource.SPLITS]
    assert found.shortages[0].sentence == f"no device, however large, takes layer {first} with channels 16, as 'splits' wants"
    assert found.levers[0].changes == (("splits", {second: {"channels": 2}}),)
    assert maps(found.levers[0].applied(settings))


def test_splits_beyond_a_small_device(tmp_path: Path) -> None:
    """Splits that a larger device takes are not called impossible."""
    model = mlp(tmp_path, 16, 16)
    (layer,) = import_network(model, find_device("VE2202"), 4).laid_out.graph.layers
    settings = load_settings(model).overridden(batch=4, device="VE2202", columns=1, rows=1, splits={layer.name: {"channels": 2}})
    found = explain(settings, lambda _: None)
    assert [(s.resource, s.demand, s.supply) for s in found.shortages] == [(Resource.CORE_TILES, 2, 1)]
    assert [lever.sentence for lever in found.levers[:2]] == ["all splits left to choose", "the whole 12 x 2 array of VE2202"]


@pytest.mark.slow
def test_sums_alone_refuse_what_is_far_too_large() -> None:
    """A block of Mixer-S/16: its layers' fewest tiles are more than the device has, which needs no search."""
    settings = load_settings(CONFIGS / "mixers16_block.yaml")
    imported = import_network(settings.network, target_device(settings), settings.first_batch)
    found = conflict(Variants(imported, settings), no_news)
    assert [(s.resource, s.supply) for s in found] == [(Resource.CORE_TILES, 304)]
    assert (found[0].demand or 0) > 304


def no_news(_: str) -> None:
    """A search without steps."""
    raise AssertionError("the sums decide")


def test_what_fits_needs_no_explanation(tmp_path: Path) -> None:
    """No shortage, no lever."""
    found = explain(load_settings(mlp(tmp_path, 16, 8)).overridden(batch=4, columns=4, rows=2), lambda _: None)
    assert (found.fits, found.shortages, found.levers) == (True, (), ())


def test_fit(tmp_path: Path) -> None:
    """Three single-tile layers: a device, and an array of three tiles, which its bound proves the smallest."""
    settings = load_settings(mlp(tmp_path, 16, 16, 16, 8)).overridden(batch=4, columns=8, rows=2)
    found = fit(settings, lambda _: None)
    assert found.least_tiles == 3
    assert found.device == "VE2202"
    assert found.array is not None
    assert found.array.columns * found.array.rows == 3
