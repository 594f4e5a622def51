"""A sign of life for whoever looks after the run.

Template's file: updates replace it.
"""

import time
from contextlib import suppress
from typing import Any

import pytorch_lightning as pl

from ..loggers.log_row import log_row
from ..runs.run import Run

HEARTBEAT_SECONDS = 1.0


class Heartbeat(pl.Callback):
    """Writes step and time into a file, at most once a second, for whoever looks after the run.

    The supervisor sees by it that steps are made; the next start, how long a killed one lasted.

    Args:
        run: Where the file lies; its restarts are logged as a metric.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._last = float("-inf")

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if restarts := self.run.summary.get("restarts"):
            log_row(trainer, {"restarts": restarts}, trainer.global_step)

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        self._beat(trainer)

    def on_validation_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        self._beat(trainer)

    def on_test_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        self._beat(trainer)

    def _beat(self, trainer: pl.Trainer) -> None:
        now = time.monotonic()
        if now - self._last >= HEARTBEAT_SECONDS and trainer.is_global_zero:
            self._last = now
            with suppress(OSError):  # a broken disk: the saves say so
                self.run.beat(trainer.global_step)
