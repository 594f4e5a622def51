"""Training that hangs: no step for too long, as the heartbeat file tells.

Template's file: updates replace it. Free of torch. Set it with ``restart.stall_minutes``.
"""

import time
from pathlib import Path

from ..config.restart import RestartConfig


class StallTimer:
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
