"""Sees to it that one dispatcher lives, whoever asks and however many ask at once.

Template's file: updates replace it.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError
from ..files import shown
from ..runs.processes import Identity
from ..sweep.trial_outcome import last_words
from .dispatcher import LOG, RECORD
from .job import UNDONE
from .queue import Queue
from .variables import bare_environment

START_SECONDS = LATE_SECONDS = 30.0
ATTEMPTS = 3  # one that starts may be killed
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Sign:
    """The last sign of life of a dispatcher.

    Attributes:
        process: Which it is.
        age: Seconds since it gave it.
    """

    process: Identity
    age: float

    @property
    def is_late(self) -> bool:
        """Whether it should have given another one: it hangs, or the disk refuses."""
        return self.age > LATE_SECONDS


def dispatcher_of(output: Path) -> Sign | None:
    """The dispatcher that moves the queue of a folder; None where none is alive.

    One on another machine counts as long as it gives signs of life.
    """
    file = Queue(output).folder / RECORD
    try:
        process = Identity(**json.loads(file.read_text(encoding="utf-8")))
        age = max(0.0, time.time() - file.stat().st_mtime)
    except (OSError, ValueError, TypeError):
        return None
    is_there = process.is_alive if process.is_here else age < LATE_SECONDS
    return Sign(process, age) if is_there else None


def has_work(output: Path) -> bool:
    """Whether a dispatcher would have anything to do."""
    return any(job.state in UNDONE for job in Queue(output).jobs())


def ensure_dispatcher(output: Path) -> int:
    """Start the dispatcher unless one lives; its number.

    It has a session of its own, and is told nothing of who started it: a closed terminal, a dead
    server and Ctrl-C do not reach it.

    Raises:
        UserError: It cannot be started.
    """
    queue = Queue(output)
    with queue.lock():  # so that the folder is there
        log = queue.folder / LOG
    for _ in range(ATTEMPTS):
        if pid := _pid(output) or _start(queue, log):
            return pid
    raise UserError(
        f"the queue's dispatcher does not start: {last_words(log) or 'no word of it'}; "
        f"see {shown(log)}"
    )


def _start(queue: Queue, log: Path) -> int | None:
    """Start it and wait for its first sign of life; None if there was none."""
    with open(log, "ab") as console:
        started = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.dispatcher", str(queue.output)],
            cwd=queue.folder,
            env=bare_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        is_over = started.poll() is not None
        if pid := _pid(queue.output):
            return pid  # this one, or another that was quicker: then this one ends
        if is_over:
            return None
        time.sleep(POLL_SECONDS)
    return None


def _pid(output: Path) -> int | None:
    sign = dispatcher_of(output)
    return sign.process.pid if sign else None
