"""Who is told when a run dies, comes back, or ends.

Template's file: updates replace it. Free of torch. Set it under ``alert:``.
"""

import os
import subprocess
import time

from .config import AlertConfig
from .console import say
from .run import Run

COMMAND_SECONDS = 30.0


class Alerts:
    """Runs the user's command with what happened; rate-limited, and never a reason to fail.

    The command is given to the shell with ``EXP_EVENT``, ``EXP_MESSAGE``, ``EXP_RUN``,
    ``EXP_RUN_DIR`` and ``EXP_EXIT`` in its environment. Mail, chat, anything:
    ``curl -fsS -m 10 -d "$EXP_MESSAGE" URL``.

    Args:
        run: What it is about.
        config: The command, the events to tell of, and the least seconds between two alerts.
    """

    def __init__(self, run: Run, config: AlertConfig) -> None:
        self.run, self.config = run, config
        self._sent: dict[str, float] = {}  # event -> when, on a clock that only goes forward

    def send(self, event: str, message: str, exit_code: int | None = None) -> None:
        """Tell, if that is wanted for this event and it was not told a moment ago."""
        if self.config.command is None or event not in self.config.events:
            return
        now = time.monotonic()
        if now - self._sent.get(event, float("-inf")) < self.config.every_seconds:
            return
        self._sent[event] = now
        told = {
            "EXP_EVENT": event,
            "EXP_MESSAGE": message,
            "EXP_RUN": self.run.name,
            "EXP_RUN_DIR": str(self.run.folder.resolve()),
            "EXP_EXIT": "" if exit_code is None else str(exit_code),
        }
        try:
            subprocess.run(
                self.config.command,
                shell=True,
                check=True,
                env={**os.environ, **told},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=COMMAND_SECONDS,
            )
        except (OSError, subprocess.SubprocessError) as error:
            say(f"alert.command failed ({type(error).__name__}): {message}")
