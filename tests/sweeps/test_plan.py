"""Sweep files: what they mean, when two points are one, and every error."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from placer.errors import InputError
from placer.sweeps.plan import Axis, load_sweep
from tests.projects import tiny_config, tiny_model
from tests.sweeps.swept import tiny_plan, tiny_sweep


def test_a_grid_in_order(tmp_path: Path) -> None:
    """The last key fastest; ranges include both ends; other settings are those of the base and of `set`."""
    plan = tiny_plan(tmp_path, "grid: {rows: {from: 1, to: 3, step: 2}, columns: [4, 2]}\nset: {work: 0.25}\n")
    assert [tuple(a.value for a in p.axes) for p in plan.points] == [("1", "4"), ("1", "2"), ("3", "4"), ("3", "2")]
    assert plan.axes == ("rows", "columns")
    first = plan.points[0].task
    assert (first.device.columns, first.device.rows, first.settings.work, first.settings.batch) == (4, 1, 0.25, 2)
    assert plan.output == Path("out/sweeps/sweep")


def test_a_list_after_a_grid(tmp_path: Path) -> None:
    """Points may have axes of their own."""
    plan = tiny_plan(tmp_path, "grid: {batch: [1, 2]}\nlist: [{device: VEK385, seed: 3}]\n")
    assert [p.axes for p in plan.points][-1] == (Axis("device", "VEK385"), Axis("seed", "3"))
    assert len(plan.points) == 3


@given(st.lists(st.integers(1, 30), min_size=1, max_size=3, unique=True), st.integers(1, 5), st.integers(0, 3), st.integers(1, 3))
@settings(max_examples=10)
def test_every_combination_once(tmp_path_factory: pytest.TempPathFactory, batches: list[int], low: int, more: int, step: int) -> None:
    """As many points as the product of the axes, all different."""
    folder = tmp_path_factory.mktemp("plan")
    text = yaml.safe_dump({"grid": {"batch": batches, "columns": {"from": low, "to": low + more, "step": step}}})
    plan = tiny_plan(folder, text)
    assert len(plan.points) == len(batches) * len(range(low, low + more + 1, step))
    assert len({p.task.key for p in plan.points}) == len(plan.points)


def test_configs_models_and_devices_vary(tmp_path: Path) -> None:
    """Paths are relative to the sweep file; a model keeps the rest of the base; an ONNX file needs no base."""
    tiny_config(tmp_path)
    (tmp_path / "other").mkdir()
    tiny_model(tmp_path / "other", batch=3)
    sweep = tmp_path / "s.yaml"
    sweep.write_text("grid: {config: [tiny.yaml, other/model.onnx]}\nlist: [{config: tiny.yaml, model: other/model.onnx}]\n")
    plan = load_sweep(sweep)
    assert [p.axes[0].value for p in plan.points] == ["tiny", "model", "tiny"]
    assert [p.task.settings.batch for p in plan.points] == [2, None, 2]
    assert plan.points[0].task.model != plan.points[1].task.model == plan.points[2].task.model


def test_what_changes_a_key(tmp_path: Path) -> None:
    """Batch, clock, seed and array do; the place of files and of results does not."""
    tiny_sweep(tmp_path)
    sweep = tmp_path / "s.yaml"
    sweep.write_text("base: tiny.yaml\ngrid: {batch: [2]}\n")
    known = load_sweep(sweep).points[0].task.key
    for change in ("clock_mhz: 1000", "seed: 1", "columns: 5", "objective: [tiles]"):
        sweep.write_text(f"base: tiny.yaml\ngrid: {{batch: [2]}}\nset: {{{change}}}\n")
        assert load_sweep(sweep).points[0].task.key != known
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    tiny_config(elsewhere, output="over/there")
    assert tiny_plan(elsewhere, "grid: {batch: [2]}\n").points[0].task.key == known


def test_the_models_content_is_in_the_key(tmp_path: Path) -> None:
    """Not only its name."""
    first = tiny_plan(tmp_path, "grid: {batch: [2]}\n").points[0].task.key
    other = tmp_path / "b"
    other.mkdir()
    path = tiny_sweep(other, "grid: {batch: [2]}\n")
    tiny_model(other, batch=2)
    assert load_sweep(path).points[0].task.key != first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("grid: [1]", "grid: its value must be a list of values or {from, to, step}"),
        ("grid: {columns: 4}", "grid: columns must be a list of values or {from, to, step}"),
        ("grid: {columns: {from: 1, to: 4, step: 0}}", "grid: columns must be"),
        ("gird: {columns: [4]}", "unknown key 'gird' (did you mean 'grid'?); known keys: base, set, grid, list, x, output"),
        ("grid: {column: [4]}", "'column' cannot vary (did you mean 'columns'?)"),
        ("grid: {output: [a]}", "'output' cannot vary"),
        ("set: {colums: 4}\ngrid: {rows: [1]}", "'colums' cannot vary"),
        ("grid: {columns: [0]}", "point 1: columns: 0 is not allowed"),
        ("grid: {columns: [4, many]}", "point 2: columns: 'many' is not allowed"),
        ("grid: {device: [VEK281]}", "unknown device 'VEK281' (did you mean 'VEK280'?)"),
        ("grid: {config: [gone.yaml]}", "cannot read config"),
        ("grid: {model: [gone.onnx]}", "cannot read model"),
        ("x: batch\ngrid: {rows: [1]}", "x is 'batch', which does not vary"),
        ("grid: {rows: []}", "give at least one point"),
        ("set: {rows: 1}", "give at least one point"),
        ("grid: {seed: {from: 1, to: 100000}}", "100000 points are more than the 20000 allowed"),
        ("grid: {rows: [1]}\nlist: 3", "list: input should be a valid list"),
    ],
)
def test_errors(tmp_path: Path, text: str, message: str) -> None:
    """One sentence that names the file and what is allowed."""
    path = tiny_sweep(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load_sweep(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["- 1", "a: [", "\x00", "grid: {rows: [1]}"])
def test_files_that_are_no_sweep(tmp_path: Path, text: str) -> None:
    """Not YAML, not a mapping, nothing to solve."""
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"s\.yaml"):
        load_sweep(path)
    with pytest.raises(InputError, match="cannot read sweep"):
        load_sweep(tmp_path / "gone.yaml")
