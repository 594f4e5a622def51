"""What rollbacks changed, applied to a checkpoint from before them, exactly once.

Template's file: updates replace it. ``rollback.py`` decides what changes.
"""

from typing import Any

import pytorch_lightning as pl
from typing_extensions import override

from ..loggers.log_row import log_row
from ..runs.metrics_reader import MARK
from ..runs.rollback_record import read_rollbacks
from ..runs.run import Run

RATES = ("lr", "initial_lr", "max_lr", "min_lr")  # of a parameter group; the last two: OneCycleLR
SCHEDULE_RATES = ("base_lrs", "max_lrs", "_last_lr")


class AfterRollback(pl.Callback):
    """Scales the learning rates, and marks in every log where the run went back to.

    A checkpoint knows how many rollbacks its training had seen: what it lacks is made up for when
    training starts, and what it has is in its optimizer and schedule already. The examples that are
    left out are no state: ``DataModule.loader`` reads them in every start.

    Args:
        run: Whose ``rollbacks.json`` counts.
    """

    def __init__(self, run: Run) -> None:
        self.rollbacks = read_rollbacks(run.folder)
        self.applied = 0

    @property
    def learning_rate_factor(self) -> float:
        """What a learning rate that a callback sets by itself is to be multiplied with."""
        factor = 1.0
        for rollback in self.rollbacks:
            factor *= rollback.learning_rate_factor
        return factor

    @override
    def state_dict(self) -> dict[str, Any]:
        return {"applied": self.applied} if self.applied else {}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.applied = state_dict["applied"]

    @override
    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Only now the optimizer and the schedule are those of the checkpoint.
        new = self.rollbacks[self.applied :]
        for rollback in new:
            scale_learning_rate(trainer, rollback.learning_rate_factor)
        if new:
            self.applied = len(self.rollbacks)
            log_row(trainer, {MARK: self.applied}, trainer.global_step)


def scale_learning_rate(trainer: pl.Trainer, factor: float) -> None:
    """Multiply the learning rate of now and of all the schedule that follows."""
    for optimizer in trainer.optimizers:
        for group in optimizer.param_groups:
            for name in RATES:
                if group.get(name) is not None:
                    group[name] *= factor
    for config in trainer.lr_scheduler_configs:
        _scale_schedule(config.scheduler, factor)


def _scale_schedule(schedule: Any, factor: float) -> None:
    for name in SCHEDULE_RATES:
        if hasattr(schedule, name):
            setattr(schedule, name, [rate * factor for rate in getattr(schedule, name)])
    for inner in getattr(schedule, "_schedulers", ()):  # SequentialLR, ChainedScheduler
        _scale_schedule(inner, factor)


def learning_rate_factor(trainer: pl.Trainer) -> float:
    """The same factor, for a callback that sets learning rates itself."""
    callbacks: list[Any] = trainer.callbacks  # pyright: ignore[reportAttributeAccessIssue]
    found = [callback for callback in callbacks if isinstance(callback, AfterRollback)]
    return found[0].learning_rate_factor if found else 1.0
