"""A batch norm and a last batch of one example.

Template's file: updates replace it.
"""

import pytorch_lightning as pl
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..data.sampling import BatchSampler
from ..data.train_loaders import batch_sampler, named_loaders
from ..errors import UserError
from ..module.freezing import frozen_norms


class LastBatch(pl.Callback):
    """Refuses, before training, a last batch of one where a batch norm would meet it.

    There is no deviation of one example: torch refuses it at the end of the first epoch, or, where
    an example has several pixels, every epoch ends with statistics of a single image.
    """

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        norm = _learning_norm(pl_module, trainer.world_size)
        if norm is None:
            return
        for name, loader in named_loaders(trainer).items():
            sampler = batch_sampler(loader)
            if sampler is not None and _ends_with_one(sampler, trainer):
                raise UserError(
                    f"data.drop_last: {sampler.num_examples:,} examples ({name}) in batches of "
                    f"{sampler.global_batch_size} end with a batch of one, by which the batch norm "
                    f"{norm} cannot normalise: set data.drop_last=true or another data.batch_size"
                )


def _ends_with_one(sampler: BatchSampler, trainer: pl.Trainer) -> bool:
    reached = len(sampler) <= trainer.num_training_batches
    is_small = sampler.global_batch_size > trainer.world_size and sampler.last_batch() == 1
    return reached and is_small


def _learning_norm(module: nn.Module, world_size: int) -> str | None:
    """The name of a batch norm that measures its batches."""
    frozen = {id(norm) for norm in frozen_norms(module)}
    for name, part in module.named_modules():
        together = isinstance(part, nn.SyncBatchNorm) and world_size > 1
        if isinstance(part, _BatchNorm) and not together and id(part) not in frozen:
            return name
    return None
