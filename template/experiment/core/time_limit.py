"""``trainer.max_time``: stop after a time, at a place from which the run goes on exactly.

Template's file: updates replace it.

Lightning's Timer ends the epoch where it stands, so that its remaining batches are never seen, and
counts the time of all starts together, so that the same command again would do nothing.
"""

import time
from typing import Any

import pytorch_lightning as pl


class OutOfTime(Exception):
    """This start has had its time."""


class TimeLimit(pl.Callback):
    """Raises OutOfTime between two batches; Checkpoint saves there, as it does for SIGTERM.

    Args:
        limit: ``HH:MM:SS`` or ``DD:HH:MM:SS``, of this start alone.
    """

    def __init__(self, limit: str) -> None:
        *days, hours, minutes, seconds = map(int, limit.split(":"))
        self.seconds = ((sum(days) * 24 + hours) * 60 + minutes) * 60 + seconds
        self._end = float("inf")
        self._is_clean = False  # not before the first batch of this start, nor after a validation

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._end = time.monotonic() + self.seconds

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        is_clean, self._is_clean = self._is_clean, True
        is_over = trainer.strategy.broadcast(time.monotonic() >= self._end)  # rank 0 decides
        if is_over and is_clean and batch_idx % trainer.accumulate_grad_batches == 0:
            raise OutOfTime

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._is_clean = False
