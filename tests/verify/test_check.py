"""The checker as a whole: accepts what the engines find, rejects every changed leaf that matters, and shares no code with the engines."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import placer.verify
from placer.device import Device
from placer.errors import InfeasibleError, InputError
from placer.layers import LayerGraph
from placer.mapping import read_mapping
from placer.problem.problem import BlockKind, MappingProblem
from placer.problem.solution import Evaluation
from placer.solvers.construct import construct
from placer.verify import verify
from tests.graphs import random_devices, random_graphs
from tests.mapped import Json, Sample, joined, pair, rich
from tests.solving import ALL_LEVELS, as_result, assembled, solve, stated

# Shrinking would repeat the solves for minutes; a failure prints the network and device as they are.
SLOW = settings(
    max_examples=400,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
FAST = settings(SLOW, max_examples=60)


def narrowed(problem: MappingProblem, dice: Random) -> MappingProblem:
    """The problem with a random few of each layer's options, so that splits appear which the optimum would not choose."""
    blocks = []
    for block in problem.blocks:
        keep = len(block.options) if block.kind is not BlockKind.LAYER else dice.randint(1, 3)
        kept = sorted(dice.sample(range(len(block.options)), min(keep, len(block.options))))
        blocks.append(replace(block, options=tuple(block.options[i] for i in kept)))
    return replace(problem, blocks=tuple(blocks))


def check_random(graph: LayerGraph, device: Device, batch: int, row_weight: float, dice: Random) -> None:
    """Construct and solve; both mappings are legal, and every value is the verifier's."""
    try:
        laid_out, problem = stated(graph, device, batch, tuple(dice.sample(ALL_LEVELS, len(ALL_LEVELS))), row_weight)
    except InfeasibleError:
        return
    if dice.random() < 0.5:
        problem = narrowed(problem, dice)
    seed = construct(problem)
    results = [as_result(problem, seed)] if seed else []
    results.append(solve(problem, seed, work=dice.choice((0.02, 0.3))))
    for result in results:
        if result.solution is not None:
            mapping = assembled(laid_out, problem, result)
            assert verify(mapping, device, graph) == ()
            assert read_mapping(mapping.to_json(), "copy") == mapping
            assert [r.value for r in result.levels] == [Evaluation(problem, result.solution).value(r.level) for r in result.levels]


arguments = given(
    random_graphs(),
    random_devices(),
    st.sampled_from((1, 2, 3, 8)),
    st.sampled_from((0.0, 0.333, 0.5, 1.0, 2.0)),
    st.randoms(use_true_random=False),
)


@FAST
@arguments
def test_random_networks_on_random_devices(graph: LayerGraph, device: Device, batch: int, row_weight: float, dice: Random) -> None:
    """Any small network on any small device, both generations, any few of its splits: what is found is legal and its figures are true."""
    check_random(graph, device, batch, row_weight, dice)


@pytest.mark.slow
@SLOW
@arguments
def test_random_networks_at_length(graph: LayerGraph, device: Device, batch: int, row_weight: float, dice: Random) -> None:
    """As above, more of them."""
    check_random(graph, device, batch, row_weight, dice)


# Leaves that may differ between legal mappings of the same network: what made it, names of ports, looser bounds, and places that are free
# to choose (the tests of each family show where they are not).
FREE = (
    r"solver\..*",
    r"model_sha256",
    r"row_weight",
    r"plio\.\d+\.name",
    r"objective\.\d+\.bound",
    r"layers\.\d+\.tiles\.\d+\.(col|row)",
    r"layers\.\d+\.tiles\.\d+\.buffers\.\d+\.at\.\d+\.(col|row|offset)",
    r"edges\.\d+\.memory_tiles\.\d+\.offset",
    r"routes\.\d+\.hops\.\d+\.lane",
)
# Lists whose elements have no order: what each of them is, it says itself.
UNORDERED = (
    r"(edges|plio|routes|.*\.sinks|.*\.hops|objective|layers\.\d+\.tiles|.*\.buffers|.*\.at|.*\.(in|out)_channels|.*\.memory_tiles)\.\d+"
)
Step = str | int


