"""SIGTERM, when a run has several processes: all stop at the same batch, and save.

Template's file: updates replace it.

Lightning lets each process that is told wait for the others at once, in the middle of whatever it
is doing: those that are a batch apart take each other's messages for something else, and hang.
"""

import signal
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.utilities.exceptions import SIGTERMException


class StopTogether(pl.Callback):
    """Notes SIGTERM, to any of them; all agree and stop before a batch, where one can save.

    Only there, so a validation or an accumulation under way is finished first.
    """

    def __init__(self) -> None:
        self._asked = False
        self._is_clean = False  # not before the first batch of this start, nor after a validation

    def on_sanity_check_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._listen(trainer)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._listen(trainer)

    def _listen(self, trainer: pl.Trainer) -> None:
        if trainer.world_size > 1:
            signal.signal(signal.SIGTERM, self._note)  # Lightning puts things back at the end
        else:
            self.__dict__["on_train_batch_start"] = None  # what is None costs Lightning nothing

    def _note(self, number: int, frame: Any) -> None:
        self._asked = True

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        is_clean, self._is_clean = self._is_clean, True
        asked = trainer.strategy.reduce_boolean_decision(self._asked, all=False)
        if asked and is_clean and batch_idx % trainer.accumulate_grad_batches == 0:
            raise SIGTERMException

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._is_clean = False
