"""How long an epoch and a step take, and when the end is due.

Template's file: updates replace it. Turn it on under ``callbacks.timer``.
"""

import math
import time
from datetime import datetime, timedelta

import pytorch_lightning as pl

from ..console import say
from ..loggers.log_row import log_row


class Timer(pl.Callback):
    """Logs ``time/epoch`` and ``time/remaining`` in seconds, and says once when the end is due."""

    def __init__(self) -> None:
        self._training = self._started = 0.0  # s, when they began
        self._first_step = 0
        self._epochs = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._first_step, self._epochs = trainer.global_step, 0
        self._training = time.monotonic()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._started = time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Lightning calls it after the validation that ends an epoch.
        self._epochs += 1
        steps = trainer.global_step - self._first_step
        each = (time.monotonic() - self._training) / max(1, steps)
        left = trainer.estimated_stepping_batches - trainer.global_step
        seconds = time.monotonic() - self._started
        row = {"time/epoch": seconds, "time/step": each}
        if math.isfinite(left):
            row["time/remaining"] = each * left
            if self._epochs == 1 and left > 0:
                end = datetime.now() + timedelta(seconds=each * left)
                say(f"timer: an epoch takes {seconds:.1f} s; the end is due at {end:%H:%M}")
        log_row(trainer, row, trainer.global_step - 1)
