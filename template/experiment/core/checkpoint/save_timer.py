"""When ``checkpoint.every_minutes`` have passed or a save was asked for, alike for all processes.

Template's file: updates replace it.
"""

import math
import time
from pathlib import Path

import pytorch_lightning as pl

from ..runs.requests import SAVE, take

SECONDS_BETWEEN_LOOKS = 1.0
MOST_BATCHES = 100  # between two looks


class SaveTimer:
    """The first process's clock, which all of them look at in the same batches.

    To ask the first process in every batch would cost a tenth of a millisecond each: it also says
    how many batches may pass until the next look, so that looks are about a second apart.

    Args:
        minutes: Between two saves; None: for ever.
        run: The folder in which somebody may ask for one; see ``runs/requests.py``.
    """

    def __init__(self, minutes: float | None, run: Path) -> None:
        self.seconds = math.inf if minutes is None else 60.0 * minutes
        self.run = run
        self.restart()
        self._looked = self._since
        self._batches, self._next_look = 0, 1

    def restart(self) -> None:
        """Count from now."""
        self._since, self._is_over = time.monotonic(), False

    def is_over(self, trainer: pl.Trainer) -> bool:
        """Whether the time has passed; to be asked once a batch."""
        if not self._is_over:
            self._batches += 1
            if self._batches >= self._next_look:
                self._look(trainer)
        return self._is_over

    def _look(self, trainer: pl.Trainer) -> None:
        now = time.monotonic()
        soon = now - self._looked < SECONDS_BETWEEN_LOOKS
        batches = min(2 * self._next_look, MOST_BATCHES) if soon else max(1, self._next_look // 2)
        is_over = now - self._since >= self.seconds
        if trainer.is_global_zero:
            is_over |= take(self.run, SAVE)
        seen = is_over, batches
        self._is_over, self._next_look = trainer.strategy.broadcast(seen)
        self._looked, self._batches = now, 0
