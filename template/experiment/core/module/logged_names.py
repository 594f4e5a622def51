"""By whom a metric is logged, whatever split its name names.

Template's file: updates replace it.
"""

from collections.abc import Iterator
from typing import Any

import pytorch_lightning as pl

from .metrics import Averages
from .split_metrics import SplitMetrics


def name_in_log(result: Any, of_epoch: bool = False) -> str:
    """What Lightning calls one of its results: of several loaders, with the number.

    Args:
        result: What ``self.log`` was given so far.
        of_epoch: Its other name, ``loss_epoch``, if each step's value is logged as well.
    """
    meta = result.meta
    name = meta.forked_name(on_step=False) if of_epoch else meta.name
    if meta.add_dataloader_idx and meta.dataloader_idx is not None:
        return f"{name}/dataloader_idx_{meta.dataloader_idx}"
    return name


def is_of_validation(trainer: pl.Trainer, metric: str) -> bool:
    """Whether validation has logged it in this fit."""
    return metric in _names(trainer.fit_loop.epoch_loop.val_loop._results)


def is_of_training(trainer: pl.Trainer, metric: str) -> bool:
    """Whether training logs it, in which case it is whole at an epoch's end only.

    What training has logged or averaged, and torchmetrics that it has shown batches; of these the
    split decides, since one that comes to several numbers names each of them itself.
    """
    if not trainer.enable_validation:
        return True
    if is_of_validation(trainer, metric):
        return False
    if metric.startswith("train/") or metric in _names(trainer.fit_loop.epoch_loop._results):
        return True
    module: Any = trainer.lightning_module
    averages, metrics = getattr(module, "averages", None), getattr(module, "metrics", None)
    if isinstance(averages, Averages) and metric in averages.names("train"):
        return True
    shown = metrics.shown(evaluation=False) if isinstance(metrics, SplitMetrics) else []
    return any(metric.startswith(f"{split}/") for split, *_ in shown)


def _names(results: Any) -> Iterator[str]:
    for result in results.values():
        yield name_in_log(result)
        yield name_in_log(result, of_epoch=True)
