"""Who is told when a run dies, comes back, or ends.

Template's file: updates replace it. Free of torch. Set it under ``alert:``.
"""

import os
import subprocess
import time

from ..config.restart import AlertConfig
from ..console import say
from ..runs.disk_errors import reason_of
from ..runs.pending_alerts import keep_alert
from ..runs.run import Run
from .orphans import end_session

COMMAND_SECONDS = 30.0


class Alerts:
    """Runs the user's command with what happened; rate-limited, and never a reason to fail.

    The command is given to the shell with ``EXP_EVENT``, ``EXP_MESSAGE``, ``EXP_RUN``,
    ``EXP_RUN_DIR`` and ``EXP_EXIT`` in its environment. Mail, chat, anything:
    ``curl -fsS -m 10 -d "$EXP_MESSAGE" URL``.

    W&B can be reached by the training process only: what happened while there was none is kept for
    the next (``wandb_alerts.py``).

    Args:
        run: What it is about.
        config: The command, the events to tell of, and the least seconds between two alerts.
    """

    def __init__(self, run: Run, config: AlertConfig) -> None:
        self.run, self.config = run, config
        self._sent: dict[str, float] = {}  # event -> when, on a clock that only goes forward

    def send(self, events: tuple[str, ...], message: str, exit_code: int | None = None) -> None:
        """Tell once, of the first of these events that is wanted, unless it was a moment ago."""
        event = next((event for event in events if event in self.config.events), None)
        now = time.monotonic()
        if event is None or now - self._sent.get(event, float("-inf")) < self.config.every_seconds:
            return
        self._sent[event] = now
        if self.config.wandb and event != "finish":  # which training tells itself
            keep_alert(self.run, event, message)
        if self.config.command is not None:
            self._run_command(self.config.command, event, message, exit_code)

    def _run_command(self, command: str, event: str, message: str, exit_code: int | None) -> None:
        told = {
            "EXP_EVENT": event,
            "EXP_MESSAGE": message,
            "EXP_RUN": self.run.name,
            "EXP_RUN_DIR": str(self.run.folder.resolve()),
            "EXP_EXIT": "" if exit_code is None else str(exit_code),
        }
        try:
            process = subprocess.Popen(
                command,
                shell=True,
                env={**os.environ, **told},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            say(f"alert.command failed ({reason_of(error)}): {message}")
            return
        try:
            code = process.wait(COMMAND_SECONDS)
            failure = f"exit code {code}" if code else None
        except subprocess.TimeoutExpired:
            failure = f"not done in {COMMAND_SECONDS:g} s"
            process.kill()
            end_session(process.pid)  # what the shell had started
        if failure:
            say(f"alert.command failed ({failure}): {message}")
