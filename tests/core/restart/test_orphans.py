"""Who dies with whom: each process of a supervised run is killed, and nobody is left behind.

The training process is killed in test_restart.py, one of several ranks in test_ranks.py.
"""

import fcntl
import os
import select
import signal
import sys
import termios
import threading
from typing import Any

import psutil
import pytest
from harness.experiment import PATIENCE, Experiment, RunFolder, ended, wait_until
from harness.processes import is_alive

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the guard is Linux's"),
]
# Long, with data workers and W&B's process: whoever may be left behind.
WORDS = ("trainer.max_epochs=20000", "data.num_workers=2", "logger.wandb=offline")


class Terminal:
    """A terminal whose window can be closed; what is written to it is kept."""

    def __init__(self) -> None:
        self.window, self.inside = os.openpty()
        self.text = b""
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read)

    def options(self) -> dict[str, Any]:
        """For a process that is to be a session of this terminal."""
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), self.inside)
        return {**streams, "start_new_session": True, "preexec_fn": _take_terminal}

    def open(self) -> None:
        """Show what a process that has been started writes."""
        os.close(self.inside)
        self._reader.start()

    def close(self) -> None:
        """Close the window."""
        self._closing.set()
        self._reader.join()

    def _read(self) -> None:
        while not self._closing.is_set():
            if select.select([self.window], [], [], 0.02)[0]:
                try:
                    self.text += os.read(self.window, 65536)
                except OSError:  # nobody is left inside
                    break
        os.close(self.window)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_nobody_outlives_a_data_worker_the_terminal_or_the_supervisor(
    experiment: Experiment,
) -> None:
    run, terminal = experiment.run("a"), Terminal()
    with ended(experiment.typed(*WORDS, **terminal.options())) as supervisor:
        terminal.open()
        saved = wait_for_checkpoint(run, 0)

        # A data worker: training can not go on without it, and is started again.
        dying = descendants(supervisor.pid)
        workers = [process for process in dying if process.parent() == dying[0]]
        next(process for process in workers if "fit" in process.cmdline()).kill()
        wait_until(lambda: run.summary.get("restarts") == 1)
        assert alive(dying) == []
        wait_until(lambda: b"DataLoader worker" in terminal.text)
        saved = wait_for_checkpoint(run, saved)

        # The terminal: whoever closes it asks for the end, and gets it, saved.
        dying = descendants(supervisor.pid)
        terminal.close()
        assert supervisor.wait(PATIENCE) == 129
    assert alive(dying) == []
    assert run.summary["status"] == "stopped"
    assert run.summary["restarts"] == 1
    saved = wait_for_checkpoint(run, saved)  # there is one: of the end

    with ended(experiment.typed(*WORDS)) as supervisor:
        wait_for_checkpoint(run, saved)

        # The supervisor: nobody trains on without it.
        dying = descendants(supervisor.pid)
        supervisor.send_signal(signal.SIGKILL)
        supervisor.wait()
        wait_until(lambda: alive(dying) == [])
    assert run.summary["status"] == "running"  # which the same command takes over: test_restart.py


def wait_for_checkpoint(run: RunFolder, after: int) -> int:
    """Wait for one that is newer; its time."""
    last = run / "checkpoints/last.ckpt"
    wait_until(lambda: last.exists() and last.stat().st_mtime_ns > after)
    return last.stat().st_mtime_ns


def descendants(pid: int) -> list[psutil.Process]:
    """Training first, then whatever it has started: data workers, W&B's process."""
    found = psutil.Process(pid).children(recursive=True)
    assert len(found) >= 4, found
    return found


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still are."""
    return [process for process in processes if is_alive(process)]
