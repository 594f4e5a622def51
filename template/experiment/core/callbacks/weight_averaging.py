"""Averages of the weights: exponential (EMA), and stochastic weight averaging (SWA).

Template's file: updates replace it. Turn them on under ``callbacks:``.

Both validate with the averaged weights and save those as ``state_dict`` of every checkpoint; the
weights under training lie beside them, so that both resume in the middle.
"""

import math
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor
from torch.optim.swa_utils import get_swa_avg_fn
from typing_extensions import override

from ..checkpoint.apply_rollback import learning_rate_factor
from ..config.callbacks import EMAConfig, SWAConfig
from ..module.schedules import training_length
from .batch_norm_statistics import refresh


class Averaging(WeightAveraging):
    """Lightning's, except that nothing is swapped or copied where it should not be."""

    @property
    def has_begun(self) -> bool:
        """Whether there is an average; before the first update it would be the initial weights."""
        return self._average_model is not None and int(self._average_model.n_averaged) > 0

    @override
    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.has_begun:
            super().on_validation_epoch_start(trainer, pl_module)

    @override
    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.has_begun:
            super().on_validation_epoch_end(trainer, pl_module)

    @override
    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        if self.has_begun:
            super().on_save_checkpoint(trainer, pl_module, checkpoint)

    @override
    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        if "averaging_state" in checkpoint:  # else it was saved before the average began
            super().on_load_checkpoint(trainer, pl_module, checkpoint)

    @override
    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep the weights under training: checkpoints hold both, so that more epochs follow."""


class EMA(Averaging):
    """Exponential moving average: ``average = d average + (1 - d) weights`` after each step.

    ``d`` grows to ``decay`` as in TensorFlow's ExponentialMovingAverage, ``(1 + n) / (10 + n)``
    after ``n`` steps: a fixed 0.999 would hold on to the initial weights for a thousand steps.
    """

    def __init__(self, config: EMAConfig) -> None:
        self.decay = config.decay
        super().__init__(multi_avg_fn=self._average)

    def _average(self, averages: Any, weights: Any, count: Tensor | int) -> None:
        n = int(count)
        decay = min(self.decay, (1 + n) / (10 + n))
        if averages[0].is_floating_point():
            torch._foreach_lerp_(averages, weights, 1 - decay)  # pyright: ignore[reportPrivateImportUsage]
        else:  # counters of batches
            torch._foreach_copy_(averages, weights)  # pyright: ignore[reportPrivateImportUsage]


class SWA(Averaging):
    """Stochastic weight averaging, Izmailov et al. 2018 (arXiv:1803.05407).

    The mean of the weights at the ends of the last epochs, with a constant learning rate if one is
    given. Running statistics of batch norms are measured anew for each mean, in
    batch_norm_statistics.py.

    Lightning's own callback keeps a second copy of the schedule and does not resume in its middle.
    """

    def __init__(self, config: SWAConfig) -> None:
        super().__init__(avg_fn=get_swa_avg_fn())
        self.config = config
        self._ends_epoch = False  # the batch that was just trained on was the epoch's last
        self._first_epoch = 0  # to average, as the length of the training has it

    @override
    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._first_epoch = int(self.config.start_fraction * _num_epochs(trainer))

    @override
    def on_train_batch_start(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        if self._is_on(trainer) and self.config.learning_rate is not None:
            rate = self.config.learning_rate * learning_rate_factor(trainer)
            for group in trainer.optimizers[0].param_groups:
                group["lr"] = rate * group.get("factor", 1.0)

    @override
    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        # At the last batch, not after the epoch: validation is to score what is then saved.
        self._ends_epoch = self._is_on(trainer) and trainer.is_last_batch
        super().on_train_batch_end(trainer, *args, **kwargs)
        if self._ends_epoch and self._average_model is not None:
            averaged: Any = self._average_model.module
            refresh(trainer, trainer.lightning_module, averaged)

    @override
    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        return step_idx is not None and self._ends_epoch

    def _is_on(self, trainer: pl.Trainer) -> bool:
        return trainer.current_epoch >= self._first_epoch


def _num_epochs(trainer: pl.Trainer) -> float:
    """How many there will be, where only the steps are given, too."""
    if (trainer.max_epochs or 0) > 0:
        return trainer.max_epochs or 0
    return math.ceil(trainer.max_steps / training_length(trainer).epoch)
