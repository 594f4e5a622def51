"""Runs the trials of a sweep: starts, watches, ends and counts them.

Template's file: updates replace it. Any number of these may work on one folder: whatever they
decide they decide with its lock held, by what lies in it.
"""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from ..config.sweep import SweepConfig
from . import devices
from .launcher import Launcher
from .search import Search
from .sweep_file import Metric, Sweep
from .trial_outcome import settle
from .trials import ENDED, FAILED, INTERRUPTED, LOST, RUNNING, SweepFolder, Trial

POLL_SECONDS = 0.1
LOOK_SECONDS = 1.0  # between two looks at what others do, and at early termination
ASKING = [s for s in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, s)]


class Runner:
    """One process's work on a sweep.

    Args:
        folder: The sweep's.
        sweep: What the file says.
        search: Where the points come from.
        config: Which checkpoints to keep, when to give up.
        workers: How many trials at once.
        gpus: How many GPUs each trial has to itself, and which there are.
        ended: Called with each trial that has ended, by whomever it was started.
    """

    def __init__(
        self,
        folder: SweepFolder,
        sweep: Sweep,
        search: Search,
        config: SweepConfig,
        workers: int,
        gpus: tuple[int, list[str]],
        ended: Callable[[Trial, list[Trial]], None],
    ) -> None:
        self.folder, self.sweep, self.search, self.config = folder, sweep, search, config
        self.workers, self.gpus, self.ended = workers, gpus, ended
        self.launcher = Launcher(sweep, folder, workers)
        self.own: dict[int, subprocess.Popen[bytes]] = {}
        self.asked: int | None = None  # the signal by which somebody asked for the end
        self.failures: list[str] = []  # the reasons of the last trials, all of which failed
        self._seen = {trial.number for trial in folder.trials() if trial.state in ENDED}
        self._looked = 0.0

    @property
    def metric(self) -> Metric:
        return self.search.metric

    def run(self) -> str | None:
        """Work until nothing is left to do; why it ended before, None if it did not."""
        with self._signals():
            while True:
                self._settle_own()
                looks = time.monotonic() - self._looked > LOOK_SECONDS
                if looks:
                    self._looked = time.monotonic()
                    self._settle_orphans()
                    self._stop_hopeless()
                trials = self.folder.trials()
                self._announce(trials)
                early_end = self._early_end(trials)
                if self.asked is not None:
                    self._interrupt(trials)
                if early_end is None:
                    self._start_more()
                if not self.own and (self.asked or not self._others(early_end)):
                    return early_end
                time.sleep(POLL_SECONDS)

    # --- starting ------------------------------------------------------------------------------

    def _start_more(self) -> None:
        while len(self.own) < self.workers and self.asked is None:
            trial = self._claim()
            if trial is None:
                return
            try:
                process = self.launcher.start(trial)
            except OSError as error:  # there is no such program
                self._fail(trial, str(error))
                continue
            self.own[trial.number] = process
            trial.process = process.pid
            with self.folder.lock():
                self.folder.save(trial)

    def _claim(self) -> Trial | None:
        """Take the next trial, so that nobody else does: a lost one first, else a new one."""
        with self.folder.lock():
            trials = self.folder.trials()
            running = [trial for trial in trials if trial.state == RUNNING]
            count, present = self.gpus
            taken = [name for trial in running if trial.is_here for name in trial.devices]
            mine = devices.free(present, taken, count)
            if len(mine) < count:
                return None  # another sweep process has them: later
            waiting = [trial for trial in trials if trial.state in (LOST, INTERRUPTED)]
            trial = waiting[0] if waiting else self._new(trials)
            if trial is None:
                return None
            trial.attempts += trial.state == LOST
            trial.devices = mine
            trial.begin()
            self.folder.save(trial)
            return trial

    def _new(self, trials: list[Trial]) -> Trial | None:
        numbers = {trial.number for trial in trials}
        number = next(i for i in range(1, len(numbers) + 2) if i not in numbers)
        point = self.search.point(number, trials)
        return None if point is None else Trial(number, *point)

    def _fail(self, trial: Trial, reason: str) -> None:
        with self.folder.lock():
            trial.end(FAILED, reason)
            self.folder.save(trial)

    # --- ending --------------------------------------------------------------------------------

    def _settle_own(self) -> None:
        for number, process in list(self.own.items()):
            code = process.poll()
            if code is not None:
                self._settle(number, code)
                del self.own[number]

    def _settle_orphans(self) -> None:
        """End what a sweep process that died has left, once its trial has ended, too."""
        for trial in self.folder.trials():
            if self._is_orphan(trial) and not self.folder.processes(trial):
                self._settle(trial.number, None)

    def _settle(self, number: int, code: int | None) -> None:
        with self.folder.lock():
            trial = next(t for t in self.folder.trials() if t.number == number)
            if trial.state == RUNNING and (code is not None or self._is_orphan(trial)):
                settle(self.folder, trial, self.metric, code, self.config.keep_checkpoints)

    def _is_orphan(self, trial: Trial) -> bool:
        return trial.state == RUNNING and trial.number not in self.own and trial.is_orphan

    def _stop_hopeless(self) -> None:
        """Ask the trials to end that W&B's rule would end."""
        rule = self.sweep.early_terminate
        if rule is None:
            return
        trials = self.folder.trials()
        histories = {t.number: self.folder.history(t, self.metric.name) for t in trials}
        for trial in trials:
            mine = trial.number in self.own or self._is_orphan(trial)
            if trial.state != RUNNING or trial.stopping is not None or not mine:
                continue
            own = histories[trial.number]
            others = [values for n, values in histories.items() if n != trial.number and values]
            if own and rule.stops(own, others, self.metric.goal):
                self._stop(trial, f"hyperband, after {len(own)} values")

    def _stop(self, trial: Trial, reason: str) -> None:
        """Write down why, then ask: whoever finds the trial ended knows what it was."""
        with self.folder.lock():
            trial.stopping = reason
            self.folder.save(trial)
        with suppress(ProcessLookupError, IndexError):
            if trial.number in self.own:
                self.own[trial.number].terminate()
            else:
                self.folder.processes(trial)[0].terminate()

    def _interrupt(self, trials: list[Trial]) -> None:
        for trial in trials:
            if trial.number in self.own and trial.stopping is None:
                self._stop(trial, INTERRUPTED)

    def _announce(self, trials: list[Trial]) -> None:
        for trial in trials:
            if trial.state in ENDED and trial.number not in self._seen:
                self._seen.add(trial.number)
                failed = trial.state == FAILED
                self.failures = [*self.failures, str(trial.reason)] if failed else []
                self.ended(trial, trials)

    def _early_end(self, trials: list[Trial]) -> str | None:
        if self.asked is not None:
            return signal.Signals(self.asked).name
        if len(self.failures) >= self.config.give_up_after:
            count, last = len(self.failures), self.failures[-1]
            return f"{count} trials in a row have failed, the last one with: {last}"
        reached = next((t for t in trials if self.metric.reaches_target(t.value)), None)
        return f"{reached.name} has reached metric.target" if reached else None

    def _others(self, early_end: str | None) -> bool:
        """Whether another process's trial still runs on this machine, or one is left to do."""
        waiting = (RUNNING,) if early_end else (RUNNING, LOST, INTERRUPTED)
        return any(t.state in waiting and t.is_here for t in self.folder.trials())

    @contextmanager
    def _signals(self) -> Iterator[None]:
        numbers = [getattr(signal, name) for name in ASKING]
        before = {number: signal.signal(number, self._ask) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        """The first Ctrl-C lets the trials save what they have; they go on the next time."""
        if self.asked is not None:
            raise KeyboardInterrupt
        self.asked = number
