"""An epoch that ends before its planned end, and so without validation.

Template's file: updates replace it.
"""

import pytorch_lightning as pl

from ..data.datasets import is_stream
from ..data.train_loaders import named_loaders
from ..errors import UserError


class ShortEpoch(pl.Callback):
    """Refuses to go on when a stream ends before ``trainer.limit_train_batches``.

    Lightning validates at the batch that it counts as the last. Where a stream says no length that
    is the limit's, and one that ends before would be trained on for ever and never validated.
    """

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        planned = trainer.num_training_batches  # infinite where only the stream's end counts
        done = trainer.fit_loop.epoch_loop.batch_progress.current.ready
        if done >= planned or planned == float("inf") or trainer.should_stop:
            return
        if not trainer.enable_validation or not _reads_streams(trainer):
            return
        raise UserError(
            f"trainer.limit_train_batches: {planned} batches are an epoch, and the training data "
            f"ends after {done}; validation waits for the last, so that it never comes: set it to "
            f"{done} or less, or to null"
        )


def _reads_streams(trainer: pl.Trainer) -> bool:
    loaders = named_loaders(trainer).values()
    return any(is_stream(getattr(loader, "dataset", None)) for loader in loaders)
