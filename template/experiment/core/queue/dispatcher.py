"""Moves the queue: starts jobs, one at a time on each device, and sees how they end.

Template's file: updates replace it. ``start.py`` starts it detached from everybody, so that neither
a closed terminal nor a dead web server stops the queue; ``main.py queue --serve`` is the same in a
terminal or as a service. One lives for each folder of runs: it holds ``dispatcher.lock``. Nothing
is in its memory that would be missed: killed anywhere, the next one goes on by what lies on disk.

A device is taken while a process of a queued job lives that was started on it, the first one or any
other. Runs that were started by hand are not looked at.
"""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ..files import write_json
from ..runs.frozen_job import JOB
from ..runs.processes import this_process
from ..sweep import devices
from .end_job import LEFT_SECONDS, carry_out, kill
from .freeze import CODE
from .job import CONSOLE, ENDED, FAILED, LOST, RUNNING, STOPPED, UNDONE, Job, processes
from .queue import CPU, Queue, next_of
from .settle import LOST_AT_MOST, marks, settle
from .variables import bare_environment, variables_of

LOCK, RECORD, LOG = "dispatcher.lock", "dispatcher.json", "dispatcher.log"
POLL_SECONDS = 0.25
LOCK_SECONDS = 1.0  # one that ends may hold the lock for a moment still
LOOK_SECONDS = 5.0  # between two looks at everything, and two signs of life
IDLE_SECONDS = 60.0  # without a job, until it ends


