"""A line on the terminal that says how far something is.

Template's file: updates replace it. Only where a person looks: a file or a pipe gets nothing.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY = 0.1  # seconds
WIDTH = 30  # of the bar, in letters


@contextmanager
def progress_line(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """What to tell how many more are done, of ``total``; the line is gone in the end."""
    done, told, shown = 0, 0.0, False

    def progress(more: int) -> None:
        nonlocal done, told, shown
        done += more
        now = time.monotonic()
        if not sys.stderr.isatty() or now - told < EVERY:
            return
        told, shown = now, True
        full = min(WIDTH, WIDTH * done // max(1, total))
        bar = "█" * full + "░" * (WIDTH - full)
        print(f"\r{what} {bar} {done:,} of {total:,} ", end="", file=sys.stderr, flush=True)

    try:
        yield progress
    finally:
        if shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
