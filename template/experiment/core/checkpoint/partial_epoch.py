"""What has been seen of an epoch, carried over a restart in the middle of it.

Template's file: updates replace it.
"""

from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities import move_data_to_device

from ..module.metrics import Averages
from ..module.split_metrics import SplitMetrics
from .metric_state import (
    lengths_of_trackers,
    pack_metrics,
    remember_start,
    set_lengths,
    unpack_metrics,
)


def epoch_so_far(checkpoint: dict[str, Any], trainer: pl.Trainer) -> dict[str, Any] | None:
    """What this rank had seen of an epoch at a save; at its end, what goes on into the next one."""
    of_ranks = checkpoint.get("epoch_so_far") or []
    return of_ranks[trainer.global_rank] if len(of_ranks) == trainer.world_size else None


class PartialEpoch(pl.Callback):
    """Carries the epoch's averages, logged means and torchmetrics over a resume in mid-epoch.

    With the looks of ``StepSeeds``, packed beside them, they are the only state that is no function
    of the position and that Lightning does not save. Each rank has its own, and gets it back.
    Metrics of the researcher's own that outlast an epoch are carried over its end as well.
    """

    _packed: dict[str, Any] | None = None

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._packed = None  # of a resume that was interrupted, or of a test

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        remember_start(pl_module)

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
            # Earlier checkpoints have none of single loaders.
            _make_loaders(pl_module, self._packed.get("loaders", []))
            set_lengths(pl_module, self._packed.get("trackers", {}))
            unpack_metrics(pl_module, self._packed["metrics"])

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


def pack_epoch(
    trainer: pl.Trainer, module: pl.LightningModule, looks: int | None
) -> list[dict[str, Any]]:
    """The epoch so far as each rank has seen it; every rank takes part in a save.

    Of an epoch that is over, that is what is not reset at its end, as a MetricTracker.
    """
    results: Any = trainer.fit_loop.epoch_loop._results
    averages, metrics = _averages_of(module), getattr(module, "metrics", None)
    mine = {
        "looks": looks,
        "sums": averages.sums if averages else {},
        "metrics": pack_metrics(module),
        "trackers": lengths_of_trackers(module),
        "loaders": list(metrics.of_loaders) if isinstance(metrics, SplitMetrics) else [],
        "results": {k: _pack(r) for k, r in results.items() if _is_mean(r)},
    }
    if trainer.world_size == 1:
        return [mine]
    of_ranks: list[Any] = [None] * trainer.world_size
    torch.distributed.all_gather_object(of_ranks, move_data_to_device(mine, "cpu"))
    return of_ranks


def _averages_of(module: pl.LightningModule) -> Averages | None:
    return getattr(module, "averages", None)


def _make_loaders(module: Any, places: list[tuple[str, str]]) -> None:
    """Metrics of single loaders, which are made when they are first asked for."""
    for split, suffix in places:
        if split in module.metrics.key_of:
            module.metrics.of(split, suffix).to(module.device)


def _is_mean(result: Any) -> bool:
    """Whether it is one that Lightning makes of numbers, and has seen some of this epoch."""
    return result.meta.on_epoch and result.is_tensor and not result.has_reset


def _pack(result: Any) -> dict[str, Any]:
    state = {name: getattr(result, name) for name in result._defaults}
    return {"state": state, "updates": result._update_count}


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
    result._computed, result.has_reset = None, False
