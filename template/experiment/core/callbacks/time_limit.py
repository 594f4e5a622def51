"""``trainer.max_time``: stop after a time, at a place from which the run goes on exactly.

Template's file: updates replace it.

It is the time of the run's whole life: of all its starts, with what it takes to start, to validate
and to do again what a kill undid. The next start reads it from ``summary.json`` or, after a kill,
from the last heartbeat, a second before. Lightning's Timer ends the epoch where it stands, so that
its remaining batches are never seen.
"""

import time
from typing import Any

import pytorch_lightning as pl

from ..errors import OutOfTime
from ..runs.run import Run

FARTHEST = 1000  # batches between two looks


class TimeLimit(pl.Callback):
    """Raises OutOfTime between two batches; Checkpoint saves there, as it does for SIGTERM.

    Each start makes at least one step. Of several processes the first one's clock counts: it tells
    the others, and how many batches until it tells them again, in which at most half of the
    remaining time should pass. So they talk a few dozen times in a day, and often near the end.

    Args:
        run: Knows how long it has lasted.
        seconds: How long it may.
    """

    def __init__(self, run: Run, seconds: float) -> None:
        self.run, self.seconds = run, seconds
        self._next_look = 0  # batches until then
        self._last_look: tuple[float, int] | None = None  # when, and batches since
        self._is_over = False
        self._is_clean = False  # not before the first batch of this start, nor after a validation

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        is_clean, self._is_clean = self._is_clean, True
        if self._next_look <= 0:
            look = self._look(trainer.world_size)
            self._is_over, self._next_look = trainer.strategy.broadcast(look)
        self._next_look -= 1
        if self._is_over and is_clean and batch_idx % trainer.accumulate_grad_batches == 0:
            raise OutOfTime

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._is_clean = False
        self._next_look, self._last_look = 0, None  # it may have taken long

    def _look(self, world_size: int) -> tuple[bool, int]:
        """Whether time is over, and the number of batches until the next look."""
        now, left = time.monotonic(), self.seconds - self.run.seconds
        last, self._last_look = self._last_look, None
        if world_size == 1 or left <= 0:
            return left <= 0, 1
        batches = 1
        if last is not None:
            seconds_a_batch = max((now - last[0]) / last[1], 1e-6)
            batches = max(1, min(FARTHEST, 2 * last[1], int(left / 2 / seconds_a_batch)))
        self._last_look = now, batches
        return False, batches
