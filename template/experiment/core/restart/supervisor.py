"""Restarts training that died: one process that waits, and knows a crash from an end.

Template's file: updates replace it. Free of torch. Set it under ``restart:``; ``--restarts 0`` and
a debugger leave it out.

The training process is a child in a session of its own, which runs the run's ``code/``. It is
started again after a death that nobody asked for, as long as it gets on: a new checkpoint gives all
restarts back. After training diverged it goes back, and something changes: ``rollback.py``. The
child dies with this process, and with the child everything that it started.
"""

import signal
import subprocess
import time
from contextlib import suppress
from datetime import datetime
from types import FrameType
from typing import Any

from ..checkpoint.files import best_score
from ..checkpoint.find_checkpoint import choose_last
from ..config.run_config import RunConfig
from ..console import say
from ..errors import (
    CTRL_C,
    DIVERGED,
    FINISHED,
    HANGUP,
    REFUSED,
    TERMINATED,
    UNTESTED,
    UserError,
)
from ..files import shown
from ..runs.layout import LAST, ROLLBACKS
from ..runs.rollback_record import read_rollbacks
from ..runs.run import Run
from .alerts import Alerts
from .orphans import end_session
from .rollback import AT_MOST, finish_rollbacks, go_back, point_to_return_to, record_rollback
from .signals import FORWARDED
from .stall import StallTimer
from .training_process import training_command, training_environment

POLL_SECONDS = 0.05
LONGEST_BACKOFF = 300.0  # s
LONGEST_HISTORY = 20  # restarts in summary.json

# Ends that were meant, or that a restart would only repeat.
FINAL = {FINISHED, REFUSED, DIVERGED, UNTESTED, HANGUP, CTRL_C, TERMINATED}


