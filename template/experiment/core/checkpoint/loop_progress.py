"""Where a checkpoint resumes: Lightning's loop counters, rewritten to say one of two things.

Template's file: updates replace it.

Lightning's counters (ready, started, processed, completed) at the moment of a save say how far
each hook had come, and on resume it guesses from them which hooks to run again. Written at a clean
point, only two states are needed, and both are exact.
"""

from enum import Enum
from typing import Any

import pytorch_lightning as pl

from ..data.streams import StreamLoader
from ..data.train_loaders import batch_sampler, named_loaders
from .partial_epoch import pack_epoch

EPOCHS_ONLY = (
    "the training data can only be read from an epoch's start, and so a restart begins its epoch "
    "anew (a stream with start_at(epoch, examples) goes on where it was)"
)


class Position(Enum):
    """What the next thing to do is."""

    EPOCH_OVER = "epoch over"
    BATCH_NEXT = "batch next"


def make_clean(
    checkpoint: dict[str, Any],
    position: Position,
    trainer: pl.Trainer,
    module: pl.LightningModule,
    looks: int | None,
) -> None:
    """Rewrite the counters in a checkpoint so that it resumes at ``position``.

    ``looks`` are those of ``StepSeeds``.
    """
    loops = checkpoint["loops"]["fit_loop"]
    epochs, batches = loops["epoch_progress"], loops["epoch_loop.batch_progress"]
    validation = loops["epoch_loop.val_loop.batch_progress"]
    if position is Position.EPOCH_OVER:
        for which in ("total", "current"):
            _level(epochs[which], epochs[which]["completed"])
        _level(batches["total"], batches["total"]["completed"])
        _level(batches["current"], 0)
        _level(validation["total"], 0)
        checkpoint["epoch_so_far"] = pack_epoch(trainer, module, None)
    else:
        for which in ("total", "current"):
            _level(batches[which], batches[which]["completed"])
        checkpoint["epoch_so_far"] = pack_epoch(trainer, module, looks)
    _level(validation["current"], 0)
    batches["is_last_batch"] = validation["is_last_batch"] = False


def state_position(checkpoint: dict[str, Any], trainer: pl.Trainer) -> dict[str, int | None]:
    """What is done, in plain words: epochs, batches of the next epoch (of how many), steps."""
    loops, batches = checkpoint["loops"]["fit_loop"], trainer.num_training_batches
    return {
        "epoch": loops["epoch_progress"]["current"]["completed"],
        "batch": loops["epoch_loop.batch_progress"]["current"]["completed"],
        "batches": None if batches == float("inf") else int(batches),
        "step": checkpoint["global_step"],
    }


def _level(counters: dict[str, int], value: int) -> None:
    for name in counters:
        counters[name] = value


def starts_at_any_batch(trainer: pl.Trainer) -> bool:
    """Whether the training data can go on in mid-epoch.

    A BatchSampler can, and a stream that can be told where to begin, unless it is one of several
    loaders. A loader of your own starts at an epoch's start.
    """
    loaders = list(named_loaders(trainer).values())
    return all(_starts_at_any_batch(loader, len(loaders) == 1) for loader in loaders)


def _starts_at_any_batch(loader: Any, alone: bool) -> bool:
    if isinstance(loader, StreamLoader):
        return alone and loader.starts_anywhere
    return batch_sampler(loader) is not None
