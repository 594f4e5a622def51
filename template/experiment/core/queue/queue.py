"""The queue: its jobs and their order, which is all that anybody knows of it.

Template's file: updates replace it. ``runs/.queue/`` holds a folder for each job, and their order
(``order.py``). Whoever changes anything holds the lock; every file is written whole or not at all,
so that reading needs no lock.
"""

import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from ..errors import UserError
from ..runs.disk_errors import unwritable
from ..runs.run_folders import check_name, new_folder
from ..sweep.devices import gpus
from .job import (
    ENDED,
    FAILED,
    GENTLE,
    HARD,
    LOST,
    RUNNING,
    STOPPED,
    UNDONE,
    WAITING,
    Job,
    read_job,
)
from .order import Order, last_change, read_order, write_order

QUEUE = ".queue"
CPU = "cpu"


class Queue:
    """The queue of the runs in a folder.

    Args:
        output: The folder, such as ``runs``.
    """

    def __init__(self, output: Path) -> None:
        self.output = output.resolve()
        self.folder = self.output / QUEUE
        self._devices: list[str] = []
        self._lock = FileLock(self.folder / ".lock")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only one who changes anything; freed by the system when the process dies.

        Raises:
            UserError: Nothing can be written there.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except OSError as error:
            raise unwritable(self.output, error) from None
        try:
            yield
        finally:
            self._lock.release()

    # --- looking ------------------------------------------------------------------------------

    def devices(self) -> list[str]:
        """What a job can run on: the GPUs of this machine, and its processor."""
        if not self._devices:  # the driver takes a while to answer
            self._devices = [*gpus(), CPU]
        return self._devices

    def jobs(self) -> list[Job]:
        """Every job, in the order of the queue."""
        jobs = [read_job(self.folder / id) for id in self._order().ids]
        for device in {job.device for job in jobs}:
            for place, job in enumerate(_waiting(jobs, device), start=1):
                job.place = place
        return [job for job in jobs if self.folder_of(job).exists()]  # removed meanwhile

    def job(self, id: str) -> Job:
        """The job with this number.

        Raises:
            UserError: There is none.
        """
        jobs = self.jobs()
        for job in jobs:
            if job.id == id:
                return job
        known = ", ".join(job.id for job in jobs[-10:])
        there_are = f"there are {known}" if known else "the queue is empty"
        raise UserError(f"there is no job {id}; {there_are}")

    def folder_of(self, job: Job) -> Path:
        """Where everything of a job lies, but for its run."""
        return self.folder / job.id

    def run_of(self, job: Job) -> Path:
        """The folder of its run or sweep."""
        return self.output / job.run

    @property
    def changed(self) -> int:
        """What is another number after every change."""
        return last_change(self.folder)

    # --- changing -----------------------------------------------------------------------------

    def add(
        self,
        words: list[str],
        run: str | None,
        device: str,
        *,
        command: str = "fit",
        options: list[str] | None = None,
        stem: str = "run",
        fill: Callable[[Path], None] = lambda folder: None,
    ) -> Job:
        """Put a job behind all others.

        Args:
            words: What was typed after main.py, for people to read.
            run: The name of its run; None for a new one.
            device: What it runs on.
            command: ``fit`` or ``sweep``.
            options: What of the words is no setting.
            stem: Of a new name: ``run`` for ``run-001``.
            fill: Called with the job's folder before there is a job: puts code and configuration
                there (``freeze.py``).

        Raises:
            UserError: There is no such device, or another job has the run.
        """
        if device not in (there_are := self.devices()):
            raise UserError(f"there is no device {device}; there are {', '.join(there_are)}")
        with self.lock():
            unfinished = self.folder / f".new-{secrets.token_hex(4)}"
        try:
            unfinished.mkdir()
            fill(unfinished)
            with self.lock():
                if run is not None:
                    self._refuse_another(check_name(run))
                name = run or new_folder(self.output, stem).name
                order = self._order()
                id = str(order.last + 1)
                typed = (words, name, device, command, options or [])
                job = Job(id, *typed, sys.executable, os.getcwd(), time.time())
                job.save(unfinished)
                unfinished.rename(self.folder / id)  # here it begins to be
                write_order(self.folder, order.with_last(id))
        except OSError as error:
            raise unwritable(self.output, error) from None
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return self.job(id)

    def save(self, job: Job) -> None:
        """Write a job down; whoever calls holds the lock, and has read it since."""
        job.save(self.folder_of(job))
        write_order(self.folder, self._order())

    def move(self, id: str, place: int) -> Job:
        """Let a waiting job be the ``place``-th of those that wait for its device.

        Raises:
            UserError: It does not wait, or there is no such place.
        """
        with self.lock():
            job, jobs = self.job(id), self.jobs()
            if job.state != WAITING:
                raise UserError(f"job {id} is {job.state}; only one that waits can be moved")
            others = [each for each in _waiting(jobs, job.device) if each.id != id]
            if not 1 <= place <= len(others) + 1:
                raise UserError(
                    f"place {place}: device {job.device} has places 1 to {len(others) + 1}"
                )
            ids = [each.id for each in jobs if each.id != id]
            behind = others[place - 1 :]
            ids.insert(ids.index(behind[0].id) if behind else len(ids), id)
            write_order(self.folder, replace(self._order(), ids=ids))
        return self.job(id)

    def remove(self, id: str) -> Job:
        """Take a job that does not run out of the queue; its run stays.

        Raises:
            UserError: It runs.
        """
        with self.lock():
            job = self.job(id)
            if job.state == RUNNING:
                raise UserError(f"job {id} is running; queue stop {id} comes first")
            gone = self.folder / f".gone-{id}-{secrets.token_hex(4)}"
            self.folder_of(job).rename(gone)
            write_order(self.folder, self._order().without(id))
            with suppress(OSError):
                self.run_of(job).rmdir()  # the name that was kept for it; a run is not empty
        shutil.rmtree(gone, ignore_errors=True)
        return job

    def stop(self, id: str, hard: bool = False) -> Job:
        """Ask a job to end; the dispatcher sees to it. One that waits is stopped at once.

        Raises:
            UserError: It is over, or runs on another machine.
        """
        with self.lock():
            job = self.job(id)
            if job.state not in UNDONE:
                raise UserError(f"job {id} is over ({job.state})")
            if job.process and job.is_elsewhere and not hard:
                raise UserError(
                    f"job {id} runs on {job.process.host}: stop it there; if that machine is no "
                    "more, --hard takes it for stopped"
                )
            if job.is_elsewhere or job.state != RUNNING:
                job.state, job.ended, job.reason = STOPPED, time.time(), None
            else:
                job.stopping = HARD if hard else job.stopping or GENTLE
            self.save(job)
        return job

    def go_on(self, id: str) -> Job:
        """Let a job that was stopped, or has failed, wait again, behind all others.

        Raises:
            UserError: There is nothing to go on with.
        """
        with self.lock():
            job = self.job(id)
            if job.state == ENDED:
                raise UserError(f"job {id} has ended; for more add another with --name {job.run}")
            if not job.words:
                raise UserError(f"job {id}: {job.reason}")
            if job.state not in {STOPPED, FAILED}:
                raise UserError(f"job {id} is {job.state}; one that was stopped or failed goes on")
            self._refuse_another(job.run)
            self.run_of(job).mkdir(parents=True, exist_ok=True)
            job.state, job.reason, job.stopping, job.asked = WAITING, None, None, None
            job.process, job.code, job.lost = None, None, 0
            job.started = job.ended = None
            job.save(self.folder_of(job))
            write_order(self.folder, self._order().with_last(id))
        return self.job(id)

    def _refuse_another(self, run: str) -> None:
        for job in self.jobs():
            if job.run == run and job.state in UNDONE:
                raise UserError(
                    f"job {job.id} has the run {run} and is {job.state}; give this one another "
                    "--name, or add it once that is over"
                )

    def _order(self) -> Order:
        """The order of the jobs that are there, also where its file was lost or lacks one."""
        try:
            ids = [name for name in os.listdir(self.folder) if name.isdecimal()]
        except FileNotFoundError:  # there is no queue
            return Order()
        order = read_order(self.folder)
        last = max([order.last, *map(int, ids)])
        return Order(last, sorted(ids, key=order.key))


def _waiting(jobs: list[Job], device: str) -> list[Job]:
    return [job for job in jobs if job.device == device and job.state == WAITING]


def next_of(jobs: list[Job], device: str) -> Job | None:
    """The job that a free device takes: one that was lost before one that waits."""
    lost = [job for job in jobs if job.device == device and job.state == LOST]
    return next(iter([*lost, *_waiting(jobs, device)]), None)
