"""A line that tells what a solve is doing: level, incumbent, bound and gap; silent when nobody watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.status import Status

from placer.problem.solution import level_scale
from placer.solvers.base import Progress, ProgressSink
from placer.sweeps.run import NewsSink


@contextmanager
def live_progress(console: Console) -> Iterator[ProgressSink]:
    """A sink that shows the news of a solve on `console` while the body runs."""
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("solving") as status:
        yield lambda news: _show(status, news)


def _show(status: Status, news: Progress) -> None:
    scale = level_scale(news.level)
    if news.incumbent is None:
        status.update(f"{news.level.value}: no mapping yet")
        return
    gap = 100 * (news.incumbent - news.bound) / max(1, news.incumbent)
    status.update(f"{news.level.value}: {news.incumbent / scale:g}, bound {news.bound / scale:g}, gap {gap:.0f} %")


@contextmanager
def working(console: Console) -> Iterator[Callable[[str], None]]:
    """A sink for one-line news of a build or run, shown on `console` while the body runs."""
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("starting") as status:
        yield status.update


@contextmanager
def sweeping(console: Console) -> Iterator[NewsSink]:
    """A sink that shows how far a sweep is and when it will end; silent when nobody watches."""
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, speed_estimate_period=600) as bar:
        task = bar.add_task("solving", total=None)
        yield lambda news: bar.update(task, total=news.total, completed=news.done)
