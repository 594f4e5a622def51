"""Ends a job: all of its processes, in whatever session, and first those that save.

Template's file: updates replace it.
"""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil

from .job import HARD, Job, processes

SAVING_SECONDS = 30.0  # between the request to end and the kill
LEFT_SECONDS = 10.0  # for what a command left behind when it ended, such as W&B's process


def ask(job: Job, folder: Path) -> None:
    """SIGTERM to the group that its first process leads: training saves, and ends."""
    members = processes(folder)
    with suppress(psutil.Error, ProcessLookupError):
        if job.process is not None and job.process.pid in map(_group, members):
            os.killpg(job.process.pid, signal.SIGTERM)  # also where the leader itself was killed
        elif members:  # on Windows this is the end
            members[0].terminate()


def _group(process: psutil.Process) -> int | None:
    with suppress(ProcessLookupError, AttributeError):  # gone, or on Windows
        return os.getpgid(process.pid)
    return None


def kill(folder: Path) -> None:
    """SIGKILL to all of its processes; what they start meanwhile is found the next time."""
    for process in processes(folder):
        with suppress(psutil.Error):
            process.kill()


def carry_out(job: Job, folder: Path) -> bool:
    """One step towards the end that was asked for; whether the job was changed."""
    if job.stopping == HARD or (job.asked and time.time() - job.asked > SAVING_SECONDS):
        kill(folder)
    elif job.asked is None and job.process is not None:
        ask(job, folder)  # before it is written down: asked twice, it still saves
        job.asked = time.time()
        return True
    return False