class Supervisor:
    """Starts training, waits for it, and starts it again when it should go on.

    Args:
        run: The run, locked by this process; it starts from ``run.resume``.
        config: The whole configuration.
    """

    def __init__(self, run: Run, config: RunConfig) -> None:
        self.run, self.config = run, config.restart
        self.alerts = Alerts(run, config.alert)
        self.in_vain = 0  # restarts since training last got on
        self.marks = {self._mark()}  # what it has reached
        self.got_on = False  # since this process began
        self.asked: int | None = None  # the signal by which somebody asked for the end
        self.child: subprocess.Popen[bytes] | None = None
        self.stalled = self.restarted = False
        self.unstarted: str | None = None  # why there is no child

    def supervise(self) -> int:
        """Train to the end; the exit code."""
        for number in (getattr(signal, name) for name in FORWARDED):
            ignored = signal.getsignal(number) == signal.SIG_IGN
            if not (ignored and number == getattr(signal, "SIGHUP", None)):  # by nohup: it stays so
                signal.signal(number, self._forward)
        failure = None
        while True:
            earlier, code = failure, self._train()
            failure = self.run.summary.get("failure")
            diverged = bool(failure and failure.get("code") == DIVERGED)
            if self.asked is not None or (code in FINAL and not diverged):
                return self._end(code)
            if diverged:
                if not self._roll_back():
                    return self._end(DIVERGED)
                if self.asked is not None:
                    return self._end(128 + self.asked)
                continue
            self._count()
            reason = self._reason(code)
            if failure is not None and failure.get("final"):
                return self._give_up(code, f"{reason}, before the first step")
            if failure is not None and failure == earlier:
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
        self.run.update(status="running", reason=None, failure=None)
        with suppress(OSError):  # on a disk that broke
            heartbeat.unlink(missing_ok=True)
        self.stalled, self.unstarted = False, None
        try:
            self.child = subprocess.Popen(
                training_command(self.run),
                env=training_environment(self.run),
                start_new_session=True,
            )
        except OSError as error:  # no memory or no process to spare: that may pass
            self.unstarted = f"training cannot be started: {error.strerror or error}"
            return 1
        self._pass_on()  # what was asked for while there was no child
        stall = StallTimer(heartbeat, self.config)
        while self.child.poll() is None:
            time.sleep(POLL_SECONDS)
            if not self.stalled and stall.is_over():
                self.stalled = True
                self.child.kill()
        end_session(self.child.pid)
        self.run.refresh()
        return self.child.returncode

    def _forward(self, number: int, frame: FrameType | None) -> None:
        if number == getattr(signal, "SIGUSR1", None):
            number = signal.SIGTERM  # a scheduler's way to say that the time is nearly up
        self.asked = number
        self._pass_on()

    def _pass_on(self) -> None:
        """Tell the child, which saves what it has, and ends with the fitting exit code."""
        if self.asked is not None and self.child is not None and self.child.poll() is None:
            # Lightning saves on SIGTERM alone: a closed terminal asks for the same.
            closed = self.asked == getattr(signal, "SIGHUP", None)
            self.child.send_signal(signal.SIGTERM if closed else self.asked)

    def _mark(self) -> Any:
        """What tells how far training has come, by what a restart goes on from."""
        if self.config.checkpoint == "best":
            best = best_score(self.run.checkpoints)
            return best and (best[0].name, best[2])  # not its time: it is reached more than once
        return self.run.newest_checkpoint()

    def _count(self) -> None:
        """Count the restarts in which training did not get on."""
        mark = self._mark()
        got_on = mark not in self.marks
        self.marks.add(mark)
        self.got_on |= got_on
        self.in_vain = 1 if got_on else self.in_vain + 1

    def _choose(self) -> None:
        """Start from the checkpoint that is configured, if it can be read; else as before."""
        best = (
            point_to_return_to(self.run.checkpoints) if self.config.checkpoint == "best" else None
        )
        if best is not None:
            go_back(self.run.checkpoints, best.name)
        elif self.run.resume is not None and not self.got_on:
            return  # what somebody chose by hand may be older than last.ckpt
        chosen = choose_last(self.run.checkpoints)
        if chosen is not None:
            self.run.resume = chosen.path
            if chosen.remark:
                say(chosen.remark)

    def _roll_back(self) -> bool:
        """Go back after training diverged, with a change; False if that is not to be tried."""
        if self.config.on_nan == "stop":
            return False
        rollback = record_rollback(self.run.folder)
        if rollback is None:
            say(
                f"{self.run.name}: diverged after {AT_MOST} rollbacks: see {self._shown(ROLLBACKS)}"
            )
            return False
        finish_rollbacks(self.run.folder)
        last = self.run.checkpoints / LAST
        self.run.resume = last if rollback.checkpoint else None
        self.marks.add(self._mark())
        self.in_vain, self.got_on = 0, True
        rollbacks = [entry.entry() for entry in read_rollbacks(self.run.folder)]
        self._restart(
            rollback.reason,
            f"{rollback.origin} {rollback.change}; {self._shown(ROLLBACKS)}",
            ("nan", "restart"),
            rollbacks=rollbacks,
        )
        return True

    def _reason(self, code: int) -> str:
        if self.unstarted:
            return self.unstarted
        if self.stalled:
            return f"no step for {self.config.stall_minutes:g} minutes"
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        failure = self.run.summary.get("failure") or {}
        return str(failure.get("error") or f"exit code {code}")

    def _announce(self, reason: str) -> None:
        events = ("stall", "restart") if self.stalled else ("restart", "crash")
        self._restart(reason, f"in {self._pause():g} s", events)

    def _restart(self, reason: str, how: str, events: tuple[str, ...], **changes: Any) -> None:
        """Say, write down and tell that training is started again."""
        restarts, self.restarted = self.run.summary.get("restarts", 0) + 1, True
        failure, beat = self.run.summary.get("failure"), self.run.last_beat()
        step = failure["step"] if failure else beat[0] if beat else None
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        history = [
            *self.run.summary.get("restart_history", []),
            {"time": now, "reason": reason, "step": step},
        ]
        self.run.update(
            restarts=restarts,
            restart_history=history[-LONGEST_HISTORY:],
            status="running",
            reason=None,
            **changes,
        )
        message = f"{self.run.name}: {reason}; restart {restarts} {how}"
        say(message)
        self.alerts.send(events, message)

    def _shown(self, name: str) -> str:
        return shown(self.run.folder / name)

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
        if self.asked is not None and code not in {FINISHED, REFUSED, DIVERGED, UNTESTED}:
            code = 128 + self.asked
            if self.run.status == "running":  # killed before it could say so
                self.run.end("stopped", signal.Signals(self.asked).name)
        if code in {FINISHED, UNTESTED} and self.run.status == "finished":
            failed = self.run.summary.get("test_error")
            but = f", but testing failed: {failed}" if failed else ""
            self.alerts.send(("finish",), f"{self.run.name}: finished{but}", code)
        if code == DIVERGED:
            message = f"{self.run.name}: {self.run.summary.get('reason')}"
            self.alerts.send(("nan", "give_up"), message, code)
        if code == REFUSED and self.restarted:  # such as a disk that is full meanwhile
            self.tell_refused(self.run.summary.get("reason"))
        elif code == REFUSED:
            self.run.withdraw()
        return code

    def _give_up(self, code: int, reason: str) -> int:
        code = 128 - code if code < 0 else code
        self.run.end("failed", reason)
        message = f"{self.run.name}: giving up: {reason}"
        say(message)
        cause = "stall" if self.stalled else "crash"
        self.alerts.send(("give_up", cause), message, code)
        return code

    def tell_refused(self, reason: str | None) -> None:
        """Tell that training which had begun cannot go on."""
        message = f"{self.run.name}: giving up: {reason}"
        self.alerts.send(("give_up", "crash"), message, REFUSED)


def supervise(run: Run, config: RunConfig) -> int:
    """Train under a supervisor; the exit code.

    Raises:
        UserError: No checkpoint that is left can be read.
    """
    supervisor = Supervisor(run, config)
    try:
        return supervisor.supervise()
    except UserError as error:
        run.end("failed", str(error))
        supervisor.tell_refused(str(error))
        raise
