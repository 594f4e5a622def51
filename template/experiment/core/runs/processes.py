"""Which process is meant, and whether it lives: a number alone may be another's by now.

Template's file: updates replace it. Free of torch.
"""

import os
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # Linux; a new one each time it boots


@dataclass(frozen=True)
class Identity:
    """A process, told from every other one that has or will have its number.

    Attributes:
        pid: Its number.
        born: When it began, in the system's own unit: see ``born``.
        boot: Since when the machine runs: see ``boot_id``.
        host: The machine.
    """

    pid: int
    born: float
    boot: str
    host: str

    @property
    def is_here(self) -> bool:
        """Whether it is of this machine: of another one nothing can be known."""
        return self.host == socket.gethostname()

    @property
    def is_alive(self) -> bool:
        """Whether it still runs, on this machine and since this boot; a zombie is dead."""
        return self.is_here and self.boot == boot_id() and born(self.pid) == self.born


def this_process() -> Identity:
    """The process that asks."""
    return Identity(os.getpid(), born(os.getpid()) or 0.0, boot_id(), socket.gethostname())


def boot_id() -> str:
    """What tells one boot of this machine from the next."""
    try:
        return BOOT_ID.read_text(encoding="utf-8").strip()
    except OSError:  # no Linux; in minutes, since a clock that is set moves it by seconds
        return f"{psutil.boot_time() / 60:.0f}"


def born(pid: int) -> float | None:
    """When a process began; None if there is none, or only what a parent has not collected.

    On Linux in clock ticks since the boot: psutil's seconds of the clock move when it is set.
    """
    if not sys.platform.startswith("linux"):
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
        return None
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = line.rpartition(")")[2].split()  # its name, before that, may hold anything
    return None if fields[0] in {"Z", "X"} else float(fields[19])


def marked(variable: str, value: str) -> list[psutil.Process]:
    """The living processes with this in their environment, the eldest first."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # gone, or another user's
            is_marked = process.environ().get(variable) == value
            if is_marked and process.status() != psutil.STATUS_ZOMBIE:
                found.append((process.create_time(), process.pid, process))
    return [process for _, _, process in sorted(found, key=lambda row: row[:2])]
