"""Restarts training that died: one process that waits, and knows a crash from an end.

Template's file: updates replace it. Free of torch. Set it under ``restart:``; ``--restarts 0`` and
a debugger leave it out.

The training process is a child in a session of its own, which runs the run's ``code/``. It is
started again after a death that nobody asked for, as long as it gets on: a new checkpoint gives all
restarts back. The child dies with this process, and with the child everything that it started.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from .alerts import Alerts
from .checkpoint_files import LAST, choose_last
from .config import RestartConfig, RunConfig
from .console import say
from .errors import UserError
from .processes import SUPERVISOR, end_session
from .run import JOIN, PROJECT, Run, read_summary

POLL_SECONDS = 0.05
LONGEST_BACKOFF = 300.0  # s

FINISHED, CONFIGURATION, DIVERGED = 0, 2, 3
HANGUP, CTRL_C, TERMINATED = 129, 130, 143
# Ends that were meant, or that a restart would only repeat.
FINAL = {FINISHED, CONFIGURATION, DIVERGED, HANGUP, CTRL_C, TERMINATED}
FORWARDED = [s for s in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1") if hasattr(signal, s)]


class Supervisor:
    """Starts training, waits for it, and starts it again when it should go on.

    Args:
        run: The run, locked by this process; it starts from ``run.resume``.
        config: The whole configuration.
    """

    def __init__(self, run: Run, config: RunConfig) -> None:
        self.run, self.config = run, config.restart
        self.alerts = Alerts(run, config.alert)
        self.in_vain = 0  # restarts since the newest checkpoint
        self.asked: int | None = None  # the signal by which somebody asked for the end
        self.child: subprocess.Popen[bytes] | None = None
        self.stalled = False

    def supervise(self) -> int:
        """Train to the end; the exit code."""
        for name in FORWARDED:
            signal.signal(getattr(signal, name), self._forward)
        while True:
            checkpoint, failure = self._newest_checkpoint(), self.run.summary.get("failure")
            code = self._train()
            self.run.summary = read_summary(self.run.folder)
            if code in FINAL or self.asked is not None:
                return self._end(code)
            self.in_vain = 1 if self._newest_checkpoint() != checkpoint else self.in_vain + 1
            reason = self._reason(code)
            if failure is not None and failure == self.run.summary.get("failure"):
                return self._give_up(code, f"{reason}, again at the same step")
            if self.in_vain > self.config.max:
                return self._give_up(code, f"{reason}, {self.in_vain} times without a checkpoint")
            self._announce(reason)
            if not self._back_off():
                return self._end(code)
            self._choose()

    def _train(self) -> int:
        """Start the child and wait for its end; its exit code, negative for a signal."""
        heartbeat = self.run.heartbeat_file
        heartbeat.unlink(missing_ok=True)
        self.child = subprocess.Popen(
            child_command(self.run), env=child_variables(self.run), start_new_session=True
        )
        stall = Stall(heartbeat, self.config)
        self.stalled = False
        while self.child.poll() is None:
            time.sleep(POLL_SECONDS)
            if not self.stalled and stall.is_over():
                self.stalled = True
                self.child.kill()
        end_session(self.child.pid)
        return self.child.returncode

    def _forward(self, number: int, frame: FrameType | None) -> None:
        """Pass a signal on; the child saves what it has, and ends with the fitting exit code."""
        if number != getattr(signal, "SIGUSR1", None):
            self.asked = number
        if self.child is not None and self.child.poll() is None:
            # Lightning saves on SIGTERM alone: a closed terminal asks for the same.
            closed = number == getattr(signal, "SIGHUP", None)
            self.child.send_signal(signal.SIGTERM if closed else number)

    def _newest_checkpoint(self) -> int | None:
        try:
            return (self.run.checkpoints / LAST).stat().st_mtime_ns
        except OSError:
            return None

    def _choose(self) -> None:
        """Start from the newest checkpoint that can be read; else as the first time."""
        chosen = choose_last(self.run.checkpoints)
        if chosen is not None:
            self.run.resume = chosen.path
            if chosen.remark:
                say(chosen.remark)

    def _reason(self, code: int) -> str:
        if self.stalled:
            return f"no step for {self.config.stall_minutes:g} minutes"
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        failure = self.run.summary.get("failure") or {}
        return str(failure.get("error") or f"exit code {code}")

    def _announce(self, reason: str) -> None:
        restarts = self.run.summary.get("restarts", 0) + 1
        self.run.update(restarts=restarts)
        message = f"{self.run.name}: {reason}; restart {restarts} in {self._pause():g} s"
        say(message)
        self.alerts.send("restart", message)

    def _pause(self) -> float:
        """Seconds to wait: doubled with each restart in vain."""
        return min(LONGEST_BACKOFF, self.config.backoff_seconds * 2 ** (self.in_vain - 1))

    def _back_off(self) -> bool:
        """Wait; False if somebody asked for the end meanwhile."""
        until = time.monotonic() + self._pause()
        while time.monotonic() < until and self.asked is None:
            time.sleep(POLL_SECONDS)
        return self.asked is None

    def _end(self, code: int) -> int:
        """The end that was meant, however the child took it."""
        if self.asked is not None and code not in {FINISHED, CONFIGURATION, DIVERGED}:
            code = 128 + self.asked
            if self.run.status == "running":  # killed before it could say so
                self.run.end("stopped", signal.Signals(self.asked).name)
        if event := {FINISHED: "finish", DIVERGED: "diverged"}.get(code):
            self.alerts.send(event, f"{self.run.name}: {self.run.status}", code)
        return code

    def _give_up(self, code: int, reason: str) -> int:
        code = 128 - code if code < 0 else code
        self.run.end("failed", reason)
        message = f"{self.run.name}: giving up: {reason}"
        say(message)
        self.alerts.send("give_up", message, code)
        return code


class Stall:
    """Whether training that once made a step has made none for too long.

    The file's time is compared with its own earlier one, never with the clock, which may change.

    Args:
        heartbeat: A file that steps touch.
        config: How long is too long.
    """

    def __init__(self, heartbeat: Path, config: RestartConfig) -> None:
        self.heartbeat, self.minutes = heartbeat, config.stall_minutes
        self._seen: int | None = None
        self._since = time.monotonic()

    def is_over(self) -> bool:
        if self.minutes is None:
            return False
        try:
            beat = self.heartbeat.stat().st_mtime_ns
        except OSError:
            return False  # no step yet: a download may take its time
        if beat != self._seen:
            self._seen, self._since = beat, time.monotonic()
        return time.monotonic() - self._since > 60.0 * self.minutes


def child_command(run: Run) -> list[str]:
    """The run's own copy of the code, with the run's own configuration."""
    program = run.folder.resolve() / "code" / "main.py"
    return [sys.executable, str(program), "fit", "--config", str(run.config_file.resolve())]


def child_variables(run: Run) -> dict[str, str]:
    """The environment in which the child knows its run, its checkpoint and its parent."""
    # What the copy lacks, such as modules that git ignores, is found in the project itself.
    paths = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        JOIN: str(run.folder.resolve()),
        "EXPERIMENT_RESUME": str(run.resume.resolve() if run.resume else ""),
        "EXPERIMENT_PROJECT": str(PROJECT),
        SUPERVISOR: str(os.getpid()),
        "PYTHONPATH": os.pathsep.join(paths),
    }


def supervise(run: Run, config: RunConfig) -> int:
    """Train under a supervisor; the exit code.

    Raises:
        UserError: No checkpoint that is left can be read.
    """
    try:
        return Supervisor(run, config).supervise()
    except UserError as error:
        run.end("failed", str(error))
        raise
