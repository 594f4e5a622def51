"""What a run is doing: from its lock and its sign of life, not from what it last wrote down.

Template's file: updates replace it. Free of torch. A power cut leaves "running" in ``summary.json``
for ever; the lock is freed by the system, whatever happens.

==========  ====================================================================================
running     its process lives, and has given a sign of life: steps are made
waiting     its process lives, and has made no step yet: it starts, or pauses before a restart
stalled     its process lives, but no step was made for longer than ``restart.stall_minutes``
stopped     it ended before its end, by a signal, a time limit or a power cut, and can go on
failed      it gave up
finished    it reached its end
==========  ====================================================================================
"""

import socket
import threading
import time
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .layout import HEARTBEAT, LOCK

RUNNING, WAITING, STALLED = "running", "waiting", "stalled"
STOPPED, FAILED, FINISHED = "stopped", "failed", "finished"
ALIVE = {RUNNING, WAITING, STALLED}
STALL_MINUTES = 30.0  # where nobody configured a limit
_LOOKING = threading.Lock()
START_SECONDS = 600.0  # what a start on another machine may take before its first step


def status_of(
    folder: Path, summary: dict[str, Any], stall_minutes: float | None = None
) -> tuple[str, str | None]:
    """The word of the table above, and the reason where there is one.

    Args:
        folder: The run's.
        summary: Its ``summary.json``.
        stall_minutes: ``restart.stall_minutes`` of its configuration.
    """
    written = str(summary.get("status", RUNNING))
    if written in {FINISHED, FAILED, STOPPED}:
        return written, summary.get("reason")
    age, limit = silence(folder), 60.0 * (stall_minutes or STALL_MINUTES)
    locked = is_locked(folder)
    if locked:
        if age is None:
            return WAITING, "no step yet"
        return (RUNNING, None) if age <= limit else (STALLED, f"no step for {age / 60:.0f} minutes")
    host = (summary.get("process") or {}).get("host")
    unknown = locked is None or host not in {None, socket.gethostname()}
    if unknown and _gave_a_sign(folder, age, limit):
        return (WAITING, f"no step yet, on {host}") if age is None else (RUNNING, None)
    return STOPPED, "its process was killed"


def silence(folder: Path) -> float | None:
    """Seconds since the last sign of life; None before the first step and after the end."""
    return _age(folder / HEARTBEAT)


def is_locked(folder: Path) -> bool | None:
    """Whether a living process works in a folder; None where this user cannot tell.

    It is looked at by taking the lock for a moment, which a run that starts waits out.
    """
    if not (folder / LOCK).exists():
        return False
    try:
        # One thread's look would be a living process to another's.
        with _LOOKING, FileLock(folder / LOCK).acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # somebody else's, to be read only
        return None


def _gave_a_sign(folder: Path, age: float | None, limit: float) -> bool:
    """Some shared file systems keep their locks to one machine: there the signs must do."""
    if age is None:
        age, limit = _age(folder / "summary.json"), START_SECONDS
    return age is not None and age <= limit


def _age(file: Path) -> float | None:
    try:
        return max(0.0, time.time() - file.stat().st_mtime)
    except OSError:
        return None
