"""How a job ended, whose processes are all gone.

Template's file: updates replace it. What its first process wrote down, the exit code, comes before
what is found of its run.
"""

import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..runs.layout import LAST
from ..runs.processes import boot_id
from ..runs.summary import read_summary
from ..sweep.trial_outcome import last_words
from .job import CONSOLE, ENDED, FAILED, LOST, STOPPED, Job

LOST_AT_MOST = 2  # times in a row without having got on
ASKED = {129, 130, 143}  # exit codes of a training that was asked to end


def marks(run: Path) -> dict[str, int]:
    """When a run or a sweep last wrote what tells that it got on; to be compared, no more."""
    checkpoints = [*run.glob(f"checkpoints/{LAST}"), *run.glob("*/checkpoints/*.ckpt")]
    found = {"summary": [run / "summary.json"], "checkpoint": checkpoints}
    return {name: max(map(_written, files), default=0) for name, files in found.items()}


def settle(job: Job, run: Path, folder: Path) -> None:
    """Find out what becomes of a job; the caller holds the lock and saves it.

    Args:
        job: Changed.
        run: The folder of its run.
        folder: Its own.
    """
    now = marks(run)
    got_on = now["checkpoint"] != job.before.get("checkpoint", 0)
    has_written = now["summary"] != job.before.get("summary", 0)
    job.resumes |= got_on
    summary = read_summary(run) if has_written else {}  # else it is of an earlier job's
    job.state, job.reason = _outcome(job, summary, folder)
    if job.state == LOST:
        job.lost = 1 if got_on else job.lost + 1
        if job.lost > LOST_AT_MOST:
            job.state, job.reason = FAILED, f"{job.reason}, {job.lost} times without getting on"
    job.ended = None if job.state == LOST else time.time()


def _outcome(job: Job, summary: dict[str, Any], folder: Path) -> tuple[str, str | None]:
    """The state, and its reason."""
    code, status, reason = job.code, summary.get("status"), summary.get("reason")
    if status == "finished" and (failed := summary.get("test_error")):
        return FAILED, f"testing failed: {failed}"
    if code == 0 or (code is None and status == "finished"):
        return ENDED, reason
    if job.stopping is not None:
        return STOPPED, None
    if code is not None and code > 0 and code not in ASKED:
        said = reason if status == "failed" else last_words(folder / CONSOLE)
        return FAILED, said or f"exit code {code}"
    if job.process is not None and job.process.boot != boot_id():
        return LOST, "the machine was started anew"
    if code in ASKED:
        return STOPPED, f"{signal.Signals(code - 128).name}, which the queue did not send"
    return LOST, f"killed by {signal.Signals(-code).name}" if code else "killed"


def _written(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_mtime_ns
    return 0
