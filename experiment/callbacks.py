"""Your callbacks: code that runs beside training without touching the model.

This file is yours. Switch one on in configs/experiment.yaml:

    callbacks:
      extra:
        experiment.callbacks.EpochTime: {every_n_epochs: 5}
"""

import time

import pytorch_lightning as pl


class EpochTime(pl.Callback):
    """A worked example: logs the seconds an epoch took, as ``time/epoch``.

    Args:
        every_n_epochs: Epochs between two entries.
    """

    def __init__(self, every_n_epochs: int = 1) -> None:
        self.every_n_epochs = every_n_epochs
        self.started = 0.0  # s, of a clock that only goes forward

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.started = time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if (trainer.current_epoch + 1) % self.every_n_epochs == 0:
            pl_module.log("time/epoch", time.monotonic() - self.started)
