"""``--overfit N``: can the model learn N batches by heart? If not, more data will not help it.

Template's file: updates replace it. The DataModule gives the same N batches to training and to
validation, in one order and without augmentation; this callback says how it went.
"""

from typing import Any

import pytorch_lightning as pl

from ..console import say

ENOUGH = 0.9  # of the loss should be gone
EVERY = 10  # epochs between two validations: an epoch is N steps, and a metric may cost more


def overfits(config: Any) -> bool:
    """Whether ``--overfit`` was asked for; a DataModule of Lightning's own has no such setting."""
    return bool(getattr(getattr(config, "data", None), "overfit_batches", None))


class Overfit(pl.Callback):
    """Says at the end by how much the loss has fallen."""

    first: float | None = None

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        epochs = trainer.current_epoch + 1
        steps = trainer.global_step + trainer.num_training_batches
        is_last = epochs == trainer.max_epochs or steps >= trainer.estimated_stepping_batches
        trainer.check_val_every_n_epoch = 1 if is_last or epochs % EVERY == 0 else epochs + 1

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.first is None and "train/loss" in trainer.callback_metrics:
            self.first = float(trainer.callback_metrics["train/loss"])

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        last = trainer.callback_metrics.get("val/loss")
        if self.first is None or last is None:
            return
        fallen = 1 - float(last) / self.first if self.first > 0 else 0.0
        advice = (
            "the model can learn"
            if fallen >= ENOUGH
            else "try more --epochs, then look for a fault in the model or the loss"
        )
        say(f"overfit: loss {self.first:.3g} -> {float(last):.3g}, {fallen:.1%} less: {advice}")
