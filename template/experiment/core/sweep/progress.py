"""What a sweep says while it runs: one line a trial.

Template's file: updates replace it.
"""

import time

from ..tables import duration, short_names, shown_value
from .sweep_file import Metric
from .trials import ENDED, FAILED, STOPPED, Trial


def best_of(trials: list[Trial], metric: Metric) -> Trial | None:
    """The trial with the best value; the first of equals."""
    scored = [trial for trial in trials if trial.value is not None]
    best = metric.best([trial.value for trial in scored if trial.value is not None])
    return next((trial for trial in scored if trial.value == best), None)


def line(trial: Trial, trials: list[Trial], metric: Metric, size: int | None, workers: int) -> str:
    """``[ 3/20] trial-003  val/loss 0.0423  width=32  12 s | best 0.0312 (trial-001), 3 min``."""
    count = sum(other.state in ENDED for other in trials)
    of = f"{count:>{len(str(size))}}/{size}" if size is not None else str(count)
    if trial.state == FAILED:
        came = f"failed: {trial.reason}"
    else:
        came = (
            f"{metric.name} {shown_value(trial.value)}" if trial.value is not None else trial.state
        )
    stopped = f", stopped ({trial.reason})" if trial.state == STOPPED else ""
    values = " ".join(f"{name}={shown_value(v)}" for name, v in short_names(trial.values).items())
    best = best_of(trials, metric)
    so_far = f"best {shown_value(best.value)} ({best.name})" if best else "no best yet"
    left = remaining(trials, size, workers)
    ends = f", about {left} left" if left else ""
    head = f"[{of}] {trial.name}  {came}{stopped}"
    return f"{head}  {values}  {trial.seconds:.0f} s | {so_far}{ends}"


def remaining(trials: list[Trial], size: int | None, workers: int) -> str | None:
    """The time that is left, from the mean of the trials so far; None where nobody knows."""
    ended = [trial.seconds for trial in trials if trial.state in ENDED]
    if size is None or not ended or len(ended) >= size:
        return None
    seconds = sum(ended) / len(ended) * (size - len(ended)) / workers
    running = [time.time() - trial.started for trial in trials if trial.state not in ENDED]
    seconds -= min(seconds, sum(running) / workers)
    return duration(seconds)
