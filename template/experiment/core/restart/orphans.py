"""Processes that end together: no training process outlives the one that watches it.

Template's file: updates replace it. Free of torch.
"""

import ctypes
import os
import re
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from .code import code_files

# The id of the supervisor, in the environment of the training process that it starts.
SUPERVISOR = "EXPERIMENT_SUPERVISOR"
PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>
GRACE_SECONDS = 5.0  # for W&B's process to write what it holds, once training is dead
DEBUGGERS = ("bdb", "debugpy", "pydevd")
# Also behind another statement, as in `import pdb; pdb.set_trace()`; not in a comment.
BREAKPOINT = re.compile(
    r"^([^#\n]*[;:])?[ \t]*"
    r"(breakpoint\(|((\w*pdb|debugpy)\.)?set_trace\(|debugpy\.(breakpoint|wait_for_client)\()",
    re.M,
)


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


def take_usr1() -> None:
    """Take SIGUSR1, by which schedulers announce a time limit, for SIGTERM: save, then end."""
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, lambda *_: os.kill(os.getpid(), signal.SIGTERM))


def is_debugged(project: Path) -> bool:
    """Whether somebody debugs: a debugger runs, or the project's own code stops somewhere."""
    if sys.gettrace() is not None or any(name in sys.modules for name in DEBUGGERS):
        return True
    own = [project / file for file in code_files(project) if "core" not in file.parts]
    return any(BREAKPOINT.search(file.read_text("utf-8", errors="replace")) for file in own)


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
