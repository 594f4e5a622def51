"""What a module logs at an epoch's end: its averages and its torchmetrics.

Template's file: updates replace it. The module itself logs, so that it does with any Trainer.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from ..data.train_loaders import named
from ..errors import UserError
from ..loggers.log_row import log_row

TRAIN, EVAL = "train", "eval"  # stages: validation and test never happen at once
EPOCH_ENDS = {
    "on_train_epoch_end": TRAIN,
    "on_validation_epoch_end": EVAL,
    "on_test_epoch_end": EVAL,
}


def stage_of(module: Any, split: str) -> str:
    """The stage that a module is in; without a Trainer, the one that the split's name says."""
    trainer = module._trainer
    if trainer is None:
        return TRAIN if split == "train" else EVAL
    return TRAIN if trainer.training else EVAL


def loader_suffix(module: Any) -> str:
    """What tells a loader of several in validation and test: its name in a dict, or its number.

    As Lightning's own ``self.log`` has it: ``/dataloader_idx_1``; by a dict's key: ``/noisy``.
    """
    trainer = module._trainer
    if trainer is None or trainer.training or trainer._results is None:
        return ""
    if (index := trainer._results.dataloader_idx) is None:
        return ""
    loaders = trainer.test_dataloaders if trainer.testing else trainer.val_dataloaders
    if isinstance(loaders, Mapping):
        return f"/{list(named(loaders))[index]}"
    return f"/dataloader_idx_{index}"


def log_epoch(module: Any, stage: str) -> None:
    """Log what a stage's epoch came to, and forget it; called again, it logs what came since.

    A metric that was shown nothing in the epoch is not logged. What it says in more than one
    number, such as one a class, is left out: a curve has one.

    Raises:
        UserError: The same name was logged by ``self.log`` in this epoch.
    """
    values = _means(module, stage)
    for split, suffix in _of_all_ranks(module, module.shown_metrics(stage)):
        collection = module.metrics_for(split, suffix)
        for name, value in collection.compute().items():
            tensor = torch.as_tensor(value)
            if tensor.numel() == 1:
                values[f"{split}/{name}{suffix}"] = tensor
        collection.reset()
    if values:
        _refuse_twice(module, values)
        module.log_dict(values, add_dataloader_idx=False, batch_size=1)


def _means(module: Any, stage: str) -> dict[str, Tensor]:
    averages = module.averages
    names = _of_all_ranks(module, averages.names(stage))
    alone = module.trainer.world_size == 1
    return averages.pop(stage, names, None if alone else _sum_over(module))


def _sum_over(module: Any) -> Callable[[Tensor], Tensor]:
    return lambda totals: module.all_gather(totals.to(module.device)).sum(0)


def _of_all_ranks(module: Any, names: list[Any]) -> list[Any]:
    """The names of all processes in one order: one of them may have seen no batch of a loader."""
    if module.trainer.world_size == 1:
        return names
    gathered: list[Any] = [None] * module.trainer.world_size
    torch.distributed.all_gather_object(gathered, names)
    return list(dict.fromkeys(name for of_rank in gathered for name in of_rank))


def _refuse_twice(module: Any, values: dict[str, Tensor]) -> None:
    results = module.trainer._results or {}
    hook = module._current_fx_name
    for key, result in results.items():
        name = result.meta.name  # without a loader's number
        if result.meta.add_dataloader_idx and result.meta.dataloader_idx is not None:
            name += f"/dataloader_idx_{result.meta.dataloader_idx}"
        if name in values and not result.has_reset and key != f"{hook}.{name}":
            raise UserError(
                f"module.py: {name} is logged twice in an epoch, by self.log and by average() or "
                "add_metrics(): give one of them another name"
            )


class EpochMetrics(pl.Callback):
    """Has the module log before any other callback's hook of the epoch's end, which may look at it.

    Beside that, the loss of single steps.
    """

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        _log_if_ours(pl_module, TRAIN)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        _log_if_ours(pl_module, EVAL)

    def on_test_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        _log_if_ours(pl_module, EVAL)

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Log the loss of this step, every ``log_every_n_steps`` optimizer steps."""
        step, every = trainer.global_step, getattr(trainer, "log_every_n_steps", 0)
        # With accumulation, several batches belong to one step: it is logged after the last, which
        # at the epoch's end comes early.
        is_due = every and step and step % every == 0
        stepped = (batch_idx + 1) % trainer.accumulate_grad_batches == 0
        if is_due and (stepped or trainer.is_last_batch):
            own = outputs.get("loss") if isinstance(outputs, dict) else None
            if isinstance(own, Tensor):  # manual optimization need not return one
                loss = trainer.strategy.reduce(own.detach(), reduce_op="mean")  # of all devices
                row = {"train/loss_step": float(loss) * trainer.accumulate_grad_batches}
                log_row(trainer, row, step - 1)


def _log_if_ours(module: pl.LightningModule, stage: str) -> None:
    if hasattr(module, "shown_metrics"):  # else a LightningModule that inherits nothing of ours
        log_epoch(module, stage)


def logs_before_and_after(hook: Callable[..., None], stage: str) -> Callable[..., None]:
    """A module's own hook of the epoch's end, which need not think of the log."""

    @wraps(hook)
    def hook_and_log(self: Any, *args: Any, **kwargs: Any) -> None:
        log_epoch(self, stage)
        hook(self, *args, **kwargs)
        log_epoch(self, stage)  # what it has averaged

    return hook_and_log
