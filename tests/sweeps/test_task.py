"""One solve as a message: the same answer as a solve, and every failure a result."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from placer.errors import InputError
from placer.sweeps import task as module
from placer.sweeps.result import PointStatus
from placer.sweeps.task import WorkerError, read_model_file, solve_task
from tests.projects import tiny_outcome
from tests.sweeps.swept import tiny_plan


def test_it_finds_what_a_solve_finds(tmp_path: Path) -> None:
    """Also after a journey as bytes, without the files it came from."""
    mapping = tiny_outcome(tmp_path).mapping
    assert mapping
    task = pickle.loads(pickle.dumps(tiny_plan(tmp_path, "grid: {batch: [2]}\n").points[0].task))
    for file in tmp_path.iterdir():
        file.unlink()
    result = solve_task(task)
    figures = result.figures
    assert figures
    assert (result.status.value, figures.interval_cycles, figures.latency_cycles, figures.tiles, figures.objective) == (
        mapping.status, mapping.interval_cycles, mapping.latency_cycles, mapping.tiles_used, mapping.objective,
    )  # fmt: skip
    assert figures.samples_per_us == pytest.approx(2 * 1250 / mapping.interval_cycles, abs=1e-6)
    assert 0 < figures.busy <= figures.tiles / 24


def test_the_clock_turns_cycles_into_seconds(tmp_path: Path) -> None:
    """And changes nothing else."""
    fast, slow = (solve_task(p.task).figures for p in tiny_plan(tmp_path, "grid: {clock_mhz: [1000, 500]}\n").points)
    assert fast
    assert slow
    assert fast.interval_cycles == slow.interval_cycles
    assert slow.latency_us == pytest.approx(2 * fast.latency_us)


def test_no_mapping_is_a_result(tmp_path: Path) -> None:
    """With the reason."""
    result = solve_task(tiny_plan(tmp_path, "grid: {rows: [1], columns: [2]}\n").points[0].task)
    assert (result.status, result.figures, result.columns, result.rows) == (PointStatus.INFEASIBLE, None, 2, 1)
    assert "core tiles" in result.reason


def test_a_bad_model_is_a_result(tmp_path: Path) -> None:
    """The reason names the file, not the scratch folder it was solved in: that would differ from run to run."""
    task = tiny_plan(tmp_path).points[0].task
    broken = replace(task, model=replace(task.model, data=b"no model"))
    first, second = solve_task(broken), solve_task(broken)
    assert first == second
    assert first.status is PointStatus.REFUSED
    assert "model.onnx" in first.reason
    assert "/" not in first.reason


def test_a_defect_is_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It must not end the sweep."""
    task = tiny_plan(tmp_path).points[0].task

    def run(*_: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(module, "run", run)
    result = solve_task(task)
    assert (result.status, result.reason) == (PointStatus.FAILED, "MemoryError: no room")


def test_another_version_does_not_answer(tmp_path: Path) -> None:
    """Its result would stand under the key of this one."""
    task = replace(tiny_plan(tmp_path).points[0].task, versions=("0", "0"))
    with pytest.raises(WorkerError, match="the sweep"):
        solve_task(task)


def test_external_data_travels_with_the_model(tmp_path: Path) -> None:
    """Files beside the model that it names are in the task; one that is gone, or a pipe, is an error."""
    weights = numpy_helper.from_array(np.ones((64, 64), np.float32), "w")
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [64, 64])
    model = helper.make_model(helper.make_graph([helper.make_node("Identity", ["w"], ["y"])], "g", [], [y], [weights]))
    onnx.save(model, tmp_path / "m.onnx", save_as_external_data=True, location="m.data", size_threshold=0)
    kept = onnx.load_model_from_string(read_model_file(tmp_path / "m.onnx").data)
    np.testing.assert_array_equal(numpy_helper.to_array(kept.graph.initializer[0]), np.ones((64, 64)))
    read_model_file.cache_clear()
    (tmp_path / "m.data").unlink()
    with pytest.raises(InputError, match=r"m\.data"):
        read_model_file(tmp_path / "m.onnx")
    os.mkfifo(tmp_path / "m.data")
    with pytest.raises(InputError, match=r"m\.data.*it is a pipe"):
        read_model_file(tmp_path / "m.onnx")
