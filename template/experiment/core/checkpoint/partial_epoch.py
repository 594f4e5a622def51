"""Where a checkpoint resumes: Lightning's loop counters, rewritten to say one of two things.

Template's file: updates replace it.

Lightning's counters (ready, started, processed, completed) at the moment of a save say how far
each hook had come, and on resume it guesses from them which hooks to run again. Written at a clean
point, only two states are needed, and both are exact.
"""

from enum import Enum
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities import move_data_to_device
from torchmetrics import Metric

from .metrics import Averages
from .sampling import BatchSampler


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
    else:
        for which in ("total", "current"):
            _level(batches[which], batches[which]["completed"])
        checkpoint["epoch_so_far"] = _pack_epoch(trainer, module, looks)
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


def epoch_so_far(checkpoint: dict[str, Any], trainer: pl.Trainer) -> dict[str, Any] | None:
    """What this rank had seen of an epoch at a save in the middle of it."""
    of_ranks = checkpoint.get("epoch_so_far") or []
    return of_ranks[trainer.global_rank] if len(of_ranks) == trainer.world_size else None


def _level(counters: dict[str, int], value: int) -> None:
    for name in counters:
        counters[name] = value


def starts_at_any_batch(trainer: pl.Trainer) -> bool:
    """Whether the training data can go on in mid-epoch: only BatchSampler knows the position.

    A stream (IterableDataset) or a loader of your own starts at an epoch's start.
    """
    loader = trainer.fit_loop._combined_loader
    loaders = loader.flattened if loader is not None else []
    return all(isinstance(getattr(one, "sampler", None), BatchSampler) for one in loaders)


class EpochSoFar(pl.Callback):
    """Carries the epoch's averages, logged means and torchmetrics over a resume in mid-epoch.

    With the looks of ``StepSeeds``, packed beside them, they are the only state that is no function
    of the position and that Lightning does not save. Each rank has its own, and gets it back.
    """

    _packed: dict[str, Any] | None = None

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self._packed = epoch_so_far(checkpoint, trainer)
        self.__dict__.pop("on_train_batch_end", None)  # it is wanted again

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._packed is not None:
            if averages := _averages_of(pl_module):
                averages.sums = self._packed["sums"]
                averages.to(pl_module.device)
            for name, metric in _metrics_of(pl_module):
                if name in self._packed["metrics"]:
                    _unpack(metric, self._packed["metrics"][name])

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        # After the first resumed batch: old + new is the same float sum as without the break.
        if self._packed is not None:
            results: Any = trainer.fit_loop.epoch_loop._results
            for key, result in results.items():
                if key in self._packed["results"]:
                    _add_before(result, self._packed["results"][key])
            self._packed = None
        self.__dict__["on_train_batch_end"] = None  # what is None costs Lightning nothing

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Lightning spares plateau schedules at the end of the epoch that it resumed in, since the
        # metrics of an epoch half seen would be wrong; here they are those of the whole epoch.
        trainer.fit_loop._restarting = False


def _pack_epoch(
    trainer: pl.Trainer, module: pl.LightningModule, looks: int | None
) -> list[dict[str, Any]]:
    """The epoch so far as each rank has seen it; every rank takes part in a save."""
    results: Any = trainer.fit_loop.epoch_loop._results
    averages = _averages_of(module)
    mine = {
        "looks": looks,
        "sums": averages.sums if averages else {},
        "metrics": {n: _pack(m) for n, m in _metrics_of(module)},
        "results": {k: _pack(r) for k, r in results.items() if r.meta.on_epoch and r.is_tensor},
    }
    if trainer.world_size == 1:
        return [mine]
    of_ranks: list[Any] = [None] * trainer.world_size
    torch.distributed.all_gather_object(of_ranks, move_data_to_device(mine, "cpu"))
    return of_ranks


def _averages_of(module: pl.LightningModule) -> Averages | None:
    return getattr(module, "averages", None)


def _metrics_of(module: pl.LightningModule) -> list[tuple[str, Metric]]:
    return [(name, part) for name, part in module.named_modules() if isinstance(part, Metric)]


def _pack(metric: Any) -> dict[str, Any]:
    state = {name: getattr(metric, name) for name in metric._defaults}
    return {"state": state, "updates": metric._update_count}


def _unpack(metric: Any, packed: dict[str, Any]) -> None:
    for name, value in packed["state"].items():
        on_device = value.to(metric.device) if isinstance(value, torch.Tensor) else value
        setattr(metric, name, on_device)
    metric._update_count, metric._computed = packed["updates"], None


def _add_before(result: Any, packed: dict[str, Any]) -> None:
    for name, old in packed["state"].items():
        new = getattr(result, name)
        old = old.to(new.device)
        if result.meta.is_min_reduction:
            new = torch.minimum(new, old)
        elif result.meta.is_max_reduction:
            new = torch.maximum(new, old)
        else:
            new = new + old
        setattr(result, name, new)
    result._update_count += packed["updates"]
    result._computed = None
