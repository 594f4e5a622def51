"""The loaders of training, of which there may be several: where each starts, what is in a batch.

Template's file: updates replace it.

Lightning takes a dict or list of loaders side by side (``max_size_cycle``: the shorter ones begin
again until the longest is through), or a CombinedLoader with a mode of its own. It restores how
many of the combined batches of an epoch are done; each loader has to find its own place in it. One
that begins again keeps the epoch's order, and draws anew.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.utilities.combined_loader import CombinedLoader

from ..errors import UserError
from .sampling import BatchSampler, Place

ONLY = "train"  # what a single loader is called


def training_position(trainer: pl.Trainer) -> tuple[int, int]:
    """The epoch, and how many of its batches are done: Lightning restores both on resume."""
    return trainer.current_epoch, trainer.fit_loop.epoch_loop.batch_progress.current.completed


def named_loaders(trainer: pl.Trainer) -> dict[str, Any]:
    """Training's loaders: by the key of a dict, by the number in a list, or ``train``."""
    combined = trainer.fit_loop._combined_loader
    return {} if combined is None else named(combined.iterables)


def named(loaders: Any) -> dict[str, Any]:
    """Loaders by their names, however they stand in lists and dicts; of None, none."""
    loaders = loaders.iterables if isinstance(loaders, CombinedLoader) else loaders
    return {} if loaders is None else dict(_named(loaders))


def batch_sampler(loader: Any) -> BatchSampler | None:
    """What cuts a loader's batches, if it is one of ours; a stream has none."""
    sampler = getattr(loader, "sampler", None)
    return sampler if isinstance(sampler, BatchSampler) else None


def loaders_of(trainer: pl.Trainer, stage: str) -> dict[str, dict[str, Any]]:
    """By split, the loaders that a stage has read."""
    if stage == "fit":
        return {"train": named_loaders(trainer), "val": named(trainer.val_dataloaders)}
    split = "val" if stage == "validate" else stage
    return {split: named(getattr(trainer, f"{split}_dataloaders", None))}


def place_in_training(trainer: pl.Trainer, own: Any) -> Place:
    """Where a loader starts.

    Args:
        trainer: Knows how far training is.
        own: The loader's BatchSampler; of a stream, the loader itself.
    """
    epoch, done = training_position(trainer)
    combined = trainer.fit_loop._combined_loader
    names = [n for n, one in named_loaders(trainer).items() if own in (one, batch_sampler(one))]
    # One that somebody looks through beside training is a loader alone, too.
    alone = combined is None or not names or len(combined.flattened) == 1
    per_epoch = _length(own)
    if combined is not None and names:
        per_epoch = epoch_batches(combined)
    total = _total_batches(trainer, per_epoch)
    if isinstance(own, BatchSampler):
        batches = range(done % len(own), len(own))
        if combined is not None and not alone:
            batches = _batches(combined, own, done, per_epoch)
    else:
        batches = itertools.count(done if alone else 0)
    return Place(epoch, batches, total, per_epoch, ONLY if alone else names[0])


def epoch_batches(combined: CombinedLoader) -> float:
    """Combined batches of an epoch, as ``len(combined)``, which needs workers to be started."""
    lengths = _lengths(combined)
    return min(lengths) if combined._mode == "min_size" else max(lengths)


def examples_of(trainer: pl.Trainer, epoch: int, batch: int) -> dict[str, list[int]] | None:
    """The examples of a batch of all ranks, by their loader; None where nobody knows."""
    combined, found = trainer.fit_loop._combined_loader, {}
    for name, loader in named_loaders(trainer).items():
        sampler = batch_sampler(loader)
        if combined is None or sampler is None:
            return None
        if batch < len(sampler) or combined._mode == "max_size_cycle":
            found[name] = sampler.examples(epoch, batch, name).tolist()
    return found or None


def num_examples_of(trainer: pl.Trainer) -> dict[str, int]:
    """How many examples each loader has that knows it."""
    samplers = {name: batch_sampler(loader) for name, loader in named_loaders(trainer).items()}
    return {name: one.num_examples for name, one in samplers.items() if one is not None}


def _named(loaders: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(loaders, Mapping):
        entries: Iterable[tuple[Any, Any]] = loaders.items()
    elif isinstance(loaders, (list, tuple)):
        entries = enumerate(loaders)
    else:
        yield path or ONLY, loaders
        return
    for key, inside in entries:
        yield from _named(inside, f"{path}.{key}" if path else str(key))


def _length(loader: Any) -> float:
    try:
        return len(loader)
    except (TypeError, NotImplementedError):  # a stream
        return math.inf


def _lengths(combined: CombinedLoader) -> list[float]:
    limits = combined.limits or [math.inf] * len(combined.flattened)
    lengths = [_length(loader) for loader in combined.flattened]
    return [min(pair) for pair in zip(lengths, limits, strict=True)]


def _batches(combined: CombinedLoader, sampler: BatchSampler, done: int, per_epoch: float) -> range:
    own = len(sampler)
    if combined._mode == "max_size_cycle":
        if math.isinf(per_epoch):
            raise UserError(
                "data.py: beside a stream without end, other loaders begin again at no certain "
                "batch: set trainer.limit_train_batches, or return "
                'CombinedLoader({...}, "min_size") from train_dataloader()'
            )
        return range(done, max(own, int(per_epoch)))
    return range(min(done, own), own)


def _total_batches(trainer: pl.Trainer, per_epoch: float) -> float:
    """Batches until ``trainer.max_epochs`` or ``trainer.max_steps`` ends training."""
    epochs = math.inf if trainer.max_epochs in (None, -1) else trainer.max_epochs
    total = epochs * per_epoch if epochs else 0.0
    if trainer.max_steps in (None, -1):
        return total
    # An epoch's last step may take fewer batches, which is left out of account.
    return min(total, trainer.max_steps * trainer.accumulate_grad_batches)
