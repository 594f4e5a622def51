"""How a trial ended, as its run's folder has it, and what is kept of it.

Template's file: updates replace it.
"""

import signal
from contextlib import suppress
from pathlib import Path

from ..checkpoint.files import best_score
from ..runs.layout import LAST, PREVIOUS
from ..runs.summary import read_summary
from .launcher import CONSOLE
from .sweep_file import Metric
from .trials import ATTEMPTS, FAILED, FINISHED, INTERRUPTED, LOST, STOPPED, SweepFolder, Trial


def settle(folder: SweepFolder, trial: Trial, metric: Metric, code: int | None, keep: str) -> None:
    """Write down how a trial ended, whose processes are gone; the caller holds the lock.

    Args:
        folder: The sweep's.
        trial: Changed and saved.
        metric: What is compared.
        code: The exit code, None where another process started the trial.
        keep: Which checkpoints: ``all``, ``best`` or ``none``.
    """
    state, reason = outcome(folder.folder(trial), trial, code)
    if state == LOST and trial.attempts >= ATTEMPTS:
        state, reason = FAILED, f"{reason}, for the second time"
    if state in (FINISHED, STOPPED):
        trial.value = metric.best(folder.history(trial, metric.name))
        if trial.value is None and state == FINISHED:
            failed = read_summary(folder.folder(trial)).get("test_error")
            reason = f"testing failed: {failed}" if failed else f"it never logged {metric.name}"
            state = FAILED
    trial.end(state, reason)
    if state in (FINISHED, STOPPED, FAILED):
        drop_checkpoints(folder.folder(trial) / "checkpoints", keep)
    folder.save(trial)


def outcome(folder: Path, trial: Trial, code: int | None) -> tuple[str, str | None]:
    """The state and its reason: what the run wrote down comes before its exit code."""
    summary = read_summary(folder)
    status, reason = summary.get("status"), summary.get("reason")
    if status == "finished" or (status == "stopped" and reason == "max_time"):
        return FINISHED, reason
    if trial.stopping is not None:
        return (INTERRUPTED if trial.stopping == INTERRUPTED else STOPPED), trial.stopping
    if status == "failed":
        return FAILED, reason
    if status is None and code == 0:
        return FINISHED, None  # a program of the user's own
    if code is None and trial.process is None:
        return INTERRUPTED, "the sweep was killed at its start"  # which was not the trial's fault
    if code is not None and 0 < code < 128:
        return FAILED, last_words(folder / CONSOLE) or f"exit code {code}"
    if code is not None and code < 0:
        return LOST, f"killed by {signal.Signals(-code).name}"
    return LOST, f"ended by {reason}" if status == "stopped" else "killed"


def drop_checkpoints(folder: Path, keep: str) -> None:
    """Delete what is not to be kept of an ended trial."""
    if keep == "all" or (keep == "best" and best_score(folder) is None):
        return
    doomed = folder.glob("*.ckpt") if keep == "none" else (folder / LAST, folder / PREVIOUS)
    for path in list(doomed):
        with suppress(OSError):
            path.unlink()


def last_words(console: Path) -> str:
    """The last line that a process printed; empty if it printed nothing."""
    try:
        lines = console.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")[:300]
