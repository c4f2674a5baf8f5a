"""The tables of docs/performance.md: what each goal gives, a layer grown over the array, and the reference system's splits. All modelled.

    python scripts/bench_performance.py goals --device VEK280
    python scripts/bench_performance.py reference
    python scripts/bench_performance.py scaling

Every mapping is solved, verified and simulated anew; a table goes to stdout, progress to stderr.
"""

from __future__ import annotations

import argparse
import datetime
import math
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from placer.config import Settings, load_settings
from placer.device import Device, find_device
from placer.errors import InfeasibleError
from placer.imported import Imported, import_network, target_device
from placer.layers import DenseLayer, Layer, Side
from placer.layout import BLOCK_COLUMNS, LayerLayouts, divisors
from placer.mapping import Mapping
from placer.pipeline import Stage, run
from placer.profile import Profile, profiled

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
NETWORKS = {"jet tagger": "jet_tagger", "jet MLP-Mixer": "mlpmixer", "autoencoder": "autoencoder"}
# The trigger rate of a detector, which the area goal must keep.
TRIGGER_MHZ = 40
# The reference system (AIE4ML 0.2.1): one buffer a bank, and its cost of a layer (facts of its source).
BANK, BYTES_A_CYCLE, START, HOP = 16384, 32, 30, 30
STACK = "mlp7x512"
# Splits of the reference system that are tried until one has a legal mapping.
REFERENCE_TRIES = 12


@dataclass(frozen=True)
class Case:
    """A row: what is asked of a network."""

    label: str
    changes: dict[str, object]


GOALS = (
    Case("throughput, one pipeline", {"goal": "throughput", "replicas": 1}),
    Case("throughput", {"goal": "throughput"}),
    Case("latency, batch 1", {"goal": "latency", "batch": 1}),
    Case(f"area at {TRIGGER_MHZ} MHz", {"goal": "area", "required": {"rate_mhz": TRIGGER_MHZ}}),
)


@dataclass(frozen=True)
class Measured:
    """A verified mapping with its simulation."""

    mapping: Mapping
    profile: Profile
    device: Device

    @property
    def latency_ns(self) -> float:
        """Of a run in steady state."""
        return self.profile.steady_latency * 1e3 / self.device.clock_mhz


def measured(settings: Settings) -> Measured:
    """Solve, verify and simulate.

    Raises InfeasibleError.
    """
    outcome = run(settings, Stage.VERIFY, lambda _: None)
    assert outcome.mapping is not None, "a run up to the verification has a mapping"
    device = outcome.imported.device
    return Measured(outcome.mapping, profiled(outcome.mapping, device), device)


def settings_of(name: str, **changes: object) -> Settings:
    """Those of a shipped config, with changes."""
    return load_settings(CONFIGS / f"{name}.yaml").overridden(output=Path(tempfile.gettempdir()) / "bench", **changes)


def goals(device: str, clock: float | None) -> Iterator[str]:
    """Each network under each goal."""
    yield "| network | goal | M inferences/s | latency, ns | tiles | replicas | set by |"
    yield "|---|---|---|---|---|---|---|"
    for label, config in NETWORKS.items():
        for case in GOALS:
            try:
                m = measured(settings_of(config, device=device, clock_mhz=clock, **case.changes))
            except InfeasibleError as error:
                yield f"| {label} | {case.label} | {error} | | | | |"
                continue
            rate = m.profile.inferences_per_second(m.device) / 1e6
            reason = m.profile.bottleneck.replace("|", "/")
            yield f"| {label} | {case.label} | {rate:.4g} | {m.latency_ns:.4g} | {m.mapping.tiles_used} | {m.mapping.replicas} | {reason} |"


# -- the reference system's splits --------------------------------------------------------------------------------------------------


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


def reference_mapping(settings: Settings) -> Measured:
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
            return measured(settings.overridden(splits=splits, relays=0))
        except InfeasibleError:
            if len(tried) == REFERENCE_TRIES:
                break
    raise InfeasibleError(f"none of {len(tried)} of its splits maps")


