"""The trials of a sweep: one folder each, which is all that a sweep knows of itself.

Template's file: updates replace it. ``runs/<sweep>/trial-007/`` is a run's folder, and holds
``trial.json`` beside: which values it tries, who looks after it, and how it ended. Whoever changes
one holds the sweep's lock, so that several processes may work on one sweep.
"""

import json
import math
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock

from ..files import write_json
from ..runs.layout import SWEEP_CONFIG, TRIAL_FILE
from ..runs.metrics_reader import rows_that_count
from ..runs.processes import marked

RUNNING, FINISHED, STOPPED, FAILED = "running", "finished", "stopped", "failed"
# Not over: they go on in their folders, a lost one once.
INTERRUPTED, LOST = "interrupted", "lost"
ENDED = {FINISHED, STOPPED, FAILED}
ATTEMPTS = 2
# In the environment of a trial's processes: the folder that they work for.
TRIAL = "EXPERIMENT_TRIAL"
NAME = re.compile(r"trial-(\d+)")


@dataclass
class Trial:
    """One point of the search, and what became of it.

    Attributes:
        number: Counted from 1.
        values: The value of each parameter by its dotted key.
        draw: Where the point lies for the search that proposed it; see ``bayes.py``.
        state: One of the words above.
        reason: Why it ended as it did.
        stopping: Why the sweep asked it to end, written down before it was asked.
        attempts: How often it was started anew because it was lost.
        value: The best that it logged of the sweep's metric.
        owner: The process that looks after it.
        process: The one that was started for it; None from its claim until there is one.
        devices: The GPUs that are its own.
        started: When, in seconds of the clock.
    """

    number: int
    values: dict[str, Any]
    draw: dict[str, Any] = field(default_factory=dict)
    state: str = RUNNING
    reason: str | None = None
    stopping: str | None = None
    attempts: int = 1
    value: float | None = None
    seconds: float = 0.0
    owner: dict[str, Any] = field(default_factory=dict)
    process: int | None = None
    devices: list[str] = field(default_factory=list)
    started: float = 0.0

    @property
    def name(self) -> str:
        return f"trial-{self.number:03d}"

    def begin(self) -> None:
        """Make it this process's own; nothing runs for it yet."""
        self.state, self.reason, self.stopping, self.process = RUNNING, None, None, None
        self.owner, self.started = _this_process(), time.time()

    def end(self, state: str, reason: str | None) -> None:
        self.state, self.reason = state, reason
        if self.process is not None:
            self.seconds = round(self.seconds + max(0.0, time.time() - self.started), 1)

    @property
    def is_here(self) -> bool:
        """Whether it runs, or ran last, on this machine: others share the folder, no more."""
        return self.owner.get("host") == socket.gethostname()

    @property
    def is_orphan(self) -> bool:
        """Whether the process that looked after it is gone."""
        if not self.is_here:
            return False
        try:
            process = psutil.Process(self.owner["pid"])
            same = process.create_time() == self.owner["born"]
            return not same or process.status() == psutil.STATUS_ZOMBIE
        except psutil.Error:
            return True


class SweepFolder:
    """``runs/<sweep>/``: the file, the configuration and the code of its start, and the trials.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ended: dict[str, Trial] = {}  # what is over does not change any more

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def file(self) -> Path:
        """The sweep file as it was when the sweep started."""
        return self.path / "sweep.yaml"

    @property
    def base(self) -> Path:
        """The configuration that every trial starts from."""
        return self.path / SWEEP_CONFIG

    @property
    def code(self) -> Path:
        """The code that every trial runs."""
        return self.path / "code"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only one who changes trials; freed by the system when the process dies."""
        with FileLock(self.path / ".sweep.lock"):
            yield

    def trials(self) -> list[Trial]:
        """Every trial that has been claimed, by number."""
        for path in self.path.glob(f"trial-*/{TRIAL_FILE}"):
            name = path.parent.name
            if name not in self._ended and NAME.fullmatch(name):
                with suppress(OSError, ValueError, TypeError):
                    trial = Trial(**json.loads(path.read_text(encoding="utf-8")))
                    self._ended[name] = trial
        trials = sorted(self._ended.values(), key=lambda trial: trial.number)
        self._ended = {trial.name: trial for trial in trials if trial.state in ENDED}
        return trials

    def folder(self, trial: Trial) -> Path:
        return self.path / trial.name

    def save(self, trial: Trial) -> None:
        """Write a trial down; whoever calls holds the lock."""
        self.folder(trial).mkdir(exist_ok=True)
        write_json(self.folder(trial) / TRIAL_FILE, asdict(trial))

    def history(self, trial: Trial, metric: str) -> list[float]:
        """The values of a metric that a trial has logged, by step; none of them NaN."""
        values: dict[Any, float] = {}
        for row in rows_that_count(self.folder(trial) / "metrics.jsonl"):
            value = row.get(metric)
            if isinstance(value, int | float) and math.isfinite(value):
                values[row.get("step")] = value  # a step done again replaces itself
        return list(values.values())

    def processes(self, trial: Trial) -> list[psutil.Process]:
        """The living processes of a trial, the eldest first, whoever started them."""
        return marked(TRIAL, str(self.folder(trial).resolve()))


def _this_process() -> dict[str, Any]:
    born = psutil.Process().create_time()
    return {"pid": os.getpid(), "born": born, "host": socket.gethostname()}
