"""Running a sweep: resume, order, duplicates, losses."""

from __future__ import annotations

from pathlib import Path

from placer.sweeps.plan import load_sweep
from placer.sweeps.result import PointResult, PointStatus
from placer.sweeps.run import SweepNews, run_sweep
from placer.sweeps.store import open_store
from placer.sweeps.table import to_csv
from tests.sweeps.swept import Inline, quiet, tiny_plan, tiny_sweep


def test_order_does_not_matter(tmp_path: Path) -> None:
    """Results come in the order of the plan, whatever the order of solves."""
    plan = tiny_plan(tmp_path)
    one, other = (run_sweep(plan, tmp_path / name, Inline(backwards), False, quiet) for name, backwards in (("a", False), ("b", True)))
    assert [s.point for s in one.solved] == list(plan.points)
    assert to_csv(one) == to_csv(other)
    assert [s.result.status for s in one.solved] == [PointStatus.INFEASIBLE, *[PointStatus.OPTIMAL] * 3]


def test_what_is_stored_is_not_solved(tmp_path: Path) -> None:
    """Interrupted after some results, the rest is solved; a changed point alone is solved again."""
    plan = tiny_plan(tmp_path)
    first = Inline()
    generator = first.run(tuple(p.task for p in plan.points), lambda _: None)
    with open_store(tmp_path / "out") as store:
        for _ in range(3):
            result = next(generator)
            assert isinstance(result, PointResult)
            store.finished(result)
    second = Inline()
    run_sweep(plan, tmp_path / "out", second, False, quiet)
    assert second.given == [plan.points[3].task.key]
    wider = load_sweep(tiny_sweep(tmp_path, "grid: {rows: [1, 2], columns: [2, 5]}\nset: {work: 0.5}\n"))
    third = Inline()
    run_sweep(wider, tmp_path / "out", third, False, quiet)
    assert third.given == [wider.points[1].task.key, wider.points[3].task.key]


def test_equal_points_are_solved_once(tmp_path: Path) -> None:
    """And both have the result."""
    plan = tiny_plan(tmp_path, "grid: {seed: [0, 0]}\n")
    executor = Inline()
    result = run_sweep(plan, tmp_path / "out", executor, False, quiet)
    assert len(executor.given) == 1
    assert len(result.solved) == 2


def test_lost_points_are_tried_again(tmp_path: Path) -> None:
    """They are named and not stored."""
    plan = tiny_plan(tmp_path)
    gone = plan.points[1].task.key
    result = run_sweep(plan, tmp_path / "out", Inline(lose=(gone,)), False, quiet)
    assert [lost.key for lost in result.lost] == [gone]
    assert len(result.solved) == 3
    again = Inline()
    assert run_sweep(plan, tmp_path / "out", again, False, quiet).lost == ()
    assert again.given == [gone]


def test_failures_are_solved_again_on_request(tmp_path: Path) -> None:
    """Only those of a defect or want of memory, and only then."""
    plan = tiny_plan(tmp_path)
    failed = PointResult(plan.points[0].task.key, PointStatus.FAILED, "MemoryError", 2, 1, None)
    with open_store(tmp_path / "out") as store:
        store.finished(failed)
    executor = Inline()
    kept = run_sweep(plan, tmp_path / "out", executor, False, quiet)
    assert kept.solved[0].result == failed
    assert len(executor.given) == 3
    again = Inline()
    assert run_sweep(plan, tmp_path / "out", again, True, quiet).solved[0].result.status is PointStatus.INFEASIBLE
    assert again.given == [failed.key]


def test_news(tmp_path: Path) -> None:
    """What was stored, then every result."""
    plan = tiny_plan(tmp_path)
    news: list[SweepNews] = []
    run_sweep(plan, tmp_path / "out", Inline(), False, news.append)
    assert [(n.done, n.total) for n in news] == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    news.clear()
    run_sweep(plan, tmp_path / "out", Inline(), False, news.append)
    assert [(n.done, n.result) for n in news] == [(4, None)]
