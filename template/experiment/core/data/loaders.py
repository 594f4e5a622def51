"""The loader of a split: whole batches, each made from its place in training.

Template's file: updates replace it. To load otherwise, override ``DataModule.loader`` in data.py.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, IterableDataset

from ..config.data import BaseDataConfig
from ..console import say
from ..errors import UserError
from .fetch import Fetch
from .sampling import BatchSampler, Indices, sequential
from .streams import StreamBatches, StreamLoader
from .train_loaders import place_in_training


def make_loader(
    fetch: Fetch[Any],
    config: BaseDataConfig,
    trainer: pl.Trainer | None,
    order: Callable[[int], Indices] | None = None,
    left_out: Mapping[str, Sequence[int]] | None = None,
) -> DataLoader[Any]:
    """Batches of what is fetched.

    Args:
        fetch: Makes a batch of the examples that a key names.
        config: How many examples a batch has, and how many processes prepare them.
        trainer: Knows the device, the other ranks, and where training stands.
        order: Of training: from an epoch to its examples, as many in each. Evaluation takes all as
            they are, from the first on.
        left_out: Training examples that no batch may hold, by the loader's name.
    """
    sampler = BatchSampler(
        order or partial(_as_they_are, len(fetch)),
        len(fetch if order is None else order(0)),
        config.batch_size,
        drop_last=config.drop_last and order is not None,
        place=None if order is None or trainer is None else partial(place_in_training, trainer),
        left_out=left_out,
        seed=fetch.seed,
        rank=trainer.global_rank if trainer else 0,
        world_size=trainer.world_size if trainer else 1,
    )
    if order is not None and not len(sampler):
        raise UserError(
            f"data.drop_last: {sampler.num_examples:,} training examples make no batch of "
            f"{sampler.global_batch_size}: set data.drop_last=false or a smaller data.batch_size"
        )
    return DataLoader(
        fetch,
        batch_size=None,  # the sampler's keys are whole batches
        sampler=sampler,
        num_workers=config.num_workers,
        persistent_workers=config.num_workers > 0,
        **_arguments(trainer),
    )


def make_stream_loader(
    stream: IterableDataset[Any],
    transform: Callable[[Any], Any] | None,
    seed: int,
    collate: Callable[[Sequence[Any]], Any],
    config: BaseDataConfig,
    trainer: pl.Trainer | None,
    training: bool,
) -> StreamLoader:
    """Batches of a stream, read by one process; evaluation reads it from its first example on."""
    batches = StreamBatches(
        stream,
        transform,
        seed,
        collate,
        batch_size=config.batch_size,
        drop_last=config.drop_last and training,
        rank=trainer.global_rank if trainer else 0,
        world_size=trainer.world_size if trainer else 1,
    )
    if config.num_workers > 1 and training:
        say("data.num_workers: a stream is read by one process, two would give examples twice")
    place = partial(place_in_training, trainer) if training and trainer else None
    workers = min(1, config.num_workers)
    return StreamLoader(batches, place, num_workers=workers, **_arguments(trainer))


def _arguments(trainer: pl.Trainer | None) -> dict[str, Any]:
    return {
        "collate_fn": _as_it_is,
        "pin_memory": trainer is not None and trainer.strategy.root_device.type == "cuda",
        "generator": torch.Generator(),  # so that making an iterator draws nothing from torch's
    }


def _as_they_are(count: int, _epoch: int) -> Indices:
    return sequential(count)


def _as_it_is(batch: Any) -> Any:
    return batch
