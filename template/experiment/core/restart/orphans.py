"""Processes that end together: no training process outlives the one that watches it.

Template's file: updates replace it. Free of torch.
"""

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress

import psutil

# The id of the supervisor, in the environment of the training process that it starts.
SUPERVISOR = "EXPERIMENT_SUPERVISOR"
PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>
GRACE_SECONDS = 5.0  # for W&B's process to write what it holds, once training is dead


def take_parent() -> bool:
    """Whether a supervisor started this process; from now on it dies with that (on Linux).

    The ranks that Lightning starts die with the process that started them. What this process
    starts itself knows nothing of the supervisor.
    """
    supervisor = os.environ.pop(SUPERVISOR, None)
    if supervisor is not None or "LOCAL_RANK" in os.environ:
        _die_with_parent(int(supervisor) if supervisor else None)
    return supervisor is not None


def _die_with_parent(parent: int | None) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if parent is not None and os.getppid() != parent:  # it died before the line above
            os._exit(1)


def end_session(leader: int) -> None:
    """End whatever a dead session leader left behind: ranks, data workers, W&B's process."""
    if not hasattr(os, "getsid"):
        return
    until = time.monotonic() + GRACE_SECONDS
    while members := _session(leader):
        if time.monotonic() > until:
            for process in members:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(members, timeout=GRACE_SECONDS)
            return
        time.sleep(0.02)


def _session(leader: int) -> list[psutil.Process]:
    """The living processes of a session; a zombie needs nothing more."""
    members = []
    for process in psutil.process_iter(["status"]):
        with suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getsid(process.pid) == leader and process.info["status"] != psutil.STATUS_ZOMBIE:
                members.append(process)
    return members
