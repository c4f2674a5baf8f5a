"""A line that tells what a solve is doing: level, incumbent, bound and gap; silent when nobody watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

from placer.problem import Level
from placer.solution import DISTANCE_SCALE
from placer.solvers.base import Progress, ProgressSink


@contextmanager
def live_progress(console: Console) -> Iterator[ProgressSink]:
    """A sink that shows the news of a solve on `console` while the body runs."""
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("solving") as status:
        yield lambda news: _show(status, news)


def _show(status: Status, news: Progress) -> None:
    scale = DISTANCE_SCALE if news.level is Level.TRANSPORT else 1
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
