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
from torchmetrics import Metric


class Position(Enum):
    """What the next thing to do is."""

    EPOCH_OVER = "epoch over"
    BATCH_NEXT = "batch next"


def make_clean(
    checkpoint: dict[str, Any],
    position: Position,
    trainer: pl.Trainer,
    module: pl.LightningModule,
) -> None:
    """Rewrite the counters in a checkpoint so that it resumes at ``position``."""
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
        checkpoint["epoch_so_far"] = _pack_epoch(trainer, module)
    _level(validation["current"], 0)
    batches["is_last_batch"] = validation["is_last_batch"] = False


def _level(counters: dict[str, int], value: int) -> None:
    for name in counters:
        counters[name] = value


class EpochSoFar(pl.Callback):
    """Carries the epoch's logged means and torchmetrics over a resume in mid-epoch.

    They are the only state that is not a function of position and that Lightning does not save.
    """

    _packed: dict[str, Any] | None = None

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self._packed = checkpoint.get("epoch_so_far")

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._packed is not None:
            for name, metric in _metrics_of(pl_module):
                if name in self._packed["metrics"]:
                    _unpack(metric, self._packed["metrics"][name])

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        # After the first resumed batch: old + new is the same float sum as without the break.
        if self._packed is None:
            return
        results: Any = trainer.fit_loop.epoch_loop._results
        for key, result in results.items():
            if key in self._packed["results"]:
                _add_before(result, self._packed["results"][key])
        self._packed = None


def _pack_epoch(trainer: pl.Trainer, module: pl.LightningModule) -> dict[str, Any]:
    results: Any = trainer.fit_loop.epoch_loop._results
    means = {k: _pack(r) for k, r in results.items() if r.meta.on_epoch and r.is_tensor}
    return {"metrics": {n: _pack(m) for n, m in _metrics_of(module)}, "results": means}


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