class Dispatcher:
    """One process's work on a queue.

    Args:
        queue: The queue.
        stays: Whether to wait for jobs for ever, as a service does.
    """

    def __init__(self, queue: Queue, stays: bool = False) -> None:
        self.queue, self.stays = queue, stays
        self.lock = FileLock(queue.folder / LOCK)
        self.asked = False  # to end
        self.own: dict[str, subprocess.Popen[bytes]] = {}  # the jobs that this process started
        self.begun: dict[str, int] = {}  # and which start of each that was
        self.running: list[Job] = []
        self.left: dict[str, float] = {}  # since when a command is over that left processes
        self.needless: list[Path] = []
        self._seen, self._looked, self._idle_since = -1, -math.inf, time.monotonic()

    @property
    def record(self) -> Path:
        """Who moves the queue, and when that last gave a sign of life: the file's own time."""
        return self.queue.folder / RECORD

    def run(self) -> bool:
        """Work until asked to end, or until nothing is left to do; False if another one does."""
        self.queue.folder.mkdir(parents=True, exist_ok=True)
        if not self._is_alone():
            return False
        with self.queue.lock():
            write_json(self.record, vars(this_process()))
        while not self.asked:
            try:
                self.look()
                if not self.stays and self._ends():
                    return True
            except Exception as error:  # such as a full disk: nothing is begun without a record
                _log(f"{type(error).__name__}: {error}")
                time.sleep(LOOK_SECONDS)
            time.sleep(POLL_SECONDS)
        with self.queue.lock():
            self._resign()
        return True

    def _is_alone(self) -> bool:
        """Take the lock; one that stays waits for it until it is asked to end."""
        until = time.monotonic() + LOCK_SECONDS
        while not self.asked:
            try:
                self.lock.acquire(timeout=0)
                return True
            except Timeout:
                if not self.stays and time.monotonic() > until:
                    _log("another process moves this queue")
                    return False
            time.sleep(POLL_SECONDS)
        return False

    def _is_the_one(self) -> bool:
        try:
            return json.loads(self.record.read_text(encoding="utf-8")) == vars(this_process())
        except FileNotFoundError:
            return False

    def ask_to_end(self, *_: object) -> None:
        """Leave the jobs to themselves, and to the next one."""
        self.asked = True

    def look(self) -> None:
        """Do what is to be done, if anything may have changed."""
        for id, process in list(self.own.items()):
            if process.poll() is not None:
                del self.own[id]
                self._looked = -math.inf
        if self._is_as_before():
            return
        self._seen, self._looked = self.queue.changed, time.monotonic()
        if not self._is_the_one():
            self.asked = True  # somebody has removed the folder, and another one may be at work
            return
        if any(job.state in UNDONE for job in self.queue.jobs()):
            self._move()
        else:
            self.running = []
        while self.needless:
            shutil.rmtree(self.needless.pop(), ignore_errors=True)
        os.utime(self.record)  # only now: where it has failed, it has given no sign

    def _move(self) -> None:
        with self.queue.lock():
            for job in self.queue.jobs():
                if job.state == RUNNING and not job.is_elsewhere:
                    self._attend(job)
            for device in {job.device for job in self.queue.jobs() if job.state in UNDONE}:
                self._start_next(device)
            self.running = [job for job in self.queue.jobs() if job.state == RUNNING]
            self._seen = self.queue.changed  # by this process

    def _is_as_before(self) -> bool:
        """Whether nothing was changed and nobody died, as far as a few looks can tell."""
        if self.queue.changed != self._seen or time.monotonic() - self._looked > LOOK_SECONDS:
            return False
        return all(self._needs_nothing(job) for job in self.running)

    def _needs_nothing(self, job: Job) -> bool:
        lives = job.process is not None and (job.is_elsewhere or job.process.is_alive)
        return lives and job.stopping is None

    # --- a running job ------------------------------------------------------------------------

    def _attend(self, job: Job) -> None:
        folder = self.queue.folder_of(job)
        if job.stopping is not None and carry_out(job, folder):
            self.queue.save(job)
        if job.process is not None and job.process.is_alive:
            return
        if job.id in self.own:  # it is about to write down who it is, or has just died
            return
        left = processes(folder)
        if left and job.code is not None:
            self._end_left(job, folder)
        if left:
            return  # who killed the first process has not killed training
        self.left.pop(job.id, None)
        if job.process is None:
            self._take_back(job)
        else:
            settle(job, self.queue.run_of(job), folder)
            _log(f"job {job.id}: {job.run} {job.state}{f' ({job.reason})' if job.reason else ''}")
        self.queue.save(job)
        if job.state == ENDED:
            self.needless.append(folder / CODE)  # its run has a copy of its own

    def _end_left(self, job: Job, folder: Path) -> None:
        """The command is over: what it has left gets a while to end, then a request, then none."""
        since = self.left.setdefault(job.id, time.monotonic())
        waited = time.monotonic() - since
        if waited > 2 * LEFT_SECONDS:
            kill(folder)
        elif waited > LEFT_SECONDS:
            for process in processes(folder):
                process.terminate()

    def _take_back(self, job: Job) -> None:
        """A start that never came to anything: training has not begun."""
        if job.stopping is not None:
            job.state, job.ended, job.reason = STOPPED, time.time(), None
            return
        has_failed = self.begun.get(job.id) == job.starts  # else the one who started it was killed
        job.state, job.lost, job.reason = LOST, job.lost + has_failed, "it never began"
        if job.lost > LOST_AT_MOST:
            log = self.queue.folder_of(job) / CONSOLE
            job.state, job.ended, job.reason = FAILED, time.time(), f"it never began; see {log}"

    # --- the next job -------------------------------------------------------------------------

    def _start_next(self, device: str) -> None:
        jobs = self.queue.jobs()
        if any(job.device == device and job.state == RUNNING for job in jobs):
            return
        job = next_of(jobs, device)
        if job is None:
            return
        before = (job.state, job.lost)
        job.state, job.started, job.ended, job.reason = RUNNING, time.time(), None, None
        job.starts, job.process, job.code, job.asked = job.starts + 1, None, None, None
        job.before = marks(self.queue.run_of(job))
        self.queue.save(job)  # who dies after this line leaves a start that is taken back
        try:
            self.own[job.id], self.begun[job.id] = self._start(job), job.starts
        except OSError as error:  # no memory or no process to spare: that may pass
            job.state, job.lost = before
            self.queue.save(job)
            _log(f"job {job.id} cannot be started: {error.strerror or error}")
            raise
        _log(f"job {job.id}: {job.run} started on {device}")

    def _start(self, job: Job) -> "subprocess.Popen[bytes]":
        folder = self.queue.folder_of(job)
        package = __package__ or ""
        with open(folder / CONSOLE, "ab") as console:
            return subprocess.Popen(
                [sys.executable, "-m", f"{package}.run_job", str(folder), str(job.starts)],
                cwd=self.queue.folder,
                env=self._environment(job, folder),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _environment(self, job: Job, folder: Path) -> dict[str, str]:
        gpus = [name for name in self.queue.devices() if name != CPU]
        mine = [] if job.device == CPU else [job.device]
        kept = bare_environment(variables_of(folder, os.environ))
        shares = devices.variables(mine, max(1, len(gpus)))
        return {**kept, **shares, "CUDA_VISIBLE_DEVICES": ",".join(mine), JOB: str(folder)}

    # --- the end ------------------------------------------------------------------------------

    def _ends(self) -> bool:
        """End where nothing has been to do for long; nobody can add a job at that moment."""
        if self.running or time.monotonic() - self._idle_since < IDLE_SECONDS:
            if self.running:
                self._idle_since = time.monotonic()
            return False
        with self.queue.lock():
            if any(job.state in UNDONE for job in self.queue.jobs()):
                self._idle_since = time.monotonic()
                return False
            self._resign()
        return True

    def _resign(self) -> None:
        if self._is_the_one():
            self.record.unlink()
        self.lock.release()


def serve(output: Path, stays: bool) -> bool:
    """Move the queue of a folder of runs; False if another process does."""
    dispatcher = Dispatcher(Queue(output), stays)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, dispatcher.ask_to_end)
    return dispatcher.run()


def _log(message: str) -> None:
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    print(f"{now} {message}", flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), stays=False)