def reference(device: str) -> Iterator[str]:
    """One pipeline of each network as split by the reference system, placed by us, against ours."""
    yield "| network | reference splits: interval | tiles | ours: interval | tiles | times as fast |"
    yield "|---|---|---|---|---|---|"
    ratios = []
    for label, config in {**NETWORKS, "7 x 512x512": STACK}.items():
        settings = settings_of(config, device=device, goal="throughput", replicas=1)
        try:
            theirs, ours = reference_mapping(settings), measured(settings)
        except InfeasibleError as error:
            yield f"| {label} | {error} | | | | |"
            continue
        ratios.append(theirs.profile.interval / ours.profile.interval)
        yield (
            f"| {label} | {theirs.profile.interval:.5g} | {theirs.mapping.tiles_used} | {ours.profile.interval:.5g} "
            f"| {ours.mapping.tiles_used} | {ratios[-1]:.2f} |"
        )
    if ratios:
        yield f"\nGeometric mean: {math.prod(ratios) ** (1 / len(ratios)):.2f}."


# -- a layer grown over the array ---------------------------------------------------------------------------------------------------


def dense_model(inner: int, channels: int, path: Path) -> Path:
    """One int8 dense layer with bias and ReLU, as an ONNX file."""
    random = np.random.default_rng(0)
    constants = {
        "w": random.integers(-127, 128, (inner, channels)).astype(np.int8),
        "b": random.integers(-1000, 1000, channels).astype(np.int32),
        "sx": np.float32(2**-5), "sw": np.float32(2**-7), "sb": np.float32(2**-12), "sy": np.float32(2**-3),
        "z8": np.int8(0), "z32": np.int32(0),
    }  # fmt: skip
    steps = [
        ("QuantizeLinear", "x sx z8", "xq"), ("DequantizeLinear", "xq sx z8", "xd"), ("DequantizeLinear", "w sw z8", "wd"),
        ("DequantizeLinear", "b sb z32", "bd"), ("Gemm", "xd wd bd", "g"), ("Relu", "g", "r"), ("QuantizeLinear", "r sy z8", "yq"),
        ("DequantizeLinear", "yq sy z8", "y"),
    ]  # fmt: skip
    graph = helper.make_graph(
        [helper.make_node(op, inputs.split(), [output], name=output) for op, inputs, output in steps],
        "dense",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", inner])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", channels])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def scaling(device: str) -> Iterator[str]:
    """Tiles of 128 x 64 weights and 128 rows each, in cascades of up to the array's height, side by side."""
    target = find_device(device)
    yield "| layer | tiles | interval | TOPS | of one tile's efficiency |"
    yield "|---|---|---|---|---|"
    alone = 0.0
    sizes = [(1, 1), (2, 2), (target.rows, 1)] + [(target.rows, n) for n in (4, 9, 18, target.columns - 1, target.columns)]
    with tempfile.TemporaryDirectory() as folder:
        for deep, wide in sizes:
            model = dense_model(128 * deep, 64 * wide, Path(folder) / f"dense{deep}x{wide}.onnx")
            split = {"yq.op": {"contraction": deep, "channels": wide, "rows": 1}}
            told = {"batch": 128, "goal": "throughput", "replicas": 1, "device": device, "splits": split}
            m = measured(load_settings(model).overridden(output=Path(folder) / "out", **told))
            rate = m.profile.tera_operations(m.device)
            alone = alone or rate
            part = rate / m.mapping.tiles_used / alone
            yield f"| 128 x {128 * deep} x {64 * wide} | {m.mapping.tiles_used} | {m.profile.interval:.5g} | {rate:.4g} | {part:.1%} |"


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=("goals", "reference", "scaling"))
    parser.add_argument("--device", default="VEK280")
    parser.add_argument("--clock", type=float, help="array clock in MHz")
    told = parser.parse_args()
    rows = {
        "goals": lambda: goals(told.device, told.clock),
        "reference": lambda: reference(told.device),
        "scaling": lambda: scaling(told.device),
    }[told.table]
    print(f"{told.device}, {datetime.datetime.now(datetime.UTC).date()}, modelled\n")
    for row in rows():
        print(row, flush=True)
        print(row.split("|")[1:3], file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
