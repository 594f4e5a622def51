"""Running statistics of batch norms under averaged weights, which no training has seen.

Template's file: updates replace it. Izmailov et al. 2018 (arXiv:1803.05407, section 3.2): after
averaging, the means and variances of the activations are measured anew on training data. The mean
of the old ones is too wide, since averaged weights give activations that vary less.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.combined_loader import CombinedLoader
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..data.datamodule import DataModule
from ..data.sampling import BatchSampler, Place
from ..data.train_loaders import batch_sampler, named
from ..module.freezing import frozen_norms

MOST_BATCHES = 200  # of an epoch: more hardly move a mean


def refresh(trainer: pl.Trainer, module: pl.LightningModule, averaged: pl.LightningModule) -> None:
    """Measure the statistics of ``averaged`` on this epoch's training batches, from its first one.

    Nothing where there is no batch norm, or where the data or the steps are the researcher's own
    (``DataModule`` left out, manual optimization): there the statistics stay as they are.

    Args:
        trainer: The one that trains ``module``; its place in training is left as it is.
        module: What is under training; a batch norm that is frozen in it keeps its statistics.
        averaged: The same network with averaged weights.
    """
    data: Any = getattr(trainer, "datamodule", None)
    norms = _norms(module, averaged)
    if not norms or not isinstance(data, DataModule) or not module.automatic_optimization:
        return
    averaged.eval()
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches, each counts alike
        norm.train()
    with torch.no_grad(), _mute(averaged, trainer), trainer.precision_plugin.forward_context():
        for number, batch in enumerate(islice(_batches(trainer, data), MOST_BATCHES)):
            averaged.training_step(trainer.strategy.batch_to_device(batch), number)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        for statistic in (norm.running_mean, norm.running_var):
            assert statistic is not None
            statistic.copy_(trainer.strategy.reduce(statistic.clone(), reduce_op="mean"))
    averaged.train()


def _norms(module: nn.Module, averaged: nn.Module) -> list[_BatchNorm]:
    """The batch norms that have statistics to refresh."""
    frozen = {id(norm) for norm in frozen_norms(module)}
    pairs = zip(module.modules(), averaged.modules(), strict=True)
    return [
        norm
        for original, norm in pairs
        if isinstance(norm, _BatchNorm)
        and norm.running_mean is not None
        and id(original) not in frozen
    ]


def _batches(trainer: pl.Trainer, data: DataModule[Any]) -> Iterator[Any]:
    """What this epoch trains on, read by loaders of its own."""
    found: Any = data.train_dataloader()
    if not isinstance(found, CombinedLoader):
        found = CombinedLoader(found, "max_size_cycle")
    for name, loader in named(found).items():
        if (sampler := batch_sampler(loader)) is not None:
            batches = range(len(sampler))
            place = Place(trainer.current_epoch, batches, len(sampler), len(sampler), name)
            sampler.place = partial(_whoever_asks, place)
    for batch, *_ in found:
        yield batch


def _whoever_asks(place: Place, _: BatchSampler) -> Place:
    return place


@contextmanager
def _mute(averaged: pl.LightningModule, trainer: pl.Trainer) -> Iterator[None]:
    """Let ``training_step`` see the Trainer, and log nothing."""
    logging = ("log", "log_dict", "average", "update_metrics")
    averaged.__dict__.update(dict.fromkeys(logging, _nothing))
    averaged._trainer = trainer
    try:
        yield
    finally:
        averaged._trainer = None
        for name in logging:
            del averaged.__dict__[name]


def _nothing(*_: Any, **__: Any) -> None:
    return None
