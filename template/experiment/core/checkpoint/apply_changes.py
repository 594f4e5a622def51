"""Settings that were changed since a checkpoint was written take effect in what is restored of it.

Template's file: updates replace it. What may change at all: restart/change_policy.py.
"""

import warnings
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import WeightAveraging
from pytorch_lightning.core.optimizer import _init_optimizers_and_lr_schedulers
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from ..config.diff import FREE, Change, asks_for_longer, changes_since
from ..config.run_config import RunConfig
from ..errors import UserError

# What optimizers remember of each weight, in the weight's own shape.
MOMENTS = ("exp_avg", "exp_avg_sq", "momentum_buffer", "square_avg")


class ChangedSettings(pl.Callback):
    """Lets changed settings take effect in a restored state.

    An optimizer's saved state brings its old learning rate, decay and schedule along. After a
    change, both are made anew and brought to the step where training stands. Without a change
    nothing is touched, so that a run goes on bit for bit.

    Args:
        config: What holds now.
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self._changes: list[Change] = []

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        recorded = checkpoint.get("needs", {}).get("config") or {}
        self._changes = [c for c in changes_since(recorded, self.config) if not c.is_of(FREE)]
        for change in self._changes:
            if change.is_of(("optimizer.name",)):
                raise UserError(
                    f"optimizer.name={change.now}: the checkpoint's optimizer is {change.before}, "
                    f"whose state means nothing to another; keep {change.before}, or give another "
                    "--name and --weights-from"
                )
        averages = any(isinstance(callback, WeightAveraging) for callback in trainer.callbacks)  # pyright: ignore[reportAttributeAccessIssue]
        if "averaging_state" in checkpoint and not averages:
            # The average was switched off: what was under training goes on.
            pl_module.load_state_dict(checkpoint["current_model_state"])
        for state in checkpoint["callbacks"].values():
            if asks_for_longer(self._changes) and "wait_count" in state:
                state["wait_count"] = 0
            if any(c.is_of(("checkpoint.monitor", "checkpoint.mode")) for c in self._changes):
                state.update({"best_k_models": {}} if "best_k_models" in state else {})
        if any(c.is_of(("schedule.name",)) for c in self._changes):
            for state in checkpoint["lr_schedulers"]:  # plateau's have none, the others want them
                state.setdefault("lr_lambdas", [])

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        for optimizer in trainer.optimizers:
            _check_moments(optimizer)
        if self._changes:
            _renew_optimizers(trainer, pl_module, self._changes)
            self._changes = []


def other_optimizer(place: str = "") -> UserError:
    """The sentence for an optimizer's state that does not fit."""
    return UserError(
        f"{place}the optimizer's state is of other weights than are trained now: some were frozen, "
        "thawed or moved to another group; undo that, or give the new experiment another --name"
    )


def _check_moments(optimizer: Optimizer) -> None:
    for weight, state in optimizer.state.items():
        for name in MOMENTS:
            if name in state and state[name].shape != weight.shape:
                raise other_optimizer()


def _renew_optimizers(
    trainer: pl.Trainer, module: pl.LightningModule, changes: list[Change]
) -> None:
    """Give optimizers and schedules what they would have now, had it been so from the start.

    Moments and steps are kept.
    """
    optimizers, schedules = _init_optimizers_and_lr_schedulers(module)
    for old, fresh in zip(trainer.lr_scheduler_configs, schedules, strict=True):
        if isinstance(old.scheduler, ReduceLROnPlateau):  # no function of the step
            _adjust(old.scheduler, fresh.scheduler, changes)
            _scale(old.scheduler.optimizer, fresh.scheduler.optimizer, changes)
        else:
            _forward(fresh.scheduler, old.scheduler.last_epoch)
            old.scheduler.load_state_dict(fresh.scheduler.state_dict())
    for old, fresh in zip(trainer.optimizers, optimizers, strict=True):
        for group, renewed in zip(old.param_groups, fresh.param_groups, strict=True):
            group.update({name: value for name, value in renewed.items() if name != "params"})


def _forward(schedule: Any, count: int) -> None:
    """Bring a fresh schedule to where it is after ``count`` steps."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its optimizer makes no steps
        if isinstance(schedule, LambdaLR) and count:
            schedule.last_epoch, schedule._step_count = count - 1, count
            count = 1  # a function of the step alone
        for _ in range(count):
            schedule.step()


def _adjust(old: ReduceLROnPlateau, fresh: Any, changes: list[Change]) -> None:
    """Plateau's settings as they are now; of another metric it has seen nothing yet."""
    for name in ("mode", "factor", "patience", "min_lrs"):
        setattr(old, name, getattr(fresh, name))
    watched = ("schedule.monitor", "schedule.mode", "checkpoint.monitor", "checkpoint.mode")
    if any(change.is_of(watched) for change in changes):
        old.best, old.num_bad_epochs = fresh.best, 0


def _scale(old: Optimizer, fresh: Optimizer, changes: list[Change]) -> None:
    """Keep the learning rates that the metric led to, in proportion to a changed one."""
    pairs = (change for change in changes if change.key == "optimizer.learning_rate")
    factor = next((change.now / change.before for change in pairs), 1.0)
    for group, renewed in zip(old.param_groups, fresh.param_groups, strict=True):
        renewed["lr"] = group["lr"] * factor
