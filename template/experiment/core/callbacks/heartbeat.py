"""A sign of life for whoever looks after the run.

Template's file: updates replace it.
"""

import math
import os
import time
from contextlib import suppress
from typing import Any

import pytorch_lightning as pl
import torch

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
        if trainer.is_global_zero:
            self.run.update(device=device_of(trainer), start=self._start(trainer))
        if restarts := self.run.summary.get("restarts"):
            log_row(trainer, {"restarts": restarts}, trainer.global_step)

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        self._beat(trainer)

    def on_validation_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        self._beat(trainer)

    def on_test_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        self._beat(trainer)

    def _start(self, trainer: pl.Trainer) -> dict[str, Any]:
        """Where this start of training began, and where it will end: what is left is told by it."""
        total = trainer.estimated_stepping_batches
        return {
            "step": trainer.global_step,
            "seconds": round(self.run.seconds, 1),
            "last_step": int(total) if math.isfinite(total) else None,
        }

    def _beat(self, trainer: pl.Trainer) -> None:
        now = time.monotonic()
        if now - self._last >= HEARTBEAT_SECONDS and trainer.is_global_zero:
            self._last = now
            with suppress(OSError):  # a broken disk: the saves say so
                self.run.beat(trainer.global_step)


def device_of(trainer: pl.Trainer) -> dict[str, Any]:
    """What trains: the kind, how many, its name, and which of the machine's GPUs it may see."""
    device = trainer.strategy.root_device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "kind": device.type,
        "count": trainer.world_size,
        "name": name,
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES") if name else None,
    }
