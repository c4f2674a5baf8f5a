"""Where solves run: a pool of processes on this computer, or a Dask cluster. Both yield results as they finish, in any order."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol

import psutil

from placer.errors import InputError, MissingExtraError
from placer.sweeps.result import Lost, PointResult
from placer.sweeps.task import Task, solve_task

# Resident memory that a solve of a large array was seen to need, with room to spare; measured peaks of shipped networks are 0.3 to 0.6 GB.
BYTES_A_WORKER = 1 << 30
# How often a worker process looks whether its parent still lives.
WATCH_SECONDS = 1.0
# How long a Dask scheduler may take to answer.
CONNECT_SECONDS = 10.0

Started = Callable[[Task], None]


class Executor(Protocol):
    """Solves tasks somewhere."""

    def run(self, tasks: tuple[Task, ...], started: Started) -> Iterator[PointResult | Lost]:
        """Solve all tasks; call `started` when one is handed out.

        Raises InputError when there is nowhere to run them.
        """
        ...


def safe_workers(tasks: int) -> int:
    """Worker processes for so many tasks: one a core, no more than fit in the memory that is free now."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    fitting = int(psutil.virtual_memory().available // BYTES_A_WORKER)
    return max(1, min(cores, fitting, tasks))


class LocalPool:
    """Processes on this computer. A task whose worker dies, for want of memory perhaps, is tried once more, alone."""

    def __init__(self, workers: int | None) -> None:
        self.workers = workers

    def run(self, tasks: tuple[Task, ...], started: Started) -> Iterator[PointResult | Lost]:
        """Solve all tasks (Executor.run)."""
        workers = self.workers or safe_workers(len(tasks))
        left = {t.key: t for t in tasks}
        for result in _pool(tasks, workers, started):
            del left[result.key]
            yield result
        for task in left.values():
            results = tuple(_pool((task,), 1, started))
            yield results[0] if results else Lost(task.key, "its worker process died twice, perhaps for want of memory")


def _pool(tasks: tuple[Task, ...], workers: int, started: Started) -> Iterator[PointResult]:
    """Results until all are there or a worker dies. Few tasks are handed out ahead, so that what is started is what is running."""
    waiting = iter(tasks)
    running: set[Future[PointResult]] = set()
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_watch_parent, initargs=(os.getpid(),))
    try:
        while True:
            while len(running) < workers and (task := next(waiting, None)):
                started(task)
                running.add(pool.submit(solve_task, task))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except BrokenProcessPool:
        return
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _watch_parent(parent: int) -> None:
    """End this worker when the process that started it is gone: a killed sweep leaves nothing behind."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class DaskCluster:
    """A running Dask cluster; its scheduler places, retries and scales."""

    def __init__(self, address: str) -> None:
        self.address = address

    def run(self, tasks: tuple[Task, ...], started: Started) -> Iterator[PointResult | Lost]:
        """Solve all tasks (Executor.run). Raises InputError without the extra or the cluster."""
        try:
            from distributed import Client, as_completed  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise MissingExtraError("--dask needs Dask: install placer[dask]") from error
        try:
            client = Client(self.address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(f"no Dask scheduler answers at {self.address}") from error
        with client:
            futures = []
            for task in tasks:
                started(task)
                futures.append(client.submit(solve_task, task, key=f"placer-{task.key}", retries=2))
            coming = as_completed(futures, loop=client.loop)
            # Results are taken as they come and given up at once: a worker that dies later takes none of them along.
            del futures
            for future in coming:
                if future.status == "finished":
                    yield future.result()
                else:
                    key = future.key.removeprefix("placer-")
                    yield Lost(key, f"{future.status} on the cluster: {future.exception() if future.status == 'error' else 'no result'}")
                future.release()
