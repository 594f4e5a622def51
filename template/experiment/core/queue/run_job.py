"""The process of one job: starts its training, waits, and writes down how that ended.

Template's file: updates replace it. The dispatcher starts ``python -m ...run_job FOLDER NUMBER`` in
a session of its own, and may die at any moment. What keeps a job from being started twice:

- the dispatcher writes down, before it starts this, which start of the job this is: NUMBER;
- this takes the job's lock, which the system frees when it dies, whatever kills it;
- then, with the queue's lock held, it writes itself down as the process of that start, or ends
  where there is another by now, or none is wanted any more. Only then training begins.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from filelock import FileLock, Timeout

from ..runs.code_snapshot import environment_of
from ..runs.layout import SWEEP_CONFIG
from ..runs.processes import this_process
from .freeze import CODE, SWEEP_FILE
from .job import RUNNING, Job
from .queue import Queue

SUPERSEDED = 75  # another start of the job lives
UNSTARTED = 126  # as a shell says of what it cannot start
LOCK_SECONDS = 10.0
ATTEMPTS, PAUSE_SECONDS = 60, 5.0  # at writing the end down, on a disk that is full


def command_of(queue: Queue, job: Job) -> list[str]:
    """The words that start a job: its own copy of the code, with its own configuration."""
    folder = queue.folder_of(job)
    words = [job.python, str(folder / CODE / "main.py"), job.command]
    if job.command == "sweep":
        words.append(str(folder / SWEEP_FILE))
    words += ["--config", str(folder / SWEEP_CONFIG), "--output", str(queue.output)]
    # A run that has got on goes on from there, not from where it was told to begin.
    options = [o for o in job.options if not (job.resumes and o.startswith("--resume="))]
    return [*words, "--name", job.run, *options]


def run_job(folder: Path, number: int) -> int:
    """Run the job of a folder, if this start of it is still wanted; the exit code."""
    queue = Queue(folder.parent.parent)
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):  # the whole group gets them, and training's answer is waited for
            signal.signal(getattr(signal, name), lambda *_: None)
    own = FileLock(folder / ".lock")  # held until this process ends
    try:
        own.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        return SUPERSEDED
    with queue.lock():
        job = queue.job(folder.name)
        is_wanted = job.state == RUNNING and job.starts == number and job.process is None
        if not is_wanted or job.stopping is not None:
            return SUPERSEDED
        job.process = this_process()
        queue.save(job)
    code = _train(queue, job)
    _write_down(queue, job.id, number, code)
    return code


def _train(queue: Queue, job: Job) -> int:
    """Training, to its end; the exit code, negative for a signal."""
    folder = queue.folder_of(job)
    if not Path(job.folder).is_dir():
        print(f"{job.folder}, where this was queued, is no more", flush=True)
        return UNSTARTED
    # Unbuffered: what it prints is looked at while it runs.
    variables = {**os.environ, **environment_of(folder / CODE), "PYTHONUNBUFFERED": "1"}
    try:
        training = subprocess.Popen(
            command_of(queue, job),
            cwd=job.folder,
            env=variables,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        print(f"{job.python} cannot be started: {error.strerror or error}", flush=True)
        return UNSTARTED
    return training.wait()


def _write_down(queue: Queue, id: str, number: int, code: int) -> None:
    for _ in range(ATTEMPTS):
        try:
            with queue.lock():
                job = queue.job(id)
                if job.starts == number:
                    job.code = code
                    queue.save(job)
            return
        except Exception as error:  # the disk is full: it may have room soon
            print(f"the end of job {id} cannot be written down: {error}", flush=True)
            time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    sys.exit(run_job(Path(sys.argv[1]), int(sys.argv[2])))