def paths(data: object, elements: bool, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """The paths of all scalars of a JSON value, or of all elements of its lists."""
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            if elements and isinstance(data, list):
                yield (*path, key)
            yield from paths(value, elements, (*path, key))
    elif not elements:
        yield path


def parent(data: Json, path: tuple[Step, ...]) -> Any:
    """The container of a path's end."""
    here: Any = data
    for step in path[:-1]:
        here = here[step]
    return here


def other_values(value: object) -> tuple[object, ...]:
    """Values of the same type that are not it."""
    if isinstance(value, str):
        return (f"{value}x", "") if value else ("x",)
    if isinstance(value, int | float):
        return (value + 1, value - 1, 2 * value + 32, -value - 1)
    return ({"samples": 1, "rows": 1, "columns": 1},)


def rejected(sample: Sample, data: Json) -> bool:
    """Whether reading or verifying objects, in sentences."""
    try:
        mapping = read_mapping(json.dumps(data), "mutant")
    except InputError:
        return True
    found = verify(mapping, sample.device, sample.graph)
    assert all(len(v.message) > 20 and "\n" not in str(v) for v in found)
    return bool(found)


def check_leaves(sample: Sample, every: bool) -> None:
    """Change each scalar of the file in turn, to one other value or to several."""
    original = sample.mapping.to_json()
    wrong = []
    for number, path in enumerate(paths(json.loads(original), elements=False)):
        name = ".".join(map(str, path))
        others = other_values(parent(json.loads(original), path)[path[-1]])
        for value in others if every else (others[number % len(others)],):
            data = json.loads(original)
            parent(data, path)[path[-1]] = value
            if not rejected(sample, data) and not any(re.fullmatch(free, name) for free in FREE):
                wrong.append((name, value))
    assert wrong == []


def check_elements(sample: Sample) -> None:
    """Leave out, double, or exchange with its neighbour each element of each list."""
    original = sample.mapping.to_json()
    wrong = []
    for path in paths(json.loads(original), elements=True):
        name, index = ".".join(map(str, path)), int(path[-1])
        for change in ("left out", "doubled", "exchanged"):
            data = json.loads(original)
            elements = parent(data, path)
            if change == "left out":
                elements.pop(index)
            elif change == "doubled":
                elements.insert(index, elements[index])
            else:
                elements[index - 1], elements[index] = elements[index], elements[index - 1]
            same = data == json.loads(original) or (change == "exchanged" and re.fullmatch(UNORDERED, name))
            fewer_levels = change == "left out" and name.startswith("objective")
            if not same and not fewer_levels and not rejected(sample, data):
                wrong.append((name, change))
    assert wrong == []


@pytest.mark.parametrize("sample", [pair, joined])
def test_every_leaf_counts(sample: Callable[[], Sample]) -> None:
    """Each scalar of the file changed in turn is rejected, unless it is one of those that are free to choose."""
    check_leaves(sample(), every=False)


@pytest.mark.parametrize("sample", [pair])
def test_every_element_counts(sample: Callable[[], Sample]) -> None:
    """Each element left out, doubled or exchanged is rejected, but for the order of what has none."""
    check_elements(sample())


@pytest.mark.slow
@pytest.mark.parametrize("sample", [pair, joined, rich])
def test_every_leaf_and_element_counts_at_length(sample: Callable[[], Sample]) -> None:
    """As above: every kind of edge, and several other values a scalar."""
    check_leaves(sample(), every=True)
    check_elements(sample())


def imported(path: Path) -> set[str]:
    """The modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_the_checker_is_independent() -> None:
    """It may know devices, layers, moves, kernels, cycles, intervals, the pipeline; no options, problems, models, engines or assembly."""
    below = {
        "contracts.tile_kernel",
        "cycles.kernel",
        "cycles.streams",
        "device",
        "layers",
        "layout",
        "mapping",
        "moves",
        "pacing",
        "split",
    }
    allowed = {f"placer.{name}" for name in below | {"simulation.activities", "simulation.simulate"}}
    here = Path(str(placer.verify.__file__)).parent
    for file in here.glob("*.py"):
        ours = {name for name in imported(file) if name.startswith("placer") and not name.startswith("placer.verify")}
        assert ours <= allowed, file.name
    for name in allowed:
        source = here.parent.joinpath(*name.split(".")[1:]).with_suffix(".py")
        for module in imported(source):
            assert not re.match(r"placer\.(problem|model|solvers|pipeline)|ortools|pysat", module)
