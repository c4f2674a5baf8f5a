"""Searches in libraries that neither see Ctrl-C nor, always, a clock."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

# The main thread looks for an interrupt so often, in seconds.
CHECK = 0.1


def run_interruptibly(search: Callable[[], None], stop: Callable[[], None], seconds: float = math.inf) -> None:
    """Run `search` in another thread; `stop` makes it return early, which it is told after `seconds` or at Ctrl-C.

    Raises KeyboardInterrupt once the search has ended, and whatever the search raised.
    """
    raised: list[BaseException] = []
    # An interrupted join takes a thread for ended that still runs (Python 3.11); an event does not.
    done = threading.Event()

    def guarded() -> None:
        try:
            search()
        except BaseException as error:  # handed over to the caller's thread
            raised.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=guarded, daemon=True)
    deadline = time.monotonic() + seconds
    thread.start()
    try:
        while not done.wait(CHECK):
            if time.monotonic() > deadline:
                stop()
    except KeyboardInterrupt:
        stop()
        while not done.wait(CHECK):
            stop()
        raise
    if raised:
        raise raised[0]
