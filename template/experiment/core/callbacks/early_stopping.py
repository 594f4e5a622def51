"""Stops when a metric no longer improves.

Template's file: updates replace it. Turn it on under ``callbacks.early_stopping``.
"""

import math
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping
from pytorch_lightning.trainer.states import TrainerFn
from typing_extensions import override

from ..config.callbacks import EarlyStoppingConfig
from ..config.checkpoint import CheckpointConfig
from ..config.direction import Watched, watched_beside
from ..module.direction import resolve_mode
from ..module.logged_names import is_of_training


def early_stopping(config: EarlyStoppingConfig, checkpoint: CheckpointConfig) -> EarlyStopping:
    """What is watched is the checkpoint's metric, unless another is named."""
    watched = watched_beside("callbacks.early_stopping", config, checkpoint)
    return EarlyStop(watched, config.patience, config.min_delta)


class EarlyStop(EarlyStopping):
    """Lightning's, except that a run that had stopped stays so when it is started again.

    Its patience is the configuration's, not the one that was saved.

    Args:
        watched: The metric.
        patience: Validations without improvement.
        min_delta: A smaller change is no improvement.
    """

    def __init__(self, watched: Watched, patience: int, min_delta: float) -> None:
        super().__init__(watched.metric, patience=patience, check_finite=True)
        self.watched, self.least = watched, min_delta

    @override
    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        super().setup(trainer, pl_module, stage)
        if stage == TrainerFn.FITTING:  # only now there is a module that knows the metric
            self.mode = resolve_mode(self.watched, pl_module)
            sign = 1 if self.mode == "max" else -1
            self.min_delta, self.best_score = sign * self.least, torch.tensor(-sign * math.inf)

    @override
    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # A metric of training is there at an epoch's end alone, validation or not.
        if not is_of_training(trainer, self.monitor):
            super().on_validation_end(trainer, pl_module)

    @override
    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        at_end = self._check_on_train_epoch_end or is_of_training(trainer, self.monitor)
        if at_end and not self._should_skip_check(trainer):
            self._run_early_stopping_check(trainer)

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict({**state_dict, "patience": self.patience})

    @override
    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        trainer.should_stop = self.wait_count >= self.patience
