"""What a module logs at an epoch's end: its averages and its torchmetrics.

Template's file: updates replace it. The module itself logs, so that it does with any Trainer.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor

from ..data.train_loaders import named
from ..errors import UserError
from ..inspect.step_outputs import loss_of
from ..loggers.log_row import log_row
from .logged_names import name_in_log
from .metrics import Averages
from .split_metrics import SplitMetrics

TRAIN, EVAL = "train", "eval"  # stages: validation and test never happen at once
# Hooks that belong to no epoch, or come after its end: what they averaged would be in none, or in
# the next. Lightning's self.log is refused there, too.
NO_EPOCH = {
    *("setup", "on_fit_start", "on_sanity_check_start", "on_sanity_check_end"),
    *("on_validation_end", "on_test_end", "on_train_end", "on_fit_end", "teardown"),
}


def place_of(module: Any, split: str) -> tuple[str | None, str]:
    """The stage that a module is in, and what tells the loader, if it is one of several.

    Without a Trainer at work the stage is what the split's name says; in prediction there is none,
    and nothing is logged.

    Raises:
        UserError: This is no place to average anything.
    """
    trainer = module._trainer
    if trainer is None or trainer.state.stage is None:
        return (TRAIN if split == "train" else EVAL), ""
    if module._current_fx_name in NO_EPOCH:
        raise UserError(
            f"module.py: {split} is averaged or measured in {module._current_fx_name}, which "
            "belongs to no epoch; on_train_epoch_end, on_validation_epoch_end and "
            "on_test_epoch_end are the last hooks that do"
        )
    if trainer.training:
        return TRAIN, ""
    return None if trainer.predicting else EVAL, loader_suffix(module)


def loader_suffix(module: Any) -> str:
    """What tells the loader that is read now from others of validation and test.

    As Lightning's own ``self.log`` has it: ``/dataloader_idx_1``; by a dict's key: ``/noisy``.
    """
    trainer = module._trainer
    if trainer is None or not trainer.evaluating or trainer._results is None:
        return ""
    if (index := trainer._results.dataloader_idx) is None:
        return ""
    loaders = trainer.test_dataloaders if trainer.testing else trainer.val_dataloaders
    return suffixes(loaders)[index]


def suffixes(loaders: Any) -> list[str]:
    """What tells each of several loaders from the others; of a single one, nothing does."""
    names = list(named(loaders))
    if len(names) < 2:
        return ["" for _ in names]
    if isinstance(loaders, Mapping):
        return [f"/{name}" for name in names]
    return [f"/dataloader_idx_{number}" for number in range(len(names))]


def suffix_of(module: Any, split: str, loader: str | int | None) -> str:
    """What tells a loader from the others, by its key in a dict or its number; None: that of now.

    Raises:
        UserError: There is no such loader.
    """
    if loader is None:
        return loader_suffix(module)
    trainer = module._trainer
    loaders = None
    if trainer is not None and split == "train":
        loaders = getattr(trainer, "train_dataloader", None)
    elif trainer is not None:
        loaders = trainer.test_dataloaders if trainer.testing else trainer.val_dataloaders
    if loaders is None:  # nobody knows them yet
        return f"/dataloader_idx_{loader}" if isinstance(loader, int) else f"/{loader}"
    names = list(named(loaders)) if isinstance(loaders, Mapping) else []
    known = range(len(named(loaders)))
    number = names.index(loader) if loader in names else loader
    if number not in known:
        raise UserError(
            f"module.py: metrics_for({split!r}, {loader!r}): there is no such loader; there are "
            f"{', '.join(names) or ', '.join(map(str, known))}"
        )
    return suffixes(loaders)[number]  # pyright: ignore[reportArgumentType, reportCallIssue]


def split_metrics(module: Any) -> SplitMetrics:
    """What ``add_metrics`` has kept; none where ``self.metrics`` is something of your own."""
    found = module.metrics
    return found if isinstance(found, SplitMetrics) else SplitMetrics()


def log_epoch(module: Any, stage: str) -> None:
    """Log what a stage's epoch came to; called again, it logs what came since.

    A metric that was shown nothing in the epoch is not logged. What it says in more than one
    number, such as one a class, is left out: a curve has one.

    Raises:
        UserError: A name was logged before in this epoch, or is of the other stage.
    """
    values, metrics = _means(module, stage), split_metrics(module)
    keys = metrics.shown(evaluation=stage == EVAL)
    shown = _of_all_ranks(module, keys)
    if both := _of_all_ranks(module, metrics.of_training(keys) if stage == EVAL else []):
        raise UserError(
            f"module.py: the metrics of {both[0][0]} are shown batches in training and in "
            "validation, which would mix them: name a split for each in add_metrics"
        )
    if shown and module.trainer.world_size > 1:
        kinds = _of_all_ranks(module, list(metrics.kinds(shown).items()))
        metrics.fill(shown, dict(kinds), module.device)
    measured = metrics.compute(shown, module.device)
    _refuse_again(module, stage, values, measured)
    values |= measured
    if values:
        _refuse_logged(module, values)
        module.averages.claim(stage, values)
        module.averages.logged.setdefault(stage, set()).update(values)
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


def _refuse_again(
    module: Any, stage: str, averaged: dict[str, Tensor], measured: dict[str, Tensor]
) -> None:
    if both := averaged.keys() & measured.keys():
        raise UserError(
            f"module.py: {min(both)} is logged twice in an epoch, by average() and by "
            "add_metrics(): give one of them another name"
        )
    if again := module.averages.logged.get(stage, set()) & {*averaged, *measured}:
        raise UserError(
            f"module.py: {min(again)} is averaged or measured at the epoch's end, when what its "
            "batches came to is logged: give it another name"
        )


def _refuse_logged(module: Any, values: dict[str, Tensor]) -> None:
    trainer, hook = module.trainer, module._current_fx_name
    loops: list[Any] = [trainer._results or {}]
    if trainer.state.fn == TrainerFn.FITTING:
        training = trainer.fit_loop.epoch_loop
        loops += [r for r in (training._results, training.val_loop._results) if r is not loops[0]]
    for results in loops:
        for key, result in results.items():
            name = name_in_log(result)
            is_over = results is loops[0] and result.has_reset
            if name in values and not is_over and key != f"{hook}.{name}":
                raise UserError(
                    f"module.py: {name} is logged twice in an epoch, by self.log and by average() "
                    "or add_metrics(): give one of them another name"
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
            own = loss_of(outputs)
            if isinstance(own, Tensor):  # manual optimization need not return one
                loss = trainer.strategy.reduce(own.detach(), reduce_op="mean")  # of all devices
                row = {"train/loss_step": float(loss) * trainer.accumulate_grad_batches}
                log_row(trainer, row, step - 1)


def _log_if_ours(module: pl.LightningModule, stage: str) -> None:
    if isinstance(getattr(module, "averages", None), Averages):  # else it inherits nothing of ours
        log_epoch(module, stage)
